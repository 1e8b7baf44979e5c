//! The conformance suite on file workspaces.

use std::sync::Arc;

use async_trait::async_trait;
use steward_store::Store;
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::Fixture;

struct FileFixture {
    folder: tempfile::TempDir,
}

#[async_trait]
impl Fixture for FileFixture {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.folder.path().join("test.steward")).await.expect("a new workspace can be made"))
    }
}

async fn fixture() -> FileFixture {
    FileFixture { folder: tempfile::tempdir().expect("a scratch folder can be made") }
}

steward_store_testkit::conformance!(fixture);
