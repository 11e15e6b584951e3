//! Profiles: the worlds that are searched, each small enough to be searched to its end.
//!
//! Together they cover what one world with everything in it would be too large for. Each says what it is for.

use crate::run::Run;
use crate::sample::Roles;
use crate::world::{
    Allowance, AssetRows, Content, FILES, FileRow, RowState, SLOTS, Shelf, Spot, Status, Upload, UploadSlot, World,
    ZOMBIES,
};

/// Where a world begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Files are RESERVED.
    Reserved,
    /// Files are UPLOADING, and the client holds its URLs.
    Granted,
    /// The first file is COMMITTING after this many relists, with a good part.
    Committing(u8),
}

/// One world to search.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub says: &'static str,
    /// Roles of the two files.
    pub roles: Roles,
    /// Whether the second file is announced from the beginning.
    pub second: bool,
    /// Where it begins.
    pub beginning: Beginning,
    /// Whether the owner's requests are among the actors.
    pub owner: bool,
    /// Whether the owner may delete or cancel.
    pub cancels: bool,
    /// Whether the owner may announce the second file.
    pub announces: bool,
    /// Whether the owner may withdraw the second file's role.
    pub withdraws: bool,
    /// How many finishers there are, up to two.
    pub finishers: usize,
    /// How many job runners there are, up to two.
    pub runners: usize,
    /// How many requests may be on their way unheard, up to three.
    pub zombies: usize,
    /// How many uploads may be opened on one key, up to two.
    pub uploads: usize,
    /// What clients may send.
    pub sends: &'static [Content],
    /// How often a part may be sent again with other bytes.
    pub overwrites: u8,
    /// How often a lifecycle rule may abort an upload.
    pub lifecycle: u8,
    /// Whether parts land in aborted uploads.
    pub late_parts: bool,
}

const BASE: Profile = Profile {
    name: "",
    says: "",
    roles: Roles::Two,
    second: false,
    beginning: Beginning::Granted,
    owner: true,
    cancels: true,
    announces: false,
    withdraws: false,
    finishers: 2,
    runners: 2,
    zombies: 2,
    uploads: 1,
    sends: &[Content::Good],
    overwrites: 0,
    lifecycle: 0,
    late_parts: false,
};

impl Profile {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self {
            name: "opening",
            says: "two requests open the same upload, one may come late; a job expires and destroys",
            beginning: Beginning::Reserved,
            finishers: 1,
            runners: 1,
            uploads: 2,
            late_parts: true,
            ..BASE
        },
        Self {
            name: "racing",
            says: "two finishers, two job runners, three late requests, the owner cancels",
            zombies: 3,
            ..BASE
        },
        Self {
            name: "changing",
            says: "parts sent again while they are committed, right and wrong ones; two finishers",
            cancels: false,
            runners: 1,
            zombies: 1,
            sends: &[Content::Good, Content::Bad],
            overwrites: 2,
            ..BASE
        },
        Self {
            name: "vanishing",
            says: "a lifecycle rule aborts the upload, late parts land in it; two finishers, one job runner",
            runners: 1,
            lifecycle: 1,
            late_parts: true,
            ..BASE
        },
        Self {
            name: "relisting",
            says: "a commit that has been relisted four times, and parts that keep changing",
            beginning: Beginning::Committing(4),
            runners: 1,
            zombies: 0,
            sends: &[Content::Good, Content::Other, Content::Short],
            overwrites: 3,
            ..BASE
        },
        Self {
            name: "two-files",
            says: "an asset of two files that are published together or not at all",
            second: true,
            finishers: 1,
            runners: 1,
            zombies: 1,
            sends: &[Content::Good, Content::Bad],
            ..BASE
        },
        Self {
            name: "two-racing",
            says: "two finishers publish an asset of two files while its owner cancels and a job expires it",
            second: true,
            runners: 1,
            zombies: 0,
            ..BASE
        },
        Self {
            name: "two-runners",
            says: "two job runners end, destroy and close an asset of two files while a finisher publishes it",
            second: true,
            finishers: 1,
            zombies: 0,
            ..BASE
        },
        Self {
            name: "late-role",
            says: "a second role is announced and withdrawn while the first file is committed",
            announces: true,
            withdraws: true,
            finishers: 1,
            runners: 1,
            zombies: 0,
            ..BASE
        },
        Self {
            name: "again",
            says: "a role is announced again: after a rejection, or to replace what is published",
            roles: Roles::Same,
            announces: true,
            finishers: 1,
            runners: 1,
            zombies: 0,
            sends: &[Content::Good, Content::Bad],
            ..BASE
        },
    ];

    /// A profile by its name.
    pub fn find(name: &str) -> Option<&'static Self> {
        const ALL: &[Profile] = &Profile::ALL;
        ALL.iter().find(|profile| profile.name == name)
    }

    /// The world it begins with.
    pub fn beginning(&self) -> World {
        let (row, shelf) = match self.beginning {
            Beginning::Reserved => (FileRow::new(RowState::Reserved), Self::shelf(Upload::Unopened)),
            Beginning::Granted => (Self::opened(RowState::Uploading), Self::shelf(Upload::Alive(None))),
            Beginning::Committing(relists) => {
                let state = RowState::Committing { part: Content::Good, relists, gone: false };
                (Self::opened(state), Self::shelf(Upload::Alive(Some(Content::Good))))
            }
        };
        let absent = (FileRow::new(RowState::Absent), Self::shelf(Upload::Unopened), Spot::Unplaced);
        let (second, second_shelf, second_spot) = if self.second { (row, shelf, Spot::Pending) } else { absent };
        let urls = [row.upload, second.upload];
        World {
            asset: AssetRows { status: Status::Uploading, spots: [Spot::Pending, second_spot], rows: [row, second] },
            created_events: 0,
            shelves: [shelf, second_shelf],
            urls,
            runs: [Run::Idle; SLOTS],
            zombies: [None; ZOMBIES],
            allowance: Allowance { overwrites: self.overwrites, lifecycle: self.lifecycle },
        }
    }

    fn opened(state: RowState) -> FileRow {
        FileRow { state, upload: Some(UploadSlot::First), granted: state == RowState::Uploading, undue: false }
    }

    fn shelf(first: Upload) -> Shelf {
        Shelf { uploads: [first, Upload::Unopened], object: None }
    }
}

const _: () = assert!(FILES == 2, "profiles speak of a first and a second file");
