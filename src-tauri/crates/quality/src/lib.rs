//! Measures of a collection, their series, and the records that fail them.

#![forbid(unsafe_code)]

pub mod failing;
mod findings;
mod measure;
mod record;

pub use failing::Failing;
pub use measure::{Measurement, measure};
pub use record::{record_measurement, series};
pub use steward_workspace::measured::{changed_since, last};

use steward_domain::quality::QualityReport;
use steward_workspace::{Progress, Result, Workspace};

/// Measures a collection and records what came of it.
pub async fn measure_and_record(workspace: &Workspace, collection: &str, progress: &dyn Progress) -> Result<QualityReport> {
    let measurement = measure(workspace, collection, progress).await?;
    record_measurement(workspace, measurement, progress).await
}
