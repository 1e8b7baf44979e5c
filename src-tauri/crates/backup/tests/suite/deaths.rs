//! The process dies at each write of a restore and of its undo, before it and after it; looked at through another handle, the data
//! is the old or the new, and both ways, on and back, lead there.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::{all, backup, career, fill, on_file, opened, put, request_to, workspace};
use bson::{Bson, Document};
use steward_backup::read::Backup;
use steward_backup::restore::{self, Choice};
use steward_domain::{Filter, RestoreState};
use steward_store::alive;
use steward_store::layers::{Layered, Limits};
use steward_store::{Durability, Query, Store, WriteBatch, WriteOp, names};
use steward_store_testkit::mongod::Mongod;
use steward_store_testkit::mortal::{Death, Mortal};
use steward_workspace::{Silent, Workspace, swap};

/// As people open it: with its layers.
fn layered(store: Arc<dyn Store>) -> Arc<dyn Store> {
    Arc::new(Layered::new(store, Limits { failures: u32::MAX, ..Limits::default() }))
}

async fn bury(store: &dyn Store) {
    let (place, _) = alive::mark().rsplit_once('/').unwrap();
    for lease in store.find(names::LEASES, &Query::new(Filter::all(), 1000)).await.unwrap().records {
        let op = WriteOp::Patch {
            collection: names::LEASES.into(),
            id: lease.get_str("_id").unwrap().into(),
            expect: Vec::new(),
            set: vec![("process".into(), Bson::from(format!("{place}/0")))],
            unset: Vec::new(),
        };
        store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
    }
}

struct Scene {
    alive: Workspace,
    backup: Backup,
    choice: Choice,
    old: Vec<Document>,
    new: Vec<Document>,
    gone_back: AtomicU32,
    _place: tempfile::TempDir,
}

impl Scene {
    async fn set(store: Arc<dyn Store>) -> Self {
        let alive = workspace(layered(store)).await;
        let place = tempfile::tempdir().unwrap();
        fill(&alive, 5).await;
        let new = all(&alive, "careers").await;
        let made = backup(&alive, place.path()).await;
        let backup = opened(place.path(), &made.manifest).await;
        put(&alive, "careers", (20..23).map(career)).await;
        let old = all(&alive, "careers").await;
        let collections = vec![("careers".into(), "careers".into()), ("notes".into(), "notes.then".into())];
        Self { alive, backup, choice: Choice { collections, ..Choice::default() }, old, new, gone_back: AtomicU32::new(0), _place: place }
    }

    async fn dying(&self, number: i64, death: Death) -> (Arc<Mortal>, Workspace) {
        let mortal = Mortal::new(Arc::clone(&self.alive.store), number, death);
        (mortal.clone(), workspace(mortal).await)
    }

    async fn is_as_before(&self, at: &str) {
        assert_eq!(all(&self.alive, "careers").await, self.old, "{at}");
        let left = self.alive.store.collections().await.unwrap();
        assert!(!left.iter().any(|name| name == "notes.then" || names::is_staging(name)), "{at}: {left:?}");
        assert!(swap::open_swaps(&self.alive).await.unwrap().is_empty(), "{at}");
        assert_eq!(self.alive.settings("careers").await.unwrap().schema, "careers@1.0.0", "{at}");
    }

    /// False where the restore was over before.
    async fn restored(&self, number: i64, death: Death, back: bool) -> bool {
        let (mortal, dying) = self.dying(number, death).await;
        let done = restore::apply(&dying, &self.backup, "here", &self.choice, None, &Silent).await;
        if !mortal.is_dead() {
            restore::undo(&self.alive, &done.unwrap().id, &Silent).await.unwrap();
            return false;
        }
        bury(self.alive.store.as_ref()).await;
        let at = format!("restore, {death:?} write {number}, back: {back}");
        let seen = all(&self.alive, "careers").await;
        assert!(seen == self.old || seen == self.new, "{at}: neither old nor new");
        assert!(self.alive.existing("careers").await.is_ok(), "{at}: the collection is listed");
        let Some(record) = restore::list(&self.alive)
            .await
            .unwrap()
            .into_iter()
            .find(|r| r.state != RestoreState::Undone && r.state != RestoreState::Cancelled)
        else {
            self.is_as_before(&at).await;
            return true;
        };
        if record.state == RestoreState::Done {
            restore::undo(&self.alive, &record.id, &Silent).await.unwrap();
        } else if back {
            assert!(restore::interrupted(&self.alive, &record).await.unwrap(), "{at}");
            restore::clean_up(&self.alive, &record.id, &Silent).await.unwrap_or_else(|e| panic!("{at}: {e:?}"));
        } else {
            let done = restore::go_on(&self.alive, &record.id, Some(&self.backup), &Silent).await.unwrap_or_else(|e| panic!("{at}: {e:?}"));
            assert_eq!(done.state, RestoreState::Done, "{at}");
            assert_eq!(all(&self.alive, "careers").await, self.new, "{at}");
            restore::undo(&self.alive, &record.id, &Silent).await.unwrap_or_else(|e| panic!("{at}, undo: {e:?}"));
        }
        self.is_as_before(&at).await;
        true
    }

