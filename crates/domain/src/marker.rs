//! The marker: by which a catalog knows its buckets again (PROTOCOL, rule 9).
//!
//! Each bucket holds one small object that names the installation and an epoch. The epoch rises every
//! [`crate::limits::EPOCH_EVERY`], in the catalog first and then in the markers, so a marker that is ahead of its
//! catalog means that the catalog was rewound. This module judges; it reads and writes nothing. *Invariant*: whatever
//! is not [`BucketCheck::Ours`] destroys nothing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::InstallationId;
use crate::limits::{LEAP, LEAP_DOUBTED, LEAP_SETTLES, SKEW_STOPS};

/// Counts how often the catalog and its buckets assured each other of belonging together. Only rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// Of a new installation.
    pub const FIRST: Self = Self(1);

    /// The epoch after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What a bucket says about whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Whose bucket it is.
    pub installation: InstallationId,
    /// The epoch when it was last written.
    pub epoch: Epoch,
}

/// What a catalog knows about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installation {
    /// Which installation its rows are of.
    pub id: InstallationId,
    /// Never behind a marker that it wrote.
    pub epoch: Epoch,
    /// When all buckets were first found to carry its marker; `None` before.
    pub marked_at: Option<Timestamp>,
    /// When an operator last accepted a restored catalog or took a bucket over. What is older in the store and has no
    /// row may be what the restored catalog forgot, so no job removes it by itself.
    pub accepted_at: Option<Timestamp>,
    /// When the epoch last rose, by the catalog's clock.
    pub raised_at: Option<Timestamp>,
    /// The last leap of that clock, until a run that ends uploads was judged after it.
    pub leap: Option<Leap>,
}

/// The epoch rose later than it should have: no server ran, or the clock was set ahead. The two look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leap {
    /// When it was noticed, by the clock that leapt.
    pub noticed_at: Timestamp,
    /// How far.
    pub span: SignedDuration,
}

/// Whether what is overdue by the clock may be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// As on any other night.
    Full,
    /// Only what is plausible, however little it is: by the clock every upload that was under way is abandoned.
    Wary,
    /// Not yet.
    None {
        /// How far the clock leapt.
        leap: SignedDuration,
        /// How long to wait, if nothing happens.
        wait: SignedDuration,
    },
}

impl Installation {
    /// A new one: nothing is known of its buckets.
    pub const fn new(id: InstallationId) -> Self {
        Self { id, epoch: Epoch::FIRST, marked_at: None, accepted_at: None, raised_at: None, leap: None }
    }

    /// The same with the next epoch, and with the leap that this shows.
    #[must_use]
    pub fn raised(self, now: Timestamp) -> Self {
        Self { epoch: self.epoch.next(), raised_at: Some(now), leap: self.leap_at(now), ..self }
    }

    /// The leap that has not been lived with yet. One that was noticed in what is the future now was undone.
    fn leap_at(&self, now: Timestamp) -> Option<Leap> {
        let known = self.leap.filter(|leap| leap.noticed_at <= now);
        let missed = self.raised_at.map_or(SignedDuration::ZERO, |raised| now.duration_since(raised));
        if missed <= LEAP {
            return known;
        }
        let span = known.map_or(missed, |leap| leap.span.max(missed));
        Some(Leap { noticed_at: now, span })
    }

    /// How far the clock may be trusted with ending what it says is overdue.
    pub fn trust(&self, now: Timestamp) -> Trust {
        let Some(leap) = self.leap_at(now) else { return Trust::Full };
        let settled_at = leap.noticed_at + LEAP_SETTLES;
        if now < settled_at {
            return Trust::None { leap: leap.span, wait: settled_at.duration_since(now) };
        }
        if leap.span > LEAP_DOUBTED { Trust::Wary } else { Trust::Full }
    }

    /// What its buckets' markers shall say.
    pub const fn marker(&self) -> Marker {
        Marker { installation: self.id, epoch: self.epoch }
    }

    /// Up to when what the store has may have been forgotten, in the store's own times: its clock may be ahead of the
    /// catalog's, which says when that was accepted.
    pub fn forgotten_until(&self) -> Option<Timestamp> {
        self.accepted_at.map(|accepted| accepted + SKEW_STOPS)
    }
}

