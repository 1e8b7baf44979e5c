//! What a workspace wants to do outside itself.

use std::collections::BTreeMap;

use crate::dto::wire;

wire! {
    /// One thing that the settings of a workspace make happen outside it.
    pub struct OutsideAct {
        /// Stands for exactly this act; a change makes another one.
        pub id: String,
        pub sentence: String,
        /// Where it goes, if it goes somewhere.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub address: Option<String>,
        #[ts(optional, as = "Option<BTreeMap<String, String>>")]
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub options: BTreeMap<String, String>,
        /// A person on this machine agreed to it.
        pub agreed: bool,
    }

    pub struct OutsideActs {
        pub acts: Vec<OutsideAct>,
        /// All of them; until then none happens by itself.
        pub agreed: bool,
    }

    /// Agrees to all that was shown.
    pub struct AgreeActs {
        /// Their ids, in the order in which they were shown.
        pub ids: Vec<String>,
    }
}
