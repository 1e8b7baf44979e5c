//! Increments: restored to any point in time, the workspace is as it was then; a gap is named and never skipped.

// Test code: a broken expectation is meant to panic, with the place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::common::{backup, on, on_file, opened, put, request_to};
use bson::{Bson, Document, doc};
use futures::TryStreamExt as _;
use steward_backup::content::Content;
use steward_backup::encryption::{Compression, DecryptionKey, EncryptionKey};
use steward_backup::increment::{self, Taken};
use steward_backup::listing::{self, ListedBackup};
use steward_backup::point_in_time::{self, Scratch, Way};
use steward_backup::read::Backup;
use steward_backup::restore::{self, Choice};
use steward_backup::target::{Folder, Target};
use steward_backup::timeline::{self, routes};
use steward_backup::{Manifest, verify};
use steward_domain::Filter;
use steward_store::{Definition, Durability, IndexSpec, StoreErrorKind, WriteBatch, WriteOp, names};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Error, Progress, Silent, Workspace, swap};

macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::$case(super::on_file(folder.path()).await).await;
            })+
        }
        mod replica_set {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(super::on(super::Mongod::replica_set()).await).await;
            })+
        }
    };
}

on_both!(every_point_in_time_comes_back, a_missing_increment_is_a_gap, cancelled_it_leaves_nothing, restored_and_undone);

/// Content and definition of people's collections.
type State = BTreeMap<String, (u64, String, Definition)>;

async fn state(workspace: &Workspace) -> State {
    let mut out = State::new();
    for name in workspace.store.collections().await.unwrap().into_iter().filter(|n| !names::is_own(n)) {
        let mut content = Content::default();
        let mut batches = workspace.store.scan(&name, &Filter::all(), None).await.unwrap();
        while let Some(batch) = batches.try_next().await.unwrap() {
            batch.iter().for_each(|d| content.add(d.as_bytes()));
        }
        let definition = workspace.store.definition(&name).await.unwrap();
        out.insert(name, (content.records, content.hash().0, definition));
    }
    out
}

/// The same numbers on every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }
}

async fn write(workspace: &Workspace, ops: Vec<WriteOp>) {
    // What is not there any more cannot be changed; that is no concern of the test.
    let report = workspace.store.write(WriteBatch::data(ops), Durability::Bulk).await.unwrap();
    assert!(report.failures.iter().all(|f| matches!(f.kind, StoreErrorKind::Conflict | StoreErrorKind::DuplicateKey)));
}

fn record(chance: &mut Chance, id: i32) -> Document {
    let list: Vec<Bson> = (0..chance.below(5)).map(|n| doc! { "n": i32::try_from(n).unwrap(), "s": "x".repeat(n) }.into()).collect();
    doc! { "_id": id, "n": i32::try_from(chance.below(100)).unwrap(), "in": { "list": list, "deep": { "a": 1.5 } }, "text": format!("record {id}") }
}

/// Something that people and programs do.
async fn something(workspace: &Workspace, chance: &mut Chance, step: usize) {
    let name = ["careers", "notes", "third"][chance.below(3)];
    let id = i32::try_from(chance.below(12)).unwrap();
    match chance.below(14) {
        0..=2 => {
            let ops = (0..3).map(|n| WriteOp::put(name, &record(chance, (id + n) % 12)).unwrap()).collect();
            write(workspace, ops).await;
        }
        3..=6 => {
            let kind = chance.below(5);
            let set: Vec<(&str, Bson)> = match kind {
                0 => vec![("in.deep.a", 2.into()), ("in.deep.new", doc! { "x": [1, 2] }.into())],
                1 => vec![("in.list", vec![1, 2].into())],
                2 => vec![("added", step.to_string().into()), ("also", Bson::Null)],
                3 => vec![("in", doc! { "list": [{ "n": 1 }], "deep": { "a": 3 } }.into())],
                _ => vec![("text", "another".into())],
            };
            // Servers refuse to set and unset the same field at once.
            let unset = if matches!(kind, 1 | 4) { vec!["in.deep.new".into(), "also".into()] } else { Vec::new() };
            let set = set.into_iter().map(|(path, value)| (path.into(), value)).collect();
            write(workspace, vec![WriteOp::Patch { collection: name.into(), id: id.into(), expect: Vec::new(), set, unset }]).await;
        }
        7 | 8 => write(workspace, vec![WriteOp::Delete { collection: name.into(), id: id.into(), expect: Vec::new() }]).await,
        9 => {
            let filter = Filter::eq("n", i32::try_from(chance.below(100)).unwrap());
            write(workspace, vec![WriteOp::DeleteMany { collection: name.into(), filter }]).await;
        }
        10 => workspace.store.drop_collection(name).await.unwrap(),
        11 => {
            let to = ["careers", "notes", "third"][chance.below(3)];
            if to != name && workspace.store.collections().await.unwrap().iter().any(|c| c == name) {
                workspace.store.rename_collection(name, to, true).await.unwrap();
            }
        }
        12 => {
            let incoming = swap::incoming(&step.to_string());
            put(workspace, &incoming, (0..8).map(|n| record(chance, n * 2))).await;
            let (kept, gone) = (swap::replaced(&step.to_string()), swap::gone(&step.to_string()));
            let existed = swap::exists(workspace, name).await.unwrap();
            let mut renames = if existed { vec![swap::step(name, &kept)] } else { Vec::new() };
            renames.push(swap::step(&incoming, name));
            swap(workspace, format!("{step}"), renames).await;
            if existed && chance.below(2) == 0 {
                swap(workspace, format!("undo:{step}"), vec![swap::step(name, &gone), swap::step(&kept, name)]).await;
                workspace.store.drop_collection(&gone).await.unwrap();
            }
        }
        _ => workspace.store.ensure_index(name, &IndexSpec::on(["n", "text"][chance.below(2)])).await.unwrap(),
    }
}

