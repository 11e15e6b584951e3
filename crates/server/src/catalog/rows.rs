//! Assets and files, by compare-and-set: the part of the port that use cases write.

use domain::change::Change;
#[cfg(doc)]
use domain::quota::Delta;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{
    Asset, AssetId, ByteCount, CollectionName, Description, Fence, File, FileId, Fingerprint, Metadata, OutboxEvent,
    OwnerId, SearchText, Shard, TimeSpan, Title, Visibility,
};

use super::operation::capability;
use super::{CatalogError, Stamped, Written};

capability! {
    /// Assets, files, and the requests that made them.
    pub trait Rows {
        /// T1, in one transaction: the asset itself is looked for first, which this very request may have written before
        /// without hearing so (Fresh, and nothing is written); then the idempotency record (records older than
        /// [`IDEMPOTENCY_KEPT`] do not count); then asset, files, places and record are inserted, and last the owner's
        /// usage moves within the allowance. Anything but [`Reserved::Fresh`] and [`Reserved::Resume`] writes nothing.
        async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError>;

        /// Marks the request of an idempotency record as finished: repetitions replay it from now on. Does nothing if
        /// there is no such record.
        async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError>;

        /// An asset with all files its places point at, in any status, as one consistent read.
        async fn find_asset(
            &self,
            shard: Shard,
            id: AssetId,
            purpose: Purpose,
        ) -> Result<Stamped<Option<Asset>>, CatalogError>;

        /// Assets in UPLOADING or CREATED, newest first. Where `contains` is asked for, only the `look_at` newest ones before
        /// `before` are looked at, and other reads do not wait for that. To be shown.
        async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<AssetList>, CatalogError>;

        /// Writes title, description and metadata if the asset is at this revision, and raises the revision.
        async fn patch_asset(
            &self,
            shard: Shard,
            id: AssetId,
            from: Fence,
            patch: &AssetPatch,
        ) -> Result<Written, CatalogError>;

        /// One file, in any state. To decide.
        async fn find_file(&self, shard: Shard, id: FileId) -> Result<Stamped<Option<File>>, CatalogError>;

        /// Compare-and-set of one file: `next` replaces the row if its fence is still that of `before`, which the row then
        /// equals; events go into the outbox and [`Delta::of_step`] to its owner's usage in the same transaction. Only state, upload id, deadline, `url_not_after`, checksum, fence, the next
        /// look and what is known of the size ([`domain::FilePlan::may_become`]) may differ.
        async fn advance(&self, before: &File, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError>;

        /// Applies a change to an asset in one transaction, or none of it: the asset is still at `from_revision`, and
        /// every file at its fence. Its owner's usage moves by the change's delta, whatever is allowed.
        async fn apply(&self, change: &Change) -> Result<Written, CatalogError>;

        /// [`Rows::apply`] of a change that announces a file, in the same transaction held against what its owner may
        /// have, this file counted.
        async fn announce(&self, change: &Change, allowance: Allowance) -> Result<Announced, CatalogError>;

        /// The files of a bucket whose keys lie from `from` to `upto`, both included (to the last one if `None`), in the
        /// byte order of their keys, at most `limit`: live ones and CLOSED ones alike.
        async fn list_keys(
            &self,
            visibility: Visibility,
            from: &str,
            upto: Option<&str>,
            limit: u32,
        ) -> Result<Stamped<Vec<KeyedFile>>, CatalogError>;

        /// T12, in one transaction: inserts the file, in no place, and its asset unless the catalog has one of that id.
        /// Stale, and nothing is written, if a row owns the key already.
        async fn adopt_orphan(&self, orphan: &Orphan) -> Result<Written, CatalogError>;

        /// Removes a CLOSED file's row if its fence is still `from`; a file in another state is stale. A place that pointed
        /// at it points at nothing, and its asset's revision rises. When it was the last of an asset that is gone, the
        /// asset's row goes with it, and its outbox events older than [`IDEMPOTENCY_KEPT`] may go too.
        async fn purge(&self, shard: Shard, file: FileId, from: Fence) -> Result<Written, CatalogError>;

        /// Removes idempotency records older than [`IDEMPOTENCY_KEPT`], at most [`FORGOTTEN_AT_ONCE`], and says how many.
        async fn forget_requests(&self) -> Result<u64, CatalogError>;
    }
}

/// What T1 writes: an asset with its announced files, all RESERVED.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The asset; its `places` hold the files as pending.
    pub asset: Asset,
    /// The Idempotency-Key it came with.
    pub idempotency: Option<IdempotencyClaim>,
    /// What its owner may have open at once, counting this one.
    pub allowance: Allowance,
}

