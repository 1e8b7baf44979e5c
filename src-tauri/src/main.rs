//! The `steward-desktop` program.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

/// Rows become many small values, on several threads: see docs/adr/0022.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    if let Some(code) = steward_desktop::reader() {
        return std::process::ExitCode::from(code);
    }
    steward_desktop::run(std::env::args().skip(1))
}
