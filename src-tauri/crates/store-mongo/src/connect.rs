//! Opening a workspace: the address, the pool, and what kind of server answers.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bson::{Document, RawDocumentBuf, doc};
use mongodb::options::{ClientOptions, ServerAddress};
use mongodb::{Client, Collection, Database};
use steward_store::layers::PoolSettings;
use steward_store::{Capabilities, Capability, StoreError, StoreErrorKind, StoreInfo, StoreKind, StoreResult};

use crate::indexes::Known;
use crate::secrets::Secrets;
use crate::{access, errors, load, sessions};

/// How to connect. An address' own settings (TLS, login, read preference) come from its URI.
#[derive(Debug, Clone, Copy)]
pub struct MongoOptions {
    pub min_pool: u32,
    pub max_pool: u32,
    /// An unused connection is closed after this.
    pub idle: Duration,
    /// For one TCP and TLS handshake.
    pub connect_timeout: Duration,
    /// For finding a usable server.
    pub selection_timeout: Duration,
    /// For a connection of the pool to become free.
    pub wait: Duration,
}

impl Default for MongoOptions {
    fn default() -> Self {
        Self {
            min_pool: 5,
            max_pool: 20,
            idle: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            selection_timeout: Duration::from_secs(5),
            wait: Duration::from_secs(5),
        }
    }
}

/// A MongoDB database as a workspace. Cheap to clone; clones share one pool.
#[derive(Clone)]
pub struct MongoStore {
    inner: Arc<Inner>,
}

struct Inner {
    db: Database,
    address: String,
    pool: PoolSettings,
    deployment: Deployment,
    indexes: Mutex<HashMap<String, SeenIndexes>>,
    created: Mutex<HashSet<String>>,
}

/// Index definitions and when they were read.
type SeenIndexes = (Instant, Arc<Known>);

/// What answers at the address.
#[derive(Debug, Clone)]
pub struct Deployment {
    pub capabilities: Capabilities,
    /// Major and minor version.
    pub version: (u32, u32),
    server: String,
    notices: Vec<String>,
}

impl std::fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoStore").field("address", &self.inner.address).field("database", &self.inner.db.name()).finish_non_exhaustive()
    }
}

impl MongoStore {
    /// Connects to the database that the URI names.
    ///
    /// Fails with `Invalid` for an address without a database name or that cannot be read, `Unreachable`,
    /// `Unauthorized`. No error tells a credential.
    pub async fn connect(uri: &str, options: MongoOptions) -> StoreResult<Self> {
        let secrets = Secrets::of(uri);
        let (client_options, database) = parse(uri, options, &secrets).await?;
        let address = hosts(&client_options.hosts);
        let pool = pool_settings(uri, &client_options, options);
        let client = Client::with_options(client_options).map_err(|e| hide(errors::from_driver(&e), &secrets))?;
        let db = client.database(&database);
        let deployment = detect(&db).await.map_err(|e| hide(e, &secrets))?;
        let store = Self { inner: Arc::new(Inner { db, address, pool, deployment, indexes: Mutex::default(), created: Mutex::default() }) };
        if store.deployment().capabilities.has(Capability::Write) {
            // Before anybody writes: what a dead program left open would are in the way.
            sessions::end_those_of_the_dead(&store).await;
            load::resume_in_background(&store);
        }
        Ok(store)
    }

    /// The connections that the address and the options allow.
    pub fn pool(&self) -> PoolSettings {
        self.inner.pool
    }

    pub(crate) fn db(&self) -> &Database {
        &self.inner.db
    }

    pub(crate) fn deployment(&self) -> &Deployment {
        &self.inner.deployment
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.deployment().capabilities.has(capability)
    }

    /// A collection of raw documents; fails with `Invalid` for a name that no store accepts.
    pub(crate) fn collection(&self, name: &str) -> StoreResult<Collection<RawDocumentBuf>> {
        steward_store::names::check_data(name)?;
        Ok(self.inner.db.collection(name))
    }

    pub(crate) fn describe(&self) -> StoreInfo {
        let deployment = self.deployment();
        StoreInfo {
            kind: StoreKind::Mongo,
            name: self.inner.db.name().to_owned(),
            address: self.inner.address.clone(),
            server: deployment.server.clone(),
            notices: deployment.notices.clone(),
        }
    }

    /// Index definitions as they were seen in the last seconds.
    pub(crate) fn remembered_indexes(&self, collection: &str) -> Option<Arc<Known>> {
        const KEPT: Duration = Duration::from_secs(10);
        let seen = self.inner.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(collection).filter(|(at, _)| at.elapsed() < KEPT).map(|(_, list)| Arc::clone(list))
    }

    pub(crate) fn remember_indexes(&self, collection: &str, list: Arc<Known>) {
        let mut seen = self.inner.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(collection.to_owned(), (Instant::now(), list));
    }

