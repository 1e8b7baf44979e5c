//! Chores of the repository: `cargo xtask gen [--check] | directions | supplies | fixtures N FILE [SHAPE] | bench import|validate|backup|shapes|load [SIZES…]`.

mod bench;
mod careers;
mod directions;
mod generate;
mod pack_pages;
mod supplies;

use std::path::PathBuf;
use std::process::ExitCode;

/// Result of a chore: an error is one sentence for people.
pub type Chore = Result<(), String>;

const USAGE: &str = "cargo xtask gen [--check]           write what is generated from Rust, or check that it is up to date
cargo xtask with-mongod COMMAND…    run a command with MongoDB at $STEWARD_TEST_MONGODB_URI and, behind a login, at $STEWARD_TEST_MONGODB_LOGIN_URI
cargo xtask directions              check that imports between crates go down only
cargo xtask supplies                check licences and origin of crates and npm packages, and what must not be among them
cargo xtask fixtures N FILE         write N generated careers as NDJSON
cargo xtask fixtures N FOLDER SHAPE write N records of the shapes with SHAPE in their name, and their schemas
cargo xtask bench import [SIZES…]   measure imports next to Python and mongoimport (default 361 100000)
cargo xtask bench validate [SIZES…] measure checks of CSV next to qsv and pandas (default 100000)
cargo xtask bench shapes [N] [NAME] check, import and back up N records (default 20000) of each shape, or of those with NAME in theirs
cargo xtask bench backup [SIZES…]   measure backups and restores next to mongodump and mongorestore (default 100000)
cargo xtask bench load [CLIENTS]    measure the calls of many people at one 'steward serve' (default 60)";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["gen"] => generate::write(&root()),
        ["gen", "--check"] => generate::check(&root()),
        ["with-mongod", program, arguments @ ..] => with_mongod(program, arguments),
        ["directions"] => directions::check(),
        ["supplies"] => supplies::check(&root()),
        ["fixtures", count, file] => count.parse().map_err(|_| USAGE.to_owned()).and_then(|n| careers::write(n, file.as_ref())),
        ["fixtures", count, folder, shape] => {
            count.parse().map_err(|_| USAGE.to_owned()).and_then(|n| bench::write_shapes(&root(), folder.as_ref(), n, shape))
        }
        ["bench", "import", sizes @ ..] => bench::import(&root(), sizes),
        ["bench", "shapes", rest @ ..] => bench::table(&root(), rest),
        ["bench", "validate", sizes @ ..] => bench::validate(&root(), sizes),
        ["bench", "backup", sizes @ ..] => bench::backup(&root(), sizes),
        ["bench", "load"] => bench::load(&root(), None),
        ["bench", "load", clients] => bench::load(&root(), Some(clients)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command next to a replica set and a server that asks for a login, both of its own.
fn with_mongod(program: &str, arguments: &[&str]) -> Chore {
    use steward_store_testkit::mongod::{Mongod, User};
    let uri = Mongod::replica_set().uri("steward_e2e");
    let keeper = User { name: "keeper", password: "pa$s w/rd", role: "readWrite", database: "careers" };
    let guarded = Mongod::with_auth(&[keeper]);
    let login = guarded.login_uri("keeper:pa%24s%20w%2Frd@", "careers", "authSource=admin");
    let mut command = std::process::Command::new(program);
    let status = command.args(arguments).env("STEWARD_TEST_MONGODB_URI", uri).env("STEWARD_TEST_MONGODB_LOGIN_URI", login).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} ended with {status}.")),
        Err(e) => Err(format!("{program} cannot be run: {e}")),
    }
}

/// The repository's folder.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
}
