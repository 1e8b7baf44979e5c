//! How Steward's own documents are stored. A workspace of today is opened by every program of tomorrow: whoever renames or removes a
//! field sees it here, and writes a migration with the next layout.

use std::collections::BTreeSet;

use bson::{Bson, Document};
use steward_domain::Filter;
use steward_store::{Durability, Query, WriteBatch, WriteOp, names};

use crate::common::{Place, assert_snapshot, career, text};
use crate::on_both;

/// Where people's own names are.
const DATA: [&str; 5] = [".document", ".before", ".after", ".raw", ".row"];

/// `runs.files[].name: String` for every field there is, `*` for names that people chose.
fn forms(prefix: &str, value: &Bson, into: &mut BTreeSet<String>) {
    match value {
        Bson::Document(doc) => {
            let chosen = DATA.iter().any(|open| prefix.ends_with(open));
            for (name, value) in doc {
                forms(&format!("{prefix}.{}", if chosen { "*" } else { name }), value, into);
            }
        }
        Bson::Array(list) => list.iter().for_each(|one| forms(&format!("{prefix}[]"), one, into)),
        other => {
            into.insert(format!("{prefix}: {:?}", other.element_type()));
        }
    }
}

const WATCHED: [&str; 9] = [
    names::CATALOG,
    names::CHANGE_SETS,
    names::CHANGES,
    names::RUNS,
    names::QUARANTINE,
    names::QUALITY,
    names::FINDINGS,
    names::TASKS,
    names::LEASES,
];

#[test]
fn the_form_of_own_documents_changes_only_on_purpose() {
    let at = &Place::file();
    let good = at.write("good.ndjson", format!("{}\n{}\n", career("11-1011.00", 90_000), career("11-1011.01", 80_000)));
    let bad = at.write("bad.ndjson", "{\"career_id\":\"11-1011.02\",\"title\":7}\nnot json\n");
    at.json(0, &["import", &good, "--schema", "careers"]);
    at.json(1, &["import", &bad, "--schema", "careers"]);
    at.json(0, &["records", "set", "11-1011.00", "title=Another title"]);
    at.steward(&["quality"]);
    let entry = text(&at.json(0, &["quarantine", "list"]), "/entries/0/id");
    at.json(0, &["quarantine", "discard", &entry, "--reason", "a test"]);
    at.json(0, &["tasks", "run", "integrity"]);
    let mut found = BTreeSet::new();
    at.with_store(async |store| {
        for collection in WATCHED {
            let page = store.find(collection, &Query::new(Filter::all(), 1000)).await.unwrap();
            assert!(page.next.is_none());
            for raw in page.records {
                let doc = Document::try_from(raw.as_ref()).unwrap();
                forms(collection.trim_start_matches(names::PREFIX), &Bson::Document(doc), &mut found);
            }
        }
    });
    assert_snapshot("stored", at, &found.into_iter().collect::<Vec<_>>().join("\n"));
}

on_both! {
    fn a_workspace_of_a_newer_program_is_refused_and_left_as_it_is(at) {
        let good = at.write("good.ndjson", career("11-1011.00", 90_000).to_string());
        at.json(0, &["import", &good, "--schema", "careers"]);
        let newer = WriteOp::put(names::CATALOG, &bson::doc! { "_id": "layout", "version": 99 }).unwrap();
        at.with_store(async |store| store.write(WriteBatch::data(vec![newer.clone()]), Durability::Full).await.unwrap());
        at.steward(&["records", "find"]).ended(3).says("newer version of Steward (layout 99");
        at.steward(&["import", &good, "--schema", "careers"]).ended(3);
    }
}
