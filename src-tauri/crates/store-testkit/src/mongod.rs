//! A MongoDB server of one's own: random port, data in a temporary folder, gone when the tests are.
//!
//! Statics are not dropped at exit, so a small shell watches the test process, ends the server with it and removes
//! the folder. The few commands needed here are spoken directly (OP_MSG), to keep the driver out of this crate.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bson::{Document, doc};

const MISSING: &str =
    "No MongoDB server was found for the tests. Run ./check rust once (it fetches one), or set STEWARD_TEST_MONGOD to a mongod.";

/// A user for [`Mongod::with_auth`].
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// A role of the server, or `only:find,insert` for one of exactly these actions.
    pub role: &'a str,
    pub database: &'a str,
}

/// A running server.
pub struct Mongod {
    base: String,
    options: String,
    process: Option<Process>,
}

/// The option for the server's cache, in GB. Tests have many servers at once and make do with little.
const CACHE: &str = "--wiredTigerCacheSizeGB";

pub(crate) struct Process {
    child: Child,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

impl Mongod {
    /// The replica set that all tests of this process share; the one of `$STEWARD_TEST_MONGODB_URI` if that is set.
    pub fn replica_set() -> &'static Self {
        static SHARED: OnceLock<Mongod> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("STEWARD_TEST_MONGODB_URI") {
            Ok(uri) => Self::at(&uri),
            Err(_) => Self::start_replica_set(&[]),
        })
    }

    /// A server without replication that all tests of this process share.
    pub fn standalone() -> &'static Self {
        static SHARED: OnceLock<Mongod> = OnceLock::new();
        SHARED.get_or_init(|| Self::of(Process::start(None, &[]), ""))
    }

    /// A server with access control and these users (kept in `admin`).
    pub fn with_auth(users: &[User<'_>]) -> Self {
        Self::of(Process::start(Some(data_with(users)), &["--auth"]), "")
    }

    /// A replica set of one's own, for tests that change how it works.
    pub fn of_its_own() -> Self {
        Self::start_replica_set(&[])
    }

    /// A replica set with as much memory as a server has that does nothing else, to measure with.
    pub fn to_measure_with() -> &'static Self {
        static SHARED: OnceLock<Mongod> = OnceLock::new();
        SHARED.get_or_init(|| Self::start_replica_set(&[CACHE, "4"]))
    }

    /// A replica set of one's own that fails where a test says so, by `configureFailPoint`.
    pub fn failing_on_demand() -> Self {
        Self::start_replica_set(&["--setParameter", "enableTestCommands=1"])
    }

    /// A server of one's own, for tests that stop it or hold it up.
    pub fn alone() -> Self {
        Self::of(Process::start(None, &[]), "")
    }

    /// A server that speaks TLS only. The files hold PEM: certificate with key, and who signed it. With users, it has
    /// access control as well.
    pub fn with_tls(certificate: &Path, authority: &Path, users: &[User<'_>]) -> Self {
        let (certificate, authority) = (certificate.display().to_string(), authority.display().to_string());
        let options = ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", &certificate, "--tlsCAFile", &authority];
        let mut more: Vec<&str> = options.into_iter().chain(["--tlsAllowConnectionsWithoutCertificates"]).collect();
        let folder = (!users.is_empty()).then(|| data_with(users));
        if folder.is_some() {
            more.push("--auth");
        }
        Self::of(Process::start(folder, &more), "")
    }

    /// Runs a command in `admin` over a connection of its own.
    pub fn admin(&self, mut command: Document) -> std::io::Result<Document> {
        let port = self.port().ok_or_else(|| std::io::Error::other("this process did not start the server"))?;
        command.insert("$db", "admin");
        run(port, &command)
    }

    /// The address of a database on this server.
    pub fn uri(&self, database: &str) -> String {
        self.login_uri("", database, "")
    }

    /// With `user:password@` in front of the host and more options behind.
    pub fn login_uri(&self, login: &str, database: &str, options: &str) -> String {
        let all: Vec<&str> = [self.options.as_str(), options].into_iter().filter(|o| !o.is_empty()).collect();
        let (scheme, hosts) = self.base.split_once("://").unwrap();
        let question = if all.is_empty() { "" } else { "?" };
        format!("{scheme}://{login}{hosts}/{database}{question}{}", all.join("&"))
    }

    /// The server loses its power.
    ///
    /// Panics where this process did not start it.
    pub fn crash(&mut self) {
        self.process.as_mut().unwrap().crash();
    }

    /// It starts again, with the data that it had written.
    pub fn revive(&mut self) {
        self.process.as_mut().unwrap().revive(&[]);
    }

    /// The port, where this process started the server.
    pub fn port(&self) -> Option<u16> {
        self.process.as_ref().map(|p| p.port)
    }

    fn at(uri: &str) -> Self {
        let (address, options) = uri.split_once('?').unwrap_or((uri, ""));
        let (scheme, rest) = address.split_once("://").expect("STEWARD_TEST_MONGODB_URI is a mongodb:// address");
        let hosts = rest.split('/').next().unwrap_or(rest);
        Self { base: format!("{scheme}://{hosts}"), options: options.to_owned(), process: None }
    }

    fn of(process: Process, options: &str) -> Self {
        Self { base: format!("mongodb://127.0.0.1:{}", process.port), options: options.to_owned(), process: Some(process) }
    }

    fn start_replica_set(more: &[&str]) -> Self {
        let process = Process::start(None, &[&["--replSet", "rs0"], more].concat());
        let member = doc! { "_id": 0, "host": format!("127.0.0.1:{}", process.port) };
        run(process.port, &doc! { "replSetInitiate": { "_id": "rs0", "members": [member] }, "$db": "admin" }).unwrap();
        process.wait(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false));
        Self::of(process, "replicaSet=rs0")
    }
}

