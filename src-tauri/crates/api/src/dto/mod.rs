//! Requests and answers of every command. Generated into TypeScript; never hand-written there.

mod app;
mod backups;
mod changes;
mod connection;
mod files;
mod fixes;
mod imports;
mod increments;
mod jobs;
mod mappings;
mod quarantine;
mod records;
mod restores;
mod schemas;
mod tasks;
mod trust;

pub use app::*;
pub use backups::*;
pub use changes::*;
pub use connection::*;
pub use files::*;
pub use fixes::*;
pub use imports::*;
pub use increments::*;
pub use jobs::*;
pub use mappings::*;
pub use quarantine::*;
pub use records::*;
pub use restores::*;
pub use schemas::*;
pub use tasks::*;
pub use trust::*;

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
