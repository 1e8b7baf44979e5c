//! Where a workspace address becomes a store: the only place that names the adapters.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use steward_store::layers::{Layered, Limits, PoolSettings};
use steward_store::{Capability, Store, private};
pub use steward_store_mongo::uri::{hide_secrets, lacks_password, with_database, with_password};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;

use crate::dto::{WorkspaceInfo, WorkspaceKind};
use crate::error::{ApiError, ApiResult, ErrorCode};
use steward_workspace::secrets::Secrets;

/// Marked as production, or not.
pub type ProductionMark = bool;

/// A workspace address: a file, or a MongoDB URI with a database name.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    File(PathBuf),
    Mongo(String),
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.public())
    }
}

impl Address {
    /// Reads what a person typed. An address that is mistyped is no file: it would be made, named with the password.
    ///
    /// Errors: `BadRequest` for a scheme that Steward does not know, and for what looks like an address with a password in it. No
    /// secret is in it.
    pub fn parse(text: &str) -> ApiResult<Self> {
        let text = text.trim();
        if let Some((scheme, rest)) = text.split_once("://") {
            let scheme = scheme.to_ascii_lowercase();
            if scheme == "mongodb" || scheme == "mongodb+srv" {
                return Ok(Self::Mongo(format!("{scheme}://{rest}")));
            }
            let known: String = scheme.chars().take(20).filter(char::is_ascii_alphanumeric).collect();
            return Err(ApiError::bad_request(format!("'{known}://' is no address that Steward knows.")).hint(HOW_TO_NAME));
        }
        if looks_like_login(text) {
            return Err(ApiError::bad_request("This looks like the address of a server, but is not written as one.").hint(HOW_TO_NAME));
        }
        Ok(Self::File(PathBuf::from(text)))
    }

    /// The address without its secrets.
    pub fn public(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Mongo(uri) => hide_secrets(uri),
        }
    }

    /// It names someone who logs in, but not with which password.
    pub fn lacks_password(&self) -> bool {
        matches!(self, Self::Mongo(uri) if lacks_password(uri))
    }

    /// With a password, unless it has one or none is given.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        match self {
            Self::Mongo(uri) if lacks_password(&uri) && !password.is_empty() => Self::Mongo(with_password(&uri, password)),
            other => other,
        }
    }

    /// With the stored password, where it lacks one. A store that cannot be asked has nothing.
    pub async fn with_known_password(self, secrets: &dyn Secrets) -> Self {
        if !self.lacks_password() {
            return self;
        }
        match secrets.get(&self.public()).await {
            Ok(Some(uri)) => Self::Mongo(uri),
            _ => self,
        }
    }
}

const HOW_TO_NAME: &str = "A workspace is a file, or an address that begins with mongodb:// or mongodb+srv:// and ends with a database.";

/// `mongodb:/ann:secret@host`, `ann:secret@host`: with someone's name and password where a path has none. A path with an @ in a later
/// folder is one, and so is `C:\\…`.
fn looks_like_login(text: &str) -> bool {
    let (before, at) = match text.split_once('@') {
        Some((before, _)) => (before, true),
        None => (text, false),
    };
    let first_is_server = text.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("mongo"));
    let secret = before.rsplit_once(':').is_some_and(|(_, secret)| !secret.is_empty() && !secret.contains(['/', '\\']));
    at && secret && (first_is_server || !before.contains(['/', '\\']))
}

/// `default.steward` in the user's data folder.
pub fn default_workspace(data: &Path) -> PathBuf {
    data.join("default.steward")
}

/// `sample.steward` in the user's data folder: the sample never mixes with anybody's records.
pub fn sample_workspace(data: &Path) -> PathBuf {
    data.join("sample.steward")
}

/// The usual limits, or those of the environment.
fn limits(variable: impl Fn(&str) -> Option<String>, pool: Option<PoolSettings>) -> Limits {
    let number = |name: &str| variable(name).and_then(|text| text.trim().parse::<u32>().ok());
    let usual = Limits { pool, ..Limits::default() };
    Limits {
        failures: number("STEWARD_BREAKER_FAILURES").filter(|n| *n > 0).unwrap_or(usual.failures),
        pause: number("STEWARD_BREAKER_SECONDS").map_or(usual.pause, |n| Duration::from_secs(n.into())),
        slow: number("STEWARD_SLOW_MS").map_or(usual.slow, |n| Duration::from_millis(n.into())),
        ..usual
    }
}

/// Opens the store behind an address, with its layers around it.
pub async fn store(address: &Address) -> ApiResult<Arc<Layered>> {
    let (inner, pool): (Arc<dyn Store>, _) = match address {
        Address::File(path) => {
            if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                private::folder(folder).map_err(|e| {
                    ApiError::new(ErrorCode::Unreachable, format!("The folder {} cannot be created.", folder.display()))
                        .details(e.to_string())
                })?;
            }
            (Arc::new(SqliteStore::open(path).await?), None)
        }
        Address::Mongo(uri) => server(uri).await?,
    };
    Ok(layered(inner, pool))
}

