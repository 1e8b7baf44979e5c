//! Backup, verification, restore and its undo, on a file and on real servers.

// Test code: a broken expectation is meant to panic, with the place.

use crate::common::{all, backup, career, fill, on, on_file, opened, put, request_to};
use steward_backup::create::create;
use steward_backup::restore::{self, Choice};
use steward_backup::{listing, target::Folder, verify};
use steward_domain::{Filter, RestoreMode, RestoreState};
use steward_store::{Durability, WriteBatch, WriteOp};
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Silent, Workspace, history};

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
        mod standalone {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(super::on(super::Mongod::standalone()).await).await;
            })+
        }
    };
}

on_both!(verified_restored_and_undone, what_was_edited_since_is_kept, merged, into_another_name, history_comes_along, cut_off_anywhere);

async fn damage(workspace: &Workspace) {
    let remove = WriteOp::DeleteMany { collection: "careers".into(), filter: Filter::eq("career_id", "c-3") };
    workspace.store.write(WriteBatch::data(vec![remove]), Durability::Full).await.unwrap();
    let mut wrong = career(4);
    wrong.insert("title", "lorem ipsum");
    put(workspace, "careers", [wrong, career(40)].into_iter()).await;
}

async fn verified_restored_and_undone(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    fill(&workspace, 20).await;
    let good = all(&workspace, "careers").await;
    let definition = workspace.store.definition("careers").await.unwrap();
    let before = backup(&workspace, place.path()).await;
    assert_eq!(before.manifest.collection("careers").unwrap().invalid, None, "nobody has measured it");
    listing::remove(&Folder::new(place.path().to_owned()), &before.manifest).await.unwrap();
    steward_quality::measure_and_record(&workspace, "careers", &Silent).await.unwrap();
    let made = backup(&workspace, place.path()).await;
    let kept = made.manifest.collection("careers").unwrap();
    assert_eq!((kept.records, kept.invalid), (20, Some(0)));
    let backup = opened(place.path(), &made.manifest).await;

    let scratch_folder = tempfile::tempdir().unwrap();
    let verified = verify::verify(&workspace, &backup, &Silent).await.unwrap();
    assert_eq!(verified.verification.problems, Vec::<String>::new());
    let scratch = on_file(scratch_folder.path()).await;
    let verified = verify::test_restore(&workspace, &backup, &scratch, &Silent).await.unwrap();
    assert_eq!((&verified.verification.problems, &verified.notes), (&Vec::new(), &Vec::new()));
    let careers = verified.collections.iter().find(|c| c.name == "careers").unwrap();
    assert_eq!((careers.records, careers.invalid, careers.schema.as_deref()), (20, Some(0), Some("careers@1.0.0")));
    listing::note_verification(&Folder::new(place.path().to_owned()), &made.manifest, &verified.verification).await.unwrap();
    assert!(listing::find(&Folder::new(place.path().to_owned()), &made.manifest.id).await.unwrap().is_verified());

    damage(&workspace).await;
    let bad = all(&workspace, "careers").await;
    let choice = Choice::default();
    let plan = restore::plan(&workspace, &backup, &choice, &Silent).await.unwrap();
    let careers = plan.iter().find(|p| p.into == "careers").unwrap();
    assert_eq!((careers.added, careers.changed, careers.removed, careers.unchanged), (1, 1, 1, 18), "{careers:?}");
    assert!(careers.samples.iter().any(|s| s.now.as_ref().is_some_and(|now| now.get_str("title").unwrap() == "lorem ipsum")));
    let record = restore::apply(&workspace, &backup, "here", &choice, Some(&request_to(place.path())), &Silent).await.unwrap();
    assert_eq!(record.state, RestoreState::Done);
    assert_eq!(all(&workspace, "careers").await, good);
    assert!(workspace.store.definition("careers").await.unwrap().means(&definition));
    assert_eq!(workspace.settings("careers").await.unwrap().schema, "careers@1.0.0");
    let (listed, notes) = listing::list(&Folder::new(place.path().to_owned())).await.unwrap();
    assert!(listed.len() == 2 && notes.is_empty() && Some(&listed[0].manifest.id) == record.safety.as_ref(), "{listed:?}");
    assert!(history::verify(&workspace).await.unwrap().broken_at.is_none());

    let (undone, _) = restore::undo(&workspace, &record.id, &Silent).await.unwrap();
    assert_eq!(undone.state, RestoreState::Undone);
    assert_eq!(all(&workspace, "careers").await, bad, "exactly as it was, wrong records too");
    assert!(restore::undo(&workspace, &record.id, &Silent).await.is_err());
    assert!(workspace.store.collections().await.unwrap().iter().all(|c| !c.contains(&record.id)), "nothing is left over");
}

