//! One state of the world: what the catalog holds, what the store holds, who is at which step, what is on its way.
//!
//! Everything is small and copied whole, because the search keeps millions of these. *Invariant*: rows here are
//! projections of `domain` values that [`crate::laws`] can turn back; nothing in this file decides anything.
//! Time is not part of the world: any amount of it may pass between two steps.

use crate::run::Run;

/// Files an asset of the model can have.
pub const FILES: usize = 2;
/// Requests that can be on their way at once with nobody waiting for their answer.
pub const ZOMBIES: usize = 3;
/// Who can be at work at once: the owner's request, two finishers, two job runners.
pub const SLOTS: usize = 5;
/// The slot of the owner's requests.
pub const OWNER: usize = 0;
/// The slots of finishers: requests that complete, and drive-commits.
pub const FINISHERS: [usize; 2] = [1, 2];
/// The slots of job runners: destroy, recheck, expire.
pub const RUNNERS: [usize; 2] = [3, 4];

/// What a client sends as the only part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Of the announced size and type.
    Good,
    /// As right as [`Content::Good`], with other bytes.
    Other,
    /// Of the announced size, and not what its type says.
    Bad,
    /// Too short.
    Short,
}

impl Content {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Good, Self::Other, Self::Bad, Self::Short];

    /// Whether it is what was announced.
    pub const fn is_right(self) -> bool {
        matches!(self, Self::Good | Self::Other)
    }
}

/// Which of the multipart uploads that were opened on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UploadSlot {
    /// The first.
    First,
    /// Another, opened by a second request or by one that came late.
    Second,
}

impl UploadSlot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// Its place in a shelf.
    pub const fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// Where a file's row stands, with what `decide` looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowState {
    /// Not announced yet: there is no row.
    Absent,
    /// See [`domain::FileState::Reserved`].
    Reserved,
    /// See [`domain::FileState::Uploading`].
    Uploading,
    /// See [`domain::FileState::Committing`].
    Committing {
        /// The frozen part.
        part: Content,
        /// How often it was listed again.
        relists: u8,
        /// Whether the store has said that the upload is gone.
        gone: bool,
    },
    /// See [`domain::FileState::Verified`].
    Verified(Content),
    /// See [`domain::FileState::Created`].
    Created(Content),
    /// See [`domain::FileState::Deleting`].
    Deleting,
    /// See [`domain::FileState::Closed`].
    Closed {
        /// Clean looks in a row.
        clean: u8,
    },
    /// The row is removed.
    Purged,
}

/// A file's row. Its fence is not a number here: whoever holds a copy knows whether the copy is still the row
/// ([`crate::run::Held`]), and that is all a compare-and-set asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileRow {
    /// Where it stands.
    pub state: RowState,
    /// The multipart upload it remembers.
    pub upload: Option<UploadSlot>,
    /// Whether a URL bound is written; kept while it matters, in UPLOADING.
    pub granted: bool,
    /// Whether something is owed to it and it has no time at which anybody does that (I9).
    pub undue: bool,
}

impl FileRow {
    /// A row in a state, with nothing opened.
    pub const fn new(state: RowState) -> Self {
        Self { state, upload: None, granted: false, undue: false }
    }

    /// Whether the row is durably on its way out, which is what entitles to destruction (I6).
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, RowState::Deleting | RowState::Closed { .. } | RowState::Purged)
    }

    /// The rank of its state (I4).
    pub const fn rank(&self) -> u8 {
        match self.state {
            RowState::Absent => 0,
            RowState::Reserved => 1,
            RowState::Uploading => 2,
            RowState::Committing { .. } => 3,
            RowState::Verified(_) => 4,
            RowState::Created(_) => 5,
            RowState::Deleting => 6,
            RowState::Closed { .. } => 7,
            RowState::Purged => 8,
        }
    }
}

/// What an asset shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Not published yet.
    Uploading,
    /// Published.
    Created,
    /// Deleted or expired.
    Gone,
}

/// How a role of the asset points at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// Not at all.
    Unplaced,
    /// As announced and not published.
    Pending,
    /// As what viewers get.
    Published,
}

/// An asset with the files that its roles point at, as one consistent read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetRows {
    /// What it shows.
    pub status: Status,
    /// How its roles point at its files.
    pub spots: [Spot; FILES],
    /// Its files' rows.
    pub rows: [FileRow; FILES],
}

