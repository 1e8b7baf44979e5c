//! Imports of one source into one collection take turns: the later one finds the rows that the earlier one kept out, instead of
//! keeping them out a second time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use steward_workspace::lease::{self, Lease};
use steward_workspace::{Error, Progress, Result, Workspace};

use crate::import::{ImportSpec, Seeds};

/// How often it is looked whether the turn has come.
const LOOK: Duration = Duration::from_millis(200);

/// The turn of a run for all of its sources. Dropped, it is over once its leases are; [`Turn::end`] gives them back at once.
pub struct Turn(Vec<Lease>);

impl Turn {
    /// Waits until no other run reads these sources into this collection.
    ///
    /// Errors: `Cancelled`.
    pub async fn take(workspace: &Workspace, spec: &ImportSpec, progress: &dyn Progress) -> Result<Self> {
        // In one order, so that no two runs wait for each other; a source that is given twice has one turn.
        let sources: BTreeSet<String> = Seeds::of(spec)?.names().collect();
        let mut turn = Self(Vec::new());
        for source in sources {
            match one(workspace, &lease::of_source(&source), progress).await {
                Ok(lease) => turn.0.push(lease),
                Err(e) => {
                    turn.end().await;
                    return Err(e);
                }
            }
        }
        Ok(turn)
    }

    pub async fn end(self) {
        for lease in self.0 {
            lease.release().await;
        }
    }
}

/// The progress of a turn that nobody needs any more once its run is lost.
pub struct Lost<'a> {
    progress: &'a dyn Progress,
    given_up: AtomicBool,
}

impl<'a> Lost<'a> {
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, given_up: AtomicBool::new(false) }
    }

    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

impl Progress for Lost<'_> {
    fn phase(&self, phase: &str) {
        self.progress.phase(phase);
    }

    fn total(&self, total: u64) {
        self.progress.total(total);
    }

    fn done(&self, done: u64) {
        self.progress.done(done);
    }

    fn is_cancelled(&self) -> bool {
        self.given_up.load(Ordering::Relaxed) || self.progress.is_cancelled()
    }
}

async fn one(workspace: &Workspace, name: &str, progress: &dyn Progress) -> Result<Lease> {
    let mut reported = false;
    loop {
        match Lease::take(workspace, name, progress).await {
            Err(Error::Conflict(_)) => {
                if !reported {
                    progress.phase("Waiting for another import of this file");
                    reported = true;
                }
                progress.checkpoint()?;
                tokio::time::sleep(LOOK).await;
            }
            taken => return taken,
        }
    }
}
