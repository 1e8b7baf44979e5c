//! A workspace in one file: SQLite with one table a collection (`id INTEGER PRIMARY KEY, doc BLOB`), documents as
//! BSON bytes, expression indexes over ordering keys, a full-text table without content, and a log for the change feed.
//!
//! Does not belong here: what a record means, history, quarantine. They are documents like any other.

#![forbid(unsafe_code)]

mod catalog;
mod create;
mod definition;
mod errors;
mod feed;
mod file;
mod functions;
mod indexes;
mod inspect;
mod plan;
mod pool;
mod position;
mod read;
mod recording;
mod replay;
mod same;
mod search;
mod snapshot;
mod upgrade;
mod upkeep;
mod write;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use futures::stream;
use rusqlite::Connection;
use steward_domain::Filter;
use steward_store::{
    Access, Capabilities, Capability, ChangeStream, Consistency, Cursor, Definition, Durability, FacetCount, Fence, Histogram, IndexSpec,
    Page, Partition, Position, Query, RecordStream, ReplayStream, ResumeToken, Room, Snapshot, Store, StoreError, StoreErrorKind,
    StoreInfo, StoreKind, StoreResult, Swap, WriteBatch, WriteReport, names,
};

use errors::{joined, map};
use pool::Pool;

/// What a file is, looked at without writing to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No workspace.
    Other,
    /// A workspace that cannot be read whole, or of an earlier version.
    Partly,
    /// A workspace that [`SqliteStore::open_source`] reads.
    Workspace,
}

/// Looks at a file that may be a workspace. Reads all of it. Blocking.
///
/// Errors: `Invalid` for a workspace whose schema holds what Steward did not make.
pub fn examine(path: &Path) -> StoreResult<Kind> {
    if !file::is_ours(path) {
        return Ok(Kind::Other);
    }
    let Ok(connection) = file::connect(path, file::Use::Source) else { return Ok(Kind::Partly) };
    let shown_as = path.display().to_string();
    let version = file::version(&connection, &shown_as)?;
    match inspect::check(&connection, version, &shown_as) {
        Err(e) if e.kind == StoreErrorKind::Invalid => return Err(e),
        Err(_) => return Ok(Kind::Partly),
        Ok(()) => {}
    }
    let whole = version == file::newest_version() && file::check_integrity(&connection).is_ok();
    Ok(if whole { Kind::Workspace } else { Kind::Partly })
}

/// Records in a batch of a scan.
const SCAN_BATCH: usize = 1000;

