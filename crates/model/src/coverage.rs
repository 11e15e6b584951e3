//! What a search has come by: states of rows, places of program counters. An invariant that holds where nothing happens
//! says nothing, so the tests ask that together the profiles come by everything.

use std::collections::BTreeSet;

use crate::run::{CommitAt, DestroyAt, FreezeAt, Intent, RecheckAt, Run, Seen};
use crate::world::{RowState, Upload, World, Zombie};

/// The places, each with its name.
const PLACES: [&str; 58] = [
    "row reserved",
    "row uploading",
    "row committing",
    "row committing, relisted to its limit",
    "row committing, gone",
    "row verified",
    "row created",
    "row deleting",
    "row closed",
    "row closed after a clean look",
    "row closed after two clean looks",
    "row purged",
    "upload hidden",
    "upload aborted under a living row",
    "two uploads on a key",
    "zombie create",
    "zombie complete",
    "zombie abort",
    "zombie delete",
    "open: create",
    "open: write",
    "grant: write",
    "freeze: list",
    "freeze: write",
    "freeze: reload",
    "freeze: head",
    "freeze: reject",
    "commit: complete",
    "commit: head",
    "commit: read",
    "commit: right",
    "commit: wrong",
    "commit: absent",
    "commit: lost",
    "commit: list",
    "commit: relist",
    "commit: abort",
    "commit: head after abort",
    "commit: from a stale copy",
    "publish: apply",
    "expire: head",
    "expire: apply",
    "delete: apply",
    "announce: apply",
    "withdraw: apply",
    "apply from a stale copy",
    "destroy: abort stored",
    "destroy: list",
    "destroy: abort listed",
    "destroy: delete",
    "destroy: look",
    "destroy: close",
    "destroy: from a stale copy",
    "recheck: look",
    "recheck: clean",
    "recheck: found",
    "recheck: shown",
    "recheck: purge",
];

/// The bit of a place, found when this is compiled.
macro_rules! place {
    ($name:literal) => {
        const { bit($name) }
    };
}

const fn bit(name: &str) -> u64 {
    let mut place = 0;
    while place < PLACES.len() {
        if is_same(PLACES[place].as_bytes(), name.as_bytes()) {
            return 1 << place;
        }
        place += 1;
    }
    panic!("not a place of the list")
}

const fn is_same(left: &[u8], right: &[u8]) -> bool {
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}

/// A set of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage(u64);

impl Coverage {
    /// Both sets.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The places that are missing.
    pub fn missing(self) -> BTreeSet<&'static str> {
        (0..PLACES.len()).filter(|place| self.0 & (1 << place) == 0).map(|place| PLACES[place]).collect()
    }

    fn mark(&mut self, place: u64) {
        self.0 |= place;
    }

    /// The places of one world.
    pub(crate) fn of(world: &World) -> Self {
        let mut seen = Self::default();
        for (row, shelf) in world.asset.rows.iter().zip(&world.shelves) {
            row_places(row.state, &mut seen);
            let aborted = shelf.uploads.contains(&Upload::Aborted);
            let lives = matches!(row.state, RowState::Uploading | RowState::Committing { .. });
            let places = [
                (shelf.uploads.contains(&Upload::Hidden), place!("upload hidden")),
                (aborted && lives, place!("upload aborted under a living row")),
                (shelf.uploads.iter().all(|upload| upload.is_listed()), place!("two uploads on a key")),
            ];
            places.into_iter().filter(|(is, _)| *is).for_each(|(_, place)| seen.mark(place));
        }
        for zombie in world.zombies.iter().flatten() {
            seen.mark(match zombie {
                Zombie::Create(_) => place!("zombie create"),
                Zombie::Complete(..) => place!("zombie complete"),
                Zombie::Abort(..) => place!("zombie abort"),
                Zombie::Delete(_) => place!("zombie delete"),
            });
        }
        world.runs.iter().for_each(|run| run_places(run, &mut seen));
        seen
    }
}

