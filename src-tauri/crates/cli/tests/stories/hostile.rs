//! Files that someone made to do harm. Each is refused with a sentence; the program lives, and takes little memory and time.

mod backups;
mod corpus;
mod deep;
mod large;
mod text;

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{Place, Said};

/// More than any of these files may cost.
const MEMORY_KB: u64 = 500_000;
/// Of a processor, however busy the machine is: three times as much without optimisation.
const SECONDS: f64 = if cfg!(debug_assertions) { 30.0 } else { 10.0 };
/// For what waits without working.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs the program to its end, watching what it takes.
pub fn watched(at: &Place, arguments: &[&str]) -> Said {
    let mut child = at.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let out = std::thread::spawn(move || std::io::read_to_string(&mut out).unwrap());
    let err = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut err, &mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let started = Instant::now();
    let (mut peak, mut worked) = (0, 0.0);
    let status = loop {
        peak = peak.max(peak_of(child.id()));
        worked = work_of(child.id()).unwrap_or(worked);
        if worked > SECONDS {
            child.kill().unwrap();
            panic!("steward {} works for more than {SECONDS} s", arguments.join(" "));
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("steward {} does not end", arguments.join(" "));
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let said = Said { arguments: arguments.join(" "), code: status.code(), out: out.join().unwrap(), err: err.join().unwrap() };
    assert!(peak < MEMORY_KB, "steward {} took {peak} KB\n{}", said.arguments, said.err);
    let code = said.code.unwrap_or_else(|| panic!("steward {} was killed by a signal: {status}\n{}", said.arguments, said.err));
    assert!(code <= 4, "steward {} ended with {code}\n{}{}", said.arguments, said.out, said.err);
    // The driver of MongoDB may say this of a connection that is still being made when the program ends.
    let fell = |line: &str| (line.contains("panicked") && !line.contains("/mongodb-")) || line.contains("overflow");
    assert!(!said.err.lines().any(fell), "steward {}\n{}", said.arguments, said.err);
    said
}

/// Seconds of a processor that a process has taken; those of the ones that it started count when they have ended.
fn work_of(id: u32) -> Option<f64> {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let numbers: Vec<f64> = stat.rsplit_once(')')?.1.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    // The state before them is no number.
    Some(numbers.get(10..14)?.iter().sum::<f64>() / TICKS)
}

/// The most memory that a process and the ones it started have held, in KB; 0 where the system does not say.
fn peak_of(id: u32) -> u64 {
    let of = |id: u32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0)
    };
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    of(id) + children.split_whitespace().filter_map(|child| child.parse().ok()).map(of).sum::<u64>()
}

/// A source is looked at in every way that people have; each time something is said of it.
pub fn is_reported(at: &Place, file: &str, words: &str) {
    let import = ["import", file, "--no-schema", "--collection", "things", "--key", "k"];
    let ways = [
        vec!["validate", file, "--schema", "careers"],
        [&import[..], &["--dry-run"]].concat(),
        import.to_vec(),
        vec!["mapping", "profile", file],
    ];
    for way in ways {
        let said = watched(at, &way);
        let quarantined = watched(at, &["--json", "quarantine", "list"]).out;
        assert!(
            said.err.contains(words) || said.out.contains(words) || quarantined.contains(words) || way[0] == "mapping",
            "'{words}' is not said of {file} by steward {}:\n{}{}\n{quarantined}",
            way.join(" "),
            said.out,
            said.err
        );
    }
}