/// An open file workspace.
pub struct SqliteStore {
    pool: Pool,
    path: PathBuf,
    notices: Vec<String>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Drop for SqliteStore {
    /// What is in the write-ahead log goes into the file, so that someone who copies the file alone has everything.
    fn drop(&mut self) {
        self.pool.checkpoint();
    }
}

impl SqliteStore {
    /// Opens a workspace file, or makes it. After a crash its integrity is checked and put-off work is finished.
    ///
    /// Errors: `NewerVersion`, `Damaged`, `Invalid` (another program's database), `Unreachable`.
    pub async fn open(path: &Path) -> StoreResult<Self> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || Self::open_blocking(path)).await.map_err(joined)?
    }

    fn open_blocking(path: PathBuf) -> StoreResult<Self> {
        if path.is_dir() {
            return Err(StoreError::invalid(format!("{} is a folder, not a workspace file.", path.display())));
        }
        let shown_as = path.display().to_string();
        let size = std::fs::metadata(&path).map(|m| m.len()).ok();
        if size == Some(0) && std::fs::metadata(steward_sqlite_guard::beside(&path, "-wal")).map_or(0, |m| m.len()) == 0 {
            return Err(StoreError::new(
                StoreErrorKind::Damaged,
                format!(
                    "{shown_as} is empty. If it was a workspace, it was truncated: restore it from a backup. To make it a workspace, run 'steward init' on it."
                ),
            ));
        }
        let is_there = size.is_some_and(|size| size > 0);
        if is_there && !file::may_write(&path) {
            return Self::only_read(path, &shown_as);
        }
        let foreign_log = if is_there { same::archive_foreign_log(&path) } else { None };
        if is_there {
            // Before anything is written, even next to it.
            acceptable(&path, &shown_as, file::Use::Read)?;
        }
        let orphan = create::missing(&path, &shown_as)?;
        let (mark, left_behind) = file::OpenMark::take(&path)?;
        let crashed = left_behind && is_there;
        if acceptable(&path, &shown_as, file::Use::Read)? < file::newest_version() {
            mark.alone(|| upgrade::on_a_copy(&path, &shown_as)).unwrap_or_else(|| Err(upgrade::busy(&shown_as)))?;
        }
        let mut connection = file::connect(&path, file::Use::Write)?;
        let mut notices: Vec<String> = foreign_log.into_iter().chain(orphan).collect();
        if crashed {
            file::check_integrity(&connection)?;
            finish_loads(&mut connection)?;
            notices.push("This workspace was not closed properly last time. Its file was checked and is whole.".to_owned());
        }
        file::unhurried(&connection, |connection| {
            feed::trim(connection)?;
            recording::trim(connection)
        })?;
        Ok(Self { pool: Pool::new(path.clone(), connection, mark), path, notices })
    }

    /// Opens a file on a medium, or of a user, that does not let it be written: people look, and nothing is written next to it.
    fn only_read(path: PathBuf, shown_as: &str) -> StoreResult<Self> {
        if acceptable(&path, shown_as, file::Use::Source)? < file::newest_version() {
            let message =
                format!("{shown_as} is of an older version and cannot be written to. Copy it to where you may write, and open the copy.");
            return Err(StoreError::new(StoreErrorKind::Forbidden, message));
        }
        let notices = vec!["This workspace can only be read: its file or its folder is write-protected.".to_owned()];
        Ok(Self { pool: Pool::of_source(path.clone()), path, notices })
    }

    /// Opens someone else's workspace as a source of records: nothing is written to it, and it is not upgraded.
    pub async fn open_source(path: &Path) -> StoreResult<Self> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            acceptable(&path, &path.display().to_string(), file::Use::Source)?;
            Ok(Self { pool: Pool::of_source(path.clone()), path, notices: Vec::new() })
        })
        .await
        .map_err(joined)?
    }

    /// Changes collections or indexes in one transaction.
    async fn alter<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static) -> StoreResult<T> {
        self.pool
            .write(move |connection| {
                let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(map)?;
                recording::begin_point_in_time();
                let result = work(&tx)?;
                tx.commit().map_err(map)?;
                Ok(result)
            })
            .await
    }
}

/// The version of a file that may be opened: a workspace, with nothing in it that Steward did not make.
fn acceptable(path: &Path, shown_as: &str, purpose: file::Use) -> StoreResult<i32> {
    let others = steward_sqlite_guard::journal_names_another_file(path);
    if others.map_err(|e| StoreError::new(StoreErrorKind::Unreachable, "The workspace file cannot be opened.").details(e))? {
        let message = format!(
            "The journal next to {shown_as} names another file. Steward's own journals never do: it came from somewhere else. Move it away."
        );
        return Err(StoreError::invalid(message));
    }
    let connection = file::connect(path, purpose)?;
    let version = file::version(&connection, shown_as)?;
    inspect::check(&connection, version, shown_as)?;
    Ok(version)
}

fn finish_loads(connection: &mut Connection) -> StoreResult<()> {
    let tx = connection.transaction().map_err(map)?;
    let names: Vec<String> = {
        let mut statement =
            tx.prepare("SELECT DISTINCT c.name FROM collections c JOIN indexes i ON i.collection = c.id WHERE i.pending").map_err(map)?;
        let rows = statement.query_map([], |r| r.get(0)).map_err(map)?;
        rows.collect::<Result<_, _>>().map_err(map)?
    };
    for name in names {
        if let Some(collection) = catalog::find(&tx, &name)? {
            indexes::build_pending(&tx, &collection)?;
        }
    }
    tx.commit().map_err(map)
}

fn missing(name: &str) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, format!("There is no collection '{name}'."))
}

