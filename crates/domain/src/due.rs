//! Due work: what is owed to a row without anybody asking, in which lane, by which share of the servers, and how long
//! one waits after a failure.
//!
//! What is owed stands in the row itself: [`File::due_at`], written by whatever decides the row's next state, and
//! [`Asset::due_at`]. *Invariant* (PROTOCOL, I9): a row that somebody must move has a time ([`owes`]). A time may be
//! early, never late: performing a duty too soon finds nothing to do.

use std::fmt;

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use crate::asset::{Asset, AssetStatus};
use crate::file::{File, StateName};
use crate::limits::{BACKOFF_FIRST, BACKOFF_MOST, LOOK_AT_LEAST_EVERY, STRAY_LOOK_AFTER, UNREADABLE_DELAY};
use crate::shard::Shard;

/// A queue of its own: in one for all, a commit would wait behind a million destructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Commit, publish, look for a part, close what was opened beside a row.
    Drive,
    /// End what nobody finished. Its rows are assets, the others' are files.
    Expire,
    /// Take what has ended out of the store.
    Destroy,
    /// Look again at what is closed.
    Recheck,
    /// Tell others what happened.
    Deliver,
}

const _: () = assert!(BACKOFF_MOST.as_secs() <= UNREADABLE_DELAY.as_secs());
const _: () = assert!(STRAY_LOOK_AFTER.as_secs() <= UNREADABLE_DELAY.as_secs());
const _: () = assert!(LOOK_AT_LEAST_EVERY.as_secs() <= UNREADABLE_DELAY.as_secs());

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 5] = [Self::Drive, Self::Expire, Self::Destroy, Self::Recheck, Self::Deliver];

    /// The name in the catalog, in metrics and in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drive => "drive",
            Self::Expire => "expire",
            Self::Destroy => "destroy",
            Self::Recheck => "recheck",
            Self::Deliver => "deliver",
        }
    }

    /// Nothing of this lane is put off for so long. What is due later was written before the clock was set back, and somebody
    /// waits for it; a look at what is closed, or the end of what nobody finishes, may as well come late.
    pub fn longest_wait(self) -> Option<SignedDuration> {
        match self {
            Self::Drive | Self::Destroy => Some(2 * UNREADABLE_DELAY),
            Self::Expire | Self::Recheck | Self::Deliver => None,
        }
    }

    /// The lane in which a file's duty is performed. Of a published file nothing is due.
    pub const fn of(state: StateName) -> Option<Self> {
        match state {
            StateName::Reserved | StateName::Uploading | StateName::Committing | StateName::Verified => {
                Some(Self::Drive)
            }
            StateName::Created => None,
            StateName::Deleting => Some(Self::Destroy),
            StateName::Closed => Some(Self::Recheck),
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Into how many slots the rows of each lane are divided.
pub const SLOTS: u8 = 16;

/// The part of all rows that one owner's rows are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    /// By the owner's shard, so that all rows of one asset are in one slot.
    pub const fn of(shard: Shard) -> Self {
        Self(shard.get() / (u8::MAX / SLOTS + 1))
    }

    /// 0 to 15.
    pub const fn index(self) -> u8 {
        self.0
    }
}

/// A set of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slots(u16);

impl Slots {
    /// All of them: one server does everything.
    pub const ALL: Self = Self(u16::MAX);

    /// What `member` takes while these are alive, itself counted or not. Each slot goes to the member that scores
    /// highest for it (rendezvous hashing), so that one that comes or goes moves only its own share.
    pub fn of_member<'a>(member: &'a str, living: impl IntoIterator<Item = &'a str>) -> Self {
        let mut members: Vec<&str> = living.into_iter().collect();
        members.push(member);
        let is_mine = |slot: &u8| {
            let score = |name: &str| Sha256::digest(format!("{slot} {name}")).to_vec();
            members.iter().max_by_key(|name| score(name)).is_some_and(|winner| *winner == member)
        };
        Self((0..SLOTS).filter(is_mine).fold(0, |set, slot| set | 1 << slot))
    }

    /// Whether a slot is among them.
    pub const fn contains(self, slot: Slot) -> bool {
        self.0 & 1 << slot.0 != 0
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Slot> {
        (0..SLOTS).map(Slot).filter(move |slot| self.contains(*slot))
    }
}

/// How long to wait after a row's duty has failed so many times in a row: twice as long each time, at most
/// [`BACKOFF_MOST`], and of that by `chance` something between a half and all, so that what failed together does not come
/// back together.
pub fn backoff(attempts: u32, chance: u32) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(16);
    let whole = (BACKOFF_FIRST * (1 << doublings)).min(BACKOFF_MOST).as_millis();
    let jittered = whole / 2 + whole / 2 * i128::from(chance) / i128::from(u32::MAX);
    SignedDuration::from_millis(i64::try_from(jittered).unwrap_or(i64::MAX))
}

