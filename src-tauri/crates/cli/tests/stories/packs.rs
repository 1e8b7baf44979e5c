//! Schema packs at the terminal: their examples run, a workspace's own ones, and what comes with Steward imported.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::common::{counts, number, text};
use crate::{on_all, on_both};

fn plants(more: &Json) -> String {
    let mut schema = json!({
        "title": "Plant", "type": "object", "required": ["plant_id", "name"],
        "properties": {"plant_id": {"type": "string"}, "name": {"type": "string", "minLength": 2}, "height": {"type": "number", "maximum": 120}},
    });
    if let (Some(schema), Some(more)) = (schema.as_object_mut(), more.as_object()) {
        schema.extend(more.clone());
    }
    schema.to_string()
}

fn ids(list: &Json) -> Vec<String> {
    list["schemas"].as_array().unwrap().iter().map(|s| text(s, "/id")).collect()
}

fn packs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas").canonicalize().unwrap()
}

on_all! {
    fn a_workspace_has_schemas_of_its_own(at) {
        let file = at.write("plants.json", plants(&json!({})));
        let added = at.json(0, &["schema", "add", &file, "--collection", "plants"]);
        let summary = &added["added"][0]["summary"];
        assert_eq!((text(summary, "/id"), text(summary, "/keyField"), text(summary, "/collection")), ("plant@1.0.0".into(), "plant_id".into(), "plants".into()));
        assert_eq!((text(summary, "/by"), &summary["builtin"]), ("ann".into(), &json!(false)));
        assert_eq!(text(&at.json(0, &["schema", "add", &file, "--collection", "plants"]), "/added/0/outcome"), "unchanged");
        assert!(ids(&at.json(0, &["schema", "list"])).contains(&"plant@1.0.0".into()));
        at.steward(&["schema", "list"]).ended(0).says("of this workspace");

        // Recognised, checked, imported, measured and edited like any other.
        let rows = at.write("rows.json", json!([{"plant_id": "p-1", "name": "Rose", "height": 2}, {"plant_id": "p-2", "name": "Fir", "height": 400}]).to_string());
        let checked = at.json(1, &["validate", &rows]);
        assert_eq!((text(&checked, "/schema"), number(&checked, "/counts/quarantined")), ("plant@1.0.0".into(), 1));
        let run = at.json(1, &["import", &rows]);
        assert_eq!((text(&run, "/schema"), text(&run, "/collection"), counts(&run)), ("plant@1.0.0".into(), "plants".into(), [1, 0, 0, 1]));
        let quality = at.json(0, &["quality", "--collection", "plants"]);
        assert_eq!(number(&quality, "/records"), 1);
        at.steward(&["records", "set", "p-1", "name=X", "--collection", "plants"]).ended(1).says("too short");
        let entry = text(&at.json(0, &["quarantine", "list"]), "/entries/0/id");
        at.json(0, &["quarantine", "edit", &entry, "--set", "height=40"]);
        at.json(0, &["quarantine", "retry", &entry]);
        assert_eq!(at.export("plants").len(), 2);

        // What is used does not change and does not go.
        let other = at.write("other.json", plants(&json!({"description": "Of the garden."})));
        at.steward(&["schema", "add", &other, "--collection", "plants"]).ended(4).says("never changes").says("higher version");
        at.steward(&["schema", "remove", "plant@1.0.0"]).ended(4).says("used by the collection plants");
        let next = json!({"properties": {"plant_id": {"type": "string"}, "name": {"type": "string"}, "planted": {"type": "string"}}});
        let next = at.write("next.json", plants(&next));
        at.json(0, &["schema", "add", &next, "--version", "1.1.0", "--collection", "plants"]);
        let shown = at.json(0, &["schema", "show", "plant"]);
        assert_eq!(text(&shown, "/summary/id"), "plant@1.1.0");
        let changes = shown["versions"][0]["changes"].as_array().unwrap();
        assert!(changes.contains(&json!("planted is new.")) && changes.contains(&json!("height is no field any more.")), "{shown:#}");
        at.steward(&["schema", "show", "plant"]).ended(0).says("Version 1.1.0, added").says("by ann");

        // One that nothing uses changes and goes.
        let changed = at.write("next.json", plants(&json!({"x-steward": {"version": "1.1.0", "collection": "plants"}})));
        assert_eq!(text(&at.json(0, &["schema", "add", &changed]), "/added/0/outcome"), "replaced");
        at.json(0, &["schema", "remove", "plant@1.1.0"]);
        assert_eq!(text(&at.json(0, &["schema", "show", "plant"]), "/summary/id"), "plant@1.0.0");
        at.steward(&["schema", "remove", "careers@1.0.0"]).ended(2).says("comes with Steward");
    }
}

