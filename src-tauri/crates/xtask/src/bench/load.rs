//! `bench load`: many people at one `steward serve`, on a file and on MongoDB: how long each of their calls takes. Four of five calls
//! read (pages, records, facets), one edits a record. Each call has a connection to itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use steward_store_testkit::mongod::Mongod;

use super::built;
use crate::Chore;
use crate::careers::{self, Random};

const CLIENTS: usize = 60;
const TIME: Duration = Duration::from_secs(20);
const RECORDS: u64 = 20_000;
/// Names another program than the release build, which is then not built.
const PROGRAM: &str = "STEWARD_BENCH_BINARY";

pub fn load(root: &Path, clients: Option<&str>) -> Chore {
    let clients = match clients {
        Some(text) => text.parse().map_err(|_| format!("'{text}' is not a number of clients."))?,
        None => CLIENTS,
    };
    let steward = match std::env::var_os(PROGRAM) {
        Some(path) => path.into(),
        None => built(root)?,
    };
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = folder.path().join("load.steward").display().to_string();
    println!("{clients} clients for {} s, {RECORDS} records, {}", TIME.as_secs(), steward.display());
    on(&steward, folder.path(), "file", &file, clients)?;
    on(&steward, folder.path(), "MongoDB", &Mongod::replica_set().uri("load"), clients)
}

fn on(steward: &PathBuf, folder: &Path, what: &str, workspace: &str, clients: usize) -> Chore {
    let command = |words: &[&str]| {
        let mut command = Command::new(steward);
        command.env("STEWARD_DATA", folder.join("data")).args(["--quiet", "--json", "-w", workspace]).args(words);
        command
    };
    let rows = folder.join("careers.ndjson");
    careers::write(RECORDS, &rows)?;
    let imported = command(&["import", &rows.display().to_string()]).output().map_err(|e| e.to_string())?;
    if imported.status.code().is_none_or(|code| code > 1) {
        return Err(format!("The import failed: {}", String::from_utf8_lossy(&imported.stderr)));
    }
    let server = Arc::new(Server::start(command(&["serve", "--listen", "127.0.0.1:0"]))?);
    let page = server.call("records.find", &json!({"collection": "careers", "limit": 1000}))?;
    let keys: Vec<(Json, Json)> = page["records"].as_array().into_iter().flatten().map(|r| (r["key"].clone(), salary(r))).collect();
    let until = Instant::now() + TIME;
    let started = Instant::now();
    let people: Vec<_> = (0..clients)
        .map(|person| {
            let server = Arc::clone(&server);
            let mine: Vec<(Json, Json)> = keys.iter().skip(person).step_by(clients).cloned().collect();
            std::thread::spawn(move || {
                Person { server, mine, dice: Random(person as u64 + 1), reads: Vec::new(), writes: Vec::new() }.work(until)
            })
        })
        .collect();
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for person in people {
        let (r, w) = person.join().map_err(|_| "A client ended early.".to_owned())??;
        reads.extend(r);
        writes.extend(w);
    }
    let seconds = started.elapsed().as_secs_f64();
    print(&format!("{what}, reading"), reads, seconds);
    print(&format!("{what}, writing"), writes, seconds);
    Ok(())
}

fn salary(row: &Json) -> Json {
    row["document"]["average_salary"].clone()
}

fn print(name: &str, mut times: Vec<Duration>, seconds: f64) {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0;
    let (p50, p95, p99) = (at(50), at(95), at(99));
    println!("  {name:<18} p50 {p50:>7.1} ms  p95 {p95:>7.1} ms  p99 {p99:>7.1} ms  {:>7.1} a second", times.len() as f64 / seconds);
}

struct Server {
    child: Child,
    address: String,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(mut command: Command) -> Result<Self, String> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(|e| e.to_string())?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).map_err(|e| e.to_string())?;
        }
        let said: Json = serde_json::from_str(&line).map_err(|e| format!("steward serve said '{line}': {e}"))?;
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        Ok(Self { child, address: text("address"), token: text("token") })
    }

    fn call(&self, name: &str, request: &Json) -> Result<Json, String> {
        let answer = self.send(name, &request.to_string()).map_err(|e| format!("{name}: {e}"))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("{name}: {answer}"));
        }
        serde_json::from_str(body).map_err(|e| format!("{name}: {e}"))
    }

    fn send(&self, name: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        let head = format!(
            "POST /api/call/{name} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// Someone who looks at records and edits those of a share that nobody else edits.
struct Person {
    server: Arc<Server>,
    /// Keys, with the salaries as they are.
    mine: Vec<(Json, Json)>,
    dice: Random,
    reads: Vec<Duration>,
    writes: Vec<Duration>,
}

impl Person {
    fn work(mut self, until: Instant) -> Result<(Vec<Duration>, Vec<Duration>), String> {
        while Instant::now() < until {
            let own = self.dice.below(self.mine.len());
            let key = self.mine[own].0.clone();
            let what = self.dice.roll(10);
            let started = Instant::now();
            match what {
                0 | 1 => {
                    let (before, after) = (self.mine[own].1.clone(), json!(30_000 + self.dice.roll(90_000)));
                    let change = json!({"path": "average_salary", "before": before, "after": after});
                    let edit = json!({"collection": "careers", "key": key, "changes": [change], "allowInvalid": true});
                    self.server.call("records.edit", &edit)?;
                    self.mine[own].1 = after;
                    self.writes.push(started.elapsed());
                    continue;
                }
                2..=4 => self.server.call("records.get", &json!({"collection": "careers", "key": key}))?,
                5 => self.server.call("records.facet", &json!({"collection": "careers", "field": "education_level", "limit": 20}))?,
                _ => {
                    let least = 30_000 + self.dice.roll(90_000);
                    let filter = json!({"op": "compare", "field": "average_salary", "cmp": "gte", "value": least});
                    let sort = json!({"field": "average_salary", "descending": false});
                    self.server.call("records.find", &json!({"collection": "careers", "filter": filter, "sort": sort, "limit": 50}))?
                }
            };
            self.reads.push(started.elapsed());
        }
        Ok((self.reads, self.writes))
    }
}
