//! What a collection is next to its records. Indexes that SQLite has no match for, options and validators are kept as
//! they came, so that the next backup has them again.

use bson::{Bson, Document, doc};
use rusqlite::{Connection, OptionalExtension, params};
use steward_store::definition::is_id_index;
use steward_store::{CollectionKind, Definition, IndexSpec, StoreError, StoreErrorKind, StoreResult};

use crate::catalog::{self, Collection};
use crate::errors::map;
use crate::indexes;

/// The definition, with what was kept of the one that the collection was made by.
pub fn read(connection: &Connection, collection: &Collection) -> StoreResult<Definition> {
    let kept = kept(connection, collection)?;
    let options = kept.get_document("options").cloned().unwrap_or_default();
    let originals = documents(&kept, "indexes");
    let mut all = vec![doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }];
    for index in &collection.indexes {
        let original = originals.iter().find(|o| IndexSpec::plainly(o).is_some_and(|spec| spec == index.spec));
        all.push(original.cloned().unwrap_or_else(|| {
            let mut written = doc! { "v": 2 };
            written.extend(index.spec.to_document());
            written
        }));
    }
    all.extend(originals.into_iter().filter(|o| IndexSpec::plainly(o).is_none()));
    Ok(Definition { kind: CollectionKind::Collection, options, indexes: all })
}

/// Makes a collection by a definition, or adds what it lacks.
pub fn write(connection: &Connection, name: &str, definition: &Definition) -> StoreResult<()> {
    if definition.kind != CollectionKind::Collection {
        let what = if definition.kind == CollectionKind::View { "views" } else { "time-series collections" };
        return Err(StoreError::unsupported(&format!("a file has no {what}")));
    }
    let mut collection = catalog::find_or_create(connection, name)?;
    let mut kept = kept(connection, &collection)?;
    let mut originals = documents(&kept, "indexes");
    for index in definition.indexes.iter().filter(|i| !is_id_index(i)) {
        // A second text index cannot be in a file either.
        let plain = IndexSpec::plainly(index);
        if let Some(spec) = plain {
            indexes::ensure(connection, &collection, &spec)?;
            collection = catalog::find_or_create(connection, name)?;
        }
        originals.retain(|o| o.get_str("name").ok() != index.get_str("name").ok());
        originals.push(index.clone());
    }
    if !definition.options.is_empty() {
        let mut options = kept.get_document("options").cloned().unwrap_or_default();
        options.extend(definition.options.clone());
        kept.insert("options", options);
    }
    kept.insert("indexes", originals.into_iter().map(Bson::Document).collect::<Vec<_>>());
    let text = Bson::Document(kept).into_canonical_extjson().to_string();
    connection.execute("UPDATE collections SET definition = ?1 WHERE id = ?2", params![text, collection.id]).map_err(map)?;
    Ok(())
}

fn kept(connection: &Connection, collection: &Collection) -> StoreResult<Document> {
    let sql = "SELECT definition FROM collections WHERE id = ?1";
    let text: Option<Option<String>> = connection.query_row(sql, [collection.id], |r| r.get(0)).optional().map_err(map)?;
    let Some(text) = text.flatten() else {
        return Ok(Document::new());
    };
    let json: serde_json::Value = serde_json::from_str(&text).map_err(unreadable)?;
    match Bson::try_from(json) {
        Ok(Bson::Document(doc)) => Ok(doc),
        Ok(_) => Err(unreadable("not a document")),
        Err(e) => Err(unreadable(e)),
    }
}

fn documents(kept: &Document, name: &str) -> Vec<Document> {
    kept.get_array(name).map(|list| list.iter().filter_map(|i| i.as_document().cloned()).collect()).unwrap_or_default()
}

fn unreadable(e: impl std::fmt::Display) -> StoreError {
    StoreError::new(StoreErrorKind::Damaged, "The stored settings of a collection in this workspace cannot be read.").details(e)
}
