//! Which process is at work on a run or restore, and whether it has ended: then nobody has to wait for its silence to tell.
//!
//! Only Linux tells it here. Elsewhere, on other machines and in other containers, the silence decides.

/// This process among all that the kernel knows: kernel, user, its view of processes, number and start. Empty where the
/// system does not say.
pub fn mark() -> &'static str {
    static ME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    ME.get_or_init(|| {
        let number = std::process::id();
        match (environment(), started(number)) {
            (Some(environment), Some(started)) => format!("{environment}/{number}/{started}"),
            _ => String::new(),
        }
    })
}

/// The process would be seen from here if it were still there, and it is not.
pub fn has_ended(mark: &str) -> bool {
    let mut parts = mark.rsplitn(3, '/');
    let (Some(start), Some(number), Some(place)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(number) = number.parse::<u32>() else {
        return false;
    };
    environment().as_deref() == Some(place) && started(number).as_deref() != Some(start)
}

/// The process runs, or ran, where this one would see it.
pub fn is_near(mark: &str) -> bool {
    let place = mark.rsplitn(3, '/').nth(2);
    place.is_some() && environment().as_deref() == place
}

/// From where processes are seen: of another kernel, another user or another container nothing can be said.
#[cfg(target_os = "linux")]
fn environment() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    let kernel = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let view = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    Some(format!("{}/{user}/{}", kernel.trim(), view.display()))
}

/// When the process began, in ticks since the kernel did. A process that was killed and not yet cleared away has ended.
#[cfg(target_os = "linux")]
fn started(number: u32) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name, in brackets, may hold anything; the state follows, and 19 fields later the start.
    let mut fields = line.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18).map(str::to_owned) }
}

#[cfg(not(target_os = "linux"))]
fn environment() -> Option<String> {
    None
}

#[cfg(not(target_os = "linux"))]
fn started(_: u32) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_ended_once_it_is_killed() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let its = format!("{}/{}/{}", environment().unwrap(), child.id(), started(child.id()).unwrap());
        assert!(!has_ended(&its) && !has_ended(mark()));
        child.kill().unwrap();
        // Not yet cleared away, it lingers under its number.
        while started(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(has_ended(&its));
        child.wait().unwrap();
        assert!(has_ended(&its));
    }

    #[test]
    fn nothing_is_said_of_processes_elsewhere() {
        assert!(!has_ended("") && !has_ended("1/2") && !has_ended("another kernel/0/pid:[1]/1/1"));
        let (place, _) = mark().rsplit_once('/').unwrap();
        // The number went to another process since.
        assert!(has_ended(&format!("{place}/0")));
    }
}
