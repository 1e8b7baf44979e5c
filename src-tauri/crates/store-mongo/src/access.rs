//! What the user may do here, read from the server: `connectionStatus` with privileges.

use bson::{Bson, Document, doc};
use mongodb::Database;
use steward_store::{Access, StoreErrorKind, StoreResult};

use crate::errors;

/// Actions of MongoDB that Steward uses, and for what.
const USED: &[(&str, &str)] = &[
    ("find", "reading records"),
    ("insert", "adding and importing records"),
    ("update", "editing records"),
    ("remove", "deleting records and undoing imports"),
    ("listCollections", "showing which collections there are"),
    ("listIndexes", "knowing which searches are fast"),
    ("createCollection", "creating collections, Steward's own included"),
    ("createIndex", "fast search and unique keys"),
    ("dropIndex", "changing indexes, and faster loads"),
    ("dropCollection", "restoring backups"),
    ("renameCollectionSameDB", "restoring backups in one step"),
    ("collMod", "letting the server itself check records"),
    ("changeStream", "showing changes that others make"),
    ("collStats", "sizes of collections"),
];

/// One line an action. Without access control everything is allowed.
pub async fn read(db: &Database) -> StoreResult<Vec<Access>> {
    let granted = Granted::read(db).await?;
    Ok(USED
        .iter()
        .map(|(action, needed_for)| Access {
            name: (*action).to_owned(),
            allowed: granted.allows(action, db.name()),
            needed_for: (*needed_for).to_owned(),
        })
        .collect())
}

/// The user may insert, update and remove.
pub async fn may_write(db: &Database) -> StoreResult<bool> {
    let granted = Granted::read(db).await?;
    Ok(["insert", "update", "remove"].iter().all(|action| granted.allows(action, db.name())))
}

enum Granted {
    /// No access control.
    Everything,
    /// Access control, but nobody is logged in.
    Nothing,
    Privileges(Vec<Document>),
}

impl Granted {
    async fn read(db: &Database) -> StoreResult<Self> {
        let reply = db.run_command(doc! { "connectionStatus": 1, "showPrivileges": true }).await.map_err(|e| errors::from_driver(&e))?;
        let info = reply.get_document("authInfo").cloned().unwrap_or_default();
        if info.get_array("authenticatedUsers").is_ok_and(|users| !users.is_empty()) {
            let list = info.get_array("authenticatedUserPrivileges").cloned().unwrap_or_default();
            return Ok(Self::Privileges(list.into_iter().filter_map(into_document).collect()));
        }
        // Nobody is logged in: either nobody has to, or nothing is allowed.
        match db.run_command(doc! { "listCollections": 1, "nameOnly": true }).await {
            Ok(_) => Ok(Self::Everything),
            Err(e) => match errors::from_driver(&e) {
                e if matches!(e.kind, StoreErrorKind::Forbidden | StoreErrorKind::Unauthorized) => Ok(Self::Nothing),
                e => Err(e),
            },
        }
    }

    fn allows(&self, action: &str, database: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::Privileges(list) => list.iter().any(|p| covers(p, database) && has_action(p, action)),
        }
    }
}

fn into_document(value: Bson) -> Option<Document> {
    match value {
        Bson::Document(doc) => Some(doc),
        _ => None,
    }
}

/// The privilege is about this database or some collection in it.
fn covers(privilege: &Document, database: &str) -> bool {
    let Ok(resource) = privilege.get_document("resource") else {
        return false;
    };
    if resource.get_bool("anyResource").unwrap_or(false) {
        return true;
    }
    let system = resource.get_str("collection").is_ok_and(|c| c.starts_with("system."));
    !system && resource.get_str("db").is_ok_and(|db| db.is_empty() || db == database)
}

fn has_action(privilege: &Document, action: &str) -> bool {
    privilege.get_array("actions").is_ok_and(|list| list.iter().any(|a| a.as_str() == Some(action) || a.as_str() == Some("anyAction")))
}
