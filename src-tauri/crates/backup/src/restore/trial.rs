//! Asking a store beforehand what it would take: an empty collection of the same definition is made next to the data, and goes
//! again.

use bson::{Document, RawDocumentBuf};
use steward_store::definition::is_id_index;
use steward_store::{Definition, Durability, IndexSpec, StoreErrorKind, WriteBatch, WriteOp, names};
use steward_workspace::workspace::new_id;
use steward_workspace::{Error, Result, Workspace};

use super::indexes::{self, Refused};

const TRIALS: &str = "trial.";
/// A trial takes moments; what is older was left by a process that was killed.
const OLD: i64 = 3600;

/// What a store says of a definition.
#[derive(Debug)]
pub enum TrialResult {
    /// All but these.
    Takes(Vec<Refused>),
    /// Why not even the collection.
    Refuses(String),
}

/// Every store takes what is plain; everything else is tried.
pub async fn of(workspace: &Workspace, definition: &Definition) -> Result<TrialResult> {
    let special = |index: &Document| IndexSpec::plainly(index).is_none();
    let indexes: Vec<&Document> = definition.indexes.iter().filter(|index| !is_id_index(index)).collect();
    let twice = indexes.iter().enumerate().any(|(at, one)| indexes[..at].iter().any(|other| other.get("key") == one.get("key")));
    let plain = definition.options.is_empty() && !twice && !indexes.iter().copied().any(special);
    if plain || !workspace.can_write() {
        return Ok(TrialResult::Takes(Vec::new()));
    }
    let name = match make(workspace, &definition.bare()).await {
        Ok(Ok(name)) => name,
        Ok(Err(why)) => return Ok(TrialResult::Refuses(why)),
        // Who may not make a collection may still look at a plan; it is the restore that is refused.
        Err(Error::Store(e)) if e.kind == StoreErrorKind::Forbidden => return Ok(TrialResult::Takes(Vec::new())),
        Err(e) => return Err(e),
    };
    let refused = indexes::build(workspace.store.as_ref(), &name, definition).await;
    workspace.store.drop_collection(&name).await?;
    Ok(TrialResult::Takes(refused?))
}

/// Two records cannot be next to each other where there is this unique index.
pub async fn clash(workspace: &Workspace, unique: &Definition, one: &RawDocumentBuf, other: &RawDocumentBuf) -> Result<bool> {
    let Ok(name) = make(workspace, unique).await? else { return Ok(false) };
    let insert = |document: &RawDocumentBuf| WriteOp::Insert { collection: name.clone(), document: document.clone() };
    let batch = WriteBatch::data(vec![insert(one), insert(other)]);
    let done = workspace.store.write(batch, Durability::Full).await;
    workspace.store.drop_collection(&name).await?;
    match done {
        Ok(_) => Ok(false),
        Err(e) if e.kind == StoreErrorKind::DuplicateKey => Ok(true),
        Err(e) => Err(e.into()),
    }
}

/// The name of a trial; why there is none.
async fn make(workspace: &Workspace, definition: &Definition) -> Result<std::result::Result<String, String>> {
    clear(workspace).await?;
    let name = format!("{}{TRIALS}{}", names::PREFIX, new_id());
    match workspace.store.define(&name, definition).await {
        Ok(()) => Ok(Ok(name)),
        Err(e) if indexes::is_refusal(&e) => {
            workspace.store.drop_collection(&name).await?;
            Ok(Err(indexes::words(&e)))
        }
        Err(e) => Err(e.into()),
    }
}

/// Removes what a process that was killed has left.
async fn clear(workspace: &Workspace) -> Result<()> {
    let prefix = format!("{}{TRIALS}", names::PREFIX);
    let is_old = |name: &str| {
        let made = name.strip_prefix(&prefix).and_then(|id| bson::oid::ObjectId::parse_str(id).ok());
        made.is_some_and(|id| workspace.clock.now().timestamp() - id.timestamp().timestamp_millis() / 1000 > OLD)
    };
    for name in workspace.store.collections().await?.iter().filter(|name| is_old(name)) {
        workspace.store.drop_collection(name).await?;
    }
    Ok(())
}