#[async_trait]
impl Store for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        use Capability::{ChangeFeed, ParallelScan, RenameReplace, TextSearch, Transactions, WordBeginnings, Write};
        if self.pool.is_source() {
            return Capabilities::of(&[TextSearch, WordBeginnings, ParallelScan]);
        }
        Capabilities::of(&[Transactions, TextSearch, WordBeginnings, ChangeFeed, ParallelScan, RenameReplace, Write])
    }

    async fn info(&self) -> StoreResult<StoreInfo> {
        let name = self.path.file_stem().map_or_else(|| "workspace".to_owned(), |s| s.to_string_lossy().into_owned());
        Ok(StoreInfo {
            kind: StoreKind::File,
            name,
            address: self.path.display().to_string(),
            server: format!("SQLite {}", rusqlite::version()),
            notices: self.notices.clone(),
        })
    }

    async fn room(&self) -> StoreResult<Option<Room>> {
        self.pool.read(|connection| file::room(connection).map(Some)).await
    }

    async fn compact(&self) -> StoreResult<()> {
        self.pool.write(|connection| file::compact(connection)).await
    }

    async fn damages(&self) -> StoreResult<Vec<String>> {
        self.pool.read(|connection| file::damages(connection, 100)).await
    }

    async fn access(&self) -> StoreResult<Vec<Access>> {
        let writable = !self.pool.is_source() && file::may_write(&self.path);
        let may =
            |name: &str, allowed: bool, needed_for: &str| Access { name: name.to_owned(), allowed, needed_for: needed_for.to_owned() };
        Ok(vec![may("read", true, "browsing, searching and exporting records"), may("write", writable, "importing, editing and undoing")])
    }

    async fn collections(&self) -> StoreResult<Vec<String>> {
        self.pool
            .read(|connection| {
                let mut statement = connection.prepare_cached("SELECT name FROM collections ORDER BY name").map_err(map)?;
                let rows = statement.query_map([], |r| r.get(0)).map_err(map)?;
                rows.collect::<Result<_, _>>().map_err(map)
            })
            .await
    }

    async fn create_collection(&self, name: &str) -> StoreResult<()> {
        let name = name.to_owned();
        self.alter(move |c| catalog::find_or_create(c, &name).map(|_| ())).await
    }

    async fn drop_collection(&self, name: &str) -> StoreResult<()> {
        let name = name.to_owned();
        self.alter(move |c| drop_collection(c, &name)).await
    }

    async fn rename_collection(&self, from: &str, to: &str, replace: bool) -> StoreResult<()> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.alter(move |c| rename(c, &from, &to, replace)).await
    }

    async fn swap(&self, swap: &Swap, then: WriteBatch) -> StoreResult<()> {
        let renames = swap.renames.clone();
        self.pool
            .write(move |connection| {
                connection.execute_batch("PRAGMA synchronous = FULL").map_err(map)?;
                let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(map)?;
                recording::begin_point_in_time();
                if let Some(fence) = &then.fence {
                    write::check_fence(&tx, fence)?;
                }
                for one in &renames {
                    rename(&tx, &one.from, &one.to, false)?;
                }
                write::apply_batch(&tx, &then, Durability::Full)?;
                tx.commit().map_err(map)
            })
            .await
    }

    async fn indexes(&self, collection: &str) -> StoreResult<Vec<IndexSpec>> {
        let name = collection.to_owned();
        self.pool
            .read(move |c| {
                let found = catalog::find(c, &name)?.ok_or_else(|| missing(&name))?;
                Ok(found.indexes.into_iter().map(|i| i.spec).collect())
            })
            .await
    }

    async fn ensure_index(&self, collection: &str, index: &IndexSpec) -> StoreResult<()> {
        let (name, index) = (collection.to_owned(), index.clone());
        self.alter(move |c| {
            let found = catalog::find_or_create(c, &name)?;
            recording::defining(c, &name, || indexes::ensure(c, &found, &index))
        })
        .await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> StoreResult<()> {
        let (collection, name) = (collection.to_owned(), name.to_owned());
        self.alter(move |c| {
            let found = catalog::find(c, &collection)?.ok_or_else(|| missing(&collection))?;
            recording::defining(c, &collection, || indexes::drop(c, &found, &name))
        })
        .await
    }

    async fn definition(&self, collection: &str) -> StoreResult<Definition> {
        let name = collection.to_owned();
        self.pool
            .read(move |c| {
                let found = catalog::find(c, &name)?.ok_or_else(|| missing(&name))?;
                definition::read(c, &found)
            })
            .await
    }

    async fn define(&self, collection: &str, definition: &Definition) -> StoreResult<()> {
        let (name, definition) = (collection.to_owned(), definition.clone());
        self.alter(move |c| {
            catalog::find_or_create(c, &name)?;
            recording::defining(c, &name, || definition::write(c, &name, &definition))
        })
        .await
    }

    async fn snapshot(&self, _wanted: Consistency) -> StoreResult<Box<dyn Snapshot>> {
        let (path, purpose) = (self.path.clone(), self.pool.reading());
        let taken = tokio::task::spawn_blocking(move || snapshot::FileSnapshot::take(&path, purpose)).await.map_err(joined)??;
        Ok(Box::new(taken))
    }

    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page> {
        let (name, query) = (collection.to_owned(), query.clone());
        self.pool.read(move |c| read::find(c, &name, &query)).await
    }

    async fn position(&self, name: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>> {
        let (name, query) = (name.to_owned(), query.clone());
        self.pool.read(move |c| position::after(c, &name, &query, skip)).await
    }

    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
        let (name, field, values) = (collection.to_owned(), field.to_owned(), values.to_owned());
        self.pool.read(move |c| read::get_many(c, &name, &field, &values)).await
    }

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64> {
        let (name, filter) = (collection.to_owned(), filter.clone());
        self.pool.read(move |c| read::count(c, &name, &filter)).await
    }

    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
        let (name, field, filter) = (collection.to_owned(), field.to_owned(), filter.clone());
        self.pool.read(move |c| read::facet(c, &name, &field, &filter, limit)).await
    }

    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
        let (name, field, filter) = (collection.to_owned(), field.to_owned(), filter.clone());
        self.pool.read(move |c| read::histogram(c, &name, &field, &filter, bins)).await
    }

    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
        let name = collection.to_owned();
        self.pool.read(move |c| read::partitions(c, &name, parts)).await
    }

    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
        let start = (self.pool.clone(), collection.to_owned(), filter.clone(), part, Some(i64::MIN));
        Ok(Box::pin(stream::try_unfold(start, |(pool, name, filter, part, after)| async move {
            let Some(at) = after else {
                return Ok(None);
            };
            let (n, f, p) = (name.clone(), filter.clone(), part.clone());
            let (records, next) = pool.read(move |c| read::scan_batch(c, &n, &f, p.as_ref(), at, SCAN_BATCH)).await?;
            Ok((!records.is_empty()).then_some((records, (pool, name, filter, part, next))))
        })))
    }

    async fn write(&self, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
        self.pool.write(move |connection| write::write(connection, &batch, durability)).await
    }

    async fn begin_load(&self, collection: &str) -> StoreResult<()> {
        let name = collection.to_owned();
        self.alter(move |c| match catalog::find(c, &name)? {
            Some(found) => indexes::put_off(c, &found),
            None => Ok(()),
        })
        .await
    }

    async fn end_load(&self, collection: &str, fence: Option<&Fence>) -> StoreResult<()> {
        let (name, fence) = (collection.to_owned(), fence.cloned());
        self.pool
            .write(move |connection| {
                let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(map)?;
                if let Some(found) = catalog::find(&tx, &name)? {
                    indexes::build_pending(&tx, &found)?;
                }
                // Nobody could renew the lease while the indexes were built.
                if let Some(fence) = &fence {
                    write::renew(&tx, fence)?;
                }
                tx.commit().map_err(map)
            })
            .await?;
        self.pool.write(|c| c.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(PASSIVE);").map_err(map)).await
    }

    async fn changes(&self, since: Option<ResumeToken>) -> StoreResult<ChangeStream> {
        let after = match since {
            Some(token) => feed::parse(&token)?,
            None => self.pool.read(feed::position).await?,
        };
        Ok(feed::follow(self.pool.clone(), after))
    }

    async fn change_position(&self) -> StoreResult<ResumeToken> {
        self.pool.read(feed::position).await.map(feed::token)
    }

    async fn record_changes(&self, on: bool) -> StoreResult<()> {
        self.alter(move |c| recording::switch(c, on)).await
    }

    async fn replay(&self, since: &Position) -> StoreResult<ReplayStream> {
        let since = since.clone();
        let after = self.pool.read(move |c| replay::check(c, &since)).await?;
        // What was given out before is in a backup now.
        self.alter(move |c| recording::forget(c, after)).await?;
        Ok(replay::start(self.path.clone(), after))
    }
}

fn drop_collection(connection: &Connection, name: &str) -> StoreResult<()> {
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok(());
    };
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {};", collection.fts())).map_err(map)?;
    recording::dropped(connection, &collection, name)?;
    connection.execute("DELETE FROM collections WHERE id = ?1", [collection.id]).map_err(map)?;
    feed::log_collection(connection, name)
}

fn rename(connection: &Connection, from: &str, to: &str, replace: bool) -> StoreResult<()> {
    names::check(to)?;
    let collection = catalog::find(connection, from)?.ok_or_else(|| missing(from))?;
    if catalog::find(connection, to)?.is_some() {
        if !replace {
            return Err(StoreError::new(StoreErrorKind::Conflict, format!("There is a collection '{to}' already.")));
        }
        drop_collection(connection, to)?;
    }
    connection.execute("UPDATE collections SET name = ?1 WHERE id = ?2", rusqlite::params![to, collection.id]).map_err(map)?;
    recording::renamed(connection, collection.id, from, to)?;
    feed::log_collection(connection, from)?;
    feed::log_collection(connection, to)
}