/// The data of a server that knows these users.
fn data_with(users: &[User<'_>]) -> tempfile::TempDir {
    let open = Process::start(None, &[]);
    for user in users {
        let role = match user.role.strip_prefix("only:") {
            None => doc! { "role": user.role, "db": user.database },
            Some(actions) => role_of(&open, user, actions),
        };
        run(open.port, &doc! { "createUser": user.name, "pwd": user.password, "roles": [role], "$db": "admin" }).unwrap();
    }
    let folder = open.stop();
    // The next server on these data is known to be ready by its own words, not by those of this one.
    let _ = std::fs::remove_file(folder.path().join("log"));
    folder
}

/// Makes a role of exactly these actions on the user's database.
fn role_of(server: &Process, user: &User<'_>, actions: &str) -> Document {
    let name = format!("role_of_{}", user.name);
    let actions: Vec<&str> = actions.split(',').collect();
    let privilege = doc! { "resource": { "db": user.database, "collection": "" }, "actions": actions };
    run(server.port, &doc! { "createRole": &name, "privileges": [privilege], "roles": [], "$db": "admin" }).unwrap();
    doc! { "role": name, "db": "admin" }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    pub(crate) fn start(folder: Option<tempfile::TempDir>, more: &[&str]) -> Self {
        let folder = folder.unwrap_or_else(|| tempfile::tempdir().expect("a temporary folder can be made"));
        // Between finding a free port and using it another process may take it.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
            let mut child = spawn(folder.path(), port, more);
            if answers(&mut child, port, &folder.path().join("log"), more.contains(&"requireTLS")) {
                watch(child.id(), folder.path());
                return Self { child, port, folder };
            }
        }
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(5).collect();
        panic!("mongod does not start: {tail:#?}");
    }

    /// Ends the server at once, as a failure of the power would.
    pub(crate) fn crash(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts the server again, on its data and its port.
    pub(crate) fn revive(&mut self, more: &[&str]) {
        self.child = spawn(self.folder.path(), self.port, more);
        assert!(answers(&mut self.child, self.port, &self.folder.path().join("log"), false), "mongod does not start again");
        watch(self.child.id(), self.folder.path());
    }

    /// Ends the server properly and keeps its data.
    fn stop(mut self) -> tempfile::TempDir {
        // The server closes the connection instead of answering.
        let _ = run(self.port, &doc! { "shutdown": 1, "force": true, "$db": "admin" });
        let _ = self.child.wait();
        std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub(crate) fn wait(&self, ready: impl Fn(&Document) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !run(self.port, &doc! { "hello": 1, "$db": "admin" }).is_ok_and(|hello| ready(&hello)) {
            assert!(Instant::now() < end, "mongod is not ready after a minute");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn spawn(folder: &Path, port: u16, more: &[&str]) -> Child {
    Command::new(find())
        .args(["--bind_ip", "127.0.0.1", "--nounixsocket"])
        .args(if more.contains(&CACHE) { &[][..] } else { &[CACHE, "0.25"] })
        .args(["--setParameter", "diagnosticDataCollectionEnabled=false"])
        .args(["--port", &port.to_string()])
        .arg("--dbpath")
        .arg(folder)
        .arg("--logpath")
        .arg(folder.join("log"))
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect(MISSING)
}

/// A server that demands TLS is ready when its log says that it listens. Connecting would not tell: on one machine a
/// connection to a free port can meet itself.
fn answers(child: &mut Child, port: u16, log: &Path, tls: bool) -> bool {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        let listens = || std::fs::read_to_string(log).is_ok_and(|text| text.contains("Waiting for connections"));
        let ready = if tls { listens() } else { run(port, &doc! { "hello": 1, "$db": "admin" }).is_ok() };
        if ready {
            return true;
        }
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Ends the server when this process is gone, however it went.
pub(crate) fn watch(server: u32, folder: &Path) {
    const SCRIPT: &str = "trap '' INT TERM HUP; while kill -0 \"$1\" && kill -0 \"$2\"; do sleep 0.5; done; kill -0 \"$1\" || { kill -9 \"$2\"; sleep 0.2; rm -rf \"$3\"; }";
    let _ = Command::new("sh")
        .args(["-c", SCRIPT, "watch", &std::process::id().to_string(), &server.to_string()])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

/// The program of the server.
///
/// Panics where none is found.
pub fn find() -> PathBuf {
    if let Some(path) = std::env::var_os("STEWARD_TEST_MONGOD") {
        return path.into();
    }
    let on_path = std::env::var_os("PATH").and_then(|p| std::env::split_paths(&p).map(|d| d.join("mongod")).find(|f| f.is_file()));
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    on_path.or_else(|| search(&cache?.join("steward/mongod"), 8)).expect(MISSING)
}

fn search(folder: &Path, depth: u32) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.path()).collect();
    entries.sort();
    let here = entries.iter().find(|p| p.is_file() && p.file_name().is_some_and(|n| n == "mongod")).cloned();
    here.or_else(|| if depth == 0 { None } else { entries.iter().filter(|p| p.is_dir()).find_map(|p| search(p, depth - 1)) })
}

/// One command over a connection of its own.
pub(crate) fn run(port: u16, command: &Document) -> std::io::Result<Document> {
    let body = command.to_vec().map_err(std::io::Error::other)?;
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let length = u32::try_from(16 + 5 + body.len()).map_err(std::io::Error::other)?;
    let mut message = Vec::with_capacity(body.len() + 21);
    // Header: length, request id, response to, OP_MSG; then no flags and one section of kind 0.
    for word in [length, 1, 0, 2013, 0] {
        message.extend_from_slice(&word.to_le_bytes());
    }
    message.push(0);
    message.extend_from_slice(&body);
    stream.write_all(&message)?;
    let mut head = [0_u8; 21];
    stream.read_exact(&mut head)?;
    let total = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let mut reply = vec![0; total.saturating_sub(21)];
    stream.read_exact(&mut reply)?;
    let reply = Document::from_reader(reply.as_slice()).map_err(std::io::Error::other)?;
    match reply.get_f64("ok") {
        Ok(ok) if ok > 0.0 => Ok(reply),
        _ => Err(std::io::Error::other(reply.to_string())),
    }
}
