//! Program counters: how far each request or job is in what `server::app` does.
//!
//! A run holds what its code holds in variables between two calls of a port, and nothing else. A crash drops it.
//! *Invariant*: every step of a run is one call of a port, with everything up to the next one done in the same step.

use crate::world::{AssetRows, Content, FILES, FileRow, RowState, UploadSlot};

/// A row as somebody read it, and whether nobody has written it since: what a compare-and-set by fence finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    /// The row as it was read.
    pub row: FileRow,
    /// Whether its fence is still the row's.
    pub fresh: bool,
}

/// An asset as somebody read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldAsset {
    /// As it was read.
    pub asset: AssetRows,
    /// Whether its revision is still the asset's.
    pub fresh_revision: bool,
    /// Whether the fences of its files are still theirs.
    pub fresh: [bool; FILES],
}

impl HeldAsset {
    /// An asset that was read a moment ago.
    pub const fn of(asset: AssetRows) -> Self {
        Self { asset, fresh_revision: true, fresh: [true; FILES] }
    }
}

/// What is to be done to a whole asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    /// T6': publish.
    Publish,
    /// T7: expire.
    Expire,
    /// T8: delete or cancel.
    Delete,
    /// Announce the second file.
    Announce,
    /// Withdraw the second file's role.
    Withdraw,
}

/// What Complete answered, as [`domain::CompleteAnswer`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// Not called in this attempt.
    NotCalled,
    /// Success, or nothing that means anything.
    Unknown,
    /// A part is not as listed.
    InvalidPart,
    /// No such upload.
    NoSuchUpload,
    /// Refused for good.
    Refused,
}

/// What HEAD and the first bytes showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// An object that passed.
    Right(Content),
    /// An object that did not.
    Wrong,
    /// 404.
    Absent,
    /// Gone between HEAD and GET.
    Lost,
}

/// `app::commit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit {
    /// Which file.
    pub file: u8,
    /// Its row as read.
    pub held: Held,
    /// What Complete answered.
    pub answer: Answer,
    /// The ETag that Complete answered with.
    pub committed: Option<Content>,
    /// Whether the one Abort was done.
    pub aborted: bool,
    /// The next call.
    pub at: CommitAt,
}

/// The next call of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommitAt {
    /// CompleteMultipartUpload.
    Complete,
    /// HEAD.
    Head,
    /// Ranged GET of the object that HEAD showed.
    Read(Content),
    /// Decide over what was seen, and write.
    Judge(Seen),
    /// ListParts after an InvalidPart.
    List,
    /// Write the new list.
    Relist(Option<Content>),
    /// The one Abort.
    Abort,
}

/// `app::destroy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destroy {
    /// Which file.
    pub file: u8,
    /// Its row as read.
    pub held: Held,
    /// The next call.
    pub at: DestroyAt,
}

/// The next call of a destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DestroyAt {
    /// Abort the stored upload.
    AbortStored,
    /// ListMultipartUploads on the key.
    List,
    /// Abort these that were listed, in order.
    AbortListed([bool; 2]),
    /// DELETE.
    Delete,
    /// Look: ListParts of the stored upload.
    LookParts,
    /// Look: ListMultipartUploads.
    LookUploads,
    /// Look: HEAD.
    LookObject,
    /// Write CLOSED.
    Close,
}

/// `app::recheck`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recheck {
    /// Which file.
    pub file: u8,
    /// Its row as read.
    pub held: Held,
    /// The next call.
    pub at: RecheckAt,
}

/// The next call of a recheck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecheckAt {
    /// ListParts of the stored upload.
    LookParts,
    /// ListMultipartUploads.
    LookUploads,
    /// HEAD.
    LookObject,
    /// Nothing was found: decide and write.
    Clean,
    /// Something was found: decide and write.
    Found,
    /// Read whether a living asset still points at it.
    Shown,
    /// Remove the row.
    Purge,
}

/// `app::create::open_file`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Open {
    /// Which file.
    pub file: u8,
    /// Its row as read.
    pub held: Held,
    /// The upload that was opened, once it is.
    pub opened: Option<UploadSlot>,
}

/// `app::complete::freeze_asset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Freeze {
    /// The asset as read.
    pub held: HeldAsset,
    /// What was listed of each file that can be frozen.
    pub listed: [Option<Content>; FILES],
    /// The next call.
    pub at: FreezeAt,
}

/// The next call of a freeze, with the file it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FreezeAt {
    /// ListParts.
    List(u8),
    /// Write COMMITTING.
    Write(u8),
    /// The upload has vanished: read the row again.
    Reload(u8),
    /// The row is unchanged: HEAD.
    Head(u8),
    /// No object: write DELETING.
    Reject(u8),
}

/// One of the writes over a whole asset: load, decide, apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alter {
    /// What for.
    pub intent: Intent,
    /// The asset as read.
    pub held: HeldAsset,
    /// The next call: HEAD of this file (expire looks before it ends anything), or the write.
    pub head: Option<u8>,
}

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Run {
    /// Nowhere: not started, done, crashed.
    Idle,
    /// Opening an upload (T2).
    Open(Open),
    /// Writing the URL bound before signing (T3).
    Grant(u8, Held),
    /// Freezing (T4).
    Freeze(Freeze),
    /// Committing (T5, T6).
    Commit(Commit),
    /// Publishing, expiring, deleting, announcing, withdrawing.
    Alter(Alter),
    /// Destroying (T9, T10).
    Destroy(Destroy),
    /// Looking again (T11).
    Recheck(Recheck),
}

impl Run {
    /// Somebody wrote this file's row: every copy of it is stale.
    pub fn outdate_file(&mut self, written: usize) {
        let held = match self {
            Self::Idle => return,
            Self::Freeze(Freeze { held, .. }) | Self::Alter(Alter { held, .. }) => {
                held.fresh[written] = false;
                return;
            }
            Self::Open(Open { file, held, .. })
            | Self::Grant(file, held)
            | Self::Commit(Commit { file, held, .. })
            | Self::Destroy(Destroy { file, held, .. })
            | Self::Recheck(Recheck { file, held, .. }) => (*file, held),
        };
        if usize::from(held.0) == written {
            held.1.fresh = false;
        }
    }

    /// Somebody wrote the asset's row: every copy of its revision is stale.
    pub fn outdate_revision(&mut self) {
        if let Self::Freeze(Freeze { held, .. }) | Self::Alter(Alter { held, .. }) = self {
            held.fresh_revision = false;
        }
    }

    /// Whether this is the last of the looks at a closed file.
    pub fn is_last_look(&self, of: usize) -> bool {
        const LAST: u8 = domain::limits::RECHECK_AFTER.len() as u8 - 1;
        matches!(self, Self::Recheck(Recheck { file, held: Held { row: FileRow { state: RowState::Closed { clean: LAST }, .. }, .. }, .. }) if usize::from(*file) == of)
    }
}
