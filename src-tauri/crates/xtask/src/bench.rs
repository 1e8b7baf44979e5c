//! `bench import`: Steward beside Python and mongoimport, in one run on one machine. Prints; never fails for being slow.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use steward_store_testkit::mongod::Mongod;

use crate::{Chore, careers};

/// The build of `./start`: the same packages and features, so that nothing is compiled twice.
const RELEASE: [&str; 9] = [
    "build",
    "--release",
    "--quiet",
    "--package",
    "steward-cli",
    "--package",
    "steward-desktop",
    "--features",
    "steward-desktop/custom-protocol",
];

/// How long the search by words may take to be ready.
const PATIENCE: Duration = Duration::from_secs(900);

/// One timed program.
#[derive(Debug, Clone, Copy)]
struct Measured {
    seconds: f64,
    /// Peak resident memory in MB, of the program itself (not of the server).
    peak: f64,
}

/// Runs a program to its end, watching its peak memory.
fn measure(command: &mut Command) -> Result<Measured, String> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|e| format!("{command:?}: {e}"))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak: f64 = 0.0;
    let code = loop {
        if let Some(kib) = high_water(&status) {
            peak = peak.max(kib / 1024.0);
        }
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(code) => break code,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    // Exit code 1 means findings: the data has invalid rows on purpose.
    if code.code().is_none_or(|c| c > 1) {
        let output = child.wait_with_output().map_err(|e| e.to_string())?;
        return Err(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(Measured { seconds, peak })
}

fn high_water(status: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

struct Bench {
    steward: PathBuf,
    python: Option<PathBuf>,
    script: PathBuf,
    mongoimport: bool,
    folder: tempfile::TempDir,
}

pub fn import(root: &Path, sizes: &[&str]) -> Chore {
    let sizes: Vec<u64> = if sizes.is_empty() {
        vec![361, 100_000]
    } else {
        sizes.iter().map(|s| s.parse().map_err(|_| format!("'{s}' is not a number of records."))).collect::<Result<_, _>>()?
    };
    let built = Command::new("cargo").current_dir(root).args(RELEASE).status();
    if !built.is_ok_and(|s| s.success()) {
        return Err("The release build failed.".into());
    }
    let bench = Bench {
        steward: root.join("target/release/steward"),
        python: python(root),
        script: root.join("src-tauri/crates/xtask/src/baseline.py"),
        mongoimport: Command::new("mongoimport").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok(),
        folder: tempfile::tempdir().map_err(|e| e.to_string())?,
    };
    if bench.python.is_none() {
        println!("Python baseline left out: no virtual environment with jsonschema and pymongo could be made.");
    }
    if !bench.mongoimport {
        println!("mongoimport is not on PATH: its column is left out.");
    }
    for size in sizes {
        bench.size(size)?;
    }
    Ok(())
}

/// A virtual environment for the baseline, below `target`.
fn python(root: &Path) -> Option<PathBuf> {
    let folder = root.join("target/bench-venv");
    let python = folder.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().ok()?;
        let installed = Command::new(folder.join("bin/pip")).args(["install", "--quiet", "jsonschema[format]", "pymongo"]).status().ok()?;
        if !made.success() || !installed.success() {
            return None;
        }
    }
    Some(python)
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
        let server = Mongod::replica_set();
        let uri = |name: &str| server.uri(&format!("bench_{name}_{size}"));
        let mut baselines = Vec::new();
        if let Some(python) = &self.python {
            let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas/careers/1.0.0.json");
            let m = measure(Command::new(python).arg(&self.script).arg(&data).arg(schema).arg(uri("python")))?;
            baselines.push(("Python", m));
        }
        if self.mongoimport {
            let m = measure(
                Command::new("mongoimport")
                    .args(["--quiet", "--mode=upsert", "--upsertFields=career_id", "-c", "careers", "--uri"])
                    .arg(uri("tool"))
                    .arg(&data),
            )?;
            baselines.push(("mongoimport", m));
        }
        for (name, m) in &baselines {
            report(name, size, *m, &[]);
        }
        let file = self.folder.path().join(format!("bench-{size}.steward")).display().to_string();
        for (kind, workspace) in [("file", file), ("MongoDB", uri("steward"))] {
            report(&format!("{kind}: fresh"), size, self.import(&workspace, &data)?, &baselines);
            let ready = self.until_searchable(&workspace)?;
            println!("  {kind}: the search by words is ready {:.1} s later", ready.as_secs_f64());
            report(&format!("{kind}: unchanged"), size, self.import(&workspace, &data)?, &baselines);
            self.latencies(kind, &workspace)?;
            report(&format!("{kind}: all changed"), size, self.import(&workspace, &raised)?, &baselines);
        }
        Ok(())
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

fn report(name: &str, size: u64, m: Measured, baselines: &[(&str, Measured)]) {
    let ratios: Vec<String> = baselines.iter().map(|(other, b)| format!("{:.3} of {other}", m.seconds / b.seconds)).collect();
    println!(
        "  {name:<22} {:>8.2} s  {:>9.0} records/s  peak {:>5.0} MB  {}",
        m.seconds,
        size as f64 / m.seconds,
        m.peak,
        ratios.join(", ")
    );
}
