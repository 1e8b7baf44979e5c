//! Requests and answers of every command, by capability. Generated into TypeScript; never hand-written there.

pub use crate::backups::dto::*;
pub use crate::backups::increments_dto::*;
pub use crate::connection::dto::*;
pub use crate::files::dto::*;
pub use crate::history::dto::*;
pub use crate::imports::dto::*;
pub use crate::jobs::dto::*;
pub use crate::mappings::dto::*;
pub use crate::quarantine::dto::*;
pub use crate::quarantine::fixes_dto::*;
pub use crate::records::dto::*;
pub use crate::restores::dto::*;
pub use crate::schemas::dto::*;
pub use crate::tasks::dto::*;
pub use crate::trust::dto::*;
pub use crate::workspace::dto::*;

/// Derives what every type on the wire needs.
macro_rules! wire {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => {
        $(
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
            #[serde(rename_all = "camelCase")]
            $(#[$meta])*
            pub $kind $name $body
        )*
    };
}
pub(crate) use wire;

wire! {
    /// A request or answer without content.
    #[derive(Default)]
    pub struct Empty {}
}
