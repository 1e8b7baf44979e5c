//! Figures of the quarantine: how many rows, and why, where from and of which schema.

use steward_domain::QuarantineStatus;
use steward_store::names;

use super::entries::list;
use super::narrow::Narrow;
use steward_workspace::{Result, Workspace};

/// Values that a facet shows.
const SHOWN: usize = 200;

/// Figures of the quarantine.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    pub waiting: u64,
    pub released: u64,
    pub discarded: u64,
    pub by_rule: Vec<(String, u64)>,
    pub by_field: Vec<(String, u64)>,
    pub by_file: Vec<(String, u64)>,
    pub by_run: Vec<(String, u64)>,
    /// By schema with its version; empty for rows that were loaded without one.
    pub by_schema: Vec<(String, u64)>,
    /// (field, rule, message of one of them, rows).
    pub problems: Vec<(String, String, String, u64)>,
}

/// Figures of the rows that fit. Each list leaves its own condition out, so that it shows what else could be chosen.
pub async fn stats(workspace: &Workspace, narrow: &Narrow) -> Result<Stats> {
    let count = async |status| {
        let narrow = Narrow { status: Some(status), ..narrow.clone() };
        workspace.store.count(names::QUARANTINE, &narrow.filter()).await
    };
    let facet = async |field: &str, narrow: Narrow| -> Result<Vec<(String, u64)>> {
        let found = workspace.store.facet(names::QUARANTINE, field, &narrow.filter(), SHOWN).await?;
        Ok(found.values.into_iter().filter_map(|(v, n)| v.as_str().map(|s| (s.to_owned(), n))).collect())
    };
    let any_problem = Narrow { field: None, rule: None, ..narrow.clone() };
    let mut problems = Vec::new();
    for (problem, rows) in facet("problems", any_problem.clone()).await? {
        let (field, rule) = problem.rsplit_once(' ').unwrap_or((&problem, ""));
        let narrow = Narrow { field: Some(field.to_owned()), rule: Some(rule.to_owned()), ..narrow.clone() };
        let (example, _, _) = list(workspace, &narrow, None, 1).await?;
        let message = example.iter().flat_map(|e| &e.errors).find(|e| e.field() == field && e.rule == rule);
        problems.push((field.to_owned(), rule.to_owned(), message.map(|e| e.message.clone()).unwrap_or_default(), rows));
    }
    Ok(Stats {
        waiting: count(QuarantineStatus::Waiting).await?,
        released: count(QuarantineStatus::Released).await?,
        discarded: count(QuarantineStatus::Discarded).await?,
        by_rule: facet("rules", any_problem.clone()).await?,
        by_field: facet("fields", any_problem).await?,
        by_file: facet("sourceFile", Narrow { file: None, ..narrow.clone() }).await?,
        by_run: facet("runId", Narrow { run: None, ..narrow.clone() }).await?,
        by_schema: facet("schema", Narrow { schema: None, ..narrow.clone() }).await?,
        problems,
    })
}
