//! What a source is before its rows are read: a file's format and parts, or the collections of a database.

use steward_domain::Filter;
use steward_sources::{Examined, Format, Part};
use steward_store::names;

use super::{CollectionSource, Place, SourceFile};
use steward_workspace::{Error, Result};

/// Collections whose records are counted; of further ones only the names are reported.
const COUNTED: usize = 200;

/// Looks at a source.
pub async fn examine(source: &SourceFile) -> Result<Examined> {
    match &source.place {
        Place::Collection(collection) => database(collection, source.choice.part.is_some()).await,
        Place::File(path) => {
            let (path, choice) = (path.clone(), source.choice.clone());
            let work = move || steward_sources::examine(&path, &choice).map_err(|e| Error::source(&path, e));
            tokio::task::spawn_blocking(work).await.map_err(|e| Error::BadRequest(format!("Reading stopped unexpectedly: {e}.")))?
        }
    }
}

async fn database(source: &CollectionSource, chosen: bool) -> Result<Examined> {
    let mut all = source.store.collections().await?;
    all.retain(|name| !names::is_own(name));
    all.sort();
    let mut parts = Vec::with_capacity(all.len());
    for (at, name) in all.into_iter().enumerate() {
        let rows = match at {
            0..COUNTED => Some(source.store.count(&name, &Filter::all()).await?),
            _ => None,
        };
        parts.push(Part { name, rows: rows.map(|n| i64::try_from(n).unwrap_or(i64::MAX)) });
    }
    let mut notes = Vec::new();
    if parts.len() > 1 && !chosen {
        notes.push(format!("This database has {} collections; {} is read.", parts.len(), source.collection));
    }
    Ok(collection_of(parts, &source.collection, notes))
}

/// A collection of records, with its neighbours.
pub(crate) fn collection_of(parts: Vec<Part>, collection: &str, notes: Vec<String>) -> Examined {
    Examined {
        format: Format::Collection,
        compression: String::new(),
        encoding: String::new(),
        dialect: None,
        columns: Vec::new(),
        parts,
        part: Some(collection.to_owned()),
        notes,
        recognised: String::new(),
    }
}
