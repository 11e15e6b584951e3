//! The suite of the port on the catalog in memory.

use std::sync::Arc;

use super::MemoryCatalog;
use crate::catalog::conformance::samples::START;
use crate::catalog::conformance::{Subject, catalog_conformance};
use crate::clock::ManualClock;

async fn subject() -> Subject {
    let clock = Arc::new(ManualClock::new(START));
    Subject::new(Arc::new(MemoryCatalog::new(clock.clone())), clock, ())
}

catalog_conformance!(subject);

/// The same by a clock that nobody sets.
mod running {
    use std::sync::Arc;

    use crate::catalog::conformance::subject::RunningClock;
    use crate::catalog::conformance::{Subject, catalog_conformance};
    use crate::catalog::memory::MemoryCatalog;

    async fn subject() -> Subject {
        let clock = Arc::new(RunningClock::start());
        Subject::new(Arc::new(MemoryCatalog::new(clock.clone())), clock, ())
    }

    catalog_conformance!(subject);
}
