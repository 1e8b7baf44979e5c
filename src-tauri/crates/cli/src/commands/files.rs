//! Files and databases that are named on the command line: handed over by id, read as it was chosen.

use std::path::{Path, PathBuf};

use steward_api::call;
use steward_api::dto::{ConnectSource, FileHandle, Sources};
use steward_api::{Address, ApiError, ApiResult, ErrorCode};
use steward_domain::SourceChoice;

use crate::args::Choices;
use crate::session::{Session, wants_password};

/// Files with the ways to read them. What came through standard input is removed when this is dropped.
pub struct Named {
    pub sources: Sources,
    _spools: Vec<tempfile::TempPath>,
}

/// Hands files over; the choices are the same for each of them.
pub async fn named(session: &Session, files: &[PathBuf], choices: &Choices) -> ApiResult<Named> {
    let (files, spools) = handles(session, files).await?;
    let choice = SourceChoice {
        part: choices.part.clone(),
        encoding: choices.encoding.clone(),
        delimiter: choices.delimiter.clone(),
        quote: choices.quote.clone(),
        header: choices.header,
        skip_rows: choices.skip_rows,
        ..SourceChoice::default()
    };
    let choices = vec![choice; files.len()];
    Ok(Named { sources: Sources { files, choices, mapping: None }, _spools: spools })
}

/// The JSON in a file.
pub fn json(path: &Path, what: &str) -> ApiResult<serde_json::Value> {
    let shown = path.display();
    let read = if path.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    let text = read.map_err(|e| ApiError::new(ErrorCode::NotFound, format!("{what} {shown} cannot be read: {e}.")))?;
    serde_json::from_str(&text).map_err(|e| ApiError::bad_request(format!("{what} {shown} is not valid JSON: {e}.")))
}

/// Hands files over that are not read as records.
pub fn registered(session: &Session, files: &[PathBuf]) -> ApiResult<Vec<String>> {
    files.iter().map(|file| registered_one(session, file)).collect()
}

fn registered_one(session: &Session, file: &Path) -> ApiResult<String> {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    if !path.exists() {
        return Err(ApiError::new(ErrorCode::NotFound, format!("There is no file {}.", file.display())));
    }
    Ok(session.app.files.register(&path).id)
}

/// The person's workspace, for the schemas that are kept in it, else one that is thrown away: looking at files writes to
/// neither.
pub async fn known_or_scratch(session: &Session) -> ApiResult<Option<tempfile::TempDir>> {
    match super::schema::know_own_packs(session).await {
        Ok(true) => return Ok(None),
        Ok(false) => {}
        Err(e) => session.say(&format!("Only the schemas that come with Steward are known: {}", e.message)),
    }
    scratch(session).await.map(Some)
}

/// Opens a workspace that is thrown away: looking at files needs none of the person's.
async fn scratch(session: &Session) -> ApiResult<tempfile::TempDir> {
    let folder =
        tempfile::tempdir().map_err(|e| ApiError::new(ErrorCode::Internal, "No scratch folder can be created.").details(e.to_string()))?;
    session.app.open(&Address::File(folder.path().join("scratch.steward")), false).await?;
    Ok(folder)
}

/// Standard input, kept in a temporary file so that it can be read more than once. Removed when dropped.
fn spool_input(session: &Session) -> ApiResult<(String, tempfile::TempPath)> {
    let failed =
        |e: std::io::Error| ApiError::new(ErrorCode::Internal, "Standard input cannot be saved for reading.").details(e.to_string());
    let mut spool = tempfile::NamedTempFile::new().map_err(failed)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut spool).map_err(failed)?;
    let path = spool.into_temp_path();
    let id = session.app.files.register_as(&path, "standard input").id;
    Ok((id, path))
}

/// The address of a MongoDB database, where one is given in the place of a file.
fn server(given: &Path) -> Option<Address> {
    let address = given.to_str().and_then(|text| Address::parse(text).ok());
    address.filter(|address| matches!(address, Address::Mongo(_)))
}

/// What a run notes of a source: the full path of a file, or an address without its secrets.
pub fn noted(given: &Path) -> String {
    match server(given) {
        Some(address) => address.public(),
        None => std::path::absolute(given).unwrap_or_else(|_| given.to_owned()).display().to_string(),
    }
}

/// Opens a database to read from. Its password is that of the address, that of the environment or the keyring, or is asked for.
async fn connected(session: &Session, address: Address, uri: String) -> ApiResult<String> {
    // A store that cannot be asked has nothing: the person is asked then.
    let password = session.app.secrets.get("source password").await.ok().flatten();
    let mut request = ConnectSource { uri, password, remember: false };
    let handle: FileHandle = match session.call(call::imports::Connect, &request).await {
        Err(e) if wants_password(&address, &e) => {
            let Some(Address::Mongo(full)) = session.ask_password(&address).await? else {
                return Err(e);
            };
            request = ConnectSource { uri: full, password: None, remember: false };
            session.call(call::imports::Connect, &request).await?
        }
        other => other?,
    };
    Ok(handle.id)
}

async fn handles(session: &Session, files: &[PathBuf]) -> ApiResult<(Vec<String>, Vec<tempfile::TempPath>)> {
    let (mut out, mut spools) = (Vec::new(), Vec::new());
    for file in files {
        if file.as_os_str() == "-" {
            let (id, spool) = spool_input(session)?;
            out.push(id);
            spools.push(spool);
            continue;
        }
        if let Some(Address::Mongo(uri)) = server(file) {
            out.push(connected(session, Address::Mongo(uri.clone()), uri).await?);
            continue;
        }
        // A file of that name is one, whatever it looks like; anything else that is mistyped is said without its password.
        if !file.exists()
            && let Some(text) = file.to_str()
        {
            Address::parse(text)?;
        }
        out.push(registered_one(session, file)?);
    }
    Ok((out, spools))
}
