//! A file: one attempt to fill a role. It owns one object key, one multipart upload, its own state and its own fence.
//!
//! This module holds the data; [`crate::lifecycle`] holds every rule about how it may change.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::checksum::DeclaredChecksum;
use crate::collection::RoleName;
use crate::file_plan::{FilePlan, PartLength};
use crate::id::{AssetId, FileId};
use crate::key::ObjectKey;
use crate::looks::Looks;
use crate::part_plan::PartNumber;
use crate::parts::Part;
use crate::reason::Reason;
use crate::shard::Shard;
use crate::text::FileName;
use crate::verification::VerifiedObject;

/// Counts the writes to a row. A write names the fence it read; if another came first, it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u64);

impl Fence {
    /// The fence after one more write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The store's name for a multipart upload. Opaque; never shown to a client and never taken from one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadId(pub String);

/// Where a file stands. Ranks only ever rise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileState {
    /// The intent is written; the store knows nothing yet.
    Reserved,
    /// The multipart upload is open; parts may arrive.
    Uploading,
    /// The parts are frozen; the object is being put together and judged.
    Committing {
        /// What Complete is called with.
        parts: Vec<Part>,
        /// How often the parts had to be listed again because the store refused one.
        relists: u8,
        /// Since when the store says that the upload is gone while there is no object.
        gone_since: Option<Timestamp>,
    },
    /// The object is there and right; its asset is not published yet.
    Verified {
        /// What was found.
        object: VerifiedObject,
    },
    /// Published.
    Created {
        /// What was found before publication.
        object: VerifiedObject,
        /// Since when the object is missing from the store, if it is. The row stays: nothing is deleted for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lost_since: Option<Timestamp>,
    },
    /// Decided to end; store and catalog are being cleaned.
    Deleting {
        /// Why.
        reason: Reason,
    },
    /// Nothing of it was left when last looked. Looked at again, because a slow PUT may still land.
    Closed {
        /// Why it ended.
        reason: Reason,
        /// How many looks in a row found nothing.
        clean_rechecks: u8,
        /// When to look next.
        recheck_at: Timestamp,
    },
}

/// A state without its data: for columns, labels and compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateName {
    /// See [`FileState::Reserved`].
    Reserved,
    /// See [`FileState::Uploading`].
    Uploading,
    /// See [`FileState::Committing`].
    Committing,
    /// See [`FileState::Verified`].
    Verified,
    /// See [`FileState::Created`].
    Created,
    /// See [`FileState::Deleting`].
    Deleting,
    /// See [`FileState::Closed`].
    Closed,
}

impl StateName {
    /// Every state, in rank order.
    pub const ALL: [Self; 7] = [
        Self::Reserved,
        Self::Uploading,
        Self::Committing,
        Self::Verified,
        Self::Created,
        Self::Deleting,
        Self::Closed,
    ];

    /// The name in the catalog and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "RESERVED",
            Self::Uploading => "UPLOADING",
            Self::Committing => "COMMITTING",
            Self::Verified => "VERIFIED",
            Self::Created => "CREATED",
            Self::Deleting => "DELETING",
            Self::Closed => "CLOSED",
        }
    }

    /// The state a name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FileState {
    /// The state without its data.
    pub const fn name(&self) -> StateName {
        match self {
            Self::Reserved => StateName::Reserved,
            Self::Uploading => StateName::Uploading,
            Self::Committing { .. } => StateName::Committing,
            Self::Verified { .. } => StateName::Verified,
            Self::Created { .. } => StateName::Created,
            Self::Deleting { .. } => StateName::Deleting,
            Self::Closed { .. } => StateName::Closed,
        }
    }

    /// Why the file ended, if it did.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Deleting { reason } | Self::Closed { reason, .. } => Some(*reason),
            Self::Reserved
            | Self::Uploading
            | Self::Committing { .. }
            | Self::Verified { .. }
            | Self::Created { .. } => None,
        }
    }

    /// Since when the object of a published file is missing, if it is.
    pub const fn lost_since(&self) -> Option<Timestamp> {
        match self {
            Self::Created { lost_since, .. } => *lost_since,
            Self::Reserved
            | Self::Uploading
            | Self::Committing { .. }
            | Self::Verified { .. }
            | Self::Deleting { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// The object as it was verified.
    pub const fn object(&self) -> Option<&VerifiedObject> {
        match self {
            Self::Verified { object } | Self::Created { object, .. } => Some(object),
            Self::Reserved
            | Self::Uploading
            | Self::Committing { .. }
            | Self::Deleting { .. }
            | Self::Closed { .. } => None,
        }
    }
}

/// One attempt to fill a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// The asset it is part of.
    pub asset: AssetId,
    /// The role it fills.
    pub role: RoleName,
    /// Where its bytes lie. The content type follows from it.
    pub key: ObjectKey,
    /// What its owner calls it.
    pub file_name: FileName,
    /// What is known of its size, and how it is cut.
    pub plan: FilePlan,
    /// The checksum its owner announced.
    pub checksum: Option<DeclaredChecksum>,
    /// Whether nobody will say that it has been sent: one part, looked for until it is there.
    pub auto: bool,
    /// When somebody looks at what has arrived, where that is not left to its client ([`File::is_looked_at`]).
    pub looks: Option<Looks>,
    /// Whether it was announced for an asset that was CREATED already: a replacement, or an optional role. Then it is an
    /// open upload of its own ([`crate::quota`]).
    pub addition: bool,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When it counts as abandoned, unless granted again before.
    pub deadline: Timestamp,
    /// No released part URL works after this; `None` before the first grant.
    pub url_not_after: Option<Timestamp>,
    /// Its multipart upload, from UPLOADING on.
    pub upload_id: Option<UploadId>,
    /// When something is owed to it without anybody asking, if anything is ([`crate::due`]).
    pub due_at: Option<Timestamp>,
    /// Counts the writes to this row.
    pub fence: Fence,
    /// Where it stands.
    pub state: FileState,
}

impl File {
    /// The shard that its row is in.
    pub fn shard(&self) -> Shard {
        self.key.file_key().shard()
    }

    /// The highest number of a part that may be sent: 1 where nobody will say that it was the last.
    pub fn part_count(&self) -> u16 {
        if self.auto { self.plan.part_count().min(1) } else { self.plan.part_count() }
    }

    /// Whether somebody looks at what has arrived before its client says anything: for the one part that is all, or lest it
    /// become more than is allowed.
    pub const fn is_looked_at(&self) -> bool {
        self.auto || matches!(self.plan, FilePlan::Undeclared(_))
    }

    /// The numbers of the parts that may be sent, in order.
    pub fn numbers(&self) -> impl Iterator<Item = PartNumber> + use<> {
        (1..=u64::from(self.part_count())).filter_map(|number| PartNumber::new(number).ok())
    }

    /// How long a part may be. `None` past the last that may be sent.
    pub fn length_of(&self, number: PartNumber) -> Option<PartLength> {
        self.plan.length_of(number).filter(|_| number.get() <= self.part_count())
    }

    /// The multipart upload of a file past RESERVED.
    ///
    /// # Panics
    /// If a file in UPLOADING or COMMITTING has no upload id: no transition produces that.
    pub fn upload(&self) -> &UploadId {
        self.upload_id.as_ref().expect("a file past RESERVED has its upload id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_names_are_read_back() {
        for state in StateName::ALL {
            assert_eq!(StateName::from_name(state.as_str()), Some(state));
        }
        assert_eq!(StateName::from_name("closed"), None);
    }

    #[test]
    fn all_states_stand_in_rank_order() {
        assert!(StateName::ALL.is_sorted());
    }
}
