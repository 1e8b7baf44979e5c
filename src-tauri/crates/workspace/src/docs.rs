//! Steward's own documents: from and to the types of `domain`, keeping BSON values as they are.

use bson::{Bson, Document, RawDocument};
use serde::Serialize;
use serde::de::DeserializeOwned;
use steward_domain::{FieldChange, FieldPath, RecordChange, RecordKey, RecordOp, Value};

use crate::error::{Error, Result};

/// Plain data as a document with this `_id`.
pub fn to_document<T: Serialize>(id: &str, value: &T) -> Result<Document> {
    let json = serde_json::to_value(value).map_err(|_| Error::Damaged("A document of Steward"))?;
    let mut out = bson::doc! {"_id": id};
    if let Ok(Some(doc)) = steward_domain::value::doc_from_ext(json) {
        out.extend(doc);
    }
    Ok(out)
}

/// The reverse of [`to_document`].
pub fn from_document<T: DeserializeOwned>(doc: &Document) -> Result<T> {
    let json = serde_json::Value::Object(steward_domain::value::doc_to_ext(doc));
    serde_json::from_value(json).map_err(|_| Error::Damaged("A document of Steward"))
}

/// [`from_document`] of stored bytes.
pub fn from_raw<T: DeserializeOwned>(raw: &RawDocument) -> Result<T> {
    from_document(&steward_store::upsert::decode(raw)?)
}

/// One record's part in a change set with the `_id` of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub id: Bson,
    pub record: RecordChange,
}

/// A change as it is stored: values stay BSON.
pub fn change_to_doc(set: &str, number: usize, change: &Change) -> Document {
    let record = &change.record;
    let fields: Vec<Bson> = record
        .fields
        .iter()
        .map(|f| {
            let mut doc = bson::doc! {"path": f.path.as_str()};
            if let Some(before) = &f.before {
                doc.insert("before", before.0.clone());
            }
            if let Some(after) = &f.after {
                doc.insert("after", after.0.clone());
            }
            Bson::Document(doc)
        })
        .collect();
    let op = match record.op {
        RecordOp::Insert => "insert",
        RecordOp::Update => "update",
        RecordOp::Delete => "delete",
    };
    let mut out = bson::doc! {
        "_id": change_id(set, number), "set": set, "collection": record.collection.as_str(),
        "key": record.key.bson().clone(), "id": change.id.clone(), "op": op,
    };
    if !fields.is_empty() {
        out.insert("fields", fields);
    }
    if let Some(document) = &record.document {
        out.insert("document", document.0.clone());
    }
    out
}

/// `_id` of a change: sorts by its number within its set.
pub fn change_id(set: &str, number: usize) -> String {
    format!("{set}:{number:012}")
}

/// A stored change.
pub fn change_from_doc(doc: &Document) -> Result<Change> {
    let wrong = || Error::Damaged("An entry of the history");
    let op = match doc.get_str("op").map_err(|_| wrong())? {
        "insert" => RecordOp::Insert,
        "update" => RecordOp::Update,
        "delete" => RecordOp::Delete,
        _ => return Err(wrong()),
    };
    let mut fields = Vec::new();
    for field in doc.get_array("fields").map(Vec::as_slice).unwrap_or_default() {
        let field = field.as_document().ok_or_else(wrong)?;
        fields.push(FieldChange {
            path: FieldPath::new(field.get_str("path").map_err(|_| wrong())?),
            before: field.get("before").cloned().map(Value),
            after: field.get("after").cloned().map(Value),
        });
    }
    let record = RecordChange {
        collection: doc.get_str("collection").map_err(|_| wrong())?.to_owned(),
        key: RecordKey(Value(doc.get("key").cloned().ok_or_else(wrong)?)),
        op,
        fields,
        document: doc.get("document").cloned().map(Value),
    };
    Ok(Change { id: doc.get("id").cloned().ok_or_else(wrong)?, record })
}