async fn swap(workspace: &Workspace, id: String, renames: Vec<steward_store::Rename>) {
    let swap = steward_store::Swap { id, title: "Replacing".into(), lease: String::new(), renames };
    swap::swap(workspace, &swap, &WriteBatch::default(), &Silent).await.unwrap();
}

async fn listed(place: &Path) -> Vec<ListedBackup> {
    let (found, notes) = listing::list(&Folder::new(place.to_owned())).await.unwrap();
    assert_eq!(notes, Vec::<String>::new());
    found
}

async fn next(workspace: &Workspace, place: &Path) -> Taken {
    let head = timeline::heads(&listed(place).await).remove(0);
    increment::take(workspace, &request_to(place), &head, &Silent).await.unwrap()
}

/// Between two points in time that differ.
async fn point_in_time() -> i64 {
    tokio::time::sleep(Duration::from_millis(4)).await;
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    tokio::time::sleep(Duration::from_millis(4)).await;
    i64::try_from(at).unwrap()
}

async fn at(place: &Path, at: i64) -> steward_workspace::Result<Backup> {
    let target: Arc<dyn Target> = Arc::new(Folder::new(place.to_owned()));
    let route = routes(&listed(place).await, at)?.remove(0);
    let increments = route.increments.into_iter().map(|one| (Arc::clone(&target), one.manifest)).collect();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("moment.steward")).await.unwrap());
    let way = Way { base: opened(place, &route.base.manifest).await, increments, key: DecryptionKey::default() };
    point_in_time::build(way, at, Scratch { store, folder }, &Silent).await
}

fn state_of(backup: &Backup) -> State {
    let people = backup.contents.iter().filter(|c| !c.is_own());
    people.map(|c| (c.name.clone(), (c.records.unwrap(), c.content.clone().unwrap().0, c.definition.clone()))).collect()
}

fn same(found: &State, then: &State, what: &str) {
    let plain = |state: &State| -> Vec<(String, u64, String)> {
        state.iter().map(|(name, (records, content, _))| (name.clone(), *records, content.clone())).collect()
    };
    assert_eq!(plain(found), plain(then), "{what}");
    for (name, (_, _, definition)) in found {
        assert!(definition.means(&then[name].2), "{what}: {name} {definition:?} {:?}", then[name].2);
    }
}

async fn every_point_in_time_comes_back(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    let mut chance = Chance(20_261_122);
    workspace.store.record_changes(true).await.unwrap();
    for name in ["careers", "notes"] {
        put(&workspace, name, (0..8).map(|n| record(&mut chance, n))).await;
    }
    backup(&workspace, place.path()).await;
    let mut known = vec![(point_in_time().await, state(&workspace).await)];
    for step in 0..30 {
        something(&workspace, &mut chance, step).await;
        known.push((point_in_time().await, state(&workspace).await));
        if chance.below(6) == 0 {
            next(&workspace, place.path()).await;
        }
        if step == 20 {
            backup(&workspace, place.path()).await;
        }
    }
    next(&workspace, place.path()).await;
    assert!(matches!(next(&workspace, place.path()).await, Taken::Quiet(_)));
    let all = listed(place.path()).await;
    let found = timeline::timeline(&all);
    assert!(found.ranges.len() == 1 && found.gaps.is_empty(), "{found:?}");
    assert!(all.iter().filter(|b| b.is_increment()).count() > 2);
    for (step, (point_in_time, then)) in known.iter().enumerate() {
        let backup = at(place.path(), *point_in_time).await.unwrap();
        same(&state_of(&backup), then, &format!("after step {step}"));
    }
    for one in all.iter().filter(|b| b.is_increment()) {
        let opened = opened(place.path(), &one.manifest).await;
        assert_eq!(verify::verify(&workspace, &opened, &Silent).await.unwrap().verification.problems, Vec::<String>::new());
        let refused = restore::choose(&opened, &Choice::default()).unwrap_err().to_string();
        assert!(refused.contains("contains changes only"), "{refused}");
    }
}

