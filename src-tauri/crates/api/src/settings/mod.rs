//! The own settings of the interface.

pub(crate) mod handlers;
