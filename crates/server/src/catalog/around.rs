//! Any catalog, with something around each of its calls: a stopwatch, a fail point, a simulated fault.
//!
//! The delegation is written once, here; what happens around a call is an [`AroundCatalog`]. *Invariant*: every method
//! with an answer passes through [`AroundCatalog::around`] exactly once, and arguments reach the catalog as they came.
//!
//! A new method of the port is one line in [`super::operation`] and one method here.

use std::sync::Arc;

use async_trait::async_trait;
use domain::change::Change;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{
    Asset, AssetId, ByteCount, Fence, File, FileId, Installation, InstallationId, OutboxEvent, OwnerId, StateName,
    StoreProfile, TimeSpan, Timestamp, Visibility,
};

use super::operation::Operation;
use super::{
    Announced, AssetPatch, AssetQuery, Catalog, CatalogError, IdempotencyClaim, Reservation, Reserved, Stamped,
    StatusName, Survey, Surveyed, Written,
};

/// What happens around a call.
pub trait AroundCatalog: Send + Sync + 'static {
    /// Makes the call, or does not. `call` has no effect until it is polled: leaving it unpolled is a fault before the
    /// effect; awaiting it and answering [`CatalogError::Unavailable`] is an answer lost after the effect. Nothing else
    /// may be answered than what the call said, or that it is unavailable.
    fn around<T: Send>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> impl Future<Output = Result<T, CatalogError>> + Send;
}

/// A catalog with an [`AroundCatalog`] around each call.
pub struct Around<A> {
    catalog: Arc<dyn Catalog>,
    layer: A,
}

impl<A: AroundCatalog> Around<A> {
    /// Puts `layer` around every call of `catalog`.
    pub fn new(catalog: Arc<dyn Catalog>, layer: A) -> Self {
        Self { catalog, layer }
    }
}

#[async_trait]
impl<A: AroundCatalog> Catalog for Around<A> {
    async fn now(&self) -> Result<Timestamp, CatalogError> {
        self.layer.around(Operation::Now, self.catalog.now()).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError> {
        self.layer.around(Operation::Reserve, self.catalog.reserve(reservation)).await
    }

    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError> {
        self.layer.around(Operation::Settle, self.catalog.settle(owner, claim)).await
    }

    async fn find_asset(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError> {
        self.layer.around(Operation::FindAsset, self.catalog.find_asset(id)).await
    }

    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        self.layer.around(Operation::ListAssets, self.catalog.list_assets(query)).await
    }

    async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<Surveyed>, CatalogError> {
        self.layer.around(Operation::SurveyAssets, self.catalog.survey_assets(survey)).await
    }

    async fn patch_asset(&self, id: AssetId, from: Fence, patch: &AssetPatch) -> Result<Written, CatalogError> {
        self.layer.around(Operation::PatchAsset, self.catalog.patch_asset(id, from, patch)).await
    }

    async fn find_file(&self, id: FileId) -> Result<Stamped<Option<File>>, CatalogError> {
        self.layer.around(Operation::FindFile, self.catalog.find_file(id)).await
    }

    async fn advance(&self, from: Fence, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError> {
        self.layer.around(Operation::Advance, self.catalog.advance(from, next, events)).await
    }

    async fn apply(&self, change: &Change) -> Result<Written, CatalogError> {
        self.layer.around(Operation::Apply, self.catalog.apply(change)).await
    }

    async fn announce(&self, change: &Change, reserved_bytes: ByteCount) -> Result<Announced, CatalogError> {
        self.layer.around(Operation::Announce, self.catalog.announce(change, reserved_bytes)).await
    }

    async fn list_files(
        &self,
        state: StateName,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Stamped<Vec<File>>, CatalogError> {
        self.layer.around(Operation::ListFiles, self.catalog.list_files(state, after, limit)).await
    }

    async fn list_awaited(&self, after: Option<FileId>, limit: u32) -> Result<Stamped<Vec<File>>, CatalogError> {
        self.layer.around(Operation::ListAwaited, self.catalog.list_awaited(after, limit)).await
    }

    async fn list_expirable(
        &self,
        as_of: Option<Timestamp>,
        after: Option<AssetId>,
        limit: u32,
    ) -> Result<Stamped<Vec<Asset>>, CatalogError> {
        self.layer.around(Operation::ListExpirable, self.catalog.list_expirable(as_of, after, limit)).await
    }

    async fn list_keys(
        &self,
        visibility: Visibility,
        from: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Stamped<Vec<KeyedFile>>, CatalogError> {
        self.layer.around(Operation::ListKeys, self.catalog.list_keys(visibility, from, upto, limit)).await
    }

    async fn adopt_orphan(&self, orphan: &Orphan) -> Result<Written, CatalogError> {
        self.layer.around(Operation::AdoptOrphan, self.catalog.adopt_orphan(orphan)).await
    }

    async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError> {
        self.layer.around(Operation::LoadInstallation, self.catalog.load_installation(fresh)).await
    }

    async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError> {
        self.layer.around(Operation::ReplaceInstallation, self.catalog.replace_installation(from, next)).await
    }

    async fn purge(&self, file: FileId, from: Fence) -> Result<Written, CatalogError> {
        self.layer.around(Operation::Purge, self.catalog.purge(file, from)).await
    }

    async fn forget_requests(&self) -> Result<u64, CatalogError> {
        self.layer.around(Operation::ForgetRequests, self.catalog.forget_requests()).await
    }

    async fn take_lease(&self, name: &str, holder: &str, life: TimeSpan) -> Result<bool, CatalogError> {
        self.layer.around(Operation::TakeLease, self.catalog.take_lease(name, holder, life)).await
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), CatalogError> {
        self.layer.around(Operation::ReleaseLease, self.catalog.release_lease(name, holder)).await
    }

    async fn list_events(&self, after: u64, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.layer.around(Operation::ListEvents, self.catalog.list_events(after, limit)).await
    }

    async fn list_owner_events(
        &self,
        owner: &OwnerId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.layer.around(Operation::ListOwnerEvents, self.catalog.list_owner_events(owner, after, limit)).await
    }

    async fn list_asset_events(&self, asset: AssetId, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError> {
        self.layer.around(Operation::ListAssetEvents, self.catalog.list_asset_events(asset, limit)).await
    }

    async fn last_event_position(&self) -> Result<u64, CatalogError> {
        self.layer.around(Operation::LastEventPosition, self.catalog.last_event_position()).await
    }

    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError> {
        self.layer.around(Operation::CountFiles, self.catalog.count_files()).await
    }

    async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError> {
        self.layer.around(Operation::CountAssets, self.catalog.count_assets()).await
    }

    async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError> {
        self.layer.around(Operation::LoadProfile, self.catalog.load_profile()).await
    }

    async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError> {
        self.layer.around(Operation::StoreProfile, self.catalog.store_profile(profile)).await
    }

    async fn close(&self) {
        self.catalog.close().await;
    }
}