/// Whether a file must have a time at which something is owed to it, whatever its asset is doing. What is still being
/// sent has its asset's deadline; what is verified may wait for its companions, and then has that too.
pub const fn owes(state: StateName) -> bool {
    match state {
        StateName::Committing | StateName::Deleting | StateName::Closed => true,
        StateName::Reserved | StateName::Uploading | StateName::Verified | StateName::Created => false,
    }
}

impl File {
    /// The lane in which something is owed to it, if anything is.
    pub fn lane(&self) -> Option<Lane> {
        self.due_at.and_then(|_| Lane::of(self.state.name()))
    }

    /// I9, as far as one row shows it.
    pub fn keeps_its_due_time(&self) -> bool {
        self.due_at.is_some() || !owes(self.state.name())
    }
}

impl Asset {
    /// When what is pending counts as abandoned, and T7 is owed. Nothing is owed to an asset that is gone.
    pub fn due_at(&self) -> Option<jiff::Timestamp> {
        match self.status {
            AssetStatus::Uploading | AssetStatus::Created => self.deadline(),
            AssetStatus::Gone(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots(member: &str, living: &[&str]) -> Vec<u8> {
        Slots::of_member(member, living.iter().copied()).iter().map(Slot::index).collect()
    }

    #[test]
    fn one_member_has_every_slot() {
        assert_eq!(Slots::of_member("a", []), Slots::ALL);
        assert_eq!(Slots::of_member("a", ["a"]), Slots::ALL);
        assert_eq!(Slots::default().iter().count(), 0);
    }

    #[test]
    fn an_owner_is_always_in_the_same_slot() {
        // The first byte of SHA-256("42") is 0x73, of SHA-256("mina") 0x9b.
        let slot = |owner: &str| Slot::of(Shard::of_owner(owner)).index();
        assert_eq!((slot("42"), slot("mina")), (7, 9));
        assert!((0..2_000).map(|n| slot(&format!("owner {n}"))).collect::<std::collections::BTreeSet<_>>().len() == 16);
    }

    proptest! {
        /// Every slot has exactly one member of those who see each other, and a member that goes leaves the others'
        /// slots where they are.
        #[test]
        fn members_share_all_slots(names in proptest::collection::btree_set("[a-z]{1,8}", 1..6)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut all: Vec<u8> = names.iter().flat_map(|name| slots(name, &names)).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..SLOTS).collect::<Vec<_>>());
            let rest = &names[1..];
            for name in rest {
                let before = slots(name, &names);
                prop_assert!(slots(name, rest).iter().filter(|slot| before.contains(slot)).count() == before.len());
            }
        }

        /// Never over ten minutes, never at once, and ever longer until then.
        #[test]
        fn backoff_is_bounded_and_grows(attempts in 1u32..100_000, chance: u32) {
            let wait = backoff(attempts, chance);
            prop_assert!(wait >= BACKOFF_FIRST / 2 && wait <= BACKOFF_MOST);
            prop_assert!(backoff(attempts + 1, chance) >= wait);
            prop_assert!(wait >= backoff(attempts, 0) && wait <= backoff(attempts, u32::MAX));
        }
    }

    #[test]
    fn backoff_doubles_up_to_ten_minutes() {
        let longest: Vec<i64> = (1..=11).map(|attempts| backoff(attempts, u32::MAX).as_secs()).collect();
        assert_eq!(longest, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        assert_eq!(backoff(1, 0), SignedDuration::from_secs(1));
    }
}