/// Opens an address to read from. A file may be someone else's: nothing is written to it.
pub async fn source(address: &Address) -> ApiResult<Arc<Layered>> {
    let (inner, pool): (Arc<dyn Store>, _) = match address {
        Address::File(path) => (Arc::new(SqliteStore::open_source(path).await?), None),
        Address::Mongo(uri) => server(uri).await?,
    };
    Ok(layered(inner, pool))
}

async fn server(uri: &str) -> ApiResult<(Arc<dyn Store>, Option<PoolSettings>)> {
    let store = MongoStore::connect(uri, MongoOptions::default()).await?;
    let pool = store.pool();
    Ok((Arc::new(store), Some(pool)))
}

fn layered(inner: Arc<dyn Store>, pool: Option<PoolSettings>) -> Arc<Layered> {
    Arc::new(Layered::new(inner, limits(|name| std::env::var(name).ok(), pool)))
}

/// The file is a workspace that can be read as one. Reads the whole file.
pub async fn is_workspace(path: &Path) -> ApiResult<bool> {
    let path = path.to_owned();
    let kind = tokio::task::spawn_blocking(move || steward_store_sqlite::examine(&path)).await;
    let kind =
        kind.map_err(|e| ApiError::new(ErrorCode::Internal, "Looking at the file stopped unexpectedly.").details(e.to_string()))??;
    Ok(kind == steward_store_sqlite::Kind::Workspace)
}

/// What a person is reported about an open workspace.
pub async fn describe(store: &dyn Store, address: &Address, production: bool) -> ApiResult<WorkspaceInfo> {
    let info = store.info().await?;
    let capabilities = store.capabilities();
    let mut limits = Vec::new();
    let read_only = !capabilities.has(Capability::Write);
    if !read_only && !capabilities.has(Capability::Transactions) {
        limits.push("This server has no transactions: the history is written before the data, and completed after a crash.".to_owned());
    }
    if !read_only && !capabilities.has(Capability::ChangeFeed) {
        limits.push("This server reports no changes: what others write is seen on the next look.".to_owned());
    }
    if read_only {
        limits.push("You may only read here.".to_owned());
    }
    let names = capabilities.list().into_iter().filter_map(|c| serde_json::to_value(c).ok()).filter_map(|v| v.as_str().map(str::to_owned));
    Ok(WorkspaceInfo {
        name: info.name,
        kind: match address {
            Address::File(_) => WorkspaceKind::File,
            Address::Mongo(_) => WorkspaceKind::Mongo,
        },
        address: address.public(),
        read_only,
        production,
        capabilities: names.collect(),
        limits,
        notices: info.notices,
        server: info.server,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_the_usual_ones_unless_said_otherwise() {
        let said = |name: &str| match name {
            "STEWARD_SLOW_MS" => Some("20".to_owned()),
            "STEWARD_BREAKER_FAILURES" => Some("0".to_owned()),
            _ => None,
        };
        assert_eq!(limits(said, None), Limits { slow: Duration::from_millis(20), ..Limits::default() });
        assert_eq!(limits(|_| None, None), Limits::default());
    }

    #[test]
    fn no_secret_survives() {
        assert!(!format!("{:?}", Address::parse("mongodb://u:secret@h/db").unwrap()).contains("secret"));
    }

    #[test]
    fn a_mistyped_address_is_no_file_and_shows_no_password() {
        for typed in ["MongoDB://ann:pw@h/d", "  mongodb://ann:pw@h/d", "MONGODB+SRV://ann:pw@h/d"] {
            let parsed = Address::parse(typed).unwrap();
            assert!(matches!(&parsed, Address::Mongo(uri) if uri.starts_with("mongodb")), "{typed}");
            assert!(!parsed.public().contains("pw"));
        }
        for typed in
            ["mongo://ann:pw@h/d", "mongdb://ann:pw@h", "http://ann:pw@h", "mongodb:/ann:pw@h/d", "mongodb//ann:pw@h/d", "ann:pw@h/d"]
        {
            let refused = Address::parse(typed).unwrap_err();
            assert!(refused.code == ErrorCode::BadRequest && !format!("{refused:?}").contains("pw"), "{typed}: {refused:?}");
        }
        for typed in [
            "a.steward",
            "/home/ann@work/a.steward",
            "C:\\data@home\\a.steward",
            "me@home.steward",
            "12:30 notes.steward",
            "./a:b@c/x.steward",
        ] {
            assert_eq!(Address::parse(typed).unwrap(), Address::File(typed.into()), "{typed}");
        }
    }
}
