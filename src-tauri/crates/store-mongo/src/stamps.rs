//! Empty timestamps: where one is at the top of a record that is inserted or swapped in, servers before 8.0 write the
//! time of day instead. A patch leaves it as it is, so it is set once more.

use bson::raw::RawBsonRef;
use bson::{Bson, RawDocument, Timestamp};
use steward_domain::FieldPath;
use steward_store::WriteOp;

/// The patch that gives a record its empty timestamps back, if it has any.
pub fn again(op: &WriteOp) -> Option<WriteOp> {
    let (WriteOp::Insert { collection, document } | WriteOp::Put { collection, document }) = op else { return None };
    let set: Vec<(FieldPath, Bson)> = names(document).into_iter().map(|name| (FieldPath::name(name), Bson::Timestamp(EMPTY))).collect();
    if set.is_empty() {
        return None;
    }
    let id = document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok())?;
    Some(WriteOp::Patch { collection: collection.clone(), id, expect: Vec::new(), set, unset: Vec::new() })
}

const EMPTY: Timestamp = Timestamp { time: 0, increment: 0 };

/// Fields that hold an empty timestamp; those whose names no patch can say are left out.
fn names(document: &RawDocument) -> Vec<&str> {
    let empty = |value: RawBsonRef<'_>| matches!(value, RawBsonRef::Timestamp(EMPTY));
    let fields = document.iter().map_while(Result::ok).filter(|(_, value)| empty(*value)).map(|(name, _)| name.as_str());
    fields.filter(|name| *name != "_id" && FieldPath::name(name).is_dotted()).collect()
}

#[cfg(test)]
mod tests {
    use bson::{RawDocumentBuf, doc};

    use super::*;

    #[test]
    fn only_empty_ones_at_the_top() {
        let full = Timestamp { time: 1, increment: 0 };
        let document = doc! { "_id": 1, "a": EMPTY, "b": full, "c": { "d": EMPTY }, "e f": EMPTY, "$g": EMPTY };
        assert_eq!(names(&RawDocumentBuf::try_from(&document).unwrap()), ["a", "e f"]);
        assert!(again(&WriteOp::insert("c", &doc! { "_id": 1, "a": full }).unwrap()).is_none());
    }
}
