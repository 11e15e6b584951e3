//! Events, in the order they were committed.

use domain::{AssetId, OutboxEvent, OwnerId, Shard};

use super::CatalogError;
use super::operation::capability;

capability! {
    /// The outbox.
    pub trait Outbox {
        /// Outbox events in the order they were committed, after position `after`, at most `limit`.
        async fn list_events(&self, after: u64, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError>;

        /// The events of one owner's assets in the order they were committed, after position `after`, at most `limit`.
        async fn list_owner_events(
            &self,
            owner: &OwnerId,
            after: u64,
            limit: u32,
        ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError>;

        /// The events of one asset in the order they were committed, at most `limit`.
        async fn list_asset_events(
            &self,
            shard: Shard,
            asset: AssetId,
            limit: u32,
        ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError>;

        /// The position of the last event in the outbox, 0 if it is empty: where somebody begins who wants no past.
        async fn last_event_position(&self) -> Result<u64, CatalogError>;
    }
}
