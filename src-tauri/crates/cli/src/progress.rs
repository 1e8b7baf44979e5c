//! The progress bar of a job, on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use steward_api::dto::{Job, JobUnit};

use crate::output;

/// A bar that appears with the first report of a job.
pub struct Bar {
    bar: Option<ProgressBar>,
    wanted: bool,
}

impl Bar {
    pub fn new(wanted: bool) -> Self {
        Self { bar: None, wanted }
    }

    pub fn show(&mut self, job: &Job) {
        if !self.wanted {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| ProgressBar::new(0));
        let counted = match job.unit {
            JobUnit::Bytes => "{bytes}/{total_bytes} ({binary_bytes_per_sec}, {eta} left)",
            JobUnit::Rows | JobUnit::Records => "{human_pos}/{human_len} ({per_sec}, {eta} left)",
        };
        let template = if job.total.is_some() { format!("{{msg}} [{{bar:30}}] {counted}") } else { "{msg} {spinner}".to_owned() };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        if let Some(total) = job.total {
            bar.set_length(u64::try_from(total).unwrap_or(0));
        }
        bar.set_position(u64::try_from(job.done).unwrap_or(0));
        bar.set_message(output::shown(&job.phase).into_owned());
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
