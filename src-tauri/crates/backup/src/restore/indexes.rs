//! Building the indexes of what comes back. One that the store refuses, or that the records break, holds up nothing else: it is
//! handed back with the reason.

use bson::{Bson, Document};
use steward_domain::{Filter, RecordKey, Value};
use steward_store::definition::is_id_index;
use steward_store::{Definition, Store, StoreError, StoreErrorKind, upsert};
use steward_workspace::Result;

/// Values that are looked at for one that occurs more than once.
const VALUES: usize = 50;

/// What a store did not take.
#[derive(Debug)]
pub struct Refused {
    /// An index; otherwise it was the validator.
    pub index: Option<Document>,
    pub error: StoreError,
}

impl Refused {
    pub fn is_unique(&self) -> bool {
        self.error.kind == StoreErrorKind::DuplicateKey
    }

    /// `the index mail`, `its validator`.
    pub fn what(&self) -> String {
        match &self.index {
            Some(index) => format!("the index {}", index.get_str("name").unwrap_or_default()),
            None => "its validator".to_owned(),
        }
    }
}

/// The store says no to what it was asked, and would say so again.
pub fn is_refusal(e: &StoreError) -> bool {
    use StoreErrorKind as Kind;
    matches!(e.kind, Kind::Invalid | Kind::Conflict | Kind::Unsupported | Kind::DuplicateKey | Kind::NotFound | Kind::Internal)
}

/// In the words of who refused.
pub fn words(e: &StoreError) -> String {
    let message = e.message.trim_end_matches('.');
    match &e.details {
        Some(details) => format!("{message}: {details}"),
        None => message.to_owned(),
    }
}

/// Gives a collection the validator and the indexes of a definition: all at once, which takes one pass over the records; where
/// one of them is refused, one after the other.
pub async fn build(store: &dyn Store, collection: &str, definition: &Definition) -> Result<Vec<Refused>> {
    match store.define(collection, definition).await {
        Ok(()) => return Ok(Vec::new()),
        Err(e) if is_refusal(&e) => {}
        Err(e) => return Err(e.into()),
    }
    let mut refused = Vec::new();
    let bare = Definition { indexes: Vec::new(), ..definition.clone() };
    refused.extend(refusal(store.define(collection, &bare).await, None)?);
    for index in definition.indexes.iter().filter(|index| !is_id_index(index)) {
        let alone = definition.only(vec![index.clone()]);
        refused.extend(refusal(store.define(collection, &alone).await, Some(index))?);
    }
    Ok(refused)
}

fn refusal(done: std::result::Result<(), StoreError>, index: Option<&Document>) -> Result<Option<Refused>> {
    match done {
        Ok(()) => Ok(None),
        Err(error) if is_refusal(&error) => Ok(Some(Refused { index: index.cloned(), error })),
        Err(e) => Err(e.into()),
    }
}

/// Why it was refused: of a unique index, two records and the value that they share.
pub async fn why(store: &dyn Store, collection: &str, refused: &Refused) -> Result<String> {
    let Some(index) = refused.index.as_ref().filter(|_| refused.is_unique()) else { return Ok(words(&refused.error)) };
    let fields = fields_of(index);
    if let [field] = fields.as_slice()
        && let Some((value, ids)) = twins(store, collection, field, index).await?
    {
        return Ok(format!("the records {} have the same {field}, {}", ids.join(" and "), shown(&value)));
    }
    Ok(format!("several records have the same {}", fields.join(", ")))
}

/// Two records with the same value of a field.
async fn twins(store: &dyn Store, collection: &str, field: &str, index: &Document) -> Result<Option<(Bson, Vec<String>)>> {
    let counted = store.facet(collection, field, &Filter::all(), VALUES).await?;
    let mut often: Vec<Bson> = counted.values.into_iter().filter(|(_, times)| *times > 1).map(|(value, _)| value).collect();
    let leaves_out = ["sparse", "partialFilterExpression"].iter().any(|option| index.contains_key(option));
    if counted.missing + counted.nulls > 1 && !leaves_out {
        often.push(Bson::Null);
    }
    for value in often {
        let found = store.get_many(collection, field, std::slice::from_ref(&value)).await?;
        let ids: Vec<String> = found.iter().take(2).filter_map(|record| id_of(record)).collect();
        if ids.len() == 2 {
            return Ok(Some((value, ids)));
        }
    }
    Ok(None)
}

pub fn fields_of(index: &Document) -> Vec<String> {
    index.get_document("key").map(|key| key.keys().cloned().collect()).unwrap_or_default()
}

/// The `_id` of a record as a person writes it.
pub fn id_of(record: &bson::RawDocument) -> Option<String> {
    upsert::decode(record).ok()?.remove("_id").map(|id| shown(&id))
}

/// A value in a sentence: not longer than one can read.
pub fn shown(value: &Bson) -> String {
    const LONGEST: usize = 80;
    let text = match value {
        Bson::String(text) => format!("\"{text}\""),
        other => RecordKey(Value(other.clone())).label(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
