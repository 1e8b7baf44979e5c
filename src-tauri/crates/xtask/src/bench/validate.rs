//! `bench validate`: tables checked and every error written out, next to qsv and pandas with jsonschema.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::{Measured, built, in_turns, measure, python, report, sessions};
use crate::Chore;

struct Bench {
    steward: PathBuf,
    here: PathBuf,
    schemas: PathBuf,
    folder: tempfile::TempDir,
}

pub fn validate(root: &Path, sizes: &[&str]) -> Chore {
    let sizes = super::sizes(sizes, &[100_000])?;
    let here = root.join("src-tauri/crates/xtask/src/bench");
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let bench = Bench { steward: built(root)?, here, schemas: root.join("schemas"), folder };
    let python = python(root, &["jsonschema[format]", "pandas"]);
    let qsv = Command::new("qsv").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    for (there, name) in [(python.is_some(), "pandas"), (qsv, "qsv")] {
        if !there {
            println!("{name} is not to be had here: its column is left out.");
        }
    }
    for size in sizes {
        bench.sessions(size, python.as_deref(), qsv)?;
    }
    Ok(())
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn check(&self, file: &Path, schema: &str, mapping: Option<&Path>) -> Command {
        let mut command = Command::new(&self.steward);
        command.env("STEWARD_DATA", self.folder.path()).args(["--quiet", "--json", "validate", "--schema", schema]).arg(file);
        command.arg("--report").arg(self.path("errors.csv"));
        if let Some(mapping) = mapping {
            command.arg("--mapping").arg(mapping);
        }
        command
    }

    fn sessions(&self, size: u64, python: Option<&Path>, qsv: bool) -> Chore {
        println!("\n{size} language sessions (CSV), 2 % invalid, every error written to a report");
        let schema = self.schemas.join("kintell.language_session/1.0.0.json");
        let (clean, half, messy) = (self.path("sessions.csv"), self.path("half.csv"), self.path("messy.csv"));
        sessions::write(size, 20, false, &clean)?;
        sessions::write(size, 500, false, &half)?;
        sessions::write(size, 20, true, &messy)?;
        let pack = "kintell.language_session@1.0.0";
        let mapping = self.here.join("mapping.json");
        let mut commands = vec![self.check(&clean, pack, None), self.check(&half, pack, None), self.check(&messy, pack, Some(&mapping))];
        if qsv {
            let flat = self.path("flat.json");
            without_lists(&schema, &flat)?;
            let mut command = Command::new("qsv");
            command.arg("validate").arg(&clean).arg(&flat);
            commands.push(command);
        }
        write_back()?;
        let measured = in_turns(&mut commands)?;
        let mut baselines: Vec<(&str, Measured)> = measured[3..].iter().map(|m| ("qsv", *m)).collect();
        if let Some(python) = python {
            let mut command = Command::new(python);
            command.arg(self.here.join("pandas_check.py")).arg(&clean).arg(&schema).arg(self.path("pandas.csv"));
            baselines.push(("pandas", measure(&mut command)?));
        }
        for (name, m) in &baselines {
            report(name, size, *m, &[]);
        }
        report("Steward", size, measured[0], &baselines);
        let beside = [("2 % invalid", measured[0])];
        report("50 % invalid", size, measured[1], &beside);
        report("ten columns mapped", size, measured[2], &beside);
        Ok(())
    }
}

/// Waits until the files just made are on the disk: nobody's time is measured while they get there.
pub fn write_back() -> Chore {
    let done = Command::new("sync").status().map_err(|e| e.to_string())?;
    done.success().then_some(()).ok_or_else(|| "sync failed.".into())
}

/// A copy of a schema for qsv, to which a cell is never a list: there it is a text.
fn without_lists(schema: &Path, to: &Path) -> Chore {
    let text = std::fs::read_to_string(schema).map_err(|e| e.to_string())?;
    let mut schema: Json = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let is_list = |field: &Json| field["type"] == "array" || field["type"].as_array().is_some_and(|all| all.contains(&json!("array")));
    let fields = schema["properties"].as_object_mut().into_iter().flat_map(|fields| fields.values_mut());
    for field in fields.filter(|field| is_list(field)) {
        *field = json!({ "type": ["string", "null"] });
    }
    std::fs::write(to, schema.to_string()).map_err(|e| e.to_string())
}
