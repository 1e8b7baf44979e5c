//! Jobs: work that takes longer than a moment. They report at most ten times a second and keep their outcome.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use steward_workspace::Progress;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::dto::{AppEvent, Job, JobKind, JobOutcome, JobStarted, JobState, JobUnit};
use crate::error::{ApiError, ApiResult, ErrorCode};

/// Finished jobs that are kept for the tray.
const KEPT: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// All jobs of this process.
#[derive(Default)]
pub struct Jobs {
    jobs: Mutex<BTreeMap<String, (Job, CancellationToken)>>,
}

impl Jobs {
    pub fn list(&self) -> Vec<Job> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.values().rev().map(|(job, _)| job.clone()).collect()
    }

    pub fn get(&self, id: &str) -> ApiResult<Job> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.get(id).map(|(job, _)| job.clone()).ok_or_else(|| ApiError::not_found("There is no such job."))
    }

    pub fn cancel(&self, id: &str) -> ApiResult<Job> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let (job, token) = jobs.get(id).ok_or_else(|| ApiError::not_found("There is no such job."))?;
        token.cancel();
        Ok(job.clone())
    }

    /// Asks every job to stop.
    pub fn cancel_all(&self) {
        for (_, token) in self.jobs.lock().unwrap_or_else(PoisonError::into_inner).values() {
            token.cancel();
        }
    }

    /// Asks every job to stop and waits until they have left a state that can go on; at most as long as that.
    pub async fn stop_all(&self, patience: Duration) {
        self.cancel_all();
        let begun = Instant::now();
        while self.any_running() && begun.elapsed() < patience {
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub fn any_running(&self) -> bool {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).values().any(|(job, _)| job.state == JobState::Running)
    }

    fn put(&self, job: Job, token: CancellationToken) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.insert(job.id.clone(), (job, token));
        let old = jobs.iter().find(|(_, (job, _))| job.state != JobState::Running).map(|(id, _)| id.clone());
        if jobs.len() > KEPT
            && let Some(old) = old
        {
            jobs.remove(&old);
        }
    }

    fn update(&self, id: &str, change: impl FnOnce(&mut Job)) -> Option<Job> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let (job, _) = jobs.get_mut(id)?;
        change(job);
        Some(job.clone())
    }
}

/// The reporting end of a running job.
pub struct Reporter {
    app: Arc<App>,
    id: String,
    token: CancellationToken,
    total: AtomicU64,
    done: AtomicU64,
    pace: Mutex<Pace>,
}

struct Pace {
    reported: Instant,
    /// Start of the window that the rate is taken over.
    since: Instant,
    done_then: u64,
    rate: f64,
}

impl Reporter {
    fn report(&self, force: bool) {
        let now = Instant::now();
        let done = self.done.load(Ordering::Relaxed);
        let rate = {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            if !force && now.duration_since(pace.reported) < PAUSE {
                return;
            }
            pace.reported = now;
            let window = now.duration_since(pace.since).as_secs_f64();
            if window > 0.05 {
                let fresh = done.saturating_sub(pace.done_then) as f64 / window;
                pace.rate = if pace.rate == 0.0 { fresh } else { 0.7 * pace.rate + 0.3 * fresh };
            }
            if window > 2.0 {
                pace.since = now;
                pace.done_then = done;
            }
            pace.rate
        };
        let total = self.total.load(Ordering::Relaxed);
        let job = self.app.jobs.update(&self.id, |job| {
            job.done = i64::try_from(done).unwrap_or(i64::MAX);
            job.total = (total > 0).then(|| i64::try_from(total).unwrap_or(i64::MAX));
            job.rate = rate;
            job.seconds_left = (total > done && rate > 0.0).then(|| (total - done) as f64 / rate);
        });
        if let Some(job) = job {
            self.app.emit(AppEvent::Job { job });
        }
    }
}

impl Progress for Reporter {
    fn phase(&self, phase: &str) {
        self.app.jobs.update(&self.id, |job| phase.clone_into(&mut job.phase));
        self.report(true);
    }

    fn total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    fn done(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.report(false);
    }

    fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }
}

/// Starts a job; its future runs on the runtime until it ends or is cancelled.
pub fn start<F, Fut>(app: &Arc<App>, kind: JobKind, title: impl Into<String>, unit: JobUnit, work: F) -> JobStarted
where
    F: FnOnce(Arc<Reporter>) -> Fut,
    Fut: Future<Output = ApiResult<JobOutcome>> + Send + 'static,
{
    let id = steward_workspace::workspace::new_id();
    let token = CancellationToken::new();
    let job = Job {
        id: id.clone(),
        kind,
        title: title.into(),
        phase: "Starting".into(),
        state: JobState::Running,
        done: 0,
        total: None,
        unit,
        rate: 0.0,
        seconds_left: None,
        started_at: now(),
        finished_at: None,
        outcome: None,
        error: None,
    };
    app.jobs.put(job.clone(), token.clone());
    app.emit(AppEvent::Job { job });
    let start = Instant::now();
    let pace = Mutex::new(Pace { reported: start, since: start, done_then: 0, rate: 0.0 });
    let reporter =
        Arc::new(Reporter { app: Arc::clone(app), id: id.clone(), token, total: AtomicU64::new(0), done: AtomicU64::new(0), pace });
    let future = work(Arc::clone(&reporter));
    let (app, job_id) = (Arc::clone(app), id.clone());
    tokio::spawn(async move {
        let result =
            match tokio::spawn(future).await {
                Ok(result) => result,
                Err(e) => Err(ApiError::new(ErrorCode::Internal, "This job stopped unexpectedly. What it had finished is saved.")
                    .details(e.to_string())),
            };
        reporter.report(true);
        let job = app.jobs.update(&job_id, |job| finish(job, result));
        if let Some(job) = job {
            app.emit(AppEvent::Job { job });
        }
    });
    JobStarted { job_id: id }
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn finish(job: &mut Job, result: ApiResult<JobOutcome>) {
    job.finished_at = Some(now());
    job.seconds_left = None;
    match result {
        Ok(outcome) => {
            let stopped = matches!(&outcome, JobOutcome::Run(run) if run.state == steward_domain::RunState::Cancelled);
            job.state = if stopped { JobState::Cancelled } else { JobState::Done };
            job.phase = if stopped { "Cancelled".into() } else { "Done".into() };
            if let Some(total) = job.total
                && !stopped
            {
                job.done = total;
            }
            job.outcome = Some(outcome);
        }
        Err(e) if e.code == ErrorCode::Cancelled => {
            job.state = JobState::Cancelled;
            job.phase = "Cancelled".into();
        }
        Err(e) => {
            job.state = JobState::Failed;
            job.phase = "Failed".into();
            job.error = Some(e);
        }
    }
}
