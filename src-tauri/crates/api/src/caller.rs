//! Who calls: the person, what they may do, and which way they came in.

use std::ops::Deref;
use std::sync::Arc;

use steward_workspace::Workspace;

use crate::app::App;
pub use crate::commands::Role;
use crate::error::ApiResult;
pub use steward_domain::Origin;

/// A person, what they may do here, and which way they came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name that the history shows.
    pub person: String,
    pub role: Role,
    pub origin: Origin,
}

impl Caller {
    /// The user that the operating system runs this program for. It is their program: they may do everything.
    pub fn system_user(origin: Origin) -> Self {
        Self { person: system_user(), role: Role::Admin, origin }
    }
}

/// One call: the program and who calls it. What it writes, it writes in their name.
#[derive(Clone)]
pub struct Call {
    app: Arc<App>,
    pub caller: Caller,
}

impl Call {
    pub fn new(app: &Arc<App>, caller: Caller) -> Self {
        Self { app: Arc::clone(app), caller }
    }

    /// The open workspace, acting as the caller.
    ///
    /// Errors: `NoWorkspace`.
    pub fn workspace(&self) -> ApiResult<Workspace> {
        Ok(self.app.workspace()?.acting_as(&self.caller.person, self.caller.origin))
    }
}

impl Deref for Call {
    type Target = Arc<App>;

    fn deref(&self) -> &Arc<App> {
        &self.app
    }
}

/// The user that the operating system runs this program for, unless `$STEWARD_ACTOR` names a person. What other variables say of a
/// user is not asked for: anybody can set them, and services and containers do without.
pub fn system_user() -> String {
    std::env::var("STEWARD_ACTOR").ok().filter(|name| !name.is_empty()).unwrap_or_else(user)
}

#[cfg(unix)]
fn user() -> String {
    let uid = nix::unistd::Uid::current();
    match nix::unistd::User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        // A container may know the number alone.
        _ => format!("user {uid}"),
    }
}

#[cfg(not(unix))]
fn user() -> String {
    std::env::var("USERNAME").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown user".to_owned())
}
