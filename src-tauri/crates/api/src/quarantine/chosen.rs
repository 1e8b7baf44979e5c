//! Which rows are meant, and what became of them.

use steward_import::quarantine::{Chosen, Narrow, Resolved};

use crate::dto::{JobOutcome, QuarantineFilter, QuarantineSelection, RetryOutcome, RetryResult};

pub(crate) fn chosen(selection: QuarantineSelection) -> Chosen {
    match selection {
        QuarantineSelection::Ids { ids } => Chosen::Ids(ids),
        QuarantineSelection::Filter { filter } => Chosen::Narrow(narrow(filter)),
    }
}

pub(crate) fn resolved(done: Resolved) -> JobOutcome {
    JobOutcome::Retried(RetryOutcome {
        tried: done.tried,
        corrected: done.corrected,
        released: done.released,
        still_waiting: done.still_waiting,
        conflicts: done.conflicts,
        results: done.results.into_iter().map(|e| RetryResult { id: e.id, status: e.status, errors: e.errors }).collect(),
        change_sets: done.change_sets,
    })
}

pub(crate) fn narrow(filter: QuarantineFilter) -> Narrow {
    Narrow {
        collection: filter.collection,
        rule: filter.rule,
        field: filter.field,
        run: filter.run_id,
        file: filter.file,
        schema: filter.schema,
        status: filter.status,
    }
}
