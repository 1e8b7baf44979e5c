//! Looking at a workspace leaves it as it was.

use crate::common::text;
use crate::on_all;
use steward_store::names;

on_all! {
    fn opening_and_reading_makes_nothing(at) {
        // A collection that others made, and nothing of Steward's.
        at.with_store(async |store| store.create_collection("theirs").await.unwrap());
        at.json(0, &["records", "collections"]);
        at.json(0, &["records", "find", "--collection", "theirs"]);
        at.json(0, &["records", "count", "--collection", "theirs"]);
        at.json(0, &["records", "export", "out.ndjson", "--collection", "theirs"]);
        at.json(0, &["quarantine", "list"]);
        at.json(0, &["quarantine", "stats"]);
        at.json(0, &["runs", "list"]);
        at.json(0, &["history", "list"]);
        at.json(0, &["history", "verify"]);
        at.steward(&["quality", "--last", "--collection", "theirs"]);
        at.json(0, &["connection", "status"]);
        at.json(0, &["doctor"]);
        assert_eq!(at.with_store(async |store| store.collections().await.unwrap()), ["theirs"]);
    }

    fn own_collections_come_with_the_first_write_and_their_indexes(at) {
        let file = at.write("one.json", r#"[{"k": 1, "n": "a"}]"#);
        let run = at.import_plain(0, &[&file]);
        assert!(!text(&run, "/id").is_empty());
        at.with_store(async |store| {
            let made = store.collections().await.unwrap();
            assert!(made.iter().any(|c| c == names::RUNS) && made.iter().any(|c| c == names::CHANGE_SETS), "{made:?}");
            assert!(!made.iter().any(|c| c == names::QUARANTINE || c == names::SETTINGS || c == names::FINDINGS), "{made:?}");
            for name in made.iter().filter(|c| names::is_own(c)) {
                let indexed: Vec<String> = store.indexes(name).await.unwrap().into_iter().map(|i| i.name).collect();
                let mut wanted = names::indexed_fields(name).unwrap().to_vec();
                wanted.sort_unstable();
                assert_eq!(indexed, wanted, "{name}");
            }
        });
    }
}
