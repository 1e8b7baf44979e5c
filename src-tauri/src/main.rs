//! The `steward-desktop` program.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

/// Rows become many small values on several threads, which this allocator takes in its stride.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    steward_desktop::run(std::env::args().skip(1))
}
