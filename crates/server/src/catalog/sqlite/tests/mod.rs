//! What only a file can show: opening and reopening it, two handles, a full disk, cancelled calls, query plans.

mod cancelling;
mod failing;
mod migrating;
mod opening;
mod owing;
mod planning;
mod sharing;

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::SqliteCatalog;
use crate::catalog::conformance::Subject;
use crate::catalog::conformance::samples::START;
use crate::clock::ManualClock;

/// A folder with room for a catalog.
struct Home {
    folder: TempDir,
    clock: Arc<ManualClock>,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::new(START)) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("catalog.db")
    }

    /// A handle of its own on the one file.
    async fn open(&self) -> Arc<SqliteCatalog> {
        Arc::new(SqliteCatalog::open(&self.path(), self.clock.clone()).await.unwrap())
    }

    /// The steps of the suite, through a handle.
    fn subject(&self, catalog: &Arc<SqliteCatalog>) -> Subject {
        Subject::new(catalog.clone(), self.clock.clone(), ())
    }
}

/// Asks SQLite whether the file is sound: structure, indexes and references.
async fn assert_sound(catalog: &SqliteCatalog) {
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&catalog.writer).await.unwrap();
    assert_eq!(verdict, "ok");
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&catalog.writer).await.unwrap();
    assert!(dangling.is_empty());
}
