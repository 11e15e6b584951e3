//! What an operator asks of the catalog: assets of everybody, in any status.

use domain::{Asset, AssetId, AssetStatus, OwnerId};

/// Which assets an operator looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// In this status; in any if `None`.
    pub status: Option<StatusName>,
    /// Whose; everybody's if `None`.
    pub owner: Option<OwnerId>,
    /// Part of the title, as in [`super::AssetQuery`].
    pub title_contains: Option<String>,
    /// Only older than this one: where the last page ended.
    pub before: Option<AssetId>,
    /// At most this many, 1 to 100.
    pub limit: u32,
    /// How many assets are looked at for them, at most; 1 or more. What is rare among many must not cost a walk through
    /// all of them.
    pub look_at: u32,
}

/// Some of the assets that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// They, newest first. Fewer than the limit, or none, does not mean that there are no more.
    pub assets: Vec<Asset>,
    /// Where the next page begins, if there may be more.
    pub next: Option<AssetId>,
}

/// A status without its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusName {
    /// Not published yet.
    Uploading,
    /// Published.
    Created,
    /// Deleted, rejected or expired; its files are being destroyed, or its row waits until nothing can land any more.
    Gone,
}

impl StatusName {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Uploading, Self::Created, Self::Gone];

    /// The name in the catalog and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "UPLOADING",
            Self::Created => "CREATED",
            Self::Gone => "GONE",
        }
    }

    /// Reads the name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The name of a status.
    pub const fn of(status: AssetStatus) -> Self {
        match status {
            AssetStatus::Uploading => Self::Uploading,
            AssetStatus::Created => Self::Created,
            AssetStatus::Gone(_) => Self::Gone,
        }
    }
}
