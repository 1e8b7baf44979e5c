//! Where rows come from: a file, or a collection of this or another workspace.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use steward_domain::SourceChoice;
use steward_domain::run::RunFile;
use steward_schema::Pack;
use steward_store::{Cursor, Store};

use steward_workspace::{Error, Result};

/// A file, or a collection.
#[derive(Debug, Clone)]
pub enum Place {
    File(PathBuf),
    Collection(CollectionSource),
}

/// A collection as a source. It is read in the order of `_id`.
#[derive(Clone)]
pub struct CollectionSource {
    pub store: Arc<dyn Store>,
    /// Address without secrets; empty for the workspace that is open.
    pub address: String,
    pub collection: String,
    /// Reading goes on behind this place, with this many rows before it.
    pub after: Option<(Cursor, u64)>,
}

impl std::fmt::Debug for CollectionSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CollectionSource").field("address", &self.address).field("collection", &self.collection).finish_non_exhaustive()
    }
}

/// The checkpoint behind so many rows.
pub(super) fn mark(rows: u64, cursor: &Cursor) -> String {
    format!("{rows}:{}", cursor.0)
}

/// The reverse of [`mark`].
fn marked(text: &str) -> Option<(Cursor, u64)> {
    let (rows, cursor) = text.split_once(':')?;
    Some((Cursor(cursor.to_owned()), rows.parse().ok()?))
}

/// A file or collection to be read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub name: String,
    pub place: Place,
    /// How to read it.
    pub choice: SourceChoice,
}

impl SourceFile {
    /// A file on this machine.
    pub fn file(name: impl Into<String>, path: impl Into<PathBuf>, choice: SourceChoice) -> Self {
        Self { name: name.into(), place: Place::File(path.into()), choice }
    }

    /// Says which names its columns may have: that of the key, and those of the fields of a schema.
    pub fn expect(&mut self, pack: Option<&Pack>, key_field: &str) {
        let key = Some(key_field).filter(|key| !key.is_empty() && *key != "_id");
        let fields = pack.into_iter().flat_map(|pack| {
            let names = pack.steward.columns.values().flat_map(|column| column.names.iter().map(String::as_str));
            pack.known_fields().chain(names)
        });
        self.choice.expected = key.into_iter().chain(fields).map(str::to_owned).collect();
    }

    /// Where the file is.
    ///
    /// Errors: the source is a collection.
    pub fn path(&self) -> Result<&Path> {
        match &self.place {
            Place::File(path) => Ok(path),
            Place::Collection(_) => Err(Error::BadRequest(format!("{} is a collection, not a file.", self.name))),
        }
    }

    /// A collection of the workspace that is open.
    pub fn own(store: &Arc<dyn Store>, collection: &str) -> Self {
        let source = CollectionSource { store: Arc::clone(store), address: String::new(), collection: collection.to_owned(), after: None };
        Self { name: collection.to_owned(), place: Place::Collection(source), choice: SourceChoice::default() }
    }

    /// A collection of another workspace; its name tells the database, too.
    pub fn external(store: &Arc<dyn Store>, address: &str, database: &str, collection: &str, choice: SourceChoice) -> Self {
        let source =
            CollectionSource { store: Arc::clone(store), address: address.to_owned(), collection: collection.to_owned(), after: None };
        let database = database.strip_suffix(".steward").unwrap_or(database);
        Self { name: format!("{database}.{collection}"), place: Place::Collection(source), choice }
    }

    /// The source of a run again, where it can be found without asking: a file at its old place, or a collection of the
    /// workspace that is open.
    pub fn of_run(store: &Arc<dyn Store>, then: &RunFile) -> Option<Self> {
        match &then.collection {
            None => Some(Self::file(then.name.clone(), then.path.clone(), then.choice.clone())),
            Some(collection) if then.path.is_empty() => Some(Self { name: then.name.clone(), ..Self::own(store, collection) }),
            Some(_) => None,
        }
    }

    /// Reads as a run did that is to go on, from where it came to.
    pub fn go_on(&mut self, then: &RunFile) {
        self.choice.clone_from(&then.choice);
        if let Place::Collection(source) = &mut self.place {
            source.after = then.cursor.as_deref().and_then(marked);
        }
    }
}
