//! How far the history of a workspace went when this machine saw it last. The chain of hashes verifies that no entry in the middle was
//! changed; that its end was not truncated shows only to someone who saw the end: this file, and the manifest of each backup.

use std::collections::BTreeMap;
use std::path::PathBuf;

use steward_backup::identity;
use steward_workspace::Workspace;
use steward_workspace::history::{self, Anchor};

use crate::app::App;
use crate::backups::catalog;
use crate::dto::HistoryEnd;
use crate::error::{ApiError, ApiResult};
use crate::machine;

/// What is noted of a workspace.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Noted {
    end: Option<Anchor>,
    /// When a restore replaced the history; backups from before report another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_at: Option<String>,
}

type Anchors = BTreeMap<String, Noted>;

fn path(app: &App) -> PathBuf {
    app.data.join("histories.json")
}

fn read(app: &App) -> Anchors {
    machine::read(&path(app))
}

fn keep(app: &App, mark: String, noted: Noted) -> ApiResult<()> {
    let mut all = read(app);
    all.insert(mark, noted);
    machine::write(&path(app), &all, "The state of the history cannot be noted.")
}

/// Notes the end of the history, if what was noted before still applies in it: otherwise that is what there is to tell.
pub(crate) async fn note(app: &App, workspace: &Workspace) -> ApiResult<()> {
    let Some(head) = history::anchor(workspace).await? else { return Ok(()) };
    let mark = identity::of(workspace).await?.workspace;
    let noted = read(app).remove(&mark);
    match noted.as_ref().and_then(|noted| noted.end.as_ref()) {
        Some(known) if *known == head => Ok(()),
        Some(known) if !history::holds(workspace, known).await? => Ok(()),
        _ => keep(app, mark, Noted { end: Some(head), replaced_at: noted.and_then(|noted| noted.replaced_at) }),
    }
}

/// The history was replaced by a restore on this machine: what was noted of it before says nothing any more.
pub(crate) async fn renew(app: &App, workspace: &Workspace) -> ApiResult<()> {
    let mark = identity::of(workspace).await?.workspace;
    let end = history::anchor(workspace).await?;
    keep(app, mark, Noted { end, replaced_at: Some(workspace.clock.stamp()) })
}

/// The end of the history, for people who keep it somewhere else.
pub(crate) async fn end(workspace: &Workspace) -> ApiResult<Option<HistoryEnd>> {
    let Some(Anchor { seq, hash, state }) = history::anchor(workspace).await? else { return Ok(None) };
    Ok(Some(HistoryEnd { workspace: identity::of(workspace).await?.workspace, seq, hash, state }))
}

/// What someone kept does not be any more, in a sentence.
///
/// Errors: it is of another workspace.
pub(crate) async fn against(workspace: &Workspace, kept: &HistoryEnd) -> ApiResult<Option<(i64, String)>> {
    if identity::known(workspace).await?.is_some_and(|mark| mark != kept.workspace) {
        return Err(ApiError::bad_request("The recorded end of the history belongs to another workspace."));
    }
    let anchor = Anchor { seq: kept.seq, hash: kept.hash.clone(), state: kept.state };
    let holds = history::holds(workspace, &anchor).await?;
    Ok((!holds).then(|| (kept.seq, gone("The recorded end has", kept.seq))))
}

fn gone(who: &str, seq: i64) -> String {
    format!(
        "{who} entry {seq} of the history, but that entry is missing or different now: the end was truncated or changed, or the workspace was replaced by an earlier copy."
    )
}

/// The newest entry that was seen and is not there any more, in a sentence.
pub(crate) async fn missing(app: &App, workspace: &Workspace) -> ApiResult<Option<(i64, String)>> {
    // Nobody ever noted anything of a workspace without a mark.
    let Some(mark) = identity::known(workspace).await? else { return Ok(None) };
    let mut seen: Vec<(Anchor, String)> = Vec::new();
    let noted = read(app).remove(&mark);
    let replaced_at = noted.as_ref().and_then(|noted| noted.replaced_at.clone()).unwrap_or_default();
    if let Some(known) = noted.and_then(|noted| noted.end) {
        seen.push((known, "this machine saw".to_owned()));
    }
    // Places that cannot be reached now say nothing; the backups that can be are asked.
    let (backups, _) = catalog::ours(app, workspace).await?;
    let of_backup = |b: &steward_backup::listing::ListedBackup| {
        if b.manifest.made_at <= replaced_at {
            return None;
        }
        Some((b.manifest.history.clone()?, format!("the backup {} has", b.manifest.id)))
    };
    seen.extend(backups.iter().find_map(of_backup));
    seen.sort_by_key(|(anchor, _)| -anchor.seq);
    for (anchor, who) in seen {
        if !history::holds(workspace, &anchor).await? {
            let message = gone(&who, anchor.seq);
            return Ok(Some((anchor.seq, message[..1].to_uppercase() + &message[1..])));
        }
    }
    Ok(None)
}
