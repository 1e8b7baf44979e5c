//! `trust …`

use steward_api::ApiResult;
use steward_api::call;
use steward_api::dto::{AgreeActs, Empty, OutsideActs};

use crate::args::Trust;
use crate::exit;
use crate::output::{self, line};
use crate::session::Session;

pub async fn run(session: &Session, command: Trust) -> ApiResult<u8> {
    session.open(false).await?;
    let shown: OutsideActs = match command {
        Trust::Withdraw => session.call(call::trust::Withdraw, &Empty {}).await?,
        Trust::Show | Trust::Agree { yes: false } => session.call(call::trust::Show, &Empty {}).await?,
        Trust::Agree { yes: true } => {
            let shown: OutsideActs = session.call(call::trust::Show, &Empty {}).await?;
            let ids = shown.acts.into_iter().map(|act| act.id).collect();
            session.call(call::trust::Agree, &AgreeActs { ids }).await?
        }
    };
    output::answer(session.json, &shown, |shown| {
        for act in &shown.acts {
            line(&format!("{}  {}", if act.agreed { "agreed    " } else { "NOT agreed" }, act.sentence));
            for (name, value) in &act.options {
                line(&format!("              {name} = {value}"));
            }
        }
        match (shown.acts.is_empty(), shown.agreed) {
            (true, _) => line("This workspace does nothing outside itself."),
            (false, true) => line("All of this was agreed to on this machine."),
            (false, false) => line("None of this happens automatically until you agree: steward trust agree --yes."),
        }
    });
    Ok(exit::DONE)
}
