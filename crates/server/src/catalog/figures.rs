//! What an operator asks of the catalog: assets of everybody, in any status, and counts.

use domain::quota::Usage;
use domain::{Asset, AssetId, AssetStatus, OwnerId, SearchText, StateName};

use super::operation::capability;
use super::{AssetList, CatalogError, Stamped};

capability! {
    /// What an operator asks: assets of everybody, and how many there are.
    pub trait Figures {
        /// Assets of everybody, in any status, newest first: of the `look_at` newest ones before `before` those that fit, up to
        /// `limit`. Without a condition every asset fits, and `look_at` does not count.
        async fn survey_assets(&self, survey: &Survey) -> Result<Stamped<AssetList>, CatalogError>;

        /// [`super::Rows::find_asset`] for who knows an id and nothing else: every shard is asked.
        async fn find_asset_anywhere(&self, id: AssetId) -> Result<Stamped<Option<Asset>>, CatalogError>;

        /// What an owner has.
        async fn load_usage(&self, owner: &OwnerId) -> Result<Usage, CatalogError>;

        /// What owners have, as kept and as counted at the same moment, in the order of shards and ids after `after`, at
        /// most `limit`. They differ only if something is wrong.
        async fn recount_usage(&self, after: Option<&OwnerId>, limit: u32) -> Result<Vec<OwnerUsage>, CatalogError>;

        /// How many files there are in each state, for metrics. States without files may be left out.
        async fn count_files(&self) -> Result<Vec<(StateName, u64)>, CatalogError>;

        /// How many assets there are in each status. Statuses without assets may be left out.
        async fn count_assets(&self) -> Result<Vec<(StatusName, u64)>, CatalogError>;
    }
}

/// What an owner has, by two ways of knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerUsage {
    /// Whose.
    pub owner: OwnerId,
    /// As it was moved by every write.
    pub kept: Usage,
    /// As the rows say.
    pub counted: Usage,
}

/// Which assets an operator looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// In this status; in any if `None`.
    pub status: Option<StatusName>,
    /// Whose; everybody's if `None`.
    pub owner: Option<OwnerId>,
    /// What an asset shows, as in [`super::AssetQuery`].
    pub contains: Option<SearchText>,
    /// Only older than this one: where the last page ended.
    pub before: Option<AssetId>,
    /// At most this many, 1 to 100.
    pub limit: u32,
    /// How many assets are looked at for them, at most; 1 or more. What is rare among many must not cost a walk through
    /// all of them.
    pub look_at: u32,
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
