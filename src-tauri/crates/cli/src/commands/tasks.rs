//! `tasks …`

use steward_api::dto::{Empty, JobOutcome, RunTask, TaskEntry, TaskOutcome};
use steward_api::{ApiResult, call};

use crate::args::Tasks;
use crate::exit;
use crate::output::{self, line, when};
use crate::session::Session;

pub async fn run(session: &Session, command: Tasks) -> ApiResult<u8> {
    session.open(false).await?;
    match command {
        Tasks::List => {
            let tasks = session.call(call::tasks::List, &Empty {}).await?;
            output::answer(session.json, &tasks, |tasks| tasks.tasks.iter().for_each(print));
        }
        Tasks::Run { name } => {
            let job = session.run_job(call::tasks::Run, &RunTask { name }).await?;
            if let Some(JobOutcome::Task(entry)) = job.outcome {
                output::answer(session.json, &entry, |entry| line(entry.message.as_deref().unwrap_or("Done.")));
            }
        }
    }
    Ok(exit::DONE)
}

fn print(task: &TaskEntry) {
    line(&format!("{:<13} {}, {}", task.name, task.title, task.schedule.as_deref().unwrap_or("not scheduled")));
    let last = match (task.outcome, &task.finished_at, &task.started_at) {
        (Some(TaskOutcome::Done), Some(at), _) => format!("Succeeded on {}: ", when(at)),
        (Some(TaskOutcome::Failed), Some(at), _) => format!("Failed on {}: ", when(at)),
        (None, _, Some(at)) => format!("Started on {}. ", when(at)),
        _ => "Has not run yet. ".to_owned(),
    };
    line(&format!("{:<13} {last}{}", "", task.message.as_deref().unwrap_or_default()));
    if let Some(at) = task.next_at.as_ref().filter(|_| task.schedule.is_some()) {
        line(&format!("{:<13} Runs next on {}", "", when(at)));
    }
}
