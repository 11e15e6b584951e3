//! What is owed to rows: pages of what is due, what is written about a row whose duty failed, and what comes by the clock.
//!
//! *Invariant*: a page costs what it shows, whatever else the tables hold, and a row that cannot be read costs itself: it
//! comes as an error in its own place. What is written here is bookkeeping. It raises no fence, and it is lost where the row
//! has moved on meanwhile, because whatever moved it said anew when it is due.

use domain::{Asset, Fence, File, Lane, Slots, TimeSpan, Timestamp};

use super::operation::capability;
use super::{CatalogError, Stamped, Written};

/// A row of a lane's page.
#[derive(Debug)]
pub struct DueRow<T> {
    /// Its id as the catalog spells it, which is known also of a row that cannot be read.
    pub id: String,
    /// The fence of a file, the revision of an asset.
    pub fence: Fence,
    /// Failures in a row.
    pub attempts: u32,
    /// Since when it is due.
    pub due_at: Timestamp,
    /// What it says.
    pub row: Result<T, CatalogError>,
}

/// When a row is due again. It counts only while the row's fence is what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponement {
    /// In which lane it was found.
    pub lane: Lane,
    /// [`DueRow::id`].
    pub id: String,
    /// [`DueRow::fence`].
    pub fence: Fence,
    /// When it is due; `None` while nothing is owed to it until its row is written again.
    pub due_at: Option<Timestamp>,
    /// Failures in a row until now.
    pub attempts: u32,
}

/// Where a page of due rows ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCursor {
    /// [`DueRow::due_at`] of its last row.
    pub due_at: Timestamp,
    /// [`DueRow::id`] of its last row.
    pub id: String,
}

/// How much is waiting in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Rows that are due, counted up to [`BACKLOG_COUNTED`].
    pub due: u64,
    /// When the one that waits longest became due. What is due only later counts here too.
    pub oldest: Option<Timestamp>,
}

/// A longer backlog is as long as this to whoever asks: it is asked often, and counting costs.
pub const BACKLOG_COUNTED: u32 = 10_000;

/// What is done by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What.
    pub name: String,
    /// Counts the writes to it.
    pub revision: Fence,
    /// When next.
    pub due_at: Timestamp,
    /// Failures in a row.
    pub attempts: u32,
    /// The run that was opened last, where somebody else goes by it.
    pub run: Option<ScheduledRun>,
}

/// A run that was opened, for every server that works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledRun {
    /// The time that rows are held against.
    pub as_of: Timestamp,
    /// What the breaker said.
    pub verdict: Verdict,
}

/// What one server found, for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What is due is plausible.
    Go,
    /// It is not: nothing is done.
    Refused,
}

impl Verdict {
    /// The name in the catalog.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Refused => "refused",
        }
    }
}

capability! {
    /// Rows that somebody owes something.
    pub trait DueWork {
        /// Files of a lane, in these slots, that are due now or will be within `ahead`, and those whose time is further off
        /// than anything of the lane is put off ([`Lane::longest_wait`]): those with the earliest time first, then by id, at
        /// most `limit`.
        async fn list_due_files(
            &self,
            lane: Lane,
            slots: Slots,
            ahead: TimeSpan,
            limit: u32,
        ) -> Result<Stamped<Vec<DueRow<File>>>, CatalogError>;

        /// Assets in these slots whose time of expiry ([`Asset::due_at`], as it was when the asset's own row was written) is at
        /// or before `as_of` (the database's now if `None`), and those that have failed and are to be tried again by now;
        /// after `after`, in the order of time and id, at most `limit`.
        async fn list_due_assets(
            &self,
            slots: Slots,
            as_of: Option<Timestamp>,
            after: Option<&DueCursor>,
            limit: u32,
        ) -> Result<Stamped<Vec<DueRow<Asset>>>, CatalogError>;

        /// Writes when rows are due again, all in one transaction. Those that have moved are left as they are.
        async fn postpone(&self, postponements: &[Postponement]) -> Result<(), CatalogError>;

        /// How much waits in a lane, over all slots.
        async fn measure_backlog(&self, lane: Lane) -> Result<Stamped<Backlog>, CatalogError>;

        /// What is known of something that is done by the clock.
        async fn find_schedule(&self, name: &str) -> Result<Stamped<Option<Schedule>>, CatalogError>;

        /// Compare-and-set by revision: `next` replaces the row that has the revision before its own; the first has revision 0
        /// and is stale if there is a row.
        async fn write_schedule(&self, next: &Schedule) -> Result<Written, CatalogError>;
    }
}
