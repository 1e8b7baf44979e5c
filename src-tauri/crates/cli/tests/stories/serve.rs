//! `steward serve`: who may call, and that calls, events, uploads and downloads work.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::common::{Place, career, number, signal, text, until};
use crate::on_both;

pub struct Server {
    pub child: Child,
    pub address: String,
    pub token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Server {
    pub fn start(at: &Place) -> Self {
        let mut command = at.command(&["--json", "serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Json = serde_json::from_str(&line).unwrap();
        Self { child, address: text(&said, "/address"), token: text(&said, "/token") }
    }

    pub fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        stream
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut bytes = Vec::new();
        self.open(method, path, headers, body).read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = bytes[end + 4..].to_vec();
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        Answer { status, body: if chunked { unchunked(&body) } else { body }, head }
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub fn call(&self, name: &str, request: &Json) -> Json {
        let answer = self.send("POST", &format!("/api/call/{name}"), &[("Authorization", &self.bearer())], request.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{name}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    pub fn job(&self, name: &str, request: &Json) -> Json {
        let id = text(&self.call(name, request), "/jobId");
        let job = until(name, || {
            let job = self.call("jobs.get", &json!({ "jobId": id }));
            (job["state"] != "running").then_some(job)
        });
        assert_eq!(job["state"], "done", "{job}");
        job["outcome"].clone()
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = body.windows(2).position(|w| w == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        out.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
    out
}

on_both! {
    fn only_its_own_page_with_the_token_may_call(at) {
        at.json(0, &["init"]);
        let server = Server::start(at);
        let path = "/api/call/app.info";
        let bearer = server.bearer();
        let own = ("Authorization", bearer.as_str());
        assert_eq!(server.send("POST", path, &[own], b"{}").status, 200);
        for headers in [vec![], vec![("Authorization", "Bearer wrong")], vec![("Authorization", "Basic x")]] {
            let refused = server.send("POST", path, &headers, b"{}");
            assert_eq!((refused.status, text(&refused.json(), "/code")), (401, "unauthorized".into()));
        }
        for route in ["/api/events", "/api/download/x"] {
            assert_eq!(server.send("GET", route, &[], b"").status, 401, "{route}");
        }
        assert_eq!(server.send("POST", "/api/upload?name=x", &[], b"x").status, 401);
        let foreign = server.address.replace("127.0.0.1", "evil.example");
        let origin = format!("http://{foreign}");
        for header in [("Host", foreign.as_str()), ("Origin", origin.as_str()), ("Origin", "null"), ("Origin", "http://127.0.0.1:1")] {
            assert_eq!(server.send("POST", path, &[own, header], b"{}").status, 403, "{header:?}");
            assert_eq!(server.send("GET", "/", &[header], b"").status, 403, "{header:?}");
        }
        let page = server.send("GET", "/", &[], b"");
        assert_eq!(page.status, 200);
        assert!(page.head.to_ascii_lowercase().contains("content-security-policy: default-src 'self'"), "{}", page.head);
        assert!(!String::from_utf8_lossy(&page.body).contains(&server.token));
        assert_eq!(server.send("POST", "/api/call/no.such", &[own], b"{}").status, 404);
        assert_eq!(server.send("POST", path, &[own], b"{").status, 400);
        for path in ["/../Cargo.toml", "/%2e%2e/%2e%2e/etc/passwd"] {
            assert_ne!(server.send("GET", path, &[], b"").status, 200, "{path}");
        }
        signal(&server.child, "INT");
    }

    fn up_and_down_again(at) {
        at.json(0, &["init"]);
        let server = Server::start(at);
        let rows = json!([career("a", 50_000), career("b", 60_000), {"career_id": "c"}]);
        let bearer = server.bearer();
        let own = [("Authorization", bearer.as_str())];
        let up = server.send("POST", "/api/upload?name=..%2F..%2Frows.json", &own, rows.to_string().as_bytes());
        let handle = up.json();
        assert_eq!((up.status, text(&handle, "/name")), (200, "rows.json".into()));

        // Events of the import arrive while it runs.
        let events = server.open("GET", &format!("/api/events?token={}", server.token), &[], b"");
        let mut events = BufReader::new(events);
        let mut line = String::new();
        events.read_line(&mut line).unwrap();
        assert!(line.contains("200"), "{line}");
        let plan = server.job("imports.plan", &json!({"files": [text(&handle, "/id")], "mode": "upsert", "full": true}));
        let plan = plan.as_object().unwrap().values().find(|v| v["planId"].is_string()).cloned().unwrap_or(plan);
        assert_eq!([number(&plan, "/counts/inserted"), number(&plan, "/counts/quarantined")], [2, 1]);
        server.job("imports.apply", &json!({"planId": text(&plan, "/planId")}));
        loop {
            line.clear();
            assert!(events.read_line(&mut line).unwrap() > 0, "the stream ended without the event");
            if line.starts_with("data:") && line.contains("changed") && line.contains("careers") {
                break;
            }
        }
        let stale = server.send("POST", "/api/call/imports.apply", &own, json!({"planId": plan["planId"]}).to_string().as_bytes());
        assert_eq!((stale.status, text(&stale.json(), "/code")), (409, "stalePlan".into()), "a plan is applied once");

        let target = server.send("POST", "/api/save-target?name=careers.ndjson", &own, b"").json();
        let id = text(&target, "/id");
        server.job("records.export", &json!({"collection": "careers", "format": "ndjson", "file": id}));
        let down = server.send("GET", &format!("/api/download/{id}?token={}", server.token), &[], b"");
        assert!(down.head.contains("careers.ndjson"), "{}", down.head);
        let mut lines: Vec<String> = String::from_utf8(down.body).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        drop(server);
        assert_eq!(lines, at.export("careers"));
    }

    fn a_mapping_goes_to_a_file_and_comes_from_one(at) {
        at.json(0, &["init"]);
        let server = Server::start(at);
        let bearer = server.bearer();
        let own = [("Authorization", bearer.as_str())];
        let mapping = json!({"version": 1, "name": "Survey", "rules": [{"to": "title", "from": "Job Title", "steps": [{"trim": "collapse"}]}]});
        let target = server.send("POST", "/api/save-target?name=survey.json", &own, b"").json();
        let written = server.call("mappings.write", &json!({"file": target["id"], "mapping": mapping}));
        assert_eq!(text(&written, "/name"), "survey.json");
        assert!(number(&written, "/bytes") > 0);
        let down = server.send("GET", &format!("/api/download/{}?token={}", text(&target, "/id"), server.token), &[], b"");
        let up = server.send("POST", "/api/upload?name=survey.json", &own, &down.body).json();
        let read = server.call("mappings.read", &json!({"file": up["id"]}));
        assert_eq!(read["mapping"], mapping);
        for (content, words) in [("{", "not valid JSON"), ("{\"rules\": []}", "version"), (&"x".repeat(5 << 20), "too large")] {
            let bad = server.send("POST", "/api/upload?name=bad.json", &own, content.as_bytes()).json();
            let refused = server.send("POST", "/api/call/mappings.read", &own, json!({"file": bad["id"]}).to_string().as_bytes());
            assert_eq!(refused.status, 400);
            assert!(text(&refused.json(), "/message").contains(words), "{}", refused.json());
        }
    }
}

#[test]
fn others_on_the_network_cannot_be_served() {
    let at = Place::file();
    at.steward(&["serve", "--listen", "0.0.0.0:0"]).ended(2).says("this machine only");
    at.steward(&["serve", "--listen", "[::]:0"]).ended(2);
    at.steward(&["serve", "--listen", "localhost"]).ended(2);
}

#[test]
fn it_stops_although_a_page_listens() {
    let at = Place::file();
    at.json(0, &["init"]);
    let mut server = Server::start(&at);
    let events = server.open("GET", &format!("/api/events?token={}", server.token), &[], b"");
    let mut events = BufReader::new(events);
    let mut line = String::new();
    events.read_line(&mut line).unwrap();
    assert!(line.contains("200"), "{line}");
    signal(&server.child, "TERM");
    let status = until("the server stops", || server.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn asked_to_stop_at_once_it_still_stops_properly() {
    let at = Place::file();
    let mut server = Server::start(&at);
    signal(&server.child, "TERM");
    let status = until("the server stops", || server.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn it_stops_although_a_request_is_never_finished() {
    let at = Place::file();
    at.json(0, &["init"]);
    let mut server = Server::start(&at);
    let mut half = TcpStream::connect(&server.address).unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    assert_eq!(server.send("GET", "/healthz", &[], b"").status, 200, "the others are served meanwhile");
    signal(&server.child, "TERM");
    let status = until("the server stops", || server.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn asked_twice_it_stops_at_once() {
    let at = Place::file();
    at.json(0, &["init"]);
    let mut server = Server::start(&at);
    let mut half = TcpStream::connect(&server.address).unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    assert_eq!(server.send("GET", "/healthz", &[], b"").status, 200);
    let status = until("the server stops", || {
        signal(&server.child, "INT");
        server.child.try_wait().unwrap()
    });
    assert!(matches!(status.code(), Some(0 | 130)), "{status}");
}

#[cfg(unix)]
#[test]
fn what_is_uploaded_is_nobody_else_s_and_what_broke_off_is_removed() {
    use std::os::unix::fs::PermissionsExt;
    fn everything(folder: &std::path::Path, out: &mut Vec<(std::path::PathBuf, u32, bool)>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let meta = entry.metadata().unwrap();
            out.push((entry.path(), meta.permissions().mode() & 0o777, meta.is_dir()));
            everything(&entry.path(), out);
        }
    }
    let at = Place::file();
    at.json(0, &["import", &at.write("good.json", json!([career("a", 50_000)]).to_string())]);
    at.json(0, &["backup", "create"]);
    at.json(0, &["records", "export", "out.ndjson", "--collection", "careers"]);
    let server = Server::start(&at);
    let bearer = server.bearer();
    let own = [("Authorization", bearer.as_str())];
    assert_eq!(server.send("POST", "/api/upload?name=rows.json", &own, b"[]").status, 200);
    // One that breaks off leaves nothing.
    let uploads = at.path("data/uploads");
    let count = || {
        let mut all = Vec::new();
        everything(&uploads, &mut all);
        all.iter().filter(|(path, ..)| path.extension().is_some_and(|e| e == "json")).count()
    };
    assert_eq!(count(), 1);
    let mut broken = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /api/upload?name=broken.json HTTP/1.1\r\nHost: {}\r\nAuthorization: {bearer}\r\nContent-Length: 1000\r\n\r\nhalf",
        server.address
    );
    broken.write_all(head.as_bytes()).unwrap();
    until("the upload has begun", || (count() == 2).then_some(()));
    drop(broken);
    until("what broke off is removed", || (count() == 1).then_some(()));
    let mut all = Vec::new();
    everything(&at.path("data"), &mut all);
    all.push((at.path("out.ndjson"), std::fs::metadata(at.path("out.ndjson")).unwrap().permissions().mode() & 0o777, false));
    assert!(all.iter().any(|(path, ..)| path.to_string_lossy().ends_with("archive.zst")));
    for (path, mode, is_folder) in all {
        assert_eq!(mode, if is_folder { 0o700 } else { 0o600 }, "{}", path.display());
    }
    // A server that is killed leaves its uploads: an import from them can go on for a day. Then the next one removes them.
    signal(&server.child, "KILL");
    drop(server);
    drop(Server::start(&at));
    assert_eq!(count(), 1);
    for folder in std::fs::read_dir(&uploads).unwrap() {
        let aged = std::process::Command::new("touch").args(["-d", "25 hours ago"]).arg(folder.unwrap().path()).status();
        assert!(aged.unwrap().success());
    }
    let next = Server::start(&at);
    assert_eq!(count(), 0);
    drop(next);
}

#[test]
fn odd_names_of_uploads_are_refused_and_the_token_is_no_part_of_addresses() {
    let at = Place::file();
    at.json(0, &["init"]);
    let server = Server::start(&at);
    let bearer = server.bearer();
    let own = [("Authorization", bearer.as_str())];
    for name in ["a%00b", "a%0Ab", "%1B%5D52", &"x".repeat(300), "a:b", "a%5Cb", "%ff%fe", "CON%3A"] {
        for route in ["upload", "save-target"] {
            let answer = server.send("POST", &format!("/api/{route}?name={name}"), &own, b"x");
            assert!(matches!(answer.status, 200 | 400), "{route} {name}: {}", answer.status);
        }
    }
    for name in ["a%00b", "a%0Ab", &"x".repeat(300), "a:b"] {
        assert_eq!(server.send("POST", &format!("/api/upload?name={name}"), &own, b"x").status, 400, "{name}");
    }
    for name in ["", "..", "%2F", "."] {
        assert_eq!(server.send("POST", &format!("/api/upload?name={name}"), &own, b"x").status, 200, "{name:?} gets a name");
    }
    let token = &server.token;
    assert_eq!(server.send("POST", &format!("/api/call/app.info?token={token}"), &[], b"{}").status, 401);
    assert_eq!(server.send("POST", &format!("/api/upload?name=a&token={token}"), &[], b"x").status, 401);
    assert_eq!(server.send("GET", &format!("/api/download/nothing?token={token}"), &[], b"").status, 404);
}