impl AssetRows {
    /// The pending files, by their numbers.
    pub fn pending(&self) -> impl Iterator<Item = usize> + use<> {
        let spots = self.spots;
        (0..FILES).filter(move |file| spots[*file] == Spot::Pending)
    }
}

/// A multipart upload as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Upload {
    /// Never opened.
    Unopened,
    /// Open, with the part that has arrived.
    Alive(Option<Content>),
    /// Completed; the store may remember it or not.
    Completed(Content),
    /// Aborted.
    Aborted,
    /// Aborted, and a part that was on its way landed all the same: it is listed, and can only be aborted again.
    Hidden,
}

impl Upload {
    /// Whether ListParts and ListMultipartUploads show it.
    pub const fn is_listed(self) -> bool {
        matches!(self, Self::Alive(_) | Self::Hidden)
    }
}

/// What the store holds under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf {
    /// Uploads on it.
    pub uploads: [Upload; 2],
    /// The visible object.
    pub object: Option<Content>,
}

impl Shelf {
    /// Whether nothing is left: no object and nothing hidden.
    pub fn is_empty(&self) -> bool {
        self.object.is_none() && !self.uploads.iter().any(|upload| upload.is_listed())
    }
}

/// A request whose sender gave up waiting. It lands whenever it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zombie {
    /// CreateMultipartUpload.
    Create(u8),
    /// CompleteMultipartUpload with this part.
    Complete(u8, UploadSlot, Content),
    /// AbortMultipartUpload.
    Abort(u8, UploadSlot),
    /// DELETE of the object.
    Delete(u8),
}

/// What the adversary may still do to a world; it has no other memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Allowance {
    /// Parts that may still replace one that has arrived.
    pub overwrites: u8,
    /// Uploads that a lifecycle rule may still abort.
    pub lifecycle: u8,
}

/// Everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    /// The catalog's rows.
    pub asset: AssetRows,
    /// `asset.created` events in the outbox.
    pub created_events: u8,
    /// The store, by file.
    pub shelves: [Shelf; FILES],
    /// The upload that part URLs in a client's hands are for, by file.
    pub urls: [Option<UploadSlot>; FILES],
    /// Who is at work.
    pub runs: [Run; SLOTS],
    /// What is on its way; kept sorted, the empty places first.
    pub zombies: [Option<Zombie>; ZOMBIES],
    /// What the adversary may still do.
    pub allowance: Allowance,
}

impl World {
    /// The same world with interchangeable actors in a fixed order: two finishers, and two job runners, are alike.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        for [first, second] in [FINISHERS, RUNNERS] {
            // Whoever is at work comes first, because a profile with one of a kind lets only the first begin.
            if self.runs[first] < self.runs[second] {
                self.runs.swap(first, second);
            }
        }
        self
    }

    /// Sends a request that will land some time. `None` if as many as allowed are on their way, or this one is.
    #[must_use]
    pub fn with_zombie(mut self, zombie: Zombie, most: usize) -> Option<Self> {
        let flying = self.zombies.iter().flatten().count();
        if flying >= most || self.zombies.contains(&Some(zombie)) {
            return None;
        }
        self.zombies[0] = Some(zombie);
        self.zombies.sort_unstable();
        Some(self)
    }

    /// Takes a request out of the air.
    pub fn land(&mut self, place: usize) {
        self.zombies[place] = None;
        self.zombies.sort_unstable();
    }

    /// Drops the openings on their way to a key whose last look has begun.
    pub fn forget_late_openings(&mut self) {
        for place in 0..ZOMBIES {
            if let Some(Zombie::Create(file)) = self.zombies[place]
                && self.is_past_last_look(usize::from(file))
            {
                self.zombies[place] = None;
            }
        }
        self.zombies.sort_unstable();
    }

    /// Whether the last look at a closed file is under way or done. What is still on its way then is eight days old
    /// (`RECHECK_AFTER`), a day older than any URL: it belongs to reconcile and to the bucket's lifecycle rule.
    pub fn is_past_last_look(&self, file: usize) -> bool {
        match self.asset.rows[file].state {
            RowState::Purged => true,
            RowState::Closed { .. } => self.runs.iter().any(|run| run.is_last_look(file)),
            _ => false,
        }
    }
}
