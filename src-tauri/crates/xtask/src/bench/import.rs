//! `bench import`: Steward next to Python and mongoimport, in one run on one machine. Prints; never fails for being slow.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use steward_store_testkit::mongod::Mongod;

use super::{Measured, built, measure, python, report};
use crate::{Chore, careers};

/// How long the search by words may take to be ready.
const PATIENCE: Duration = Duration::from_secs(900);

struct Bench {
    steward: PathBuf,
    python: Option<PathBuf>,
    script: PathBuf,
    mongoimport: bool,
    folder: tempfile::TempDir,
}

pub fn import(root: &Path, sizes: &[&str]) -> Chore {
    let sizes = super::sizes(sizes, &[361, 100_000])?;
    let bench = Bench {
        steward: built(root)?,
        python: python(root, &["jsonschema[format]", "pymongo"]),
        script: root.join("src-tauri/crates/xtask/src/bench/baseline.py"),
        mongoimport: Command::new("mongoimport").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok(),
        folder: tempfile::tempdir().map_err(|e| e.to_string())?,
    };
    if bench.python.is_none() {
        println!("Python baseline left out: no virtual environment with jsonschema and pymongo could be made.");
    }
    if !bench.mongoimport {
        println!("mongoimport is not on PATH: a script does its work instead, replacing records by their key and checking none.");
    }
    for size in sizes {
        bench.size(size)?;
    }
    Ok(())
}

impl Bench {
    fn import(&self, workspace: &str, file: &Path) -> Result<Measured, String> {
        measure(
            Command::new(&self.steward)
                .env("STEWARD_DATA", self.folder.path())
                .args(["--quiet", "--json", "-w", workspace, "import"])
                .arg(file),
        )
    }

    fn size(&self, size: u64) -> Chore {
        println!("\n{size} careers, 1 % invalid, 0.5 % with the id of an earlier row");
        let data = self.folder.path().join("careers.ndjson");
        let raised = self.folder.path().join("raised.ndjson");
        careers::write(size, &data)?;
        careers::write_raised(size, &raised, 1000)?;
        let server = Mongod::to_measure_with();
        let uri = |name: &str| server.uri(&format!("bench_{name}_{size}"));
        let names = ["Python: fresh", "mongoimport: fresh", "upserts alone: fresh"];
        let baselines = self.baselines(size, names, &data, &uri)?;
        // The same work a second time, with a key index and no other.
        let names = ["Python: all changed", "mongoimport: all changed", "upserts alone: all changed"];
        let changing = self.baselines(size, names, &raised, &uri)?;
        let file = self.folder.path().join(format!("bench-{size}.steward")).display().to_string();
        for (kind, workspace) in [("file", file), ("MongoDB", uri("steward"))] {
            report(&format!("{kind}: fresh"), size, self.import(&workspace, &data)?, &baselines);
            let ready = self.until_searchable(&workspace)?;
            println!("  {kind}: the search by words is ready {:.1} s later", ready.as_secs_f64());
            report(&format!("{kind}: unchanged"), size, self.import(&workspace, &data)?, &baselines);
            self.latencies(kind, &workspace)?;
            let both = [baselines.as_slice(), changing.as_slice()].concat();
            report(&format!("{kind}: all changed"), size, self.import(&workspace, &raised)?, &both);
        }
        Ok(())
    }

    /// What other programs take for a file, reported under these names. Where mongoimport is missing, its work alone is
    /// done by a script.
    fn baselines(
        &self,
        size: u64,
        [script, tool, alone]: [&'static str; 3],
        data: &Path,
        uri: &dyn Fn(&str) -> String,
    ) -> Result<Vec<(&'static str, Measured)>, String> {
        let mut found = Vec::new();
        if let Some(python) = &self.python {
            let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas/careers/1.0.0.json");
            let m = measure(Command::new(python).arg(&self.script).arg(data).arg(schema).args([uri("python"), "career_id".into()]))?;
            found.push((script, m));
        }
        if self.mongoimport {
            let m = measure(
                Command::new("mongoimport")
                    .args(["--quiet", "--mode=upsert", "--upsertFields=career_id", "-c", "careers", "--uri"])
                    .arg(uri("tool"))
                    .arg(data),
            )?;
            found.push((tool, m));
        } else if let Some(python) = &self.python {
            found
                .push((alone, measure(Command::new(python).arg(&self.script).arg(data).arg("-").args([uri("tool"), "career_id".into()]))?));
        }
        for (name, m) in &found {
            report(name, size, *m, &[]);
        }
        Ok(found)
    }

    /// Waits for the text index, which a big load into MongoDB leaves to the server.
    fn until_searchable(&self, workspace: &str) -> Result<Duration, String> {
        let started = Instant::now();
        loop {
            let found = Command::new(&self.steward)
                .env("STEWARD_DATA", self.folder.path())
                .args(["--quiet", "--json", "-w", workspace, "records", "find", "text \"spectroscopy\"", "--limit", "1"])
                .output()
                .map_err(|e| e.to_string())?;
            if found.status.success() {
                return Ok(started.elapsed());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("The text index was not ready in time: {}", String::from_utf8_lossy(&found.stdout)));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Latency of the first page and of a text search, as `records find` reports it.
    fn latencies(&self, kind: &str, workspace: &str) -> Chore {
        let queries = [
            (
                "first page, sorted by salary, filtered by level",
                vec!["education_level = \"PhD\"", "--sort", "-average_salary", "--limit", "100"],
            ),
            ("text search", vec!["text \"spectroscopy\"", "--limit", "100"]),
        ];
        for (name, arguments) in queries {
            let mut all = Vec::new();
            for _ in 0..5 {
                let output = Command::new(&self.steward)
                    .env("STEWARD_DATA", self.folder.path())
                    .args(["--quiet", "--json", "-w", workspace, "records", "find"])
                    .args(&arguments)
                    .output()
                    .map_err(|e| e.to_string())?;
                let page: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
                all.push(page["millis"].as_f64().ok_or("no latency in the answer")?);
            }
            all.sort_by(f64::total_cmp);
            println!("  {kind}: {name}: {:.1} ms (median of 5, each in a new process; worst {:.1} ms)", all[2], all[4]);
        }
        Ok(())
    }
}
