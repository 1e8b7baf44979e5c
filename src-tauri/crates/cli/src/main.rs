//! The `steward` program.

use clap::Parser;

/// Rows become many small values, on several threads: see docs/adr/0022.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    small_pages();
    if let Some(code) = steward_cli::reader() {
        return std::process::ExitCode::from(code);
    }
    let arguments = steward_cli::args::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("steward: cannot start: {e}");
            return std::process::ExitCode::from(3);
        }
    };
    let code = runtime.block_on(steward_cli::run(arguments));
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    std::process::ExitCode::from(code)
}

/// Pages of 2 MB would double the memory that a stream of rows takes, where the system hands them out unasked. What the call
/// answers does not matter: without it, memory is larger and nothing else.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn small_pages() {
    // SAFETY: prctl(2) with this option reads its numbers and no memory of ours.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}
