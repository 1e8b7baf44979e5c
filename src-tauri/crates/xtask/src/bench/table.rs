//! `bench shapes`: checks, imports and backups of every kind of record, each next to a peer in the same run. The worst shape
//! is the figure that counts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use steward_store_testkit::mongod::Mongod;

use super::shapes::{self, Written};
use super::validate::write_back;
use super::{Measured, built, in_turns, measure, python};
use crate::Chore;

const AJV: [&str; 2] = ["ajv@8.20.0", "ajv-formats@3.0.1"];

struct Bench {
    steward: PathBuf,
    /// jsonschema-rs after a JSON parse, and nothing else.
    alone: PathBuf,
    python: Option<PathBuf>,
    node: Option<PathBuf>,
    mongoimport: bool,
    here: PathBuf,
    folder: tempfile::TempDir,
    server: &'static Mongod,
}

/// What a run found, for the summary: the goal's name, the bound, and the worst shape.
struct Goal {
    name: &'static str,
    bound: f64,
    worst: Option<(f64, &'static str)>,
}

pub fn table(root: &Path, words: &[&str]) -> Chore {
    let (size, only) = match words {
        [] => (20_000, ""),
        [first, rest @ ..] => match first.parse() {
            Ok(size) => (size, rest.first().copied().unwrap_or_default()),
            Err(_) => (20_000, *first),
        },
    };
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let here = root.join("src-tauri/crates/xtask/src/bench");
    let bench = Bench {
        steward: built(root)?,
        alone: alone(root)?,
        python: python(root, &["jsonschema[format]", "pymongo"]),
        node: node(&here, folder.path()),
        mongoimport: there("mongoimport"),
        here,
        folder,
        server: Mongod::to_measure_with(),
    };
    let mut goals = Goals::default();
    let folder = bench.path("shapes");
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    shapes::each(root, &folder, size, only, |written| bench.shape(written, &mut goals))?;
    goals.print();
    Ok(())
}

fn there(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

fn alone(root: &Path) -> Result<PathBuf, String> {
    let arguments = ["build", "--release", "--quiet", "--package", "steward-schema", "--example", "alone"];
    let built = Command::new("cargo").current_dir(root).args(arguments).status();
    built.is_ok_and(|s| s.success()).then(|| root.join("target/release/examples/alone")).ok_or_else(|| "The baseline did not build.".into())
}

/// A folder in which the script finds Ajv.
fn node(here: &Path, folder: &Path) -> Option<PathBuf> {
    let folder = folder.join("ajv");
    std::fs::create_dir_all(&folder).ok()?;
    std::fs::copy(here.join("ajv.mjs"), folder.join("ajv.mjs")).ok()?;
    let install = Command::new("npm").args(["install", "--silent", "--no-save", "--no-audit", "--prefix"]).arg(&folder).args(AJV).status();
    install.is_ok_and(|s| s.success()).then_some(folder)
}

#[derive(Default)]
struct Goals(Vec<Goal>);

impl Goals {
    /// Prints a ratio next to its bound, and remembers the worst.
    fn note(&mut self, name: &'static str, bound: f64, shape: &'static str, ratio: f64) -> String {
        let at = self.0.iter().position(|g| g.name == name).unwrap_or_else(|| {
            self.0.push(Goal { name, bound, worst: None });
            self.0.len() - 1
        });
        let goal = &mut self.0[at];
        if goal.worst.is_none_or(|(worst, _)| ratio > worst) {
            goal.worst = Some((ratio, shape));
        }
        let outcome = if ratio > bound { " MISSED" } else { "" };
        format!("{name} {ratio:.2} (at most {bound}){outcome}")
    }

    fn print(&self) {
        println!("\nWorst shape of each goal");
        for goal in &self.0 {
            let Some((ratio, shape)) = goal.worst else { continue };
            let outcome = if ratio > goal.bound { "missed" } else { "reached" };
            println!("  {:<48} {ratio:>7.2}, at most {:<6} {outcome}: {shape}", goal.name, goal.bound);
        }
    }
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn steward(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.steward);
        command.env("STEWARD_DATA", self.folder.path()).args(["--quiet", "--json"]).args(words);
        command
    }

    fn json(&self, words: &[&str]) -> Result<Json, String> {
        let output = self.steward(words).output().map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(format!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{words:?}: {e}"))
    }

    fn shape(&self, written: &Written, goals: &mut Goals) -> Chore {
        println!("\n{}: {} records, {:.1} MB", written.shape.name, written.rows, written.bytes as f64 / 1e6);
        self.checked(written, goals)?;
        self.imported(written, goals)
    }

    /// A workspace that knows the schema of the shape.
    fn prepare(&self, workspace: &str, written: &Written) -> Chore {
        let schema = written.schema.display().to_string();
        self.json(&["-w", workspace, "init"])?;
        let key = written.shape.key;
        self.json(&["-w", workspace, "schema", "add", &schema, "--collection", "things", "--key", key, "--name", "thing"]).map(drop)
    }

    fn checked(&self, written: &Written, goals: &mut Goals) -> Chore {
        let (file, schema) = (written.file.display().to_string(), written.schema.display().to_string());
        let workspace = self.path("checks.steward").display().to_string();
        let _ = std::fs::remove_file(&workspace);
        self.prepare(&workspace, written)?;
        let report = self.path("errors.csv").display().to_string();
        let mut alone = Command::new(&self.alone);
        alone.args([&file, &schema]);
        let mut commands = vec![self.steward(&["-w", &workspace, "validate", "--schema", "thing", &file, "--report", &report]), alone];
        if let Some(node) = &self.node {
            let mut ajv = Command::new("node");
            ajv.arg(node.join("ajv.mjs")).args([&file, &schema]).arg(self.path("ajv.csv"));
            commands.push(ajv);
        }
        write_back()?;
        let measured = in_turns(&mut commands)?;
        let mut beside = vec![format!("jsonschema-rs alone {:.2} s of CPU", measured[1].cpu)];
        beside.push(goals.note("validate: CPU of jsonschema-rs alone", 1.0, written.shape.name, measured[0].cpu / measured[1].cpu));
        match measured.get(2) {
            Some(ajv) => {
                beside.push(format!("Ajv {:.2} s", ajv.seconds));
                beside.push(goals.note("validate: time of Ajv", 0.3, written.shape.name, measured[0].seconds / ajv.seconds));
            }
            None => beside.push("no baseline: Ajv".into()),
        }
        print("validate", written, measured[0], &beside);
        beneath(goals, written, "validate", measured[0]);
        Ok(())
    }

    fn imported(&self, written: &Written, goals: &mut Goals) -> Chore {
        let shape = written.shape.name;
        let file = written.file.display().to_string();
        let own = self.path(&format!("{}.steward", written.file.file_stem().unwrap_or_default().display())).display().to_string();
        let uri =
            |name: &str| self.server.uri(&format!("{name}_{}", written.file.file_stem().unwrap_or_default().display()).replace('-', "_"));
        let peer = self.peer(written, &uri("peer"))?;
        if let Some((name, m)) = &peer {
            print(name, written, *m, &[]);
        }
        let bounds = match &peer {
            Some((name, _)) if *name == "mongoimport" => [0.25, 0.35, 0.25],
            _ => [0.12, 0.18, 0.25],
        };
        for (kind, workspace, goal, bound) in [
            ("file", own.clone(), "import into a file: time of the peer", bounds[0]),
            ("MongoDB", uri("steward"), "import into MongoDB: time of the peer", bounds[1]),
        ] {
            self.prepare(&workspace, written)?;
            let import = ["-w", workspace.as_str(), "import", "--schema", "thing", &file];
            let fresh = measure(&mut self.steward(&import))?;
            let again = measure(&mut self.steward(&import))?;
            for (name, goal, bound, m) in [
                ("fresh", goal, bound, fresh),
                (
                    "unchanged again",
                    if kind == "file" { "unchanged again, file: time of the peer" } else { "unchanged again, MongoDB: time of the peer" },
                    bounds[2],
                    again,
                ),
            ] {
                let beside = match &peer {
                    Some((_, peer)) => goals.note(goal, bound, shape, m.seconds / peer.seconds),
                    None => "no baseline".into(),
                };
                print(&format!("import, {kind}, {name}"), written, m, &[beside]);
                beneath(goals, written, "import", m);
            }
            let place = self.path(&format!("{kind}-backups")).display().to_string();
            let taken = measure(&mut self.steward(&["-w", &workspace, "backup", "create", "--to", &place, "--records-only"]))?;
            let mut beside = Vec::new();
            if kind == "MongoDB"
                && let Some((read, packed)) = self.read_raw(&workspace)?
            {
                beside.push(format!("cursor alone {read:.2} s"));
                beside.push(goals.note("backup: time of a raw cursor", 1.5, shape, taken.seconds / read));
                let size = archive(Path::new(&place))?;
                beside.push(format!("{:.1} MB, gzip {:.1} MB", size / 1e6, packed / 1e6));
                beside.push(goals.note("backup: size of gzip", 0.85, shape, size / packed));
            }
            print(&format!("backup, {kind}"), written, taken, &beside);
            beneath(goals, written, "backup", taken);
            std::fs::remove_dir_all(&place).map_err(|e| e.to_string())?;
        }
        std::fs::remove_file(&own).map_err(|e| e.to_string())?;
        std::fs::remove_file(&written.file).map_err(|e| e.to_string())
    }

    /// mongoimport where it is; else what a careful script does: parse, check with jsonschema, upsert.
    fn peer(&self, written: &Written, uri: &str) -> Result<Option<(&'static str, Measured)>, String> {
        if self.mongoimport {
            let fields = format!("--upsertFields={}", written.shape.key);
            let mut command = Command::new("mongoimport");
            command.args(["--quiet", "--mode=upsert", &fields, "-c", "things", "--uri", uri]).arg(&written.file);
            return measure(&mut command).map(|m| Some(("mongoimport", m)));
        }
        let Some(python) = &self.python else { return Ok(None) };
        let mut command = Command::new(python);
        command.arg(self.here.join("baseline.py")).arg(&written.file).arg(&written.schema).args([uri, written.shape.key]);
        measure(&mut command).map(|m| Some(("a Python script", m)))
    }

    /// Seconds that a raw cursor takes for the collection, and the bytes that gzip makes of it.
    fn read_raw(&self, uri: &str) -> Result<Option<(f64, f64)>, String> {
        let Some(python) = &self.python else { return Ok(None) };
        let output = Command::new(python).arg(self.here.join("read_raw.py")).args([uri, "things"]).output().map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut figures = text.split_whitespace().filter_map(|t| t.parse().ok());
        match (figures.next(), figures.next()) {
            (Some(read), Some(packed)) => Ok(Some((read, packed))),
            _ => Err(format!("read_raw.py: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }
}

/// Bytes of the archives below a folder.
fn archive(folder: &Path) -> Result<f64, String> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(|e| e.to_string())? {
        let entry = entry.map_err(|e| e.to_string())?;
        if entry.path().is_dir() {
            bytes += archive(&entry.path())? as u64;
        } else if entry.path().extension().is_none_or(|e| e != "json") {
            bytes += entry.metadata().map_err(|e| e.to_string())?.len();
        }
    }
    Ok(bytes as f64)
}

fn print(name: &str, written: &Written, m: Measured, beside: &[String]) {
    println!(
        "  {name:<32} {:>8.2} s  {:>6.2} s of CPU  {:>9.0} records/s  {:>5.1} MB/s  peak {:>4.0} MB  {}",
        m.seconds,
        m.cpu,
        written.rows as f64 / m.seconds,
        written.bytes as f64 / 1e6 / m.seconds,
        m.peak,
        beside.join(", ")
    );
}

fn beneath(goals: &mut Goals, written: &Written, name: &'static str, m: Measured) {
    let goal = match name {
        "validate" => "validate: peak memory, MB",
        "import" => "import: peak memory, MB",
        _ => "backup: peak memory, MB",
    };
    goals.note(goal, 200.0, written.shape.name, m.peak);
}