async fn what_was_edited_since_is_kept(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    fill(&workspace, 5).await;
    let made = backup(&workspace, place.path()).await;
    let backup = opened(place.path(), &made.manifest).await;
    let choice = Choice { collections: vec![("careers".into(), "careers".into())], ..Choice::default() };
    let record = restore::apply(&workspace, &backup, "here", &choice, None, &Silent).await.unwrap();
    let mut new = career(9);
    new.remove("_id");
    steward_workspace::edit::create(&workspace, &workspace.collection("careers").await.unwrap(), new, None, true).await.unwrap();
    let (_, plans) = restore::plan_undo(&workspace, &record.id).await.unwrap();
    assert_eq!((plans[0].edited_since, plans[0].kept_as.as_deref()), (1, Some("careers.undone")));
    restore::undo(&workspace, &record.id, &Silent).await.unwrap();
    assert_eq!(all(&workspace, "careers").await.len(), 5);
    assert_eq!(all(&workspace, "careers.undone").await.len(), 6);
}

async fn merged(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    fill(&workspace, 6).await;
    let made = backup(&workspace, place.path()).await;
    damage(&workspace).await;
    let before = all(&workspace, "careers").await;
    let backup = opened(place.path(), &made.manifest).await;
    let choice = Choice { collections: vec![("careers".into(), "careers".into())], mode: RestoreMode::Merge, ..Choice::default() };
    let plan = restore::plan(&workspace, &backup, &choice, &Silent).await.unwrap();
    assert_eq!((plan[0].added, plan[0].changed, plan[0].removed), (1, 1, 0));
    let record = restore::apply(&workspace, &backup, "here", &choice, None, &Silent).await.unwrap();
    let after = all(&workspace, "careers").await;
    assert_eq!(after.len(), 7, "c-3 is back, c-40 stays");
    assert!(after.contains(&career(4)) && after.contains(&career(3)) && after.contains(&career(40)));
    restore::undo(&workspace, &record.id, &Silent).await.unwrap();
    assert_eq!(all(&workspace, "careers").await, before);
}

async fn into_another_name(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    fill(&workspace, 4).await;
    let made = backup(&workspace, place.path()).await;
    let backup = opened(place.path(), &made.manifest).await;
    let choice = Choice { collections: vec![("careers".into(), "careers.then".into())], ..Choice::default() };
    let record = restore::apply(&workspace, &backup, "here", &choice, Some(&request_to(place.path())), &Silent).await.unwrap();
    assert_eq!(record.safety, None, "nothing was there that could be lost");
    assert_eq!(all(&workspace, "careers.then").await, all(&workspace, "careers").await);
    assert_eq!(workspace.settings("careers.then").await.unwrap().key_field, "career_id");
    restore::undo(&workspace, &record.id, &Silent).await.unwrap();
    assert!(!workspace.store.collections().await.unwrap().contains(&"careers.then".to_owned()));
    for (from, into) in [("careers", "steward.changes"), ("nothing", "nothing"), ("careers", "system.x")] {
        let choice = Choice { collections: vec![(from.into(), into.into())], ..Choice::default() };
        assert!(restore::choose(&backup, &choice).is_err(), "{from} into {into}");
    }
}

async fn history_comes_along(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    fill(&workspace, 3).await;
    let key = steward_domain::RecordKey::new("c-7");
    let mut new = career(7);
    new.remove("_id");
    steward_workspace::edit::create(&workspace, &workspace.collection("careers").await.unwrap(), new, None, true).await.unwrap();
    let made = backup(&workspace, place.path()).await;
    let backup = opened(place.path(), &made.manifest).await;
    let folder = tempfile::tempdir().unwrap();
    let other = on_file(folder.path()).await;
    restore::apply(&other, &backup, "here", &Choice { own: true, ..Choice::default() }, None, &Silent).await.unwrap();
    assert_eq!(all(&other, "careers").await, all(&workspace, "careers").await);
    assert_eq!(steward_workspace::edit::history(&other, "careers", &key).await.unwrap().len(), 1);
    assert!(history::verify(&other).await.unwrap().broken_at.is_none(), "the chain goes on with the restore's own entry");
    let without =
        create(&workspace, &steward_backup::create::BackupRequest { own: false, ..request_to(place.path()) }, &Silent).await.unwrap();
    assert_eq!(without.manifest.collections.iter().filter(|c| c.is_own()).count(), 0);
}

/// A restore that stopped between any two of its renames goes on, and is cleaned up.
async fn cut_off_anywhere(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    fill(&workspace, 5).await;
    let good = all(&workspace, "careers").await;
    let made = backup(&workspace, place.path()).await;
    let backup = opened(place.path(), &made.manifest).await;
    damage(&workspace).await;
    let bad = all(&workspace, "careers").await;
    let choice =
        Choice { collections: vec![("careers".into(), "careers".into()), ("notes".into(), "notes.then".into())], ..Choice::default() };
    for undone in 0..4 {
        for cleaned in [false, true] {
            let record = restore::apply(&workspace, &backup, "here", &choice, None, &Silent).await.unwrap();
            rewind(&workspace, &record.id, undone).await;
            if cleaned {
                let record = restore::clean_up(&workspace, &record.id, &Silent).await.unwrap();
                assert_eq!(record.state, RestoreState::Cancelled);
                assert_eq!(all(&workspace, "careers").await, bad, "{undone} steps back");
            } else {
                let record = restore::go_on(&workspace, &record.id, Some(&backup), &Silent).await.unwrap();
                assert_eq!(all(&workspace, "careers").await, good, "{undone} steps back");
                restore::undo(&workspace, &record.id, &Silent).await.unwrap();
                assert_eq!(all(&workspace, "careers").await, bad);
            }
            let left: Vec<String> = workspace.store.collections().await.unwrap();
            assert!(left.iter().all(|c| !c.contains(&record.id) && c != "notes.then"), "{undone} {cleaned}: {left:?}");
        }
    }
}

