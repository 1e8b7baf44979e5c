//! The `steward-desktop` program.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    steward_desktop::run(std::env::args().skip(1))
}