/// How a catalog and a bucket stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BucketCheck {
    /// They belong together.
    Ours,
    /// The bucket has no marker, and this catalog never saw one: a first start.
    Unmarked,
    /// The same installation, and the marker is ahead: the catalog was restored from a backup.
    Rewound {
        /// What the bucket says.
        marker: Epoch,
        /// What the catalog says.
        catalog: Epoch,
    },
    /// The bucket had a marker of ours once and has none now: another bucket or prefix, or it was emptied.
    Vanished,
    /// The bucket is another installation's: another bucket, or a new and empty catalog.
    Foreign {
        /// Whose it is.
        marker: InstallationId,
    },
}

/// Holds a bucket's marker against the catalog.
pub fn judge(installation: &Installation, marker: Option<&Marker>) -> BucketCheck {
    match marker {
        None if installation.marked_at.is_none() => BucketCheck::Unmarked,
        None => BucketCheck::Vanished,
        Some(marker) if marker.installation != installation.id => BucketCheck::Foreign { marker: marker.installation },
        Some(marker) if marker.epoch > installation.epoch => {
            BucketCheck::Rewound { marker: marker.epoch, catalog: installation.epoch }
        }
        Some(_) => BucketCheck::Ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> InstallationId {
        InstallationId::new(Timestamp::UNIX_EPOCH, &[n; 10])
    }

    #[test]
    fn what_a_fast_clock_dates_after_the_acceptance_may_be_forgotten() {
        let new = Installation::new(id(1));
        assert_eq!(new.forgotten_until(), None);
        let accepted = Installation { accepted_at: Some(Timestamp::UNIX_EPOCH), ..new };
        assert_eq!(accepted.forgotten_until(), Some(Timestamp::from_second(300).unwrap()));
    }

    #[test]
    fn a_leap_settles_in_an_hour_of_rising_epochs() {
        let at = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let wait =
            |leap, wait| Trust::None { leap: SignedDuration::from_mins(leap), wait: SignedDuration::from_mins(wait) };
        let new = Installation::new(id(1));
        assert_eq!(new.trust(at(9_999)), Trust::Full, "an epoch that never rose tells nothing");
        let running = new.raised(at(0));
        assert_eq!((running.epoch, running.trust(at(60))), (Epoch(2), Trust::Full));
        assert_eq!(running.trust(at(61)), wait(61, 60));

        // Switched off for two hours, or so it seems.
        let back = running.raised(at(120));
        assert_eq!(back.trust(at(120)), wait(120, 60));
        let later = back.raised(at(170));
        assert_eq!((later.trust(at(179)), later.trust(at(180))), (wait(120, 1), Trust::Full));

        // A second start before that, and the longer leap counts.
        let again = later.raised(at(170 + 61));
        assert_eq!(again.trust(at(231)), wait(120, 60));

        // Three days: the first run is judged as if the site were large.
        let days = running.raised(at(3 * 24 * 60)).raised(at(3 * 24 * 60 + 55));
        assert_eq!(days.trust(at(3 * 24 * 60 + 60)), Trust::Wary);
        assert_eq!(Installation { leap: None, ..days }.trust(at(3 * 24 * 60 + 60)), Trust::Full);

        // It was the clock, and it is right again.
        let right = days.raised(at(20));
        assert_eq!((right.leap, right.trust(at(30))), (None, Trust::Full));
        assert_eq!(days.trust(at(20)), Trust::Full);
    }

    #[test]
    fn only_the_same_installation_and_no_later_epoch_is_ours() {
        let new = Installation { epoch: Epoch(5), ..Installation::new(id(1)) };
        let known = Installation { marked_at: Some(Timestamp::UNIX_EPOCH), ..new };
        let marker = |n, epoch| Some(Marker { installation: id(n), epoch: Epoch(epoch) });
        let rewound = BucketCheck::Rewound { marker: Epoch(6), catalog: Epoch(5) };
        for (installation, marker, expected) in [
            (new, None, BucketCheck::Unmarked),
            (known, None, BucketCheck::Vanished),
            (known, marker(1, 4), BucketCheck::Ours),
            (known, marker(1, 5), BucketCheck::Ours),
            (new, marker(1, 5), BucketCheck::Ours),
            (known, marker(1, 6), rewound),
            (known, marker(2, 1), BucketCheck::Foreign { marker: id(2) }),
            (new, marker(2, 9), BucketCheck::Foreign { marker: id(2) }),
        ] {
            assert_eq!(judge(&installation, marker.as_ref()), expected, "{marker:?}");
        }
    }
}
