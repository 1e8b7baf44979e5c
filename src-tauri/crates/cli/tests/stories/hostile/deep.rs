//! Nesting: a few bytes a level are enough to exhaust the stack of a reader that calls itself.

use bson::doc;
use serde_json::json;
use steward_store::{Durability, WriteBatch, WriteOp};

use super::{is_reported, watched};
use crate::common::Place;
use crate::on_both;

/// A BSON document with so many levels, made without recursion.
fn nested(levels: usize) -> Vec<u8> {
    let mut out = vec![5, 0, 0, 0, 0];
    for _ in 1..levels {
        let mut outer = i32::try_from(out.len() + 8).unwrap().to_le_bytes().to_vec();
        outer.extend_from_slice(b"\x03a\0");
        outer.append(&mut out);
        outer.push(0);
        out = outer;
    }
    out
}

fn archive(documents: &[Vec<u8>]) -> Vec<u8> {
    let end = u32::MAX.to_le_bytes();
    let mut out = 0x8199_e26d_u32.to_le_bytes().to_vec();
    let head = doc! {"concurrent_collections": 1, "version": "0.1", "server_version": "6.0", "tool_version": "x"};
    out.extend(head.to_vec().unwrap());
    out.extend(doc! {"db": "d", "collection": "things", "metadata": "{}", "size": 1_i64, "type": "collection"}.to_vec().unwrap());
    out.extend(end);
    out.extend(doc! {"db": "d", "collection": "things", "EOF": false, "CRC": 0_i64}.to_vec().unwrap());
    documents.iter().for_each(|d| out.extend(d));
    out.extend(end);
    out
}

const DEEPER: &str = "deeper than 200 levels";

on_both! {
    fn bson_is_refused_before_it_is_decoded(at) {
        at.json(0, &["init"]);
        for levels in [1_400, 100_000] {
            let whole = [doc! {"k": 1}.to_vec().unwrap(), nested(levels), doc! {"k": 2}.to_vec().unwrap()].concat();
            is_reported(at, &at.write("deep.bson", whole), DEEPER);
            is_reported(at, &at.write("first.bson", nested(levels)), DEEPER);
        }
        assert_eq!(at.export("things").len(), 2, "what is around it is read");
    }

    fn archives_are_refused_before_they_are_decoded(at) {
        at.json(0, &["init"]);
        let file = at.write("deep.archive", archive(&[doc! {"_id": 1, "k": 1}.to_vec().unwrap(), nested(100_000)]));
        is_reported(at, &file, DEEPER);
        for way in [vec!["restore", &file], vec!["restore", &file, "--yes"]] {
            watched(at, &way);
        }
        let folder = at.path("dump/d");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("things.bson"), nested(100_000)).unwrap();
        std::fs::write(folder.join("things.metadata.json"), "[".repeat(100_000)).unwrap();
        watched(at, &["restore", &at.path("dump").display().to_string(), "--yes"]);
    }

    fn json_and_what_is_written_in_it(at) {
        at.json(0, &["init"]);
        let deep = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
        is_reported(at, &at.write("deep.ndjson", format!("{{\"k\":1}}\n{deep}\n{{\"k\":2}}\n")), "recursion limit");
        is_reported(at, &at.write("deep.json", format!("[{{\"k\":1}},{deep}]")), "recursion limit");
        for open in ["[", "{\"a\":["] {
            watched(at, &["validate", &at.write("open.json", open.repeat(200_000)), "--schema", "careers"]);
        }
        let mapping = at.write("deep-mapping.json", deep.clone());
        watched(at, &["import", &at.write("one.json", "[{\"k\":1}]"), "--mapping", &mapping, "--no-schema", "--collection", "x"]);
        watched(at, &["schema", "add", &mapping, "--name", "deep", "--version", "1.0.0"]);
        let loops = json!({"$id": "loop", "type": "object", "$ref": "#", "properties": {"a": {"$ref": "#"}, "k": {"type": "string"}},
            "x-steward": {"collection": "loops", "key": "k"}});
        watched(at, &["schema", "add", &at.write("loop.json", loops.to_string()), "--name", "loop", "--version", "1.0.0"]);
        watched(at, &["validate", &at.write("rows.json", "[{\"k\":1,\"a\":{\"a\":{}}}]"), "--schema", "loop"]);
    }

    fn paths_and_filters_nest_no_deeper_than_records(at) {
        at.json(0, &["import", "--no-schema", "--collection", "things", "--key", "k", &at.write("one.json", "[{\"k\":\"1\"}]")]);
        let path = vec!["a"; 20_000].join(".");
        watched(at, &["records", "set", "1", &format!("{path}=1")]).ended(2);
        watched(at, &["records", "find", &"(".repeat(50_000)]).ended(2);
        watched(at, &["records", "find", &format!("{path} = 1")]);
        let table = at.write("wide.csv", format!("k,{path}\n1,2\n"));
        watched(at, &["import", &table, "--no-schema", "--collection", "t", "--key", "k"]);
        watched(at, &["mapping", "suggest", &table, "--schema", "careers"]);
    }
}

#[test]
fn a_workspace_with_a_deep_record_is_read_without_harm() {
    let at = Place::file();
    at.with_store(async |store| {
        let put = WriteOp::put("things", &doc! {"_id": 1, "k": 1}).unwrap();
        store.write(WriteBatch::data(vec![put]), Durability::Full).await.unwrap();
    });
    let raw = rusqlite::Connection::open(&at.workspace).unwrap();
    raw.create_scalar_function("steward_ord", 2, rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC, |_| Ok(vec![1_u8])).unwrap();
    raw.execute("UPDATE c1 SET doc = ?1", [nested(100_000)]).unwrap();
    drop(raw);
    for way in [
        vec!["records", "find", "--collection", "things"],
        vec!["records", "find", "a.a = 1", "--collection", "things"],
        vec!["records", "facet", "a", "--collection", "things"],
        vec!["records", "export", "out.ndjson", "--collection", "things"],
        vec!["backup", "create"],
        vec!["quality", "--collection", "things"],
    ] {
        watched(&at, &way);
    }
    let other = Place::file();
    other.json(0, &["init"]);
    is_reported(&other, &at.workspace, "");
}