fn row_places(state: RowState, seen: &mut Coverage) {
    seen.mark(match state {
        RowState::Absent => return,
        RowState::Reserved => place!("row reserved"),
        RowState::Uploading => place!("row uploading"),
        RowState::Committing { gone: true, .. } => place!("row committing, gone"),
        RowState::Committing { relists: domain::limits::MAX_RELISTS, .. } => {
            place!("row committing, relisted to its limit")
        }
        RowState::Committing { .. } => place!("row committing"),
        RowState::Verified(_) => place!("row verified"),
        RowState::Created(_) => place!("row created"),
        RowState::Deleting => place!("row deleting"),
        RowState::Closed { clean: 0 } => place!("row closed"),
        RowState::Closed { clean: 1 } => place!("row closed after a clean look"),
        RowState::Closed { .. } => place!("row closed after two clean looks"),
        RowState::Purged => place!("row purged"),
    });
}

fn run_places(run: &Run, seen: &mut Coverage) {
    let place = match run {
        Run::Idle => return,
        Run::Open(open) if open.opened.is_none() => place!("open: create"),
        Run::Open(_) => place!("open: write"),
        Run::Grant(..) => place!("grant: write"),
        Run::Freeze(freeze) => match freeze.at {
            FreezeAt::List(_) => place!("freeze: list"),
            FreezeAt::Write(_) => place!("freeze: write"),
            FreezeAt::Reload(_) => place!("freeze: reload"),
            FreezeAt::Head(_) => place!("freeze: head"),
            FreezeAt::Reject(_) => place!("freeze: reject"),
        },
        Run::Commit(commit) => {
            if !commit.held.fresh {
                seen.mark(place!("commit: from a stale copy"));
            }
            match commit.at {
                CommitAt::Complete => place!("commit: complete"),
                CommitAt::Head if commit.aborted => place!("commit: head after abort"),
                CommitAt::Head => place!("commit: head"),
                CommitAt::Read(_) => place!("commit: read"),
                CommitAt::Judge(Seen::Right(_)) => place!("commit: right"),
                CommitAt::Judge(Seen::Wrong) => place!("commit: wrong"),
                CommitAt::Judge(Seen::Absent) => place!("commit: absent"),
                CommitAt::Judge(Seen::Lost) => place!("commit: lost"),
                CommitAt::List => place!("commit: list"),
                CommitAt::Relist(_) => place!("commit: relist"),
                CommitAt::Abort => place!("commit: abort"),
            }
        }
        Run::Alter(alter) => {
            if !alter.held.fresh_revision {
                seen.mark(place!("apply from a stale copy"));
            }
            match alter.intent {
                Intent::Publish => place!("publish: apply"),
                Intent::Expire if alter.head.is_some() => place!("expire: head"),
                Intent::Expire => place!("expire: apply"),
                Intent::Delete => place!("delete: apply"),
                Intent::Announce => place!("announce: apply"),
                Intent::Withdraw => place!("withdraw: apply"),
            }
        }
        Run::Destroy(destroy) => {
            if !destroy.held.fresh {
                seen.mark(place!("destroy: from a stale copy"));
            }
            match destroy.at {
                DestroyAt::AbortStored => place!("destroy: abort stored"),
                DestroyAt::List => place!("destroy: list"),
                DestroyAt::AbortListed(_) => place!("destroy: abort listed"),
                DestroyAt::Delete => place!("destroy: delete"),
                DestroyAt::LookParts | DestroyAt::LookUploads | DestroyAt::LookObject => place!("destroy: look"),
                DestroyAt::Close => place!("destroy: close"),
            }
        }
        Run::Recheck(recheck) => match recheck.at {
            RecheckAt::LookParts | RecheckAt::LookUploads | RecheckAt::LookObject => place!("recheck: look"),
            RecheckAt::Clean => place!("recheck: clean"),
            RecheckAt::Found => place!("recheck: found"),
            RecheckAt::Shown => place!("recheck: shown"),
            RecheckAt::Purge => place!("recheck: purge"),
        },
    };
    seen.mark(place);
}
