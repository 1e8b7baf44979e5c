//! `workspace …`: what it takes, and for how long imports can be undone.

use steward_api::ApiResult;
use steward_api::call;
use steward_api::dto::{Empty, SetSpace, Space};

use crate::args::WorkspaceCommand;
use crate::exit;
use crate::output::{self, counted, line};
use crate::session::Session;

pub async fn run(session: &Session, command: WorkspaceCommand) -> ApiResult<u8> {
    session.open(false).await?;
    let space: Space = match command {
        WorkspaceCommand::Show => session.call(call::workspace::Get, &Empty {}).await?,
        WorkspaceCommand::Retention { days, records } => session.call(call::workspace::Set, &SetSpace { days, records }).await?,
        WorkspaceCommand::Compact => session.call(call::workspace::Compact, &Empty {}).await?,
    };
    output::answer(session.json, &space, |space| {
        if let (Some(bytes), Some(free)) = (space.bytes, space.free) {
            line(&format!("{:.1} MB on the disk, {:.1} MB of them free for reuse", megabytes(bytes), megabytes(free)));
        }
        line(&format!(
            "Imports can be undone for {}, the newest {} of all imports together",
            counted(i64::from(space.days), "day"),
            counted(space.records, "record")
        ));
        if space.discarded > 0 {
            line(&format!("The data kept for undoing {} was discarded", counted(space.discarded, "import")));
        }
    });
    Ok(exit::DONE)
}

#[allow(clippy::cast_precision_loss)] // shown with one digit
fn megabytes(bytes: i64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