async fn restored_and_undone(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    workspace.store.record_changes(true).await.unwrap();
    crate::common::fill(&workspace, 20).await;
    backup(&workspace, place.path()).await;
    put(&workspace, "careers", [doc! { "_id": 1, "career_id": "new" }].into_iter()).await;
    workspace.store.drop_collection("notes").await.unwrap();
    let (point_in_time, then) = (point_in_time().await, state(&workspace).await);
    put(&workspace, "careers", [doc! { "_id": 1, "career_id": "changed" }, doc! { "_id": 2 }].into_iter()).await;
    put(&workspace, "later", [doc! { "_id": 1 }].into_iter()).await;
    let now = state(&workspace).await;
    let encrypted = steward_backup::create::BackupRequest {
        lock: EncryptionKey::Passphrase("open sesame".to_owned().into()),
        compression: Compression::Gzip,
        ..request_to(place.path())
    };
    let head = timeline::heads(&listed(place.path()).await).remove(0);
    let Taken::New(made) = increment::take(&workspace, &encrypted, &head, &Silent).await.unwrap() else { panic!("something happened") };
    assert!(made.manifest.file.name.ends_with(".archive.gz.age") && made.manifest.parent.is_some());
    let locked = at(place.path(), point_in_time).await;
    assert!(matches!(locked.map(|_| ()), Err(Error::Locked(_))));
    // The same in the open.
    listing::remove(&Folder::new(place.path().to_owned()), &made.manifest).await.unwrap();
    backup(&workspace, place.path()).await;
    assert!(at(place.path(), point_in_time).await.is_err());
    drop_and_again(&workspace, place.path(), point_in_time, &then, &now).await;
}

/// The increment is taken once more, and this time restored from.
async fn drop_and_again(workspace: &Workspace, place: &Path, point_in_time: i64, then: &State, now: &State) {
    let first = listed(place).await.pop().unwrap();
    let taken = increment::take(workspace, &request_to(place), &first, &Silent).await.unwrap();
    assert!(matches!(taken, Taken::New(_)));
    let backup = at(place, point_in_time).await.unwrap();
    same(&state_of(&backup), then, "once more");
    let plan = restore::plan(workspace, &backup, &Choice::default(), &Silent).await.unwrap();
    let careers = plan.iter().find(|p| p.into == "careers").unwrap();
    assert_eq!((careers.records, careers.changed, careers.removed, careers.unchanged), (21, 1, 1, 20));
    let record = restore::apply(workspace, &backup, "here", &Choice::default(), Some(&request_to(place)), &Silent).await.unwrap();
    assert_eq!(record.point_in_time.as_deref(), Some(timeline::display(point_in_time).as_str()));
    let after = state(workspace).await;
    assert_eq!(after["careers"].1, then["careers"].1);
    assert_eq!(workspace.settings("careers").await.unwrap().schema, "careers@1.0.0");
    restore::undo(workspace, &record.id, &Silent).await.unwrap();
    same(&state(workspace).await, now, "undone");
    // The restore and its undo are changes like any other.
    next(workspace, place).await;
    let end = timeline::timeline(&listed(place).await).ranges.pop().unwrap().until;
    same(&state_of(&at(place, end).await.unwrap()), now, "after the undo");
}

