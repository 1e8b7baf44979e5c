//! `quality` and `validate --collection`.

use steward_api::call;
use steward_api::dto::{JobOutcome, LastQuality, QualityQuery};
use steward_api::{ApiError, ApiResult, ErrorCode};
use steward_domain::quality::{MetricName, MetricState, MetricUnit, QualityPoint, QualityReport};

use crate::args::Quality;
use crate::exit;
use crate::output::{self, counted, line, number, when};
use crate::session::Session;

pub async fn quality(session: &Session, command: Quality) -> ApiResult<u8> {
    session.open(false).await?;
    let collection = session.collection(&command.of.collection).await?;
    if command.history {
        let history = session.call(call::quality::History, &QualityQuery { collection }).await?;
        output::answer(session.json, &history, |history| series(&history.points));
        return Ok(exit::DONE);
    }
    if !command.last {
        return measure(session, &collection, false).await;
    }
    let last: LastQuality = session.call(call::quality::Last, &QualityQuery { collection }).await?;
    let Some(report) = last.report else {
        return Err(ApiError::not_found("This collection was not measured yet.").hint("Leave --last away to measure it now."));
    };
    output::answer(session.json, &report, print);
    Ok(exit_code(&report, false))
}

fn series(points: &[QualityPoint]) {
    let ratio = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{:.2} %", value * 100.0));
    let mut rows = vec![["Measured", "Records", "Complete", "Valid", "Unique", "Age in days"].map(str::to_owned).to_vec()];
    rows.extend(points.iter().map(|p| {
        let age = p.freshness.map_or_else(|| "-".to_owned(), |days| format!("{days:.1}"));
        vec![when(&p.at), number(p.records), ratio(p.completeness), ratio(p.adherence), ratio(p.uniqueness), age]
    }));
    output::table(&rows);
}

/// Measures a collection. `adherence_only` makes the exit code speak of the schema's rules alone.
pub async fn measure(session: &Session, collection: &str, adherence_only: bool) -> ApiResult<u8> {
    let job = session.run_job(call::quality::Measure, &QualityQuery { collection: collection.to_owned() }).await?;
    let Some(JobOutcome::Quality(report)) = job.outcome else {
        return Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome."));
    };
    output::answer(session.json, &report, print);
    Ok(exit_code(&report, adherence_only))
}

fn exit_code(report: &QualityReport, adherence_only: bool) -> u8 {
    let counts = |m: &&steward_domain::quality::Metric| !adherence_only || m.name == MetricName::Adherence;
    let bad = report.metrics.iter().filter(counts).any(|m| m.state == MetricState::Bad);
    if bad { exit::FINDINGS } else { exit::DONE }
}

fn print(report: &QualityReport) {
    line(&format!("{}, {}, measured {}", report.collection, counted(report.records, "record"), report.measured_at));
    let rows: Vec<Vec<String>> = report
        .metrics
        .iter()
        .map(|m| {
            let shown = |v: f64| match m.unit {
                MetricUnit::Ratio => format!("{:.2} %", v * 100.0),
                MetricUnit::Days => format!("{v:.1} days"),
            };
            let state = match m.state {
                MetricState::Good => "good",
                MetricState::Bad => "BAD",
                MetricState::Unknown => "unknown",
            };
            vec![
                format!("{:?}", m.name),
                m.value.map_or("-".into(), shown),
                format!("target {}", shown(m.target)),
                state.into(),
                format!("{} failing", number(m.failing)),
                m.explanation.clone(),
            ]
        })
        .collect();
    output::table(&rows);
    for rule in &report.rules {
        line(&format!("  {:>8} {}  {}", number(rule.records), rule.field, rule.rule));
    }
    for field in report.fields.iter().filter(|f| f.missing > 0) {
        line(&format!("  {:>8} without {}", number(field.missing), field.field));
    }
}