on_both! {
    fn what_generators_write_becomes_a_pack(at) {
        let plant = json!({"type": "object", "required": ["plant_id"], "properties": {"plant_id": {"type": "string"}, "soil": {"$ref": "soil.json"}}});
        let list = at.write("plants.json", json!({"type": "array", "items": plant}).to_string());
        at.steward(&["schema", "add", &list]).ended(2).says("refers to soil.json, which is not here").says("--with");
        let soil = at.write("soil.json", json!({"type": "object", "properties": {"ph": {"type": "number"}}}).to_string());
        let added = at.json(0, &["schema", "add", &list, "--with", &soil]);
        assert!(added["added"][0]["derived"].to_string().contains("its records are the items"), "{added}");
        let rows = at.write("rows.ndjson", "{\"plant_id\": \"a\", \"soil\": {\"ph\": 7}}\n{\"plant_id\": \"b\", \"soil\": {\"ph\": \"x\"}}\n");
        assert_eq!(counts(&at.json(1, &["import", &rows, "--schema", "plants"])), [1, 0, 0, 1]);
        let old = at.write("old.json", json!({"$schema": "http://json-schema.org/draft-03/schema#", "properties": {"id": {}}}).to_string());
        at.steward(&["schema", "add", &old]).ended(2).says("draft 3 of JSON Schema").says("/$schema");
        // Fields of any part are known.
        let parts = json!({"title": "Tree", "properties": {"tree_id": {}}, "patternProperties": {"^x-": {}}, "allOf": [{"properties": {"height": {}}}]});
        at.json(0, &["schema", "add", &at.write("tree.json", parts.to_string())]);
        let row = at.write("tree.ndjson", "{\"tree_id\": 1, \"height\": 2, \"x-note\": 3, \"other\": 4}\n");
        let run = at.json(0, &["import", &row, "--schema", "tree"]);
        assert_eq!(run["unknownFields"], json!([{"field": "other", "rows": 1}]));
    }

    fn a_document_that_is_no_schema_is_refused_with_its_place(at) {
        let refused = |name: &str, content: String, words: &[&str]| {
            let said = at.steward(&["schema", "add", &at.write(name, content)]).ended(2);
            for word in words {
                said.says(word);
            }
        };
        refused("a.json", "{\"properties\": ".into(), &["not valid JSON", "line 1"]);
        refused("b.json", plants(&json!({"properties": {"id": {"type": "txt"}}})), &["/properties/id/type"]);
        refused("c.json", plants(&json!({"properties": {"id": {"pattern": "("}}, "required": []})), &["/properties/id/pattern"]);
        refused("d.json", plants(&json!({"properties": {"a": {}, "b": {}}, "required": ["a", "b"]})), &["identifies a record", "--key", "a, b"]);
        refused("e.json", plants(&json!({"x-steward": {"pack": "careers"}})), &["/x-steward/pack", "another name"]);
        refused("f.json", plants(&json!({"x-steward": {"collection": "steward.runs"}})), &["/x-steward/collection"]);
        assert!(!ids(&at.json(0, &["schema", "list"])).iter().any(|id| id.starts_with("plant")), "nothing was kept");
        at.steward(&["schema", "add", "nowhere.json"]).ended(3).says("no file");
    }

    fn examples_of_packs_run(at) {
        let all = at.json(0, &["schema", "test"]);
        assert_eq!(number(&all, "/failed"), 0);
        assert!(number(&all, "/passed") > 120, "{}", all["passed"]);
        let one = at.json(0, &["schema", "test", "careers@1.1.0"]);
        assert!(one["results"].as_array().unwrap().iter().all(|r| r["schema"] == "careers@1.1.0"));
        at.steward(&["schema", "test", "buddy.event"]).ended(0).says("ok    valid/minimal.json is accepted").says("invalid/kind-blank.json is refused");
        at.steward(&["schema", "test", "nothing"]).ended(3).says("no schema 'nothing'");

        at.json(0, &["schema", "add", &at.write("plants.json", plants(&json!({})))]);
        at.steward(&["schema", "test", "plant"]).ended(3).says("no examples");
        for kind in ["valid", "invalid"] {
            std::fs::create_dir_all(at.path("mine").join(kind)).unwrap();
        }
        at.write("mine/valid/good.json", json!({"plant_id": "p", "name": "Rose"}).to_string());
        let tall = json!({"record": {"plant_id": "p", "name": "Fir", "height": 400}, "expect": [{"pointer": "/height", "rule": "maximum"}]});
        at.write("mine/invalid/tall.json", tall.to_string());
        assert_eq!(number(&at.json(0, &["schema", "test", "plant", "mine"]), "/passed"), 2);
        let wrong = json!({"record": {"plant_id": "p", "name": "Fir"}, "expect": [{"pointer": "/name", "rule": "minLength"}]});
        at.write("mine/invalid/wrong.json", wrong.to_string());
        at.steward(&["schema", "test", "plant", "mine"]).ended(1).says("Should break minLength at /name, and does not.").says("2 examples passed, 1 failed");
    }

    fn examples_of_every_pack_are_recognised_and_imported(at) {
        let mut folders: Vec<PathBuf> = std::fs::read_dir(packs()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
        folders.sort();
        assert_eq!(folders.len(), 13);
        for folder in folders {
            let pack = folder.file_name().unwrap().to_string_lossy().into_owned();
            let mut examples: Vec<PathBuf> = std::fs::read_dir(folder.join("examples/valid")).unwrap().map(|e| e.unwrap().path()).collect();
            examples.sort();
            let lines: Vec<String> = examples.iter().map(|p| serde_json::from_slice::<Json>(&std::fs::read(p).unwrap()).unwrap().to_string()).collect();
            // Examples of one pack may share a key.
            let run = at.json(0, &["import", "--duplicates", "last", &at.write(&format!("{pack}.ndjson"), lines.join("\n"))]);
            assert!(text(&run, "/schema").starts_with(&format!("{pack}@")), "{pack}: {}", run["schema"]);
            assert_eq!((number(&run, "/counts/read"), number(&run, "/counts/quarantined")), (i64::try_from(lines.len()).unwrap(), 0), "{pack}");
            let refused: Vec<String> = std::fs::read_dir(folder.join("examples/invalid"))
                .unwrap()
                .map(|e| serde_json::from_slice::<Json>(&std::fs::read(e.unwrap().path()).unwrap()).unwrap()["record"].to_string())
                .collect();
            let file = at.write(&format!("{pack}-refused.ndjson"), refused.join("\n"));
            let run = at.json(1, &["import", "--schema", &pack, &file]);
            assert_eq!(number(&run, "/counts/quarantined"), i64::try_from(refused.len()).unwrap(), "{pack}");
        }
    }
}
