//! Reading a backup: one of Steward's, an archive of mongodump, or a folder of its dumps. One pass from front to back, in
//! bounded memory, on a thread of its own.

mod pass;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use steward_sources::{ARCHIVE_MAGIC, ArchiveReader, DumpFile};
use steward_store::{Definition, Store};
use steward_workspace::{CollectionSettings, Error, Progress, Result};

use crate::archive;
use crate::content::ContentHash;
use crate::encryption::{self, DecryptionKey};
use crate::manifest::{Manifest, SUFFIX};
use crate::target::{Folder, Target};

pub use pass::{Event, Events};

/// A collection that a backup reports.
#[derive(Debug, Clone)]
pub struct Listed {
    pub name: String,
    pub definition: Definition,
    /// Known from the manifest only.
    pub records: Option<u64>,
    pub content: Option<ContentHash>,
    pub settings: Option<CollectionSettings>,
}

impl Listed {
    /// One of Steward's own: history, quarantine, mappings, settings.
    pub fn is_own(&self) -> bool {
        steward_store::names::is_own(&self.name)
    }
}

enum Form {
    /// An archive; with changes that were made while it was dumped, or not.
    Archive(PathBuf, bool),
    /// Files of a dump folder: name of the collection, path; and the file of such changes.
    Folder(Vec<(String, PathBuf)>, Option<PathBuf>),
    /// A scratch store that has what was there at a point in time.
    Store(Arc<dyn Store>),
}

/// A backup that is open for reading.
pub struct Backup {
    /// Its id, or the name of the file or folder.
    pub name: String,
    pub manifest: Option<Manifest>,
    pub contents: Vec<Listed>,
    /// What lies in it and is not restored: sentences.
    pub passed_over: Vec<String>,
    /// The changes that were made while it was dumped are done again.
    pub replayed: bool,
    /// The point in time between two backups that this one was made for, RFC 3339 UTC.
    pub point_in_time: Option<String>,
    database: String,
    form: Form,
    key: DecryptionKey,
    /// Where a copy from a bucket lies.
    _scratch: Option<tempfile::TempDir>,
}

impl Backup {
    /// Opens a backup that is listed in a target. A file in a bucket is fetched first.
    ///
    /// Errors: the archive is missing or is not the one that the manifest reports.
    pub async fn of_target(target: &dyn Target, manifest: Manifest, key: DecryptionKey, progress: &dyn Progress) -> Result<Self> {
        let scratch = tempfile::tempdir().map_err(|e| Error::file(Path::new("temporary folder"), e))?;
        progress.phase("Fetching the file");
        let path = target.fetch(&manifest.file.name, scratch.path(), progress).await?;
        let scratch = path.starts_with(scratch.path()).then_some(scratch);
        check_file(&path, &manifest, progress).await?;
        Self::of_archive(path, Some(manifest), key, None, scratch).await
    }

    /// Opens an archive, a manifest next to one, or a dump folder. `database` chooses where there are several.
    ///
    /// Errors: `NotFound`, `BadRequest` where it is no backup.
    pub async fn of_path(path: &Path, key: DecryptionKey, database: Option<&str>, progress: &dyn Progress) -> Result<Self> {
        let meta = tokio::fs::metadata(path).await.map_err(|e| Error::file(path, e))?;
        if meta.is_dir() {
            return Self::of_folder(path, key, database);
        }
        if let Some(manifest) = beside(path).await? {
            let folder = path.parent().unwrap_or(Path::new("."));
            return Self::of_target(&Folder::new(folder.to_owned()), manifest, key, progress).await;
        }
        Self::of_archive(path.to_owned(), None, key, database.map(str::to_owned), None).await
    }

    /// The same with what a scratch store holds by now, which goes with it.
    pub(crate) fn moved(self, store: Arc<dyn Store>, folder: tempfile::TempDir, contents: Vec<Listed>) -> Self {
        let form = Form::Store(store);
        Self { contents, replayed: true, form, key: DecryptionKey::default(), _scratch: Some(folder), ..self }
    }

    pub(crate) fn of_point_in_time(self, manifest: Manifest) -> Self {
        Self { point_in_time: Some(manifest.made_at.clone()), replayed: false, manifest: Some(manifest), ..self }
    }

    /// The name of its database, in the archive or folder.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// It holds changes that were made while it was dumped.
    pub fn has_oplog(&self) -> bool {
        matches!(&self.form, Form::Archive(_, true) | Form::Folder(_, Some(_)))
    }

