//! One invocation: the app, the chosen workspace, and calls through the one list of commands.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use steward_api::dto::{Collections, Empty, HostKind, Job, JobId, JobStarted, JobState};
use steward_api::host::PlainHost;
use steward_api::{Address, ApiError, ApiResult, App, ErrorCode, default_workspace, dispatch};

use crate::args::Arguments;
use crate::progress::Bar;

pub struct Session {
    pub app: Arc<App>,
    pub json: bool,
    pub quiet: bool,
    /// As given; `None` means the default place.
    pub given: Option<String>,
}

impl Session {
    pub fn new(arguments: &Arguments) -> ApiResult<Self> {
        let kind = if matches!(arguments.command, crate::args::Command::Serve(_)) { HostKind::Web } else { HostKind::Cli };
        let app = App::new(Arc::new(PlainHost(kind)), steward_api::app::data_folder())?;
        let given = arguments.workspace.clone().filter(|w| !w.is_empty());
        Ok(Self { app, json: arguments.json, quiet: arguments.quiet, given })
    }

    pub fn address(&self) -> Address {
        match &self.given {
            Some(text) => Address::parse(text),
            None => Address::File(default_workspace(&self.app.data)),
        }
    }

    /// Opens the workspace. `create` makes the file when there is none.
    pub async fn open(&self, create: bool) -> ApiResult<()> {
        let address = self.address();
        if let Address::File(path) = &address
            && !create
            && !path.exists()
        {
            return Err(ApiError::new(ErrorCode::NotFound, format!("There is no workspace at {}.", path.display()))
                .hint("Make one with 'steward init', or name another one with --workspace."));
        }
        let info = self.app.open(&address, false).await?;
        for notice in &info.notices {
            self.say(notice);
        }
        Ok(())
    }

    /// A message for people, on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// Calls a command of the list.
    pub async fn call<Q: Serialize, A: DeserializeOwned>(&self, name: &str, request: &Q) -> ApiResult<A> {
        let broken =
            |e: serde_json::Error| ApiError::new(ErrorCode::Internal, format!("{name} does not fit its types.")).details(e.to_string());
        let request = serde_json::to_value(request).map_err(broken)?;
        let answer = dispatch::dispatch(&self.app, name, request).await?;
        serde_json::from_value(answer).map_err(broken)
    }

    /// Calls a command that starts a job, and follows it to its end. Ctrl-C asks it to stop.
    pub async fn run_job<Q: Serialize>(&self, name: &str, request: &Q) -> ApiResult<Job> {
        let events = self.app.listen();
        let started: JobStarted = self.call(name, request).await?;
        let mut bar = Bar::new(!self.quiet);
        let job = self.follow(&started.job_id, events, &mut bar).await?;
        bar.clear();
        match (job.state.clone(), job.error.clone()) {
            (JobState::Failed, Some(e)) => Err(e),
            (JobState::Cancelled, _) if job.outcome.is_none() => {
                Err(ApiError::new(ErrorCode::Cancelled, "Cancelled; nothing is half done."))
            }
            _ => Ok(job),
        }
    }

    async fn follow(
        &self,
        id: &str,
        mut events: tokio::sync::broadcast::Receiver<steward_api::dto::AppEvent>,
        bar: &mut Bar,
    ) -> ApiResult<Job> {
        let mut asked = false;
        loop {
            let job: Job = self.call("jobs.get", &JobId { job_id: id.to_owned() }).await?;
            if job.state != JobState::Running {
                return Ok(job);
            }
            bar.show(&job);
            tokio::select! {
                _ = events.recv() => {}
                () = tokio::time::sleep(std::time::Duration::from_millis(200)) => {}
                _ = tokio::signal::ctrl_c(), if !asked => {
                    asked = true;
                    self.say("Stopping…");
                    self.app.jobs.cancel_all();
                }
            }
        }
    }

    /// The collection that is meant: the given one, or the only one there is.
    pub async fn collection(&self, given: &Option<String>) -> ApiResult<String> {
        if let Some(name) = given {
            return Ok(name.clone());
        }
        let list: Collections = self.call("collections.list", &Empty {}).await?;
        match list.collections.as_slice() {
            [] => Err(ApiError::not_found("This workspace has no records yet.")
                .hint("Load some with 'steward import FILE' or 'steward init --sample'.")),
            [one] => Ok(one.name.clone()),
            many => {
                let names: Vec<&str> = many.iter().map(|c| c.name.as_str()).collect();
                Err(ApiError::bad_request("There are several collections.")
                    .hint(format!("Choose one with --collection: {}.", names.join(", "))))
            }
        }
    }
}
