//! The marker: by which a catalog knows its buckets again (PROTOCOL, rule 9).
//!
//! Each bucket holds one small object that names the installation and an epoch. The epoch rises every
//! [`crate::limits::EPOCH_EVERY`], in the catalog first and then in the markers, so a marker that is ahead of its
//! catalog means that the catalog was rewound. This module judges; it reads and writes nothing. *Invariant*: whatever
//! is not [`Standing::Ours`] destroys nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::InstallationId;
use crate::limits::SKEW_STOPS;

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
}

impl Installation {
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
pub enum Standing {
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
pub fn judge(installation: &Installation, marker: Option<&Marker>) -> Standing {
    match marker {
        None if installation.marked_at.is_none() => Standing::Unmarked,
        None => Standing::Vanished,
        Some(marker) if marker.installation != installation.id => Standing::Foreign { marker: marker.installation },
        Some(marker) if marker.epoch > installation.epoch => {
            Standing::Rewound { marker: marker.epoch, catalog: installation.epoch }
        }
        Some(_) => Standing::Ours,
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
        let new = Installation { id: id(1), epoch: Epoch(1), marked_at: None, accepted_at: None };
        assert_eq!(new.forgotten_until(), None);
        let accepted = Installation { accepted_at: Some(Timestamp::UNIX_EPOCH), ..new };
        assert_eq!(accepted.forgotten_until(), Some(Timestamp::from_second(300).unwrap()));
    }

    #[test]
    fn only_the_same_installation_and_no_later_epoch_is_ours() {
        let new = Installation { id: id(1), epoch: Epoch(5), marked_at: None, accepted_at: None };
        let known = Installation { marked_at: Some(Timestamp::UNIX_EPOCH), ..new };
        let marker = |n, epoch| Some(Marker { installation: id(n), epoch: Epoch(epoch) });
        let rewound = Standing::Rewound { marker: Epoch(6), catalog: Epoch(5) };
        for (installation, marker, expected) in [
            (new, None, Standing::Unmarked),
            (known, None, Standing::Vanished),
            (known, marker(1, 4), Standing::Ours),
            (known, marker(1, 5), Standing::Ours),
            (new, marker(1, 5), Standing::Ours),
            (known, marker(1, 6), rewound),
            (known, marker(2, 1), Standing::Foreign { marker: id(2) }),
            (new, marker(2, 9), Standing::Foreign { marker: id(2) }),
        ] {
            assert_eq!(judge(&installation, marker.as_ref()), expected, "{marker:?}");
        }
    }
}
