//! Keys as people type them. A shell knows no types, records do: what is typed is looked for as text, number, date, ObjectId and UUID,
//! and where it is the key of several records, the person says which is meant.

use bson::Bson;
use steward_api::call;
use steward_api::dto::{Collections, Empty, FindRecords, RecordHistory, RecordPage, RecordRef};
use steward_api::{ApiError, ApiResult};
use steward_domain::{FieldPath, Filter, RecordKey, Value, value};

use super::parse_value;
use crate::session::Session;

/// A key that says its type: JSON in braces or quotes.
fn spelled(text: &str) -> Option<RecordKey> {
    let quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    (text.starts_with('{') || quoted).then(|| RecordKey(parse_value(text)))
}

/// What a text can mean, text first.
fn meanings(text: &str) -> Vec<Bson> {
    let mut all = vec![Bson::from(text)];
    match parse_value(text).0 {
        Bson::String(_) | Bson::Document(_) | Bson::Array(_) | Bson::Null => {}
        number => all.push(number),
    }
    all.extend(bson::oid::ObjectId::parse_str(text).ok().map(Bson::ObjectId));
    if text.len() == 36 {
        all.extend(bson::Uuid::parse_str(text).ok().map(Bson::from));
    }
    let day = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    all.extend(bson::DateTime::parse_rfc3339_str(day).ok().map(Bson::DateTime));
    all
}

/// How a person says exactly this key.
fn exactly(key: &RecordKey) -> String {
    match key.bson() {
        Bson::String(text) => format!("'{}'", serde_json::Value::from(text.as_str())),
        other => format!("'{}'", other.clone().into_canonical_extjson()),
    }
}

fn several(text: &str, collection: &str, keys: &[RecordKey]) -> ApiError {
    let spellings: Vec<String> = keys.iter().map(exactly).collect();
    ApiError::bad_request(format!("'{text}' is the key of {} records of {collection}.", keys.len()))
        .hint(format!("Say which one: {}.", spellings.join(" or ")))
}

/// The record that is meant.
///
/// Errors: several records have such a key. One that no record has is text.
pub async fn resolve(session: &Session, collection: String, text: &str) -> ApiResult<RecordRef> {
    if let Some(key) = spelled(text) {
        return Ok(RecordRef { collection, key });
    }
    let known = known(session, &collection, text).await?;
    match known.as_slice() {
        [] => Ok(RecordRef { collection, key: RecordKey(Value::text(text)) }),
        [key] => Ok(RecordRef { collection, key: key.clone() }),
        many => Err(several(text, &collection, many)),
    }
}

/// The record whose history is meant; it may be gone.
pub async fn resolve_history(session: &Session, collection: String, text: &str) -> ApiResult<RecordRef> {
    let found = resolve(session, collection, text).await?;
    if spelled(text).is_some() || !known(session, &found.collection, text).await?.is_empty() {
        return Ok(found);
    }
    let mut with_history = Vec::new();
    for meaning in meanings(text) {
        let record = RecordRef { collection: found.collection.clone(), key: RecordKey(Value(meaning)) };
        let history: RecordHistory = session.call(call::records::History, &record).await?;
        if !history.entries.is_empty() {
            with_history.push(record.key);
        }
    }
    match with_history.as_slice() {
        [] => Ok(found),
        [key] => Ok(RecordRef { key: key.clone(), ..found }),
        many => Err(several(text, &found.collection, many)),
    }
}

/// Keys of records that a text can mean.
async fn known(session: &Session, collection: &str, text: &str) -> ApiResult<Vec<RecordKey>> {
    let list: Collections = session.call(call::collections::List, &Empty {}).await?;
    let Some(key_field) = list.collections.iter().find(|c| c.name == collection).map(|c| c.key_field.clone()) else {
        return Ok(Vec::new());
    };
    let mut keys: Vec<RecordKey> = Vec::new();
    for meaning in meanings(text) {
        let filter = Some(Filter::eq(FieldPath::name(&key_field).as_str(), meaning));
        let request =
            FindRecords { collection: collection.to_owned(), filter, finding: None, sort: None, after: None, from: None, limit: 2 };
        let page: RecordPage = session.call(call::records::Find, &request).await?;
        for row in page.records {
            if !keys.iter().any(|key| value::same(key.bson(), row.key.bson())) {
                keys.push(row.key);
            }
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_means_what_it_can_mean() {
        assert_eq!(meanings("a-1"), [Bson::from("a-1")]);
        assert_eq!(meanings("101")[1..], [Bson::Int32(101)]);
        assert!(matches!(meanings("65a000000000000000000001")[1..], [Bson::ObjectId(_)]));
        assert!(matches!(meanings("123e4567-e89b-12d3-a456-426614174000")[1..], [Bson::Binary(_)]));
        assert!(matches!(meanings("2024-02-29")[1..], [Bson::DateTime(_)]));
    }
}
