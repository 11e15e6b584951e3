//! An asset: what becomes visible as one, a video with its thumbnail and preview.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::collection::{CollectionName, RoleName};
use crate::file::{Fence, File, FileState};
use crate::id::AssetId;
use crate::owner::OwnerId;
use crate::reason::Reason;
use crate::shard::Shard;
use crate::text::{Description, Fingerprint, Metadata, SearchText, Title};

/// What everybody sees of an asset's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssetStatus {
    /// Not published yet.
    Uploading,
    /// Published: visible, playable.
    Created,
    /// Deleted or expired. 410 to its owner, with its reason to an administrator.
    Gone(Reason),
}

impl AssetStatus {
    /// The name in the API and the catalog.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "UPLOADING",
            Self::Created => "CREATED",
            Self::Gone(_) => "GONE",
        }
    }
}

/// The files of one role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// What viewers get.
    pub published: Option<File>,
    /// What is announced and not published yet: the first attempt, another after a rejection, or a replacement.
    pub pending: Option<File>,
}

/// An asset with all files that its roles point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// Whose it is.
    pub owner: OwnerId,
    /// What kind it is.
    pub collection: CollectionName,
    /// Its title.
    pub title: Title,
    /// Its description.
    pub description: Description,
    /// The caller's own JSON object.
    pub metadata: Metadata,
    /// What the client knows the local file by.
    pub fingerprint: Option<Fingerprint>,
    /// Where it stands.
    pub status: AssetStatus,
    /// When it was created as an upload.
    pub created_at: Timestamp,
    /// When it became CREATED.
    pub published_at: Option<Timestamp>,
    /// Counts the writes to the asset's own row.
    pub revision: Fence,
    /// Its roles that have or had a file.
    pub places: BTreeMap<RoleName, Place>,
}

impl Asset {
    /// The shard that its rows are in.
    pub fn shard(&self) -> Shard {
        self.owner.shard()
    }

    /// Files that are announced and not published, with their roles.
    pub fn pending(&self) -> impl Iterator<Item = &File> {
        self.places.values().filter_map(|place| place.pending.as_ref())
    }

    /// Every file a role points at.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.places.values().flat_map(|place| place.published.iter().chain(&place.pending))
    }

    /// What an owner wrote about an asset goes when the asset goes: its row only waits until nothing can land any more.
    pub(crate) fn forget_texts(&mut self) {
        self.title = Title::forgotten();
        self.description = Description::empty();
        self.metadata = Metadata::empty();
        self.fingerprint = None;
    }

    /// Whether its title, its description or the name of one of its files holds what somebody looks for.
    pub fn shows(&self, text: &SearchText) -> bool {
        let is_named = |file: &File| text.is_in(file.file_name.as_str());
        text.is_in(self.title.as_str()) || text.is_in(self.description.as_str()) || self.files().any(is_named)
    }

    /// When what is pending counts as abandoned: as long as one file is being granted URLs, its companions wait with
    /// it, so that a finished thumbnail does not expire beside a video that takes three days.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.pending().map(|file| file.deadline).max()
    }

    /// Whether one of its files is being committed, which must be driven to its end before anything expires.
    pub fn is_committing(&self) -> bool {
        self.pending().any(|file| matches!(file.state, FileState::Committing { .. }))
    }
}