async fn a_missing_increment_is_a_gap(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    workspace.store.record_changes(true).await.unwrap();
    put(&workspace, "careers", [doc! { "_id": 1 }].into_iter()).await;
    backup(&workspace, place.path()).await;
    let mut points_in_time = Vec::new();
    for n in 2..5 {
        put(&workspace, "careers", [doc! { "_id": n }].into_iter()).await;
        points_in_time.push((point_in_time().await, state(&workspace).await));
        next(&workspace, place.path()).await;
    }
    let all = listed(place.path()).await;
    let middle: Vec<&Manifest> = all
        .iter()
        .map(|s| &s.manifest)
        .filter(|m| m.increment.as_ref().is_some_and(|i| i.from.at <= points_in_time[1].0 && points_in_time[1].0 <= i.until.at))
        .collect();
    assert_eq!(middle.len(), 1);
    listing::remove(&Folder::new(place.path().to_owned()), middle[0]).await.unwrap();
    same(&state_of(&at(place.path(), points_in_time[0].0).await.unwrap()), &points_in_time[0].1, "before the gap");
    for (point_in_time, _) in &points_in_time[1..] {
        let refused = at(place.path(), *point_in_time).await.map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("gap between") && refused.contains(&middle[0].id), "{refused}");
    }
    // A position that nobody keeps any more.
    let mut lost = all.iter().find(|s| !s.is_increment()).unwrap().clone();
    let mut live = workspace.store.changes(None).await.unwrap();
    put(&workspace, "careers", [doc! { "_id": 8 }].into_iter()).await;
    let token = live.try_next().await.unwrap().unwrap().token.0;
    let forgotten = match token.split_once("82") {
        // A change of long ago, as if it had left the oplog.
        Some((head, tail)) if head.contains("_data") => format!("{head}820000000100000001{}", &tail[16..]),
        _ => "1@1".to_owned(),
    };
    lost.manifest.position = Some(forgotten);
    lost.covered_until = None;
    match increment::take(&workspace, &request_to(place.path()), &lost, &Silent).await {
        Err(Error::Store(e)) => assert_eq!(e.kind, StoreErrorKind::NotFound, "{e} {:?}", e.details),
        other => panic!("{other:?}"),
    }
    // A new backup closes the chain again.
    let whole = backup(&workspace, place.path()).await;
    put(&workspace, "careers", [doc! { "_id": 9 }].into_iter()).await;
    let (point_in_time, then) = (point_in_time().await, state(&workspace).await);
    let whole = ListedBackup::new(whole.manifest, place.path().display().to_string());
    increment::take(&workspace, &request_to(place.path()), &whole, &Silent).await.unwrap();
    same(&state_of(&at(place.path(), point_in_time).await.unwrap()), &then, "after the gap");
    let found = timeline::timeline(&listed(place.path()).await);
    assert_eq!((found.ranges.len(), found.gaps.len()), (2, 1), "{found:?}");
}

struct Stopped;

impl Progress for Stopped {
    fn phase(&self, _: &str) {}
    fn total(&self, _: u64) {}
    fn done(&self, _: u64) {}
    fn is_cancelled(&self) -> bool {
        true
    }
}

async fn cancelled_it_leaves_nothing(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    workspace.store.record_changes(true).await.unwrap();
    let whole = backup(&workspace, place.path()).await;
    put(&workspace, "careers", (0..3000).map(|n| doc! { "_id": n })).await;
    let onto = ListedBackup::new(whole.manifest, String::new());
    let stopped = increment::take(&workspace, &request_to(place.path()), &onto, &Stopped).await;
    assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2, "the whole backup and nothing else");
    assert!(matches!(next(&workspace, place.path()).await, Taken::New(made) if made.manifest.increment.as_ref().unwrap().changes >= 3000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_alone_says_why_not() {
    let workspace = on(Mongod::standalone()).await;
    let place = tempfile::tempdir().unwrap();
    let whole = backup(&workspace, place.path()).await;
    assert_eq!(whole.manifest.point_in_time, None);
    assert!(timeline::heads(&listed(place.path()).await).is_empty());
    let e = workspace.store.record_changes(true).await.unwrap_err();
    assert!(e.kind == StoreErrorKind::Unsupported && e.message.contains("standalone"), "{e}");
}

/// A file that was restored from a copy has another history from there on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_put_back_is_not_taken_for_the_same() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, copy) = (folder.path().join("careers.steward"), folder.path().join("copy"));
    {
        let workspace = on_file(folder.path()).await;
        workspace.store.record_changes(true).await.unwrap();
        backup(&workspace, place.path()).await;
    }
    std::fs::copy(&path, &copy).unwrap();
    {
        let workspace = on_file(folder.path()).await;
        put(&workspace, "careers", [doc! { "_id": 1 }].into_iter()).await;
        next(&workspace, place.path()).await;
    }
    std::fs::copy(&copy, &path).unwrap();
    for _ in 0..2 {
        let workspace = on_file(folder.path()).await;
        put(&workspace, "careers", (0..5).map(|n| doc! { "_id": n })).await;
        let head = timeline::heads(&listed(place.path()).await).remove(0);
        let refused = increment::take(&workspace, &request_to(place.path()), &head, &Silent).await.unwrap_err().to_string();
        assert!(refused.contains("restored from a copy"), "{refused}");
    }
}
