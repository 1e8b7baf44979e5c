//! One invocation: the app, the chosen workspace, and calls through the one list of commands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use steward_api::call;
use steward_api::dto::{BackupSecret, Collections, Empty, HostKind, Job, JobId, JobStarted, JobState};
use steward_api::host::PlainHost;
use steward_api::{Address, ApiError, ApiResult, App, Caller, Command, ErrorCode, Origin, default_workspace, dispatch};

use crate::args::Arguments;
use crate::ask;
use crate::output;
use crate::progress::Bar;

pub struct Session {
    pub app: Arc<App>,
    caller: Caller,
    pub json: bool,
    pub quiet: bool,
    /// As given; `None` means the default place.
    pub given: Option<String>,
    /// Passwords that were typed, by the address that asked for them.
    typed: Mutex<HashMap<String, String>>,
}

/// The address names who logs in without a password, and that is why it was refused.
pub fn wants_password(address: &Address, e: &ApiError) -> bool {
    address.lacks_password() && matches!(e.code, ErrorCode::Unauthorized | ErrorCode::BadRequest)
}

impl Session {
    pub fn new(arguments: &Arguments) -> ApiResult<Self> {
        let kind = if matches!(arguments.command, crate::args::Command::Serve(_)) { HostKind::Web } else { HostKind::Cli };
        let app = App::new(Arc::new(PlainHost(kind)), steward_api::app::data_folder())?;
        let given = arguments.workspace.clone().filter(|w| !w.is_empty());
        let caller = Caller::system_user(Origin::CommandLine);
        Ok(Self { app, caller, json: arguments.json, quiet: arguments.quiet, given, typed: Mutex::default() })
    }

    pub fn address(&self) -> ApiResult<Address> {
        match &self.given {
            Some(text) => Address::parse(text),
            None => Ok(Address::File(default_workspace(&self.app.data))),
        }
    }

    /// Opens the workspace. `create` makes the file when there is none.
    pub async fn open(&self, create: bool) -> ApiResult<()> {
        let address = self.address()?;
        if let Address::File(path) = &address
            && !create
            && !path.exists()
        {
            return Err(ApiError::new(ErrorCode::NotFound, format!("There is no workspace at {}.", path.display()))
                .hint("Make one with 'steward init', or name another one with --workspace."));
        }
        self.open_at(&address).await
    }

    /// Opens the workspace at an address. A password that it lacks comes from the keyring, or is asked for.
    pub async fn open_at(&self, address: &Address) -> ApiResult<()> {
        let info = match self.app.open(&self.known(address).await, false).await {
            Err(e) if wants_password(address, &e) => match self.ask_password(address).await? {
                Some(full) => self.app.open(&full, false).await?,
                None => return Err(e.hint("Give the password at a terminal, or with the address in STEWARD_WORKSPACE.")),
            },
            other => other?,
        };
        for notice in &info.notices {
            self.say(notice);
        }
        Ok(())
    }

    /// An address with the password that was typed for it, or that the keyring holds.
    pub async fn known(&self, address: &Address) -> Address {
        let typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner).get(&address.public()).cloned();
        match typed {
            Some(password) => address.clone().with_password(&password),
            None => address.clone().with_known_password(self.app.secrets.as_ref()).await,
        }
    }

    /// Asks for the password that an address lacks, once for this invocation. `None` where nobody answers.
    pub async fn ask_password(&self, address: &Address) -> ApiResult<Option<Address>> {
        let public = address.public();
        let Some(password) = ask::secret(&format!("Password for {public}")).await? else {
            return Ok(None);
        };
        let full = address.clone().with_password(&password);
        self.typed.lock().unwrap_or_else(PoisonError::into_inner).insert(public, password);
        Ok(Some(full))
    }

    /// Does what may need a passphrase: with what the environment and the keyring hold, else with what is typed.
    pub async fn unlocking<T>(&self, work: impl AsyncFn(BackupSecret) -> ApiResult<T>) -> ApiResult<T> {
        match work(BackupSecret::default()).await {
            Err(e) if e.code == ErrorCode::Locked => {
                self.say(&e.message);
                match ask::secret("Passphrase").await? {
                    Some(passphrase) => work(BackupSecret { passphrase: Some(passphrase), ..BackupSecret::default() }).await,
                    None => Err(e),
                }
            }
            other => other,
        }
    }

    /// A message for people, on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            output::say(text);
        }
    }

    /// Calls a command of the list.
    pub async fn call<C: Command>(&self, _: C, request: &C::Request) -> ApiResult<C::Response> {
        let name = C::NAME;
        let broken =
            |e: serde_json::Error| ApiError::new(ErrorCode::Internal, format!("{name} does not fit its types.")).details(e.to_string());
        let request = serde_json::to_value(request).map_err(broken)?;
        let answer = dispatch::dispatch(&self.app, &self.caller, name, request).await?;
        serde_json::from_value(answer).map_err(broken)
    }

    /// Calls a command that starts a job, and follows it to its end. Ctrl-C asks it to stop.
    pub async fn run_job<C: Command<Response = JobStarted>>(&self, command: C, request: &C::Request) -> ApiResult<Job> {
        let events = self.app.listen();
        let started: JobStarted = self.call(command, request).await?;
        self.ended(&started.job_id, events).await
    }

    /// Follows a job that was started to its end, as [`Session::run_job`] does.
    pub async fn finish_job(&self, id: &str) -> ApiResult<Job> {
        self.ended(id, self.app.listen()).await
    }

    async fn ended(&self, id: &str, events: tokio::sync::broadcast::Receiver<steward_api::dto::AppEvent>) -> ApiResult<Job> {
        let mut bar = Bar::new(!self.quiet);
        let job = self.follow(id, events, &mut bar).await?;
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
        // One listener for the whole job: one a turn would miss what comes between two turns.
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            let job: Job = self.call(call::jobs::Get, &JobId { job_id: id.to_owned() }).await?;
            if job.state != JobState::Running {
                return Ok(job);
            }
            bar.show(&job);
            tokio::select! {
                _ = events.recv() => {}
                () = tokio::time::sleep(std::time::Duration::from_millis(200)) => {}
                _ = &mut stop, if !asked => {
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
        let list: Collections = self.call(call::collections::List, &Empty {}).await?;
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
