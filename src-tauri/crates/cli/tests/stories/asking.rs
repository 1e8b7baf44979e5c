//! Secrets that are typed at a terminal: a real one, with a program that types.

use std::io::{Read, Write};
use std::process::Stdio;

use bson::doc;
use steward_store_testkit::mongod::{Mongod, User};

use crate::common::{Place, Said};

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Whether the terminal of a process's youngest descendant shows what is typed.
fn echoes(process: u32) -> bool {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    if let Some(child) = children.split_whitespace().next() {
        return echoes(child.parse().unwrap());
    }
    let Ok(terminal) = std::fs::read_link(format!("/proc/{process}/fd/0")) else {
        return true;
    };
    let settings = std::process::Command::new("stty").arg("-F").arg(terminal).arg("-a").output().unwrap();
    !String::from_utf8_lossy(&settings.stdout).split_whitespace().any(|word| word == "-echo")
}

/// Runs the program at a terminal of its own, and types each answer when its question is there.
fn typed(at: &Place, arguments: &[&str], answers: &[(&str, &str)]) -> Said {
    let words: Vec<String> = std::iter::once(env!("CARGO_BIN_EXE_steward")).chain(arguments.iter().copied()).map(quoted).collect();
    let mut command = at.command(&[]);
    let environment: Vec<_> = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let folder = command.get_current_dir().unwrap().to_owned();
    command = std::process::Command::new("script");
    // The terminal echoes what is typed unless the program forbids it.
    command.args(["--quiet", "--return", "--flush", "--echo", "always", "--command", &words.join(" "), "/dev/null"]);
    command.envs(environment).env_remove("STEWARD_SOURCE_PASSWORD").current_dir(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut said, mut from, mut chunk) = (String::new(), 0, [0; 4096]);
    for (question, answer) in answers {
        while !said[from..].contains(question) {
            let read = output.read(&mut chunk).unwrap();
            assert!(read > 0, "steward {}: '{question}' was never asked:\n{said}", arguments.join(" "));
            said.push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
        from = said.len();
        // The question is there a moment before the echo is off, and what is typed meanwhile is thrown away.
        while echoes(child.id()) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        input.write_all(answer.as_bytes()).unwrap();
    }
    // The input stays open: its end would be typed too.
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    said.push_str(&String::from_utf8_lossy(&rest));
    let code = child.wait().unwrap().code();
    drop(input);
    Said { arguments: arguments.join(" "), code, out: said, err: String::new() }
}

fn guarded(database: &'static str) -> Mongod {
    Mongod::with_auth(&[User { name: "keeper", password: "s3cret-word", role: "readWrite", database }])
}

#[test]
fn the_password_of_a_workspace_is_asked_for_once() {
    let server = guarded("asking_workspace");
    let at = Place::at(server.login_uri("keeper@", "asking_workspace", "authSource=admin"));
    let said = typed(&at, &["init", "--sample"], &[("Password for mongodb://keeper@", "s3cret-word\n")]).ended(0);
    said.says("361");
    assert_eq!(said.out.matches("Password for").count(), 1, "{}", said.out);
    assert!(!said.out.contains("s3cret-word"), "{}", said.out);
    typed(&at, &["doctor"], &[("Password for", "s3cret-word\n")]).ended(0).says("Login");
    typed(&at, &["quality"], &[("Password for", "wrong\n")]).ended(3).says("refused the login");
    // Without a terminal nobody is asked, and Ctrl-C leaves no question open.
    at.steward(&["quality"]).ended(3).says("STEWARD_WORKSPACE");
    typed(&at, &["quality"], &[("Password for", "\u{3}")]).ended(130).says("Cancelled");
}

#[test]
fn the_password_of_a_source_is_asked_for() {
    let server = guarded("asking_source");
    let mut from = Place::file();
    from.workspace = server.login_uri("keeper:s3cret-word@", "asking_source", "authSource=admin");
    crate::elsewhere::put(&from, "things", vec![doc! {"_id": 1, "k": "a"}]);
    let at = Place::file();
    at.steward(&["init"]).ended(0);
    let public = server.login_uri("keeper@", "asking_source", "authSource=admin");
    let arguments = ["import", &public, "--part", "things", "--no-schema", "--collection", "things", "--key", "k"];
    let said = typed(&at, &arguments, &[("Password for", "s3cret-word\n")]).ended(0);
    assert!(!said.out.contains("s3cret-word"), "{}", said.out);
    assert_eq!(at.export("things").len(), 1);
}

#[test]
fn the_passphrase_of_a_backup_is_asked_for() {
    let at = Place::file();
    at.steward(&["init", "--sample"]).ended(0);
    let folder = at.path("backups").display().to_string();
    let create = ["backup", "create", "--to", &folder, "--encrypt"];
    let (question, word) = ("Passphrase for the backup", "a long word\n");
    typed(&at, &create, &[(question, word), ("Once more", "another word\n")]).ended(2).says("The two differ");
    assert_eq!(at.json(0, &["backup", "list"])["backups"].as_array().unwrap().len(), 0);
    typed(&at, &create, &[(question, word), ("Once more", word)]).ended(0).says("361 records");
    at.steward(&["backup", "schedule", "--to", &folder]).ended(0);
    at.steward(&["backup", "verify", "latest"]).ended(3).says("passphrase");
    typed(&at, &["backup", "verify", "latest", "--test-restore"], &[("Passphrase: ", "wrong\n")]).ended(3).says("does not open");
    typed(&at, &["backup", "verify", "latest", "--test-restore"], &[("Passphrase: ", word)]).ended(0).says("verified by a test restore");
    let restore = ["restore", "latest", "--yes"];
    typed(&at, &restore, &[("Passphrase: ", word)]).ended(0).says("are back");
}
