//! Measures of a collection.

pub(crate) mod handlers;
