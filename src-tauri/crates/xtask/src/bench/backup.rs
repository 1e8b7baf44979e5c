//! `bench backup`: backups, verifications and restores on both stores, next to mongodump and mongorestore where they are on PATH.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};
use steward_store_testkit::mongod::Mongod;

use super::{Measured, built, measure};
use crate::Chore;
use crate::careers::Random;

struct Bench {
    steward: PathBuf,
    /// The real occupations that all records are made of.
    occupations: Vec<Json>,
    folder: tempfile::TempDir,
}

pub fn backup(root: &Path, sizes: &[&str]) -> Chore {
    let sizes = super::sizes(sizes, &[100_000])?;
    let said = |e: &dyn std::fmt::Display| e.to_string();
    let sample = std::fs::read(root.join("schemas/careers/sample/production_career_data.json")).map_err(|e| said(&e))?;
    let occupations = serde_json::from_slice(&sample).map_err(|e| said(&e))?;
    let bench = Bench { steward: built(root)?, occupations, folder: tempfile::tempdir().map_err(|e| said(&e))? };
    for size in sizes {
        bench.size(size)?;
    }
    Ok(())
}

fn print(name: &str, records: u64, plain: f64, m: Measured) {
    println!(
        "  {name:<34} {:>8.2} s  {:>9.0} records/s  {:>6.0} MB/s  peak {:>4.0} MB",
        m.seconds,
        records as f64 / m.seconds,
        plain / 1e6 / m.seconds,
        m.peak
    );
}

impl Bench {
    /// Careers that compress as real ones do: texts of the sample in any order, with figures, skills and names of their own.
    fn write(&self, size: u64, to: &Path) -> std::io::Result<()> {
        let mut out = std::io::BufWriter::new(std::fs::File::create(to)?);
        let mut dice = Random(7);
        let mut below = |sides: usize| usize::try_from(dice.roll(sides.max(1) as u64)).unwrap_or(0);
        for number in 0..size {
            let mut career = self.occupations[below(self.occupations.len())].clone();
            let title = format!("{} {}", career["title"].as_str().unwrap_or_default(), below(10_000));
            career["career_id"] = json!(format!("C-{number:08}"));
            career["title"] = json!(title);
            career["average_salary"] = json!(25_000 + below(200_000));
            career["employment"] = json!(1_000 + below(99_000));
            for (field, most) in [("required_skills", 5), ("hot_technologies", 2), ("alternate_titles", 2)] {
                let Some(list) = career[field].as_array_mut() else { continue };
                while list.len() > most {
                    list.swap_remove(below(list.len()));
                }
            }
            writeln!(out, "{career}")?;
        }
        out.flush()
    }

    fn command(&self, workspace: &str, words: &[&str]) -> Command {
        let mut command = Command::new(&self.steward);
        command.env("STEWARD_DATA", self.folder.path()).args(["--quiet", "--json", "-w", workspace]).args(words);
        command
    }

    fn json(&self, workspace: &str, words: &[&str]) -> Result<Json, String> {
        let output = self.command(workspace, words).output().map_err(|e| e.to_string())?;
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{words:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    fn size(&self, size: u64) -> Chore {
        println!("\n{size} careers");
        let data = self.folder.path().join("careers.ndjson");
        self.write(size, &data).map_err(|e| e.to_string())?;
        let data = data.display().to_string();
        let server = Mongod::to_measure_with();
        let uri = server.uri(&format!("bench_backup_{size}"));
        let file = self.folder.path().join(format!("backup-{size}.steward")).display().to_string();
        for (kind, workspace) in [("file", &file), ("MongoDB", &uri)] {
            let loaded = measure(&mut self.command(workspace, &["import", &data]))?;
            let (mut records, mut plain) = (size, 0.0);
            for compress in ["zstd", "gzip", "none"] {
                let place = self.folder.path().join(format!("{kind}-{compress}")).display().to_string();
                let words = ["backup", "create", "--to", &place, "--records-only", "--compress", compress];
                let taken = measure(&mut self.command(workspace, &words))?;
                self.json(workspace, &["backup", "schedule", "--to", &place])?;
                let shown = self.json(workspace, &["backup", "list"])?;
                let number = |field: &str| shown.pointer(&format!("/backups/0/{field}")).and_then(Json::as_f64).unwrap_or_default();
                (records, plain) = (number("records") as u64, number("plainBytes"));
                print(&format!("{kind}: backup, {compress}"), records, plain, taken);
                println!("    {:.1} MB of {:.1} MB", number("bytes") / 1e6, plain / 1e6);
            }
            let place = self.folder.path().join(format!("{kind}-zstd")).display().to_string();
            self.json(workspace, &["backup", "schedule", "--to", &place])?;
            let m = measure(&mut self.command(workspace, &["backup", "verify", "latest"]))?;
            print(&format!("{kind}: read to its end"), records, plain, m);
            let m = measure(&mut self.command(workspace, &["backup", "verify", "latest", "--test-restore"]))?;
            print(&format!("{kind}: test restore"), records, plain, m);
            let m = measure(&mut self.command(workspace, &["restore", "latest", "--plan"]))?;
            print(&format!("{kind}: plan of a restore"), records, plain, m);
            let into = ["restore", "latest", "--collection", "careers=careers.then", "--yes"];
            let m = measure(&mut self.command(workspace, &into))?;
            print(&format!("{kind}: plan and restore, checked"), records, plain, m);
            let m = measure(&mut self.command(workspace, &["restore", "latest", "--yes"]))?;
            print(&format!("{kind}: over itself, with safety copy"), records, plain, m);
            println!("    the import, for comparison: {:.2} s", loaded.seconds);
        }
        self.peers(&uri)
    }

    /// MongoDB's own tools on the same database.
    fn peers(&self, uri: &str) -> Chore {
        let there = |tool: &str| Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if !there("mongodump") || !there("mongorestore") {
            println!("  mongodump and mongorestore are not on PATH: their part is left out.");
            return Ok(());
        }
        let archive = self.folder.path().join("dump.archive.gz").display().to_string();
        let dumped = measure(
            Command::new("mongodump").args(["--quiet", "--gzip", "-c", "careers", "--uri", uri]).arg(format!("--archive={archive}")),
        )?;
        println!("  mongodump --gzip                   {:>8.2} s", dumped.seconds);
        let to = format!("--archive={archive}");
        let restored = measure(Command::new("mongorestore").args(["--quiet", "--gzip", "--drop", "--uri", uri, &to]))?;
        println!("  mongorestore --gzip --drop         {:>8.2} s", restored.seconds);
        Ok(())
    }
}
