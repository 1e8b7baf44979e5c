//! The `steward` program.

use clap::Parser;

fn main() -> std::process::ExitCode {
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
