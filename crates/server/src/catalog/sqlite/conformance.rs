//! The suite of the port on a SQLite file.

use std::sync::Arc;

use super::SqliteCatalog;
use crate::catalog::conformance::samples::START;
use crate::catalog::conformance::{Subject, catalog_conformance};
use crate::clock::ManualClock;

async fn subject() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let catalog = SqliteCatalog::open(&folder.path().join("catalog.db"), clock.clone()).await.unwrap();
    Subject::new(Arc::new(catalog), clock, folder)
}

catalog_conformance!(subject);
