//! Measures of a collection, and the records that fail them.

#![forbid(unsafe_code)]

pub mod failing;
mod measure;

pub use failing::Failing;
pub use measure::measure;
pub use steward_workspace::measured::{changed_since, last};
