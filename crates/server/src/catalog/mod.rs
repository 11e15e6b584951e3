//! The catalog port: the truth about assets and files.
//!
//! A backend is correct if and only if it passes [`conformance`]. Duties of a backend: every method is one transaction
//! or one read; a write names the fences it read and changes nothing if one of them moved; `now` is the database's
//! clock; dropping a future mid-way leaves all of its writes or none. Duties of a caller: never hold a catalog call
//! open across a store call; treat [`Written::Stale`] as normal and load again; treat [`CatalogError::Unavailable`]
//! after a write as "may have happened" and look.

pub mod around;
#[cfg(test)]
pub mod conformance;
mod duties;
pub mod memory;
pub mod metered;
pub mod operation;
pub mod sqlite;
mod survey;

pub use survey::{StatusName, Survey, Surveyed};

use async_trait::async_trait;
use domain::change::Change;
use domain::reconcile::{KeyedFile, Orphan};
use domain::{
    Asset, AssetId, ByteCount, CollectionName, Description, Fence, File, FileId, Fingerprint, Installation,
    InstallationId, Metadata, OutboxEvent, OwnerId, StateName, StoreProfile, TimeSpan, Timestamp, Title, Visibility,
};

/// Something read, with the database's time of reading. Every decision about it uses that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped<T> {
    /// When it was read, by the one clock.
    pub now: Timestamp,
    /// What was read.
    pub value: T,
}

/// What came of a compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It is durable.
    Done,
    /// Somebody else wrote first; nothing changed.
    Stale,
}

