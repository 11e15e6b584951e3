//! The catalog port: the truth about assets and files.
//!
//! It is the sum of six capabilities, one file each. A capability's declaration is also the list of its calls: from it
//! come [`operation::Operation`] and the delegation of [`around::Around`]. A new method is written in three places: its
//! declaration, and once for each backend.
//!
//! A backend is correct if and only if it passes [`conformance`]. Duties of a backend: every method is one transaction
//! or one read; a write names the fences it read and changes nothing if one of them moved; `now` is the database's
//! clock; dropping a future mid-way leaves all of its writes or none. Duties of a caller: never hold a catalog call
//! open across a store call; treat [`Written::Stale`] as normal and load again; settle
//! [`CatalogError::Unknown`] by the same write again, and then by reading.

pub mod around;
#[cfg(test)]
pub mod conformance;
mod due_work;
mod duties;
mod figures;
mod installation;
mod members;
pub mod memory;
pub mod metered;
pub mod operation;
mod outbox;
mod rows;
pub mod sqlite;

pub use due_work::{
    BACKLOG_COUNTED, Backlog, DueCursor, DueRow, DueWork, Postponement, Schedule, ScheduledRun, Verdict,
};
pub use figures::{Figures, OwnerUsage, StatusName, Survey};
pub use installation::InstallationRecord;
pub use members::Members;
pub use outbox::Outbox;
pub use rows::{
    Allowance, Announced, AssetList, AssetPatch, AssetQuery, FORGOTTEN_AT_ONCE, IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE,
    IdempotencyClaim, ListedStatus, Purpose, Reservation, Reserved, Rows,
};

use async_trait::async_trait;
use domain::Timestamp;

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
    /// It cannot be reached, is locked or full. Nothing happened.
    #[error("the catalog is unavailable")]
    Unavailable(#[source] BoxError),
    /// The answer to a write was lost: it happened, or did not, or happens yet. The same write again settles it.
    #[error("the catalog did not say whether it was written")]
    Unknown(#[source] BoxError),
    /// Another transaction was in the way. Nothing happened; the same call may succeed now.
    #[error("the catalog was busy with the same rows")]
    Conflict(#[source] BoxError),
    /// Not the primary, or write-protected. Nothing happened.
    #[error("the catalog cannot be written")]
    ReadOnly(#[source] BoxError),
    /// A row cannot be understood: written by another version or by hand. It costs itself: lists leave it out and say so.
    #[error("the catalog holds something unreadable: {what}")]
    Unreadable {
        /// Table, id and column.
        what: String,
        /// Why it cannot be read.
        #[source]
        source: BoxError,
    },
}

/// What a driver says.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The truth about assets and files.
#[async_trait]
pub trait Catalog: Rows + DueWork + Outbox + Members + InstallationRecord + Figures {
    /// Finishes what is under way and closes. Later calls fail as unavailable.
    async fn close(&self);
}
