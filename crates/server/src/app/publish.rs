//! T6': when every announced file is VERIFIED, all become CREATED together.

use domain::change::{self, ChangeRefusal};
use domain::{AssetId, FileState, Shard};

use super::{App, MAX_RACES, PortError};
use crate::catalog::{Purpose, Stamped, Written};

/// What came of trying to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// The asset is CREATED, by this call or another.
    Published,
    /// A file is not verified, or the asset is gone.
    NotYet,
}

impl App {
    /// Publishes an asset if all of its pending files are verified.
    pub async fn publish_asset(&self, shard: Shard, id: AssetId) -> Result<Publication, PortError> {
        for _ in 0..MAX_RACES {
            let found = self.parts.catalog.find_asset(shard, id, Purpose::Decide).await;
            let found = found.map_err(PortError::catalog)?;
            let Stamped { now, value: Some(asset) } = found else { return Ok(Publication::NotYet) };
            let change = match change::publish(&asset, now) {
                Ok(change) => change,
                Err(ChangeRefusal::NothingPending) => return Ok(Publication::Published),
                Err(
                    ChangeRefusal::Gone(_)
                    | ChangeRefusal::NotVerified { .. }
                    | ChangeRefusal::NotExpired
                    | ChangeRefusal::RoleOccupied(_)
                    | ChangeRefusal::RoleVacant(_)
                    | ChangeRefusal::File { .. },
                ) => return Ok(Publication::NotYet),
            };
            if self.apply(&change).await? == Written::Done {
                let replaced = change.files.into_iter().map(|(_, file)| file);
                self.destroy_later(replaced.filter(|file| matches!(file.state, FileState::Deleting { .. })));
                return Ok(Publication::Published);
            }
        }
        Err(PortError::Contended)
    }

    /// Tries to publish without anybody waiting: what blocked the asset was just withdrawn.
    pub(super) fn publish_later(&self, shard: Shard, id: AssetId) {
        let app = self.clone();
        drop(self.outlive(async move {
            if let Err(error) = app.publish_asset(shard, id).await {
                tracing::warn!(asset = %id, error = &error as &dyn std::error::Error,
                    "not published yet; the drive lane will");
            }
        }));
    }
}
