//! The sink that compares with what the workspace holds, and writes nothing.

use steward_store::upsert::{Prepared, UpsertPlan};

use super::again::{self, Seeds};
use super::entry::Late;
use super::{ImportSpec, Sink, SinkBatch, Taken, plan};
use steward_workspace::{Result, Workspace};

/// Compares with what the workspace holds, and writes nothing.
pub struct Comparing<'a> {
    pub workspace: &'a Workspace,
    pub spec: &'a ImportSpec,
    pub seeds: Seeds,
}

#[async_trait::async_trait]
impl<'a> Sink<'a> for Comparing<'a> {
    fn plan(&self) -> UpsertPlan<'a> {
        plan(self.spec)
    }

    async fn take(&mut self, batch: SinkBatch<'_>, prepared: Prepared) -> Result<Taken> {
        let outcomes = prepared.into_outcomes();
        let (workspace, spec) = (self.workspace, self.spec);
        let late = Late { workspace, spec, run: batch.run, file: batch.file, at: batch.file_index, seeds: Some(&self.seeds) };
        let found = again::look_up(workspace, &self.seeds, &batch, again::late(&late, &outcomes, &batch)).await?;
        Ok(Taken { outcomes, again: found.again() })
    }
}
