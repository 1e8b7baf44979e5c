//! Measurements next to the tools that others use, in one run on one machine. They print, and never fail for being slow.

mod backup;
mod import;
mod load;
mod sessions;
mod shapes;
mod table;
mod validate;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub use backup::backup;
pub use import::import;
pub use load::load;
pub use table::table;
pub use validate::validate;

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

/// The program as people get it.
pub fn built(root: &Path) -> Result<PathBuf, String> {
    let built = Command::new("cargo").current_dir(root).args(RELEASE).status();
    if !built.is_ok_and(|s| s.success()) {
        return Err("The release build failed.".into());
    }
    Ok(root.join("target/release/steward"))
}

/// Writes records of the shapes with this in their name, and their schemas.
pub fn write_shapes(root: &Path, folder: &Path, size: u64, only: &str) -> crate::Chore {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    shapes::each(root, folder, size, only, |written| {
        println!("{}: {} records, {}, {}", written.shape.name, written.rows, written.file.display(), written.schema.display());
        Ok(())
    })
}

/// Numbers of rows as they were asked for.
fn sizes(asked: &[&str], usual: &[u64]) -> Result<Vec<u64>, String> {
    if asked.is_empty() {
        return Ok(usual.to_vec());
    }
    asked.iter().map(|s| s.parse().map_err(|_| format!("'{s}' is not a number of records."))).collect()
}

/// One timed program.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub seconds: f64,
    /// Seconds of all its cores together, to a hundredth.
    pub cpu: f64,
    /// Peak resident memory in MB, of the program itself (not of the server).
    pub peak: f64,
}

/// Runs a program to its end, watching its peak memory.
pub fn measure(command: &mut Command) -> Result<Measured, String> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|e| format!("{command:?}: {e}"))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let times = PathBuf::from(format!("/proc/{}/stat", child.id()));
    let (mut peak, mut cpu): (f64, f64) = (0.0, 0.0);
    let code = loop {
        cpu = cpu.max(cpu_seconds(&times).unwrap_or_default());
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
    Ok(Measured { seconds, cpu, peak })
}

/// Of each program the middle one of three runs, with the highest peak. They take turns, so that a machine that grows slow
/// or quick for a while does so to all of them.
pub fn in_turns(commands: &mut [Command]) -> Result<Vec<Measured>, String> {
    let mut runs = vec![Vec::new(); commands.len()];
    for _ in 0..3 {
        for (command, runs) in commands.iter_mut().zip(&mut runs) {
            runs.push(measure(command)?);
        }
    }
    let middle = |mut runs: Vec<Measured>| {
        runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let peak = runs.iter().map(|run| run.peak).fold(0.0, f64::max);
        Measured { peak, ..runs[1] }
    };
    Ok(runs.into_iter().map(middle).collect())
}

fn high_water(status: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// What a process and the children it waited for took of all cores, in seconds: the fields utime, stime, cutime and cstime
/// of proc(5), in hundredths.
fn cpu_seconds(stat: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(stat).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11..15)?.iter().filter_map(|t| t.parse::<u64>().ok()).sum();
    Some(ticks as f64 / 100.0)
}

/// A virtual environment for the baselines, below `target`.
pub fn python(root: &Path, packages: &[&str]) -> Option<PathBuf> {
    let folder = root.join("target/bench-venv");
    let python = folder.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().ok()?;
        if !made.success() {
            return None;
        }
    }
    // Not `bin/pip`: that one belongs to the folder where it was made, from which this one may be a copy.
    let installed = Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages).status().ok()?;
    installed.success().then_some(python)
}

/// One line of the outcome: time, rate, peak memory, and the share of what others took.
pub fn report(name: &str, size: u64, m: Measured, baselines: &[(&str, Measured)]) {
    let ratios: Vec<String> = baselines.iter().map(|(other, b)| format!("{:.3} of {other}", m.seconds / b.seconds)).collect();
    println!(
        "  {name:<22} {:>8.2} s  {:>9.0} records/s  peak {:>5.0} MB  {}",
        m.seconds,
        size as f64 / m.seconds,
        m.peak,
        ratios.join(", ")
    );
}
