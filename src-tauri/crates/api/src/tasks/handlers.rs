//! `tasks.*`: what runs on a schedule, and running it now.

use std::sync::Arc;

use steward_workspace::tasks::{self, Entry, Ledger, Task};

use crate::caller::Call;
use crate::dto::{Empty, JobKind, JobOutcome, JobStarted, JobUnit, RunTask, TaskEntry, TaskOutcome, Tasks};
use crate::error::{ApiError, ApiResult};
use crate::jobs;
use crate::tasks::scheduled;

pub async fn list(app: &Call, _: Empty) -> ApiResult<Tasks> {
    let workspace = app.workspace()?;
    let ledger = Ledger::read(&workspace).await?;
    let mut tasks = Vec::new();
    for task in scheduled::all(app) {
        // As the settings are now: no scheduler may have noted them yet.
        let schedule = task.schedule(&workspace).await?.map(|schedule| schedule.to_string());
        tasks.push(shown(task.as_ref(), Entry { schedule, ..ledger.entry(task.name())? }));
    }
    Ok(Tasks { tasks })
}

fn shown(task: &dyn Task, entry: Entry) -> TaskEntry {
    TaskEntry {
        name: task.name().to_owned(),
        title: task.title().to_owned(),
        schedule: entry.schedule,
        next_at: entry.next_at,
        started_at: entry.started_at,
        finished_at: entry.finished_at,
        outcome: entry.outcome.map(|outcome| match outcome {
            tasks::Outcome::Done => TaskOutcome::Done,
            tasks::Outcome::Failed => TaskOutcome::Failed,
        }),
        message: entry.message,
        failures: entry.failures,
    }
}

pub async fn run(app: &Call, request: RunTask) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let all = scheduled::all(app);
    let Some(task) = all.iter().find(|task| task.name() == request.name).map(Arc::clone) else {
        let names: Vec<&str> = all.iter().map(|task| task.name()).collect();
        return Err(ApiError::not_found(format!("There is no task '{}'.", request.name)).hint(format!("Tasks: {}.", names.join(", "))));
    };
    if !task.may_run(&workspace).await? {
        return Err(ApiError::new(
            crate::ErrorCode::Forbidden,
            "This machine has not agreed to what this task does outside the workspace.",
        )
        .hint("See 'steward trust show', and agree with 'steward trust agree'."));
    }
    Ok(jobs::start(app, JobKind::Task, task.title(), JobUnit::Records, move |_| async move {
        tasks::run_now(&workspace, task.as_ref()).await?;
        let entry = Ledger::read(&workspace).await?.entry(task.name())?;
        Ok(JobOutcome::Task(shown(task.as_ref(), entry)))
    }))
}
