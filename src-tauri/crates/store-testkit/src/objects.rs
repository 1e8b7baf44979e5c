//! Object stores of one's own: an S3 server (moto) and an Azure one (Azurite) on loopback, and a way to them that breaks.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};

use crate::mongod::watch;

const MISSING: &str = "No object stores were found for the tests. Run ./check rust once: it fetches moto and Azurite.";
const ACCOUNT: &str = "steward";
/// The account's key: any base64 will do.
const KEY: &[u8] = b"a key that only the tests know";

/// A server, and what its clients have to know.
pub struct ObjectServer {
    kind: Kind,
    port: u16,
    child: Child,
    folder: tempfile::TempDir,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    S3,
    Azure,
}

impl ObjectServer {
    /// The S3 server that all tests of this process share.
    pub fn s3() -> &'static Self {
        static SHARED: OnceLock<ObjectServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Kind::S3))
    }

    /// The Azure server that all tests of this process share.
    pub fn azure() -> &'static Self {
        static SHARED: OnceLock<ObjectServer> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Kind::Azure))
    }

    /// A new, empty bucket or container; its address.
    pub fn bucket(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bucket-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let (path, head) = match self.kind {
            Kind::S3 => (format!("/{name}"), String::new()),
            Kind::Azure => (format!("/{ACCOUNT}/{name}?restype=container"), container_head(&name)),
        };
        let status = http(self.port, &format!("PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}")).unwrap();
        assert!(matches!(status, 200 | 201), "{name} could not be made: {status}");
        format!("{}://{name}/kept", if self.kind == Kind::S3 { "s3" } else { "az" })
    }

    /// The options of a place in this server, reached through that port.
    pub fn options(&self, port: u16) -> Vec<String> {
        match self.kind {
            Kind::S3 => vec![format!("endpoint=http://127.0.0.1:{port}"), "region=us-east-1".into(), "allow_http=true".into()],
            Kind::Azure => vec![
                format!("account_name={ACCOUNT}"),
                format!("azure_endpoint=http://127.0.0.1:{port}/{ACCOUNT}"),
                "allow_http=true".into(),
            ],
        }
    }

    /// The credentials, as variables of the environment.
    pub fn credentials(&self) -> Vec<(&'static str, String)> {
        match self.kind {
            Kind::S3 => vec![("AWS_ACCESS_KEY_ID", "steward".into()), ("AWS_SECRET_ACCESS_KEY", "only in tests".into())],
            Kind::Azure => vec![("AZURE_STORAGE_ACCOUNT_KEY", STANDARD.encode(KEY))],
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // Between finding a free port and using it another process may take it.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
            let mut child = spawn(kind, port, folder.path());
            if answers(&mut child, port) {
                watch(child.id(), folder.path());
                return Self { kind, port, child, folder };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("{kind:?} does not start: {}", std::fs::read_to_string(folder.path().join("log")).unwrap_or_default());
    }
}

impl Drop for ObjectServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(self.folder.path());
    }
}

fn spawn(kind: Kind, port: u16, folder: &Path) -> Child {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = match kind {
        Kind::S3 => {
            let mut command = Command::new("python3");
            command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]).env("PYTHONPATH", moto());
            command
        }
        Kind::Azure => {
            let mut command = Command::new("node");
            command.arg(azurite()).args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string(), "--location"]).arg(folder);
            command.args(["--silent", "--skipApiVersionCheck", "--disableTelemetry"]);
            command.env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", STANDARD.encode(KEY)));
            command
        }
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect(MISSING)
}

fn moto() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let found = std::env::var_os("STEWARD_TEST_MOTO").map(PathBuf::from).or_else(|| Some(cache?.join("steward/moto")));
    found.filter(|folder| folder.join("moto").is_dir()).expect(MISSING)
}

fn azurite() -> PathBuf {
    let program = "../../../tests/servers/node_modules/azurite/dist/src/blob/main.js";
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join(program);
    assert!(found.is_file(), "{MISSING}");
    found
}

fn answers(child: &mut Child, port: u16) -> bool {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        if http(port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n").is_ok() {
            return true;
        }
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

/// Sends a request without a body; the status of its answer.
fn http(port: u16, head: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(format!("{head}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    status.ok_or_else(|| std::io::Error::other("no answer of HTTP"))
}

/// Date, version and signature of a request that makes a container
/// (<https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>).
fn container_head(name: &str) -> String {
    let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
    let headers = format!("x-ms-date:{date}\nx-ms-version:2021-08-06");
    let text = format!("PUT{}{headers}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container", "\n".repeat(12));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(KEY).unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    format!("{}\r\nAuthorization: SharedKey {ACCOUNT}:{signature}\r\n", headers.replace('\n', "\r\n"))
}

/// What becomes of a [`Way`] once so many bytes have gone to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection that carries them breaks; the next ones hold.
    BreaksOnce,
    /// Nothing goes through any more, and nobody is reported.
    Hangs,
}

/// A way to a server that breaks in the middle.
pub struct Way {
    pub port: u16,
    sent: Arc<AtomicU64>,
}

impl Way {
    /// To that port of this machine, with trouble after so many bytes.
    pub fn to(port: u16, after: u64, trouble: Trouble) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || forward(from, to, &counter, after, trouble));
                std::thread::spawn(move || {
                    let (mut server, mut client) = (server, client);
                    let _ = std::io::copy(&mut server, &mut client);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { port: own, sent }
    }

    /// How many bytes have gone to the server.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, sent: &AtomicU64, after: u64, trouble: Trouble) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let before = sent.load(Ordering::SeqCst);
        match trouble {
            Trouble::Hangs if before >= after => continue,
            Trouble::BreaksOnce if before < after && before + read as u64 >= after => {
                sent.fetch_add(read as u64, Ordering::SeqCst);
                break;
            }
            _ => {}
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
        sent.fetch_add(read as u64, Ordering::SeqCst);
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
