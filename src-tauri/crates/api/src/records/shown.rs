//! A record as it is shown, and what became of an edit.

use std::collections::BTreeMap;

use bson::{Bson, Document};
use steward_domain::RecordKey;
use steward_workspace::edit::{self, Edited};
use steward_workspace::{Collection, Workspace};

use crate::dto::{EditOutcome, FieldConflict, RecordDetail};
use crate::error::ApiResult;

pub(crate) async fn outcome(workspace: &Workspace, collection: &Collection, key: &RecordKey, edited: Edited) -> ApiResult<EditOutcome> {
    Ok(match edited {
        Edited::Applied(change_set) => EditOutcome::Applied { change_set, record: detail(workspace, collection, key).await? },
        Edited::Conflict(clashes) => EditOutcome::Conflict {
            conflicts: clashes
                .into_iter()
                .map(|c| FieldConflict { path: c.path, before: c.before, mine: c.mine, theirs: c.theirs })
                .collect(),
            record: detail(workspace, collection, key).await?,
        },
        Edited::Invalid(violations) => EditOutcome::Invalid { violations },
        Edited::Unchanged => EditOutcome::Unchanged { record: detail(workspace, collection, key).await? },
    })
}

pub(crate) async fn detail(workspace: &Workspace, collection: &Collection, key: &RecordKey) -> ApiResult<RecordDetail> {
    let current = edit::read(workspace, collection, key).await?;
    let mut types = BTreeMap::new();
    note_types("", &current.document, &mut types);
    Ok(RecordDetail {
        collection: collection.name().to_owned(),
        key: current.key,
        violations: current.violations,
        types,
        document: current.document.into(),
    })
}

/// Types that JSON cannot tell.
pub(crate) fn note_types(prefix: &str, doc: &Document, out: &mut BTreeMap<String, String>) {
    for (name, item) in doc {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let kind = match item {
            Bson::Document(inner) => {
                note_types(&path, inner, out);
                continue;
            }
            Bson::Int64(_) => "Int64",
            Bson::Double(_) => "Double",
            Bson::Decimal128(_) => "Decimal128",
            Bson::DateTime(_) => "Date",
            Bson::ObjectId(_) => "ObjectId",
            Bson::Binary(_) => "Binary",
            Bson::Timestamp(_) => "Timestamp",
            Bson::RegularExpression(_) => "RegularExpression",
            _ => continue,
        };
        out.insert(path, kind.to_owned());
    }
}
