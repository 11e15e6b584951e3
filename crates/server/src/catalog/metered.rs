//! A stopwatch around every query of the catalog.
//!
//! Not a policy: answers pass through untouched. *Invariant*: each call is counted exactly once, one that its caller
//! dropped included.

use super::CatalogError;
use super::around::AroundCatalog;
use super::operation::Operation;
use crate::clock::Stopwatch;
use crate::telemetry;
use crate::telemetry::figures::Fared;

/// Makes the queries of a catalog appear in the metrics by name.
#[derive(Debug, Clone, Copy)]
pub struct Metered;

impl AroundCatalog for Metered {
    async fn around<T: Send>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        let mut query = Query { operation, since: Stopwatch::start(), fared: Fared::Well };
        let answer = call.await;
        query.fared = if answer.is_ok() { Fared::Well } else { Fared::Badly };
        answer
    }
}

/// A query under way. It is counted when it is dropped, so that an abandoned one is counted too.
struct Query {
    operation: Operation,
    since: Stopwatch,
    /// Well, unless it was answered otherwise: who drops a query does not say that it failed.
    fared: Fared,
}

impl Drop for Query {
    fn drop(&mut self) {
        telemetry::catalog_query(self.operation.name(), self.since.elapsed_seconds(), self.fared);
    }
}

#[cfg(test)]
mod conformance {
    //! The suite of the port on a metered catalog: metering changes nothing.

    use std::sync::Arc;

    use super::Metered;
    use crate::catalog::around::Around;
    use crate::catalog::conformance::samples::START;
    use crate::catalog::conformance::{Subject, catalog_conformance};
    use crate::catalog::memory::MemoryCatalog;
    use crate::clock::ManualClock;

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::new(START));
        let catalog = Around::new(Arc::new(MemoryCatalog::new(clock.clone())), Metered);
        Subject::new(Arc::new(catalog), clock, ())
    }

    catalog_conformance!(subject);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::TimeSpan;

    use super::*;
    use crate::catalog::around::Around;
    use crate::catalog::memory::MemoryCatalog;
    use crate::catalog::{Figures as _, Members as _, Outbox as _};
    use crate::clock::HostClock;
    use crate::telemetry::Metrics;

    #[tokio::test]
    async fn answered_and_abandoned_queries_are_counted() {
        let metrics = Metrics::start();
        let catalog = Around::new(Arc::new(MemoryCatalog::new(Arc::new(HostClock))), Metered);
        catalog.count_files().await.unwrap();
        // Polled by nobody, then dropped: it never began. Polled once and dropped: it counts.
        drop(catalog.list_events(0, 1));
        let mut begun = catalog.renew_member("a", TimeSpan::from_secs(1));
        let _ = futures::poll!(&mut begun);
        drop(begun);
        let text = metrics.render();
        let count = |name: &str| {
            let line = format!("db_client_operation_duration_seconds_count{{db_operation_name=\"{name}\"}} 1");
            text.lines().any(|found| found == line)
        };
        assert!(count("count_files") && count("renew_member"), "{text}");
        assert!(!text.contains("list_events"), "{text}");
    }
}
