//! Records that are read from another workspace: an external MongoDB database, or another `.steward` file.
//!
//! Addresses are kept without their secrets; a password comes from the person or from the keyring, as it does where such
//! a database is opened as the workspace.

use std::path::PathBuf;
use std::sync::Arc;

use steward_domain::{RunRecord, SourceChoice};
use steward_import::import::SourceFile;
use steward_store::{Store, names};

use crate::app::App;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::workspace::open::{self, Address, hide_secrets};

/// An open database that is only read from.
#[derive(Clone)]
pub(crate) struct Database {
    pub store: Arc<dyn Store>,
    /// Without its secrets.
    pub address: String,
    pub name: String,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Database {
    async fn open(address: Address) -> ApiResult<Self> {
        let store: Arc<dyn Store> = open::source(&address).await?;
        let name = store.info().await?.name;
        Ok(Self { store, address: address.public(), name })
    }

    /// Names of what can be read from it.
    async fn collections(&self) -> ApiResult<Vec<String>> {
        let mut all = self.store.collections().await?;
        all.retain(|name| !names::is_own(name));
        all.sort();
        Ok(all)
    }

    /// The chosen collection as a source; without a choice, the first one.
    async fn source(&self, choice: SourceChoice) -> ApiResult<SourceFile> {
        let all = self.collections().await?;
        let collection = match &choice.part {
            Some(wanted) if !all.contains(wanted) => {
                return Err(ApiError::not_found(format!("There is no collection '{wanted}' in {}.", self.name)).hint(listed(&all)));
            }
            Some(wanted) => wanted,
            None => all.first().ok_or_else(|| ApiError::not_found(format!("{} has no collections.", self.name)))?,
        };
        Ok(SourceFile::external(&self.store, &self.address, &self.name, collection, choice.clone()))
    }
}

fn listed(collections: &[String]) -> String {
    match collections {
        [] => "It has no collections.".into(),
        some => format!("Choose one of these (--part): {}.", some.join(", ")),
    }
}

/// Opens a database to read from. A password that the address lacks is the given one, else that of the keyring.
pub(crate) async fn connect(app: &App, uri: &str, password: Option<&str>, remember: bool) -> ApiResult<Database> {
    let given = Address::parse(uri)?.with_password(password.unwrap_or_default());
    let Address::Mongo(full) = &given else {
        return Err(ApiError::bad_request("A MongoDB address begins with mongodb:// or mongodb+srv://."));
    };
    if given.lacks_password() {
        return known(app, full).await;
    }
    let database = Database::open(given.clone()).await?;
    if remember && database.address != *full {
        // The rows can be read whether or not the password is kept.
        if let Err(e) = app.secrets.put(&database.address, full).await {
            tracing::warn!("a password could not be saved: {e}");
        }
    }
    Ok(database)
}

/// Opens an address that holds no secret with what the keyring has for it.
async fn known(app: &App, public: &str) -> ApiResult<Database> {
    let public = hide_secrets(public);
    let address = Address::Mongo(public.clone());
    Database::open(address.clone().with_known_password(app.secrets.as_ref()).await).await.map_err(|e| match e.code {
        ErrorCode::Unauthorized | ErrorCode::BadRequest if address.lacks_password() => {
            ApiError::new(ErrorCode::Unauthorized, format!("{public} asks for a password, and the keyring does not give one that fits."))
                .hint("Give the password at a terminal, with the address, in STEWARD_SOURCE_PASSWORD, or in the window.")
        }
        _ => e,
    })
}

/// A file or database of the host, as rows are read from it. A workspace file is read as the workspace that it is: its
/// records keep their types, and what Steward keeps next to them is left out. Of a damaged one, every record that can still be
/// reached is read.
pub(crate) async fn source(app: &App, id: &str, choice: SourceChoice) -> ApiResult<SourceFile> {
    if let Some(database) = app.files.database(id) {
        return database.source(choice).await;
    }
    let (path, name) = app.files.get(id)?;
    if !open::is_workspace(&path).await? {
        return Ok(SourceFile::file(name, path, choice));
    }
    let database = Database { name, ..Database::open(Address::File(path)).await? };
    app.files.keep_database(id, database.clone());
    database.source(choice).await
}

/// The sources of a run again, where some of them are databases; empty where all can be found without this.
pub(crate) async fn of_run(app: &App, run: &RunRecord, own: &Arc<dyn Store>) -> ApiResult<Vec<SourceFile>> {
    let elsewhere = |path: &str, collection: &Option<String>| collection.is_some() && !path.is_empty();
    if !run.files.iter().any(|file| elsewhere(&file.path, &file.collection)) {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for file in &run.files {
        if !elsewhere(&file.path, &file.collection) {
            out.extend(SourceFile::of_run(own, file));
            continue;
        }
        let database = match Address::parse(&file.path)? {
            Address::Mongo(uri) => known(app, &uri).await?,
            Address::File(path) => of_file(path).await?,
        };
        let choice = SourceChoice { part: file.collection.clone(), ..SourceChoice::default() };
        out.push(SourceFile { name: file.name.clone(), ..database.source(choice).await? });
    }
    Ok(out)
}

async fn of_file(path: PathBuf) -> ApiResult<Database> {
    if !open::is_workspace(&path).await? {
        return Err(ApiError::not_found(format!("There is no workspace at {} any more.", path.display()))
            .hint("Give the source again: steward import FILE --resume."));
    }
    Database::open(Address::File(path)).await
}

/// A database with several collections is not read blindly.
pub(crate) async fn require_part(app: &App, ids: &[String], choices: &[SourceChoice]) -> ApiResult<()> {
    for (at, id) in ids.iter().enumerate() {
        let chosen = choices.get(at).is_some_and(|choice| choice.part.is_some());
        let Some(database) = app.files.database(id).filter(|_| !chosen) else {
            continue;
        };
        let all = database.collections().await?;
        if all.len() > 1 {
            return Err(ApiError::bad_request(format!("{} holds {} collections.", database.name, all.len())).hint(listed(&all)));
        }
    }
    Ok(())
}
