//! Steward's own collections. They live next to the data, in both kinds of workspace, and move with it.

/// Prefix of every collection that belongs to Steward.
pub const PREFIX: &str = "steward.";
/// Which schema, key and title a collection has; the head of the history chain.
pub const CATALOG: &str = "steward.catalog";
/// Light history entries: one document a change set.
pub const CHANGE_SETS: &str = "steward.change_sets";
/// Heavy history: one document a changed record.
pub const CHANGES: &str = "steward.changes";
/// Changes of many records that are being written, batch by batch.
pub const STAGED: &str = "steward.staged_changes";
/// Import runs.
pub const RUNS: &str = "steward.runs";
/// Keys and content hashes of what runs inserted, in chunks.
pub const RUN_INSERTS: &str = "steward.run_inserts";
pub const QUARANTINE: &str = "steward.quarantine";
pub const SETTINGS: &str = "steward.settings";
/// Mappings that were saved under a name.
pub const MAPPINGS: &str = "steward.mappings";
/// The workspace's own schema packs.
pub const SCHEMAS: &str = "steward.schemas";
/// Last quality reports.
pub const QUALITY: &str = "steward.quality";
/// A point for each measurement of a collection.
pub const MEASUREMENTS: &str = "steward.measurements";
/// Records that failed a figure at the last measurement.
pub const FINDINGS: &str = "steward.findings";

/// Restores, with what they archived.
pub const RESTORES: &str = "steward.restores";
/// Who is at work on what, with a fencing number.
pub const LEASES: &str = "steward.leases";
/// Collections that are being swapped.
pub const SWAPS: &str = "steward.swaps";
/// What runs on a schedule: when it ran last, when it runs next, and how it ended.
pub const TASKS: &str = "steward.tasks";
/// Notices that are to reach someone.
pub const OUTBOX: &str = "steward.outbox";

/// Steward's own collections with the fields that they are searched by.
const OWN: &[(&str, &[&str])] = &[
    (CATALOG, &[]),
    (CHANGE_SETS, &["seq"]),
    (CHANGES, &["key"]),
    (STAGED, &[]),
    (RUNS, &[]),
    (RUN_INSERTS, &["run"]),
    (QUARANTINE, &["alsoRuns", "fingerprint", "runId", "status"]),
    (SETTINGS, &[]),
    (MAPPINGS, &[]),
    (SCHEMAS, &[]),
    (QUALITY, &[]),
    (MEASUREMENTS, &[]),
    (FINDINGS, &["place"]),
    (RESTORES, &[]),
    (LEASES, &[]),
    (SWAPS, &[]),
    (TASKS, &[]),
    (OUTBOX, &["state"]),
];

/// Tells of this workspace only; a backup does without.
const TRANSIENT: [&str; 6] = [FINDINGS, RESTORES, LEASES, SWAPS, TASKS, OUTBOX];

/// Fields that have an index in one of Steward's own collections; nothing for a collection of another name.
pub fn indexed_fields(collection: &str) -> Option<&'static [&'static str]> {
    OWN.iter().find(|(name, _)| *name == collection).map(|(_, fields)| *fields)
}

/// One of Steward's own collections that a backup takes along: history, quarantine, mappings, settings. What an import
/// or a restore holds for the time being is not.
pub fn is_backed_up(collection: &str) -> bool {
    OWN.iter().any(|(name, _)| *name == collection) && !TRANSIENT.contains(&collection)
}

/// Steward's own collections of which the change feed says, as wholes: what is in none of people's collections and is
/// looked at in other windows. The heavy history is not among them: the light one is written with it.
const REPORTED: [&str; 8] = [RUNS, STAGED, CHANGE_SETS, QUARANTINE, SETTINGS, MAPPINGS, SCHEMAS, TASKS];

/// The change feed says when something is written there.
pub fn is_reported(collection: &str) -> bool {
    !is_own(collection) || REPORTED.contains(&collection)
}

/// Steward's own collections that have a name for good.
pub fn lasting() -> impl Iterator<Item = &'static str> {
    OWN.iter().map(|(name, _)| *name)
}

/// What an import or a restore holds next to the data for the time being.
pub fn is_staging(collection: &str) -> bool {
    is_own(collection) && indexed_fields(collection).is_none()
}

/// The collection is Steward's own.
pub fn is_own(collection: &str) -> bool {
    collection.starts_with(PREFIX)
}

/// Where MongoDB keeps the buckets of a time-series collection; backups read and write them as they are.
pub const BUCKETS: &str = "system.buckets.";

/// A collection that documents may be read from and written to: one that [`check`] accepts, or the buckets of one.
pub fn check_data(collection: &str) -> Result<(), crate::StoreError> {
    check(collection.strip_prefix(BUCKETS).unwrap_or(collection))
}

/// Bytes that a collection's name can have: a server allows 255 with the database and a dot in front.
pub const LONGEST: usize = 253;

/// A name that both stores accept for a person's collection.
pub fn check(collection: &str) -> Result<(), crate::StoreError> {
    let fine = !collection.is_empty()
        && collection.len() <= LONGEST
        && !collection.starts_with("system.")
        && !collection.contains(['$', '\0'])
        && !collection.starts_with('.');
    if fine {
        Ok(())
    } else {
        Err(crate::StoreError::invalid(format!(
            "'{collection}' cannot name a collection: use 1 to {LONGEST} bytes without '$', not beginning with 'system.' or a dot."
        )))
    }
}