/// An Idempotency-Key as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// The operation, such as `create_asset videos`: keys are scoped to owner and route.
    pub route: String,
    /// The key, 1 to 255 characters.
    pub key: String,
    /// Equal for equal bodies ([`domain::event::body_fingerprint`]).
    pub body: String,
}

/// How long a first request may run before a repetition takes over (30 s in production).
pub const IDEMPOTENCY_LEASE: TimeSpan = TimeSpan::from_secs(30);
/// How long a key is remembered.
pub const IDEMPOTENCY_KEPT: TimeSpan = TimeSpan::from_hours(7 * 24);

/// Records of requests forgotten in one call, at most: the write lock is held for as long.
pub const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// What a read is for. A catalog with replicas may show what one of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something is decided by it: it is what was written last.
    Decide,
    /// Somebody looks at it.
    Display,
}

/// What one owner may have unfinished at once; [`domain::quota::Usage`] says what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Open uploads.
    pub open_uploads: u32,
    /// Reserved bytes.
    pub reserved_bytes: ByteCount,
}

/// What came of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// It is written.
    Fresh,
    /// The key was used before with the same body, and that request finished: this is its asset.
    Replay(AssetId),
    /// The key was used before with the same body, and whoever ran it fell silent for longer than
    /// [`IDEMPOTENCY_LEASE`]: the lease is now the caller's, who resumes from the row's state.
    Resume(AssetId),
    /// The key was used before with the same body, and that request is still running.
    InProgress,
    /// The key was used before with another body.
    KeyReused,
    /// The owner has as many uploads open as allowed.
    TooManyOpen,
    /// The owner's pending files reserve as many bytes as allowed.
    TooManyBytes,
}

/// What came of announcing a file for a role of an asset that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Announced {
    /// It is durable.
    Done,
    /// Somebody else wrote first; nothing changed.
    Stale,
    /// The owner would have more uploads open than allowed; nothing changed.
    TooManyOpen,
    /// The owner's pending files would reserve more bytes than allowed; nothing changed.
    TooManyBytes,
}

impl From<Written> for Announced {
    fn from(written: Written) -> Self {
        match written {
            Written::Done => Self::Done,
            Written::Stale => Self::Stale,
        }
    }
}

/// Which assets to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetQuery {
    /// Whose.
    pub owner: OwnerId,
    /// Of which collection.
    pub collection: CollectionName,
    /// UPLOADING, CREATED, or both; those that are gone are never listed.
    pub status: Option<ListedStatus>,
    /// What the title, the description or a file's name holds ([`Asset::shows`]); `%` and `_` mean themselves.
    pub contains: Option<SearchText>,
    /// Exactly this fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// Only older than this one: where the last page ended.
    pub before: Option<AssetId>,
    /// At most this many, 1 to 100.
    pub limit: u32,
    /// How many of the owner's assets in this collection, and of this status, are looked at for `contains`, at most; 1 or
    /// more. What is rare among many must not cost a walk through all of them.
    pub look_at: u32,
}

/// Some of the assets that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetList {
    /// They, newest first. Fewer than the limit, or none, does not mean that there are no more.
    pub assets: Vec<Asset>,
    /// Where the next page begins, if there may be more.
    pub next: Option<AssetId>,
}

/// A status that lists show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedStatus {
    /// Not published yet.
    Uploading,
    /// Published.
    Created,
}

/// What an owner may change about an asset at any time. `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssetPatch {
    /// New title.
    pub title: Option<Title>,
    /// New description.
    pub description: Option<Description>,
    /// New metadata, as a whole.
    pub metadata: Option<Metadata>,
}

impl AssetPatch {
    /// Whether an asset is as this patch leaves it.
    pub fn is_in(&self, asset: &Asset) -> bool {
        let Self { title, description, metadata } = self;
        title.as_ref().is_none_or(|title| *title == asset.title)
            && description.as_ref().is_none_or(|description| *description == asset.description)
            && metadata.as_ref().is_none_or(|metadata| *metadata == asset.metadata)
    }
}
