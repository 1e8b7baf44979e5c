//! The program as people run it: a process, a workspace of its own, and what it says.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use steward_store::Store;
use steward_store_testkit::mongod::Mongod;

/// Runs a story on a file and in a MongoDB replica set.
#[macro_export]
macro_rules! on_both {
    ($($(#[$note:meta])* fn $name:ident($at:ident) $body:block)*) => {
        $($(#[$note])* mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn story($at: &$crate::common::Place) $body

            #[test]
            fn in_a_file() {
                story(&$crate::common::Place::file());
            }

            #[test]
            fn in_mongodb() {
                story(&$crate::common::Place::mongodb());
            }
        })*
    };
}

/// Runs a story on a server without transactions as well.
#[macro_export]
macro_rules! on_all {
    ($($(#[$note:meta])* fn $name:ident($at:ident) $body:block)*) => {
        $($(#[$note])* mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn story($at: &$crate::common::Place) $body

            #[test]
            fn in_a_file() {
                story(&$crate::common::Place::file());
            }

            #[test]
            fn in_mongodb() {
                story(&$crate::common::Place::mongodb());
            }

            #[test]
            fn in_mongodb_standing_alone() {
                story(&$crate::common::Place::standalone());
            }
        })*
    };
}

/// A folder with a workspace's address, the user's data folder and the files of a story.
pub struct Place {
    folder: tempfile::TempDir,
    pub workspace: String,
    /// What the program finds in its environment besides.
    pub environment: Vec<(&'static str, String)>,
}

fn database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("steward_cli_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Place {
    pub fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("records.steward").display().to_string();
        Self { folder, workspace, environment: Vec::new() }
    }

    pub fn mongodb() -> Self {
        Self::at(Mongod::replica_set().uri(&database()))
    }

    pub fn standalone() -> Self {
        Self::at(Mongod::standalone().uri(&database()))
    }

    /// In a workspace of that address.
    pub fn at(workspace: String) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), workspace, environment: Vec::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the story and gives its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program with this workspace and nothing of the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("STEWARD_DATA", self.path("data")).env("STEWARD_WORKSPACE", &self.workspace).env("STEWARD_ACTOR", "ann");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env_remove("STEWARD_LOG").stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn steward(&self, arguments: &[&str]) -> Said {
        Said::of(arguments, &self.start(arguments).wait_with_output().unwrap())
    }

    /// Starts the program; its output is kept in pipes.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs with `--json` and gives the one object that it prints.
    pub fn json(&self, code: i32, arguments: &[&str]) -> Json {
        let mut all = vec!["--json", "--quiet"];
        all.extend(arguments);
        self.steward(&all).ended(code).json()
    }

    /// Waits until a running import has loaded something but not everything, and halts it there: its run.
    pub fn halted_in_the_middle(&self, import: &Child) -> Json {
        let run = halted_when(import, "the import is in its middle", || {
            let said = self.steward(&["--json", "--quiet", "runs", "list"]);
            let run = (said.code == Some(0)).then(|| said.json())?.pointer("/runs/0")?.clone();
            (number(&run, "/counts/inserted") > 0).then_some(run)
        });
        assert_eq!(text(&run, "/state"), "running");
        run
    }

    /// Imports files without a schema, keyed by `k`.
    pub fn import_plain(&self, code: i32, files: &[&str]) -> Json {
        let mut all = vec!["import", "--no-schema", "--collection", "things", "--key", "k"];
        all.extend(files);
        self.json(code, &all)
    }

    /// The records of a collection, one line each, sorted: what must be equal before and after.
    pub fn export(&self, collection: &str) -> Vec<String> {
        let name = "export-of-the-test.ndjson";
        self.json(0, &["records", "export", name, "--collection", collection]);
        let mut lines: Vec<String> = self.read(name).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// [`Self::export`] without the order of fields: undoing brings a removed field back at the end.
    pub fn export_unordered(&self, collection: &str) -> Vec<Json> {
        let mut all: Vec<Json> = self.export(collection).iter().map(|line| sorted(serde_json::from_str(line).unwrap())).collect();
        all.sort_by_key(Json::to_string);
        all
    }

    /// The store itself, as another program would open it.
    pub fn with_store<T>(&self, work: impl AsyncFnOnce(Arc<dyn Store>) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store: Arc<dyn Store> = if self.workspace.starts_with("mongodb") {
                let options = steward_store_mongo::MongoOptions { min_pool: 0, ..steward_store_mongo::MongoOptions::default() };
                Arc::new(steward_store_mongo::MongoStore::connect(&self.workspace, options).await.unwrap())
            } else {
                Arc::new(steward_store_sqlite::SqliteStore::open(Path::new(&self.workspace)).await.unwrap())
            };
            work(store).await
        })
    }

    /// Sets a field of one of Steward's own documents behind its back.
    pub fn tamper(&self, collection: &str, id: &str, field: &str, value: bson::Bson) {
        use steward_store::{Durability, WriteBatch, WriteOp};
        let op = WriteOp::Patch {
            collection: collection.into(),
            id: id.into(),
            expect: Vec::new(),
            set: vec![(field.into(), value)],
            unset: Vec::new(),
        };
        self.with_store(async |store| store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap());
    }
}

fn sorted(value: Json) -> Json {
    match value {
        Json::Object(map) => {
            let mut fields: Vec<(String, Json)> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(fields.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// What a run of the program came to.
pub struct Said {
    pub arguments: String,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(arguments: &[&str], output: &Output) -> Self {
        Self {
            arguments: arguments.join(" "),
            code: output.status.code(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Demands an exit code.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "steward {}\n{}{}", self.arguments, self.out, self.err);
        self
    }

    /// Exactly one JSON object is on standard output.
    #[track_caller]
    pub fn json(&self) -> Json {
        let value: Json = serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("steward {}: not one JSON object ({e}):\n{}{}", self.arguments, self.out, self.err));
        assert!(value.is_object(), "steward {}: {}", self.arguments, self.out);
        value
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.err.contains(text) || self.out.contains(text), "'{text}' is not in:\n{}{}", self.out, self.err);
        self
    }
}

/// Text at a JSON pointer.
#[track_caller]
pub fn text(value: &Json, pointer: &str) -> String {
    value.pointer(pointer).and_then(Json::as_str).unwrap_or_else(|| panic!("no text at {pointer} in {value:#}")).to_owned()
}

/// Number at a JSON pointer.
#[track_caller]
pub fn number(value: &Json, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Json::as_i64).unwrap_or_else(|| panic!("no number at {pointer} in {value:#}"))
}

/// Inserted, updated, unchanged, quarantined.
#[track_caller]
pub fn counts(run: &Json) -> [i64; 4] {
    ["inserted", "updated", "unchanged", "quarantined"].map(|name| number(run, &format!("/counts/{name}")))
}

/// Waits until a question is answered; a minute is too long.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends a signal by name (`INT`, `KILL`).
pub fn signal(process: &Child, name: &str) {
    let done = Command::new("kill").arg(format!("-{name}")).arg(process.id().to_string()).status().unwrap();
    assert!(done.success());
}

/// Waits until a running program is where a question wants it: it goes on only between two looks,
/// so that a quick machine does not run past that place. It stays stopped afterwards (`CONT` lets it
/// go on, `KILL` ends it).
pub fn halted_when<T>(process: &Child, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    until(what, || {
        signal(process, "STOP");
        let found = ask();
        if found.is_none() {
            signal(process, "CONT");
        }
        found
    })
}

/// A valid career.
pub fn career(id: &str, salary: i64) -> Json {
    serde_json::json!({
        "career_id": id, "title": format!("Maker of {id}"), "average_salary": salary,
        "description": "Makes things that other people need, and looks after them for years.",
    })
}

/// A file of the bundled pack.
pub fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas/careers/sample").join(name);
    path.canonicalize().unwrap().display().to_string()
}

/// Runs what is asserted on a snapshot with everything that differs from run to run blotted out.
pub fn assert_snapshot(name: &str, place: &Place, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("../snapshots");
    settings.set_omit_expression(true);
    let text = text.replace(&place.workspace, "[workspace]").replace(&place.folder.path().display().to_string(), "[folder]");
    settings.bind(|| insta::assert_snapshot!(name, blotted(&text)));
}

/// Ids and times become `[id]` and `[time]`.
fn blotted(text: &str) -> String {
    let is_id = |word: &str| word.len() == 24 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let is_point_in_time = |word: &str| word.len() == 24 && word.ends_with('Z') && word.as_bytes().get(10) == Some(&b'T');
    let blot = |word: &str| {
        if is_point_in_time(word) {
            return "[time]".to_owned();
        }
        let parts: Vec<&str> = word.split_inclusive(|c: char| !c.is_ascii_hexdigit()).collect();
        parts
            .into_iter()
            .map(|part| {
                let (head, tail) = part.split_at(part.len().min(24));
                if is_id(head) && !tail.starts_with(|c: char| c.is_ascii_hexdigit()) { format!("[id]{tail}") } else { part.to_owned() }
            })
            .collect()
    };
    let words = |line: &str| line.split(' ').map(blot).collect::<Vec<String>>().join(" ");
    text.lines().map(words).collect::<Vec<String>>().join("\n")
}
