//! The integration tests of this crate, in one binary: it links once and shares its servers.

#![allow(clippy::unwrap_used)]

mod conformance;
mod connection;
mod dead;
mod pool;
mod tls;
