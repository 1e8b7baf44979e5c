//! Changes as an archive holds them: one document each, in one collection, in the order in which they were made.
//!
//! ```text
//! {_id: 0, mark: …, at: ISODate(…), ns: "careers", put: {…}}
//! {_id: 1, …, patch: {_id: …, updatedFields: …, removedFields: …, truncatedArrays: …}}
//! {_id: 2, …, delete: …}   drop: true   rename: "to"   define: {…}   index: {…}   dropIndex: "name"   options: {…}
//! ```

use bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};
use steward_store::{Change, Definition, Delta, Step, model};
use steward_workspace::{Error, Result};

/// The collection of an archive with the changes.
pub const EVENTS: &str = "steward.events";

/// A change as a document. `number` is its place in the increment.
pub fn encode(number: i64, change: &Change) -> Result<RawDocumentBuf> {
    let at = bson::DateTime::from_millis(change.at);
    let mut head = doc! { "_id": number, "mark": change.mark, "at": at, "ns": &change.collection };
    // A record goes over byte by byte, as it was.
    if let Step::Put(record) = &change.step {
        let mut out = model::raw(&head)?;
        out.append(bson::cstr!("put"), record.clone());
        return Ok(out);
    }
    let (name, value) = written(&change.step);
    head.insert(name, value);
    Ok(model::raw(&head)?)
}

fn written(step: &Step) -> (&'static str, Bson) {
    match step {
        Step::Put(record) => ("put", Document::try_from(record).map_or(Bson::Null, Bson::Document)),
        Step::Patch(delta) => {
            let mut patch = doc! { "_id": delta.id.clone() };
            patch.extend(delta.description());
            ("patch", patch.into())
        }
        Step::Delete(id) => ("delete", id.clone()),
        Step::Drop => ("drop", true.into()),
        Step::Rename { to } => ("rename", to.as_str().into()),
        Step::Define(definition) => ("define", definition.to_document().into()),
        Step::Index(index) => ("index", index.clone().into()),
        Step::DropIndex(name) => ("dropIndex", name.as_str().into()),
        Step::Options(options) => ("options", options.clone().into()),
    }
}

/// The reverse.
///
/// Errors: `BadRequest` where it is no change, or one that a newer Steward wrote.
pub fn decode(document: &RawDocument) -> Result<Change> {
    let wrong = || Error::BadRequest("A change of this increment cannot be read.".into());
    if let Ok(Some(record)) = document.get("put") {
        let record = record.as_document().ok_or_else(wrong)?.to_owned();
        return head(document, Step::Put(record)).ok_or_else(wrong);
    }
    let found = Document::try_from(document).map_err(|_| wrong())?;
    let (name, value) = found.iter().nth(4).ok_or_else(wrong)?;
    let step = match (name.as_str(), value) {
        ("patch", Bson::Document(patch)) => Step::Patch(Delta::of(patch.get("_id").cloned().ok_or_else(wrong)?, patch)),
        ("delete", id) => Step::Delete(id.clone()),
        ("drop", _) => Step::Drop,
        ("rename", Bson::String(to)) => Step::Rename { to: to.clone() },
        ("define", Bson::Document(definition)) => Step::Define(Definition::from_document(definition)),
        ("index", Bson::Document(index)) => Step::Index(index.clone()),
        ("dropIndex", Bson::String(name)) => Step::DropIndex(name.clone()),
        ("options", Bson::Document(options)) => Step::Options(options.clone()),
        _ => return Err(wrong()),
    };
    head(document, step).ok_or_else(wrong)
}

fn head(document: &RawDocument, step: Step) -> Option<Change> {
    Some(Change {
        mark: document.get_i64("mark").ok()?,
        at: document.get_datetime("at").ok()?.timestamp_millis(),
        collection: document.get_str("ns").ok()?.to_owned(),
        step,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_comes_back() {
        let definition = Definition {
            options: doc! { "capped": true },
            indexes: vec![doc! { "name": "n", "key": { "n": 1 } }],
            ..Definition::default()
        };
        let delta = Delta::of(
            7.into(),
            &doc! { "updatedFields": { "a.b": 1 }, "removedFields": ["c"], "truncatedArrays": [{ "field": "l", "newSize": 2 }] },
        );
        let steps = [
            Step::Put(RawDocumentBuf::try_from(&doc! { "_id": 1, "put": "put" }).unwrap()),
            Step::Patch(delta),
            Step::Delete(doc! { "a": 1 }.into()),
            Step::Drop,
            Step::Rename { to: "other".into() },
            Step::Define(definition),
            Step::Index(doc! { "name": "n" }),
            Step::DropIndex("n".into()),
            Step::Options(doc! { "validator": {} }),
        ];
        for step in steps {
            let change = Change { mark: 1 << 40, at: 1_700_000_000_123, collection: "careers".into(), step };
            assert_eq!(decode(&encode(3, &change).unwrap()).unwrap(), change);
        }
        assert!(decode(&RawDocumentBuf::try_from(&doc! { "_id": 1 }).unwrap()).is_err());
    }
}