/// Why the catalog did not answer. `Display` says which class, never the driver's text; the source has that.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It cannot be reached, is locked, full, or lost the connection. A write may or may not have happened.
    #[error("the catalog is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row cannot be understood: written by another version or by hand.
    #[error("the catalog holds something unreadable: {what}")]
    Corrupt {
        /// Table, id and column.
        what: String,
        /// Why it cannot be read.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
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

/// What one owner may have unfinished at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Assets in UPLOADING.
    pub open_uploads: u32,
    /// Bytes of pending files that have not ended: their sizes, and the limits of those whose size is not known.
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
    /// Part of the title. Case does not matter for ASCII letters; `%` and `_` mean themselves.
    pub title_contains: Option<String>,
    /// Exactly this fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// Only older than this one: where the last page ended.
    pub before: Option<AssetId>,
    /// At most this many, 1 to 100.
    pub limit: u32,
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

/// The truth about assets and files.
#[async_trait]
pub trait Catalog: Send + Sync + 'static {
    /// The one clock.
    async fn now(&self) -> Result<Timestamp, CatalogError>;

    /// T1, in one transaction: the idempotency record is looked at first (records older than [`IDEMPOTENCY_KEPT`] do
    /// not count), then the allowance, then asset, files, places and record are inserted. Anything but
    /// [`Reserved::Fresh`] and [`Reserved::Resume`] writes nothing.
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, CatalogError>;

    /// Marks the request of an idempotency record as finished: repetitions replay it from now on. Does nothing if
    /// there is no such record.
    async fn settle(&self, owner: &OwnerId, claim: &IdempotencyClaim) -> Result<(), CatalogError>;

    /// An asset with all files its places point at, in any status, as one consistent read.
    async fn find_asset(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError>;

    /// Assets in UPLOADING or CREATED, newest first.
    async fn list_assets(&self, query: &AssetQuery) -> Result<Stamped<Vec<Asset>>, CatalogError>;

    /// Assets of everybody, in any status, newest first: of the `look_at` newest ones before `before` those that fit, up to
    /// `limit`. Without a condition every asset fits, and `look_at` does not count.
    async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<Surveyed>, CatalogError>;

    /// Writes title, description and metadata if the asset is at this revision, and raises the revision.
    async fn patch_asset(&self, id: AssetId, from: Fence, patch: &AssetPatch) -> Result<Written, CatalogError>;

    /// One file, in any state.
    async fn find_file(&self, id: FileId) -> Result<Stamped<Option<File>>, CatalogError>;

    /// Compare-and-set of one file: `next` replaces the row if its fence is still `from`; events go into the outbox
    /// in the same transaction. Only state, upload id, deadline, `url_not_after`, checksum, fence, the next
    /// look and what is known of the size ([`domain::FilePlan::may_become`]) may differ.
    async fn advance(&self, from: Fence, next: &File, events: &[OutboxEvent]) -> Result<Written, CatalogError>;

    /// Applies a change to an asset in one transaction, or none of it: the asset is still at `from_revision`, and
    /// every file at its fence.
    async fn apply(&self, change: &Change) -> Result<Written, CatalogError>;

    /// [`Catalog::apply`] of a change that announces a file, in the same transaction held against what its owner may
    /// reserve: pending files that have not ended, this one counted, have at most `reserved_bytes` together.
    async fn announce(&self, change: &Change, reserved_bytes: ByteCount) -> Result<Announced, CatalogError>;

    /// Files in a state, in id order after `after`, at most `limit`. Of CLOSED ones only those whose next look is due.
    async fn list_files(
        &self,
        state: StateName,
        after: Option<FileId>,
        limit: u32,
    ) -> Result<Stamped<Vec<File>>, CatalogError>;

    /// UPLOADING files that nobody completes and whose next look is due ([`domain::Looks`]), in id order after `after`,
    /// at most `limit`.
    async fn list_awaited(&self, after: Option<FileId>, limit: u32) -> Result<Stamped<Vec<File>>, CatalogError>;

    /// Assets, gone ones left out, that have a pending file whose deadline is at or before `as_of` (the database's now
    /// if `None`), in id order after `after`, at most `limit`. [`domain::change::expire`] says which of them really
    /// expire.
    async fn list_expirable(
        &self,
        as_of: Option<Timestamp>,
        after: Option<AssetId>,
        limit: u32,
    ) -> Result<Stamped<Vec<Asset>>, CatalogError>;

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

    /// What this catalog knows about itself. The first call makes it, with this id and the first epoch.
    async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError>;

    /// Compare-and-set of what the catalog knows about itself: stale if id or epoch are no longer those of `from`. The
    /// epoch rises with every write.
    async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError>;

    /// Removes a CLOSED file's row if its fence is still `from`; a file in another state is stale. A place that pointed
    /// at it points at nothing, and its asset's revision rises. When it was the last of an asset that is gone, the
    /// asset's row goes with it, and its outbox events older than [`IDEMPOTENCY_KEPT`] may go too.
    async fn purge(&self, file: FileId, from: Fence) -> Result<Written, CatalogError>;

    /// Removes idempotency records older than [`IDEMPOTENCY_KEPT`], at most [`FORGOTTEN_AT_ONCE`], and says how many.
    async fn forget_requests(&self) -> Result<u64, CatalogError>;

    /// Takes or renews the lease `name` for `holder`. False if somebody else's has not lapsed. For efficiency only:
    /// nothing may break if two hold it.
    async fn take_lease(&self, name: &str, holder: &str, life: TimeSpan) -> Result<bool, CatalogError>;

    /// Gives the lease back if `holder` has it.
    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), CatalogError>;

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
    async fn list_asset_events(&self, asset: AssetId, limit: u32) -> Result<Vec<(u64, OutboxEvent)>, CatalogError>;

    /// The position of the last event in the outbox, 0 if it is empty: where somebody begins who wants no past.
    async fn last_event_position(&self) -> Result<u64, CatalogError>;

    /// How many files there are in each state, for metrics. States without files may be left out.
    async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError>;

    /// How many assets there are in each status. Statuses without assets may be left out.
    async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError>;

    /// What doctor saw of the store, if it ever looked.
    async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError>;

    /// Keeps what doctor saw, in the place of what it saw before.
    async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError>;

    /// Finishes what is under way and closes. Later calls fail as unavailable.
    async fn close(&self);
}
