//! `init` and `doctor`.

use serde::Serialize;
use steward_api::call;
use steward_api::dto::{CheckOutcome, Collections, DoctorReport, Empty, JobOutcome};
use steward_api::{Address, ApiError, ApiResult, ErrorCode};

use crate::args::Init;
use crate::exit;
use crate::output::{self, counted, number};
use crate::session::Session;

/// What is in a workspace after `init`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    workspace: String,
    created: bool,
    restored: i64,
    valid: i64,
    quarantined: i64,
}

pub async fn init(session: &Session, command: Init) -> ApiResult<u8> {
    let address = session.address()?;
    let existed = match &address {
        // An empty file becomes a workspace here, and nowhere else.
        Address::File(path) if std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() == 0) => {
            std::fs::remove_file(path).map_err(|e| {
                ApiError::new(ErrorCode::Unreachable, format!("{} cannot be replaced.", path.display())).details(e.to_string())
            })?;
            false
        }
        Address::File(path) => path.exists(),
        Address::Mongo(_) => {
            session.open(false).await?;
            let list: Collections = session.call(call::collections::List, &Empty {}).await?;
            list.collections.iter().any(|c| c.records > 0)
        }
    };
    if existed && !command.if_missing {
        return Err(ApiError::new(ErrorCode::Conflict, format!("There is a workspace at {} already.", address.public()))
            .hint("Load more with 'steward import', or take another place with --workspace."));
    }
    session.open(true).await?;
    if !existed && command.sample {
        let job = session.run_job(call::workspace::InitSample, &Empty {}).await?;
        if let Some(JobOutcome::Run(run)) = &job.outcome
            && run.state == steward_domain::RunState::Cancelled
        {
            return Err(ApiError::new(ErrorCode::Cancelled, "Cancelled."));
        }
    }
    let list: Collections = session.call(call::collections::List, &Empty {}).await?;
    let restored = list.collections.iter().map(|c| c.records).sum();
    let mut invalid = 0;
    for collection in &list.collections {
        let query = steward_api::dto::QualityQuery { collection: collection.name.clone() };
        let last: steward_api::dto::LastQuality = session.call(call::quality::Last, &query).await?;
        let metrics = last.report.map(|r| r.metrics).unwrap_or_default();
        invalid += metrics.iter().find(|m| m.name == steward_domain::quality::MetricName::Adherence).map_or(0, |m| m.failing);
    }
    let made = Made {
        workspace: address.public(),
        created: !existed,
        restored,
        valid: restored - invalid,
        quarantined: list.collections.iter().map(|c| c.waiting).sum(),
    };
    output::answer(session.json, &made, |made| {
        let done = if made.created { "Created" } else { "Found" };
        output::line(&format!("{done} the workspace {}", made.workspace));
        output::line(&format!(
            "{} restored, {} valid, {} in quarantine.",
            counted(made.restored, "record"),
            number(made.valid),
            counted(made.quarantined, "row")
        ));
    });
    Ok(exit::DONE)
}

pub async fn doctor(session: &Session) -> ApiResult<u8> {
    let mut failed = false;
    let mut address = session.known(&session.address()?).await;
    if address.lacks_password() {
        address = session.ask_password(&address).await?.unwrap_or(address);
    }
    if let Address::Mongo(uri) = address {
        let request = steward_api::dto::TestConnection { uri, password: None };
        let report: steward_api::dto::ConnectionReport = session.call(call::workspace::TestConnection, &request).await?;
        if !session.json {
            let stage = |s: &steward_api::dto::ConnectionStage| {
                vec![format!("{:?}", s.outcome), format!("{:?}", s.name), s.message.clone(), s.hint.clone().unwrap_or_default()]
            };
            output::table(&report.stages.iter().map(stage).collect::<Vec<_>>());
        }
        failed = !report.ok;
    }
    let opened = if failed { Ok(()) } else { session.open(false).await };
    let report: DoctorReport = session.call(call::app::Doctor, &Empty {}).await?;
    output::answer(session.json, &report, |report| {
        let row = |c: &steward_api::dto::DoctorCheck| {
            vec![format!("{:?}", c.outcome), c.name.clone(), c.message.clone(), c.hint.clone().unwrap_or_default()]
        };
        output::table(&report.checks.iter().map(row).collect::<Vec<_>>());
    });
    failed |= report.checks.iter().any(|c| c.outcome == CheckOutcome::Failed);
    match opened {
        Err(e) if e.code != ErrorCode::NotFound => {
            // The report is the one answer; why the workspace did not open is said next to it.
            output::error(&e, false);
            Ok(crate::exit_code(e.code))
        }
        _ => Ok(if failed { exit::FINDINGS } else { exit::DONE }),
    }
}
