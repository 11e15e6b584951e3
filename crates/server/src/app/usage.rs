//! What an owner has, and the end of all of it.

use domain::quota::Usage;
use domain::{Asset, OwnerId, change};

use super::{App, MAX_RACES, PortError};
use crate::catalog::{Purpose, Stamped, StatusName, Survey, Written};

/// Assets that are read at a time.
const PAGE: u32 = 100;
/// Rows that a page looks at. There is no search, so each is one of the owner's.
const LOOK_AT: u32 = 10_000;

/// What came of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Assets that were ended.
    pub deleted: u64,
    /// Whether the owner has more.
    pub remaining: bool,
}

impl App {
    /// What an owner has, as the ledger knows it.
    pub async fn usage(&self, owner: &OwnerId) -> Result<Usage, PortError> {
        self.parts.catalog.load_usage(owner).await.map_err(PortError::catalog)
    }

    /// Ends an owner's assets of whatever collection, also of one that is not configured any more, at most so many.
    /// What was ended is no longer in the way, so the next call goes on.
    pub async fn erase_owner(&self, owner: &OwnerId, at_most: u32) -> Result<Erased, PortError> {
        let mut deleted = 0;
        for status in [StatusName::Uploading, StatusName::Created] {
            let mut survey = Survey {
                status: Some(status),
                owner: Some(owner.clone()),
                contains: None,
                before: None,
                limit: PAGE,
                look_at: LOOK_AT,
            };
            loop {
                let page = self.parts.catalog.survey_assets(&survey).await.map_err(PortError::catalog)?.value;
                for asset in &page.assets {
                    if deleted >= u64::from(at_most) {
                        return Ok(Erased { deleted, remaining: true });
                    }
                    deleted += u64::from(self.end_asset(asset).await?);
                }
                survey.before = page.next;
                if survey.before.is_none() {
                    break;
                }
            }
        }
        Ok(Erased { deleted, remaining: false })
    }

    /// Ends an asset as its owner's deletion would, and says how many that are: none if it has ended meanwhile.
    async fn end_asset(&self, asset: &Asset) -> Result<u8, PortError> {
        for _ in 0..MAX_RACES {
            let found = self.parts.catalog.find_asset(asset.shard(), asset.id, Purpose::Decide).await;
            let Stamped { now, value } = found.map_err(PortError::catalog)?;
            let Some(Ok(change)) = value.map(|asset| change::delete(&asset, now)) else { return Ok(0) };
            if self.apply(&change).await? == Written::Done {
                self.destroy_later(change.files.into_iter().map(|(_, file)| file));
                return Ok(1);
            }
        }
        Err(PortError::Contended)
    }
}