    pub(crate) fn forget_indexes(&self) {
        self.inner.indexes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The collection is known to have been made.
    pub(crate) fn knows(&self, collection: &str) -> bool {
        self.inner.created.lock().unwrap_or_else(PoisonError::into_inner).contains(collection)
    }

    pub(crate) fn set_known(&self, collection: &str, known: bool) {
        let mut created = self.inner.created.lock().unwrap_or_else(PoisonError::into_inner);
        if known {
            created.insert(collection.to_owned());
        } else {
            created.remove(collection);
        }
    }
}

/// Reads a URI into the driver's options and the database's name.
pub async fn parse(uri: &str, options: MongoOptions, secrets: &Secrets) -> StoreResult<(ClientOptions, String)> {
    let mut parsed = ClientOptions::parse(uri).await.map_err(|e| hide(unreadable(&e), secrets))?;
    let Some(database) = parsed.default_database.clone().filter(|name| !name.is_empty()) else {
        return Err(StoreError::invalid("The address names no database: put its name behind the host, as in mongodb://host/career_db."));
    };
    parsed.app_name = Some(sessions::app_name());
    // What the address itself says goes first.
    let max_pool = parsed.max_pool_size.unwrap_or(options.max_pool);
    parsed.max_pool_size = Some(max_pool);
    parsed.min_pool_size = Some(parsed.min_pool_size.unwrap_or(options.min_pool).min(max_pool));
    parsed.max_connecting = parsed.max_connecting.or(Some(5));
    parsed.max_idle_time = parsed.max_idle_time.or(Some(options.idle));
    parsed.connect_timeout = parsed.connect_timeout.or(Some(options.connect_timeout));
    parsed.server_selection_timeout = parsed.server_selection_timeout.or(Some(options.selection_timeout));
    Ok((parsed, database))
}

/// The driver knows no limit for the wait; whoever shares the connections keeps it (see `steward_store::layers`).
fn pool_settings(uri: &str, parsed: &ClientOptions, options: MongoOptions) -> PoolSettings {
    let wait = crate::uri::option(uri, "waitQueueTimeoutMS").and_then(|millis| millis.parse().ok()).map(Duration::from_millis);
    PoolSettings {
        min: parsed.min_pool_size.unwrap_or(options.min_pool),
        max: parsed.max_pool_size.unwrap_or(options.max_pool),
        idle: parsed.max_idle_time.unwrap_or(options.idle),
        wait: wait.unwrap_or(options.wait),
    }
}

fn unreadable(error: &mongodb::error::Error) -> StoreError {
    let mapped = errors::from_driver(error);
    match mapped.kind {
        StoreErrorKind::Unreachable => mapped,
        _ => StoreError { kind: StoreErrorKind::Invalid, message: "This is not a valid MongoDB address.".to_owned(), ..mapped },
    }
}

/// Drops details that would tell a secret.
pub fn hide(error: StoreError, secrets: &Secrets) -> StoreError {
    StoreError { details: error.details.and_then(|d| secrets.safe(d)), ..error }
}

/// Hosts without credentials.
pub fn hosts(list: &[ServerAddress]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Versions whose time-series collections are in a collection of buckets that can be written to.
const WITH_BUCKETS: std::ops::Range<(u32, u32)> = (5, 0)..(8, 3);

async fn detect(db: &Database) -> StoreResult<Deployment> {
    let run = |command: Document| async move { db.run_command(command).await.map_err(|e| errors::from_driver(&e)) };
    let hello = match run(doc! { "hello": 1 }).await {
        Ok(reply) => reply,
        Err(e) if e.kind == StoreErrorKind::Unreachable || e.kind == StoreErrorKind::Unauthorized => return Err(e),
        Err(_) => run(doc! { "isMaster": 1 }).await?,
    };
    let build = run(doc! { "buildInfo": 1 }).await?;
    let named = build.get_str("version").unwrap_or("?").to_owned();
    let version = major_minor(&named);
    let mut capabilities = Capabilities::of(&[
        Capability::Transactions,
        Capability::TextSearch,
        Capability::ChangeFeed,
        Capability::ParallelScan,
        Capability::RenameReplace,
        Capability::Write,
        Capability::Views,
        Capability::TimeSeries,
    ]);
    if !WITH_BUCKETS.contains(&version) {
        capabilities = capabilities.without(Capability::TimeSeries);
    }
    let mut notices = Vec::new();
    let role = if let Ok(set) = hello.get_str("setName") {
        format!("replica set {set}")
    } else if hello.get_str("msg").ok() == Some("isdbgrid") {
        "sharded cluster".to_owned()
    } else {
        capabilities = capabilities.without(Capability::Transactions).without(Capability::ChangeFeed);
        notices.push("This server is standalone: changes are written one after the other instead of all at once, and changes by others are not reported.".to_owned());
        "standalone".to_owned()
    };
    if !access::may_write(db).await? {
        capabilities = capabilities.without(Capability::Write);
        notices.push("This user may read here, but not write.".to_owned());
    }
    Ok(Deployment { capabilities, version, server: format!("MongoDB {named}, {role}"), notices })
}

fn major_minor(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|p| p.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
