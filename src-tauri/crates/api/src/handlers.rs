//! Where the bodies of the commands are, by the names that the list of commands has for them.

pub(crate) use crate::about::handlers as app;
pub(crate) use crate::backups::browse as lookups;
pub(crate) use crate::backups::handlers as backups;
pub(crate) use crate::backups::increments;
pub(crate) use crate::connection::handlers as connection;
pub(crate) use crate::files::handlers as files;
pub(crate) use crate::history::handlers as changes;
pub(crate) use crate::imports::handlers as imports;
pub(crate) use crate::imports::runs;
pub(crate) use crate::imports::splits;
pub(crate) use crate::jobs::handlers as jobs;
pub(crate) use crate::mappings::handlers as mappings;
pub(crate) use crate::quality::handlers as quality;
pub(crate) use crate::quarantine::fixes;
pub(crate) use crate::quarantine::handlers as quarantine;
pub(crate) use crate::records::collections;
pub(crate) use crate::records::filters;
pub(crate) use crate::records::handlers as records;
pub(crate) use crate::restores::handlers as restores;
pub(crate) use crate::schemas::handlers as schemas;
pub(crate) use crate::settings::handlers as settings;
pub(crate) use crate::tasks::handlers as tasks;
pub(crate) use crate::trust::handlers as trust;
pub(crate) use crate::workspace::handlers as workspace;
pub(crate) use crate::workspace::space;
pub(crate) use crate::workspace::unfinished;
