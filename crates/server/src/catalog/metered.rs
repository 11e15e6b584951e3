//! Any catalog, with every query timed.
//!
//! Not a policy: answers pass through untouched. *Invariant*: each call is counted exactly once, one that its caller
//! dropped included.

use std::sync::Arc;

use async_trait::async_trait;
use domain::change::Change;
use domain::{Asset, AssetId, Fence, File, FileId, OutboxEvent, OwnerId, StateName, TimeSpan, Timestamp};

use super::{AssetPatch, AssetQuery, Catalog, CatalogError, IdempotencyClaim, Reservation, Reserved, Stamped, Written};
use crate::clock::Stopwatch;
use crate::telemetry;

/// A catalog whose queries appear in the metrics by name.
pub struct MeteredCatalog(Arc<dyn Catalog>);

impl MeteredCatalog {
    /// Times every call to a catalog.
    pub fn new(catalog: Arc<dyn Catalog>) -> Self {
        Self(catalog)
    }
}

/// A query under way. It is counted when it is dropped, so that an abandoned one is counted too.
struct Query {
    name: &'static str,
    since: Stopwatch,
}

impl Query {
    fn start(name: &'static str) -> Self {
        Self { name, since: Stopwatch::start() }
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        telemetry::catalog_query(self.name, self.since.elapsed_seconds());
    }
}

#[async_trait]
impl Catalog for MeteredCatalog {
    async fn now(&self) -> Result<Timestamp, CatalogError> {
        let _query = Query::start("now");
        self.0.now().await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError> {
        let _query = Query::start("reserve");
        self.0.reserve(reservation).await
    }

    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError> {
        let _query = Query::start("settle");
        self.0.settle(owner, claim).await
    }

    async fn find_asset(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
        let _query = Query::start("find_asset");
        self.0.find_asset(id).await
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        let _query = Query::start("list_assets");
        self.0.list_assets(query).await
    }

    async fn patch_asset(&self, id: AssetId, from: Fence, patch: &AssetPatch) -> Result<Written, CatalogError> {
        let _query = Query::start("patch_asset");
        self.0.patch_asset(id, from, patch).await
    }

    async fn find_file(&self, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
        let _query = Query::start("find_file");
        self.0.find_file(id).await
    }

    async fn advance(&self, from: Fence, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError> {
        let _query = Query::start("advance");
        self.0.advance(from, next, events).await
    }

    async fn apply(&self, change: &Change) -> Result<Written, CatalogError> {
        let _query = Query::start("apply");
        self.0.apply(change).await
    }

    async fn list_files(
        &self,
        state: StateName,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Stamped<Vec<File>>, CatalogError> {
        let _query = Query::start("list_files");
        self.0.list_files(state, after, limit).await
    }

    async fn list_expirable(
        &self,
        as_of: Option<Timestamp>,
        after: Option<AssetId>,
        limit: u32,
    ) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        let _query = Query::start("list_expirable");
        self.0.list_expirable(as_of, after, limit).await
    }

    async fn purge(&self, file: FileId, from: Fence) -> Result<Written, CatalogError> {
        let _query = Query::start("purge");
        self.0.purge(file, from).await
    }

    async fn take_lease(&self, name: &str, holder: &str, life: TimeSpan) -> Result<bool, CatalogError> {
        let _query = Query::start("take_lease");
        self.0.take_lease(name, holder, life).await
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), CatalogError> {
        let _query = Query::start("release_lease");
        self.0.release_lease(name, holder).await
    }

    async fn list_events(&self, after: u64, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        let _query = Query::start("list_events");
        self.0.list_events(after, limit).await
    }

    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError> {
        let _query = Query::start("count_files");
        self.0.count_files().await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

#[cfg(test)]
mod conformance {
    //! The suite of the port on a metered catalog: metering changes nothing.

    use std::sync::Arc;

    use super::MeteredCatalog;
    use crate::catalog::conformance::samples::START;
    use crate::catalog::conformance::{Subject, catalog_conformance};
    use crate::catalog::memory::MemoryCatalog;
    use crate::clock::ManualClock;

    async fn subject() -> Subject {
        let clock = Arc::new(ManualClock::new(START));
        let catalog = MeteredCatalog::new(Arc::new(MemoryCatalog::new(clock.clone())));
        Subject::new(Arc::new(catalog), clock, ())
    }

    catalog_conformance!(subject);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::memory::MemoryCatalog;
    use crate::clock::HostClock;
    use crate::telemetry::Metrics;

    #[tokio::test]
    async fn answered_and_abandoned_queries_are_counted() {
        let metrics = Metrics::start();
        let catalog = MeteredCatalog::new(Arc::new(MemoryCatalog::new(Arc::new(HostClock))));
        catalog.count_files().await.unwrap();
        // Polled by nobody, then dropped: it never began. Polled once and dropped: it counts.
        drop(catalog.list_events(0, 1));
        let mut begun = catalog.take_lease("a", "b", TimeSpan::from_secs(1));
        let _ = futures::poll!(&mut begun);
        drop(begun);
        let text = metrics.render();
        let count = |name: &str| {
            let line = format!("db_client_operation_duration_seconds_count{{db_operation_name=\"{name}\"}} 1");
            text.lines().any(|found| found == line)
        };
        assert!(count("count_files") && count("take_lease"), "{text}");
        assert!(!text.contains("list_events"), "{text}");
    }
}
