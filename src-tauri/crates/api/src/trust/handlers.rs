//! `trust.*`: what the open workspace wants to do outside itself, and agreeing to it.

use steward_workspace::Event;

use crate::backups::catalog;
use crate::caller::Call;
use crate::dto::{AgreeActs, Empty, HostKind, OutsideActs};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::trust::agreement;

pub async fn show(app: &Call, _: Empty) -> ApiResult<OutsideActs> {
    let workspace = app.workspace()?;
    let settings = catalog::settings(app, &workspace).await?;
    let acts = agreement::acts(app, &workspace, &settings).await?;
    Ok(OutsideActs { agreed: acts.iter().all(|act| act.agreed), acts })
}

pub async fn agree(app: &Call, request: AgreeActs) -> ApiResult<OutsideActs> {
    let workspace = app.workspace()?;
    let shown = show(app, Empty {}).await?;
    // Agreed is to what was shown; a change since then asks again.
    if !shown.acts.iter().map(|act| &act.id).eq(request.ids.iter()) {
        return Err(ApiError::new(ErrorCode::StalePlan, "These settings changed since they were shown.").hint("Look at them again."));
    }
    let sentences: Vec<&str> = shown.acts.iter().map(|act| act.sentence.as_str()).collect();
    let agreed = match app.host.kind() {
        HostKind::Cli => true,
        _ if app.host.can_confirm() => app.host.confirm("May this workspace do this?", &sentences.join("\n\n")).await?,
        _ => {
            return Err(ApiError::new(ErrorCode::Forbidden, "A page cannot agree to what acts outside the workspace.")
                .hint("Agree on this machine's command line: steward --workspace … trust agree."));
        }
    };
    if !agreed {
        return Err(ApiError::new(ErrorCode::Cancelled, "Cancelled; nothing was agreed to."));
    }
    agreement::agree(app, &workspace, &shown.acts).await?;
    workspace.events.emit(&Event::BackupsChanged);
    show(app, Empty {}).await
}

pub async fn withdraw(app: &Call, _: Empty) -> ApiResult<OutsideActs> {
    let workspace = app.workspace()?;
    agreement::agree(app, &workspace, &[]).await?;
    workspace.events.emit(&Event::BackupsChanged);
    show(app, Empty {}).await
}
