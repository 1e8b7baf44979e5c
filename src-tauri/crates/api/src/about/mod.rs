//! The program: its version, what works here.

pub(crate) mod handlers;
