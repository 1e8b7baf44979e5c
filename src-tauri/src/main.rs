//! The `steward-desktop` program.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    if let Some(code) = steward_desktop::reader() {
        return std::process::ExitCode::from(code);
    }
    steward_desktop::run(std::env::args().skip(1))
}