/// Takes the last renames of a restore back, one by one, and marks it as being in the middle. A file makes all of them at once.
async fn rewind(workspace: &Workspace, id: &str, steps: usize) {
    let mut record = restore::get(workspace, id).await.unwrap();
    record.state = RestoreState::Swapping;
    workspace.put("steward.restores", &steward_workspace::docs::to_document(id, &record).unwrap()).await.unwrap();
    let (one, two) = (format!("{id}.0"), format!("{id}.1"));
    let renames = [
        ("careers".to_owned(), format!("steward.replaced.{one}")),
        (format!("steward.incoming.{one}"), "careers".to_owned()),
        (format!("steward.incoming.{two}"), "notes.then".to_owned()),
    ];
    let atomic = workspace.store.info().await.unwrap().kind == steward_store::StoreKind::File;
    let steps = if atomic { 3 } else { steps };
    for (from, to) in renames.iter().rev().take(steps) {
        steward_workspace::swap::rename(workspace, to, from, &Silent).await.unwrap();
    }
    if !atomic {
        let steps_of: Vec<bson::Document> = renames.iter().map(|(from, to)| bson::doc! { "from": from, "to": to }).collect();
        // One more was made than was counted.
        let done = i64::try_from((3 - steps).saturating_sub(1)).unwrap();
        let ledger = bson::doc! { "_id": id, "title": "Restoring", "lease": format!("restore:{id}"), "renames": steps_of, "done": done };
        workspace.put("steward.swaps", &ledger).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_from_one_store_to_the_other_and_back() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (file, mongo) = (on_file(folder.path()).await, on(Mongod::replica_set()).await);
    let documents = steward_store_testkit::conformance::generate::documents(300);
    put(
        &file,
        "any",
        documents.into_iter().enumerate().map(|(n, mut d)| {
            d.insert("_id", i32::try_from(n).unwrap());
            d
        }),
    )
    .await;
    let first = backup(&file, place.path()).await;
    let there = opened(place.path(), &first.manifest).await;
    restore::apply(&mongo, &there, "here", &Choice::default(), None, &Silent).await.unwrap();
    let second = backup(&mongo, place.path()).await;
    let content = |m: &steward_backup::Manifest| m.collection("any").unwrap().content.clone();
    assert_eq!(content(&first.manifest), content(&second.manifest));
    let back = opened(place.path(), &second.manifest).await;
    restore::apply(&file, &back, "here", &Choice::default(), None, &Silent).await.unwrap();
    let third = backup(&file, place.path()).await;
    assert_eq!(content(&first.manifest), content(&third.manifest));
    assert_eq!(third.manifest.collection("any").unwrap().records, 300);
}

/// Lets the server forget the point in time that a backup is of, once.
struct Slow(std::sync::atomic::AtomicBool);

impl steward_workspace::Progress for Slow {
    fn phase(&self, _: &str) {}
    fn total(&self, _: u64) {}
    fn done(&self, done: u64) {
        if done > 0 && !self.0.swap(true, std::sync::atomic::Ordering::Relaxed) {
            std::thread::sleep(std::time::Duration::from_secs(3));
        }
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_that_the_server_forgets() {
    let (place, server) = (tempfile::tempdir().unwrap(), Mongod::of_its_own());
    let workspace = on(&server).await;
    let body = "x".repeat(2000);
    for thousand in 0..20 {
        put(&workspace, "many", (thousand * 1000..(thousand + 1) * 1000).map(|n| bson::doc! { "_id": n, "body": &body })).await;
    }
    server.admin(bson::doc! { "setParameter": 1, "minSnapshotHistoryWindowInSeconds": 0 }).unwrap();
    let writer = workspace.clone();
    let writing = tokio::spawn(async move {
        for n in 0.. {
            put(&writer, "other", std::iter::once(bson::doc! { "_id": n })).await;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    let made = create(&workspace, &request_to(place.path()), &Slow(std::sync::atomic::AtomicBool::new(false))).await.unwrap();
    writing.abort();
    let why = made.manifest.fuzzy.clone().unwrap();
    assert!(why.contains("did not keep the snapshot") && why.contains("at a different time"), "{why}");
    assert!(made.manifest.point_in_time.is_none() && made.manifest.position.is_none(), "increments cannot build on it");
    assert_eq!(made.manifest.collection("many").unwrap().records, 20_000);
    let files: Vec<String> = std::fs::read_dir(place.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files.len(), 2, "nothing of the first attempt is left: {files:?}");
    let backup = opened(place.path(), &made.manifest).await;
    assert_eq!(verify::verify(&workspace, &backup, &Silent).await.unwrap().verification.problems, Vec::<String>::new());
}
