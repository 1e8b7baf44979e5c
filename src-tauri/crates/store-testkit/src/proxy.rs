//! A network between a program and its server that breaks when a test says so: every connection is reset in the middle of whatever
//! it carries, and new ones are let through again; or nothing passes for a while.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Pairs = Arc<Mutex<Vec<(TcpStream, TcpStream)>>>;

/// Listens on a port of its own and passes on.
pub struct Proxy {
    port: u16,
    pairs: Pairs,
    held: Arc<AtomicBool>,
}

impl Proxy {
    /// In front of a server on this machine.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let pairs = Pairs::default();
        let known = Arc::clone(&pairs);
        let held = Arc::new(AtomicBool::new(false));
        let holding = Arc::clone(&held);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is down: the client sees its connection end.
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let (one, two) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                known.lock().unwrap_or_else(PoisonError::into_inner).push((one, two));
                pass(client.try_clone().unwrap(), upstream.try_clone().unwrap(), Arc::clone(&holding));
                pass(upstream, client, Arc::clone(&holding));
            }
        });
        Self { port, pairs, held }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets nothing pass in either direction until it is resumed. Connections stay open.
    pub fn hold(&self, held: bool) {
        self.held.store(held, Ordering::SeqCst);
    }

    /// Breaks all connections: what is on its way may have arrived, or not.
    pub fn reset(&self) {
        for (client, server) in self.pairs.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, held: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read) = from.read(&mut buffer) {
            while held.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            if read == 0 || to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
