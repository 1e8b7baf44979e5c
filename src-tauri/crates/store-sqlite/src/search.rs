//! A search as conditions on rows, one for each term: by the beginnings of words in the text index, by parts of keys in their
//! indexes, and by numbers in any index.

use bson::Bson;
use rusqlite::types::Value as Sql;
use steward_domain::order;
use steward_domain::search::{Term, terms};
use steward_store::{StoreError, StoreResult};

use crate::catalog::Collection;
use crate::plan::ord;

/// Shorter terms are not looked for inside keys: nearly every key has them.
const SHORTEST_PART: usize = 2;

/// Errors: `Unsupported` where the collection has no text index.
pub fn conditions(text: &str, collection: &Collection) -> StoreResult<Vec<(String, Vec<Sql>)>> {
    if collection.text().is_none() {
        return Err(StoreError::unsupported("text search, because this collection has no text index (or it is being built)"));
    }
    Ok(terms(text).iter().map(|term| condition(term, collection)).collect())
}

fn condition(term: &Term, collection: &Collection) -> (String, Vec<Sql>) {
    let (table, fts) = (collection.table(), collection.fts());
    let words: Vec<String> = term.words.iter().map(|word| format!("\"{word}\"")).collect();
    let mut ways = vec![format!("SELECT rowid FROM {fts} WHERE {fts} MATCH ?")];
    let mut values = vec![Sql::Text(format!("{}*", words.join(" ")))];
    if term.text.chars().count() >= SHORTEST_PART {
        for key in keys(collection) {
            // The range keeps SQLite within the index, where it finds the keys without reading records.
            let key = ord(key);
            ways.push(format!("SELECT id FROM {table} WHERE {key} >= ? AND {key} < ? AND steward_part({key}, ?)"));
            let (first, behind) = order::TEXT_KEYS;
            values.extend([Sql::Blob(vec![first]), Sql::Blob(vec![behind]), Sql::Text(term.text.clone())]);
        }
    }
    if let Some(number) = term.number {
        for field in indexed(collection) {
            ways.push(format!("SELECT id FROM {table} WHERE {} = ?", ord(field)));
            values.push(Sql::Blob(order::key_of(&Bson::Double(number))));
        }
    }
    (format!("id IN ({})", ways.join(" UNION ")), values)
}

/// Fields that tell records apart.
fn keys(collection: &Collection) -> impl Iterator<Item = &str> {
    let unique = collection.indexes.iter().filter(|i| i.spec.unique && !i.pending && !i.lists && i.spec.fields.len() == 1);
    std::iter::once("_id").chain(unique.filter_map(|i| i.spec.fields.first()).map(String::as_str))
}

/// Fields whose values an index has.
fn indexed(collection: &Collection) -> impl Iterator<Item = &str> {
    let ready = collection.indexes.iter().filter(|i| !i.pending && !i.lists && !i.spec.is_text());
    std::iter::once("_id").chain(ready.filter_map(|i| i.spec.fields.first()).map(String::as_str))
}
