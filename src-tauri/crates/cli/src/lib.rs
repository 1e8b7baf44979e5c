//! The `steward` command line: people's words to commands of `api`, answers to text or JSON, and `steward serve`.

#![forbid(unsafe_code)]

pub mod args;
mod ask;
mod commands;
mod output;
mod progress;
mod serve;
mod session;

use args::{Arguments, Command};
use steward_api::{ApiError, ErrorCode};

/// Exit codes of the program.
pub mod exit {
    pub const DONE: u8 = 0;
    /// Done, with findings: violations, quarantined rows, targets missed.
    pub const FINDINGS: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const UNREACHABLE: u8 = 3;
    pub const REFUSED: u8 = 4;
    pub const CANCELLED: u8 = 130;
}

/// The exit code that an error means.
pub fn exit_code(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::BadRequest | ErrorCode::Unsupported => exit::USAGE,
        ErrorCode::NoWorkspace | ErrorCode::NotFound | ErrorCode::Unreachable | ErrorCode::Unauthorized | ErrorCode::Locked => {
            exit::UNREACHABLE
        }
        ErrorCode::NewerVersion | ErrorCode::Damaged | ErrorCode::Internal => exit::UNREACHABLE,
        ErrorCode::Forbidden | ErrorCode::Conflict | ErrorCode::StalePlan => exit::REFUSED,
        ErrorCode::Cancelled => exit::CANCELLED,
    }
}

/// First thing in `main`: a process that was started to read a foreign file does that, and gives its exit code.
pub fn reader() -> Option<u8> {
    steward_api::reader()
}

/// Runs the program; gives its exit code.
pub async fn run(arguments: Arguments) -> u8 {
    let filter = tracing_subscriber::EnvFilter::try_from_env("STEWARD_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    let json = arguments.json;
    match execute(arguments).await {
        Ok(code) => code,
        Err(e) => {
            output::error(&e, json);
            exit_code(e.code)
        }
    }
}

async fn execute(arguments: Arguments) -> Result<u8, ApiError> {
    let session = session::Session::new(&arguments)?;
    let outcome = command(&session, arguments.command).await;
    session.app.note_history().await;
    session.app.close();
    outcome
}

async fn command(session: &session::Session, command: Command) -> Result<u8, ApiError> {
    match command {
        Command::Init(command) => commands::init::init(session, command).await,
        Command::Import(command) => commands::import::import(session, command).await,
        Command::Validate(command) => commands::import::validate(session, command).await,
        Command::Mapping(command) => commands::mapping::run(session, command).await,
        Command::Quarantine(command) => commands::quarantine::run(session, command).await,
        Command::Records(command) => commands::records::run(session, command).await,
        Command::Runs(command) => commands::runs::runs(session, command).await,
        Command::History(command) => commands::runs::history(session, command).await,
        Command::Quality(command) => commands::quality::quality(session, command).await,
        Command::Schema(command) => commands::schema::run(session, command).await,
        Command::Backup(command) => commands::backup::run(session, command).await,
        Command::Restore(command) => commands::restore::restore(session, command).await,
        Command::Restores(command) => commands::restore::restores(session, command).await,
        Command::Tasks(command) => commands::tasks::run(session, command).await,
        Command::Trust(command) => commands::trust::run(session, command).await,
        Command::Workspace(command) => commands::workspace::run(session, command).await,
        Command::Connection(command) => commands::connection::connection(session, command).await,
        Command::Serve(command) => serve::serve(session, command).await,
        Command::Doctor => commands::init::doctor(session).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use steward_api::commands::{COMMANDS, Class, Cli};

    #[test]
    fn every_command_is_reachable_or_says_why_not() {
        let tree = Arguments::command();
        for command in COMMANDS {
            match command.cli {
                Cli::None(why) => assert!(!why.is_empty(), "{} gives no reason", command.name),
                Cli::At(words) if words.starts_with("--") => {
                    let name = words.trim_start_matches("--");
                    assert!(name == "version" || tree.get_arguments().any(|a| a.get_long() == Some(name)), "{words}");
                }
                Cli::At(words) => {
                    let mut at = &tree;
                    for word in words.split(' ') {
                        at = at.find_subcommand(word).unwrap_or_else(|| panic!("{}: no subcommand '{words}'", command.name));
                    }
                }
            }
        }
    }

    #[test]
    fn every_command_is_declared_once_with_a_doc_and_destructive_ones_take_a_plan() {
        let mut names: Vec<&str> = COMMANDS.iter().map(|c| c.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(all, names.len());
        for command in COMMANDS {
            assert!(!command.doc.trim().is_empty(), "{} has no doc", command.name);
            if command.class == Class::Destructive {
                assert!(["ApplyPlan", "ApplyRestore"].contains(&command.request), "{} must take a plan id", command.name);
            }
        }
    }

    #[test]
    fn the_tree_is_consistent() {
        Arguments::command().debug_assert();
    }
}