    /// `back`: where the undo can still be rolled back, it is, and then begun again.
    async fn undone(&self, number: i64, death: Death, back: bool) -> bool {
        let record = restore::apply(&self.alive, &self.backup, "here", &self.choice, None, &Silent).await.unwrap();
        let (mortal, dying) = self.dying(number, death).await;
        let done = restore::undo(&dying, &record.id, &Silent).await;
        if !mortal.is_dead() {
            done.unwrap();
            return false;
        }
        bury(self.alive.store.as_ref()).await;
        let at = format!("undo of a restore, {death:?} write {number}");
        let seen = all(&self.alive, "careers").await;
        assert!(seen == self.old || seen == self.new, "{at}: neither old nor new");
        let now = restore::get(&self.alive, &record.id).await.unwrap();
        match now.state {
            RestoreState::Done => assert_eq!(seen, self.new, "{at}: nothing was begun"),
            RestoreState::Undone => assert_eq!(seen, self.old, "{at}"),
            state => {
                assert_eq!(state, RestoreState::Undoing, "{at}");
                assert!(restore::interrupted(&self.alive, &now).await.unwrap(), "{at}");
            }
        }
        if now.state == RestoreState::Undoing && back {
            let can = restore::can_go_back(&self.alive, &now).await.unwrap();
            let gone_back = restore::clean_up(&self.alive, &record.id, &Silent).await;
            assert_eq!(gone_back.is_ok(), can, "{at}");
            match gone_back {
                Ok(record) => {
                    assert_eq!(record.state, RestoreState::Done, "{at}");
                    assert_eq!(all(&self.alive, "careers").await, self.new, "{at}: the restore is in effect again");
                    assert!(swap::open_swaps(&self.alive).await.unwrap().is_empty(), "{at}");
                    self.gone_back.fetch_add(1, Ordering::Relaxed);
                }
                Err(e) => assert!(seen == self.old && e.to_string().contains("too far"), "{at}: {e}"),
            }
        }
        if now.state != RestoreState::Undone {
            restore::undo(&self.alive, &record.id, &Silent).await.unwrap_or_else(|e| panic!("{at}: {e:?}"));
        }
        self.is_as_before(&at).await;
        true
    }

    async fn every_death(&self) {
        for death in [Death::Before, Death::After] {
            for back in [false, true] {
                let mut number = 0;
                while self.restored(number, death, back).await {
                    number += 1;
                }
                assert!(number > 6, "a restore has more writes than {number}");
            }
            for back in [false, true] {
                let mut number = 0;
                while self.undone(number, death, back).await {
                    number += 1;
                }
                assert!(number > 3, "an undo has more writes than {number}");
            }
        }
        assert!(self.gone_back.load(Ordering::Relaxed) > 0, "no undo was rolled back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    Scene::set(on_file(folder.path()).await.store).await.every_death().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_replica_set() {
    Scene::set(crate::common::on(Mongod::replica_set()).await.store).await.every_death().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_server_without_transactions() {
    Scene::set(crate::common::on(Mongod::standalone()).await.store).await.every_death().await;
}

/// The safety backup belongs to the restore: a death while it is taken leaves nothing that is half done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_safety_backup_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let scene = Scene::set(on_file(folder.path()).await.store).await;
    let place = tempfile::tempdir().unwrap();
    let (mortal, dying) = scene.dying(1, Death::Before).await;
    let safety = request_to(place.path());
    restore::apply(&dying, &scene.backup, "here", &scene.choice, Some(&safety), &Silent).await.unwrap_err();
    assert!(mortal.is_dead());
    assert!(restore::list(&scene.alive).await.unwrap().is_empty());
    scene.is_as_before("safety backup").await;
}
