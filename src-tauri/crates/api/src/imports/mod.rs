//! Imports, their runs, and where rows come from.

pub mod dto;
pub(crate) mod external;
pub(crate) mod handlers;
pub(crate) mod planned;
pub(crate) mod reading;
pub(crate) mod runs;
pub(crate) mod samples;
pub(crate) mod splits;