    /// A pass over those changes.
    pub(crate) fn oplog(&self) -> Option<Events> {
        match &self.form {
            Form::Archive(path, true) => Some(pass::archive(path.clone(), self.key.clone(), String::new(), None)),
            Form::Folder(_, Some(file)) => Some(pass::folder(vec![(steward_sources::OPLOG.to_owned(), file.clone())])),
            _ => None,
        }
    }

    async fn of_archive(
        path: PathBuf,
        manifest: Option<Manifest>,
        key: DecryptionKey,
        database: Option<String>,
        scratch: Option<tempfile::TempDir>,
    ) -> Result<Self> {
        let (file, opener) = (path.clone(), key.clone());
        let Announced { collections: announced, functions, oplog } = tokio::task::spawn_blocking(move || announced(&file, &opener))
            .await
            .map_err(|e| Error::file(&path, std::io::Error::other(e)))??;
        let databases: BTreeSet<&str> = announced.iter().map(|(db, ..)| db.as_str()).collect();
        let database = choose(&databases, database.as_deref(), &path)?;
        let mut contents = Vec::new();
        for (_, name, definition) in announced.into_iter().filter(|(db, ..)| *db == database) {
            let known = manifest.as_ref().and_then(|m| m.collection(&name));
            if let (Some(manifest), None) = (&manifest, known) {
                return Err(Error::BadRequest(format!(
                    "The archive contains '{name}', which the manifest of {} does not list.",
                    manifest.id
                )));
            }
            contents.push(Listed {
                records: known.map(|k| k.records),
                content: known.map(|k| k.content.clone()),
                settings: known.and_then(|k| k.settings.clone()),
                name,
                definition,
            });
        }
        let name = manifest.as_ref().map_or_else(|| file_name(&path), |m| m.id.clone());
        let passed_over = passed_over(functions.contains(&database));
        let form = Form::Archive(path, oplog);
        Ok(Self { name, manifest, contents, passed_over, replayed: false, point_in_time: None, database, form, key, _scratch: scratch })
    }

    fn of_folder(path: &Path, key: DecryptionKey, database: Option<&str>) -> Result<Self> {
        let found = steward_sources::dump_folder(path).map_err(|e| Error::file(path, e))?;
        // The folder of one database has its name.
        let database_of = |f: &DumpFile| f.database.clone().unwrap_or_else(|| file_name(path));
        if found.is_empty() {
            return Err(Error::BadRequest(format!("{} is not a dump: it contains no .bson files.", path.display())));
        }
        let databases: BTreeSet<String> = found
            .iter()
            .filter(|f| !f.database.as_deref().is_some_and(is_of_server) || f.database.as_deref() == database)
            .map(database_of)
            .collect();
        let database = choose(&databases.iter().map(String::as_str).collect(), database, path)?;
        let mut contents = Vec::new();
        let mut chosen = Vec::new();
        for file in found.into_iter().filter(|f| database_of(f) == database) {
            let definition = file.metadata.as_deref().map(metadata_of).transpose()?.unwrap_or_default();
            contents.push(Listed { name: file.collection.clone(), definition, records: None, content: None, settings: None });
            chosen.extend(file.data.map(|data| (file.collection, data)));
        }
        let beside = steward_sources::beside_dump(path).map_err(|e| Error::file(path, e))?;
        let functions = beside.functions.iter().any(|of| of.as_ref().is_none_or(|of| *of == database));
        Ok(Self {
            name: file_name(path),
            manifest: None,
            contents,
            passed_over: passed_over(functions),
            replayed: false,
            point_in_time: None,
            database,
            form: Form::Folder(chosen, beside.oplog),
            key,
            _scratch: None,
        })
    }

    pub fn listed(&self, name: &str) -> Option<&Listed> {
        self.contents.iter().find(|c| c.name == name)
    }

    /// Begins a pass.
    pub fn events(&self) -> Events {
        match &self.form {
            Form::Archive(path, _) => {
                pass::archive(path.clone(), self.key.clone(), self.database.clone(), self.manifest.as_ref().map(Manifest::plain_bytes))
            }
            Form::Folder(files, _) => pass::folder(files.clone()),
            Form::Store(store) => pass::store(Arc::clone(store), self.contents.clone()),
        }
    }
}

/// Size and SHA-256 are those of the manifest.
async fn check_file(path: &Path, manifest: &Manifest, progress: &dyn Progress) -> Result<()> {
    progress.phase("Checking the file");
    progress.total(manifest.file.bytes);
    let file = path.to_owned();
    let (send, mut seen) = tokio::sync::watch::channel(0_u64);
    let hashing = tokio::task::spawn_blocking(move || {
        encryption::sha256(&file, |bytes| match send.send(bytes) {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::Cancelled),
        })
    });
    while seen.changed().await.is_ok() {
        progress.done(*seen.borrow());
        progress.checkpoint()?;
    }
    let found = hashing.await.map_err(|e| Error::file(path, std::io::Error::other(e)))??;
    let stated = &manifest.file;
    if found.bytes != stated.bytes || found.sha256 != stated.sha256 {
        let what = match found.bytes == stated.bytes {
            true => "its SHA-256 is another one".to_owned(),
            false => format!("it has {} bytes instead of {}", found.bytes, stated.bytes),
        };
        return Err(Error::BadRequest(format!("{} is damaged or is not the archive of this backup: {what}.", stated.name)));
    }
    Ok(())
}

/// The manifest that a path is, or that is next to an archive.
async fn beside(path: &Path) -> Result<Option<Manifest>> {
    let name = file_name(path);
    let manifest = match name.ends_with(SUFFIX) {
        true => path.to_owned(),
        false => match name.split_once(".archive") {
            Some((id, _)) => path.with_file_name(format!("{id}{SUFFIX}")),
            None => return Ok(None),
        },
    };
    match tokio::fs::read(&manifest).await {
        Ok(bytes) => Manifest::parse(&bytes, &file_name(&manifest)).map(Some),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && manifest != path => Ok(None),
        Err(e) => Err(Error::file(&manifest, e)),
    }
}

/// What a dump may hold and no restore of Steward's restores.
fn passed_over(functions: bool) -> Vec<String> {
    let note = "system.js is left out: server functions are not records. Use mongorestore to restore them.";
    if functions { vec![note.to_owned()] } else { Vec::new() }
}

/// What an archive begins with.
struct Announced {
    /// Database, name and definition.
    collections: Vec<(String, String, Definition)>,
    /// Databases that have functions.
    functions: BTreeSet<String>,
    oplog: bool,
}

fn announced(path: &Path, key: &DecryptionKey) -> Result<Announced> {
    let mut input = encryption::open(path, key)?;
    let mut magic = [0; 4];
    let begins = input.read_exact(&mut magic).is_ok() && magic == ARCHIVE_MAGIC;
    if !begins {
        return Err(Error::BadRequest(format!("{} is no archive of mongodump or Steward.", path.display())));
    }
    let input = std::io::Cursor::new(magic).chain(input);
    let reader = ArchiveReader::new(input).map_err(|e| pass::unreadable(path, e))?;
    let (mut found, mut functions, mut oplog) = (Vec::new(), BTreeSet::new(), false);
    for namespace in reader.namespaces {
        oplog |= namespace.db.is_empty() && namespace.collection == steward_sources::OPLOG;
        if namespace.collection == steward_sources::FUNCTIONS {
            functions.insert(namespace.db.clone());
        }
        if is_of_server(&namespace.db) || namespace.collection.starts_with("system.") {
            continue;
        }
        let definition = archive::definition(&namespace.metadata)
            .ok_or_else(|| Error::BadRequest(format!("What the archive says of {} cannot be read.", namespace.name())))?;
        found.push((namespace.db, namespace.collection, definition));
    }
    Ok(Announced { collections: found, functions, oplog })
}

/// Databases that belong to the server, and the nameless one of the operations log.
fn is_of_server(database: &str) -> bool {
    matches!(database, "" | "admin" | "config" | "local")
}

fn choose(databases: &BTreeSet<&str>, wanted: Option<&str>, path: &Path) -> Result<String> {
    let list = || databases.iter().copied().collect::<Vec<_>>().join(", ");
    match (wanted, databases.len()) {
        (Some(name), _) if databases.contains(name) => Ok(name.to_owned()),
        (Some(name), _) => Err(Error::NotFound(format!("{} has no database '{name}' (it has {}).", path.display(), list()))),
        (None, 0) => Ok(String::new()),
        (None, 1) => Ok(databases.iter().next().map(|d| (*d).to_owned()).unwrap_or_default()),
        (None, _) => Err(Error::BadRequest(format!("{} has several databases ({}). Choose one.", path.display(), list()))),
    }
}

/// `careers.metadata.json[.gz]`
fn metadata_of(path: &Path) -> Result<Definition> {
    let mut text = String::new();
    encryption::open(path, &DecryptionKey::default())?.take(16 << 20).read_to_string(&mut text).map_err(|e| Error::file(path, e))?;
    archive::definition(&text).ok_or_else(|| Error::BadRequest(format!("{} cannot be read.", path.display())))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}
