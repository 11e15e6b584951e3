//! T8: the owner deletes an asset or cancels its upload.

use domain::change;
use domain::{Asset, AssetId, Collection, OwnerId};

use super::{App, FindError, MAX_RACES, PortError};
use crate::catalog::{Purpose, Stamped, Written};

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// There is none, or it is somebody else's.
    #[error("no such asset")]
    Missing,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// Deletes an asset whatever it was doing. Deleting again is success.
    pub async fn delete_asset(&self, owner: &OwnerId, of: &Collection, id: AssetId) -> Result<(), DeleteError> {
        for _ in 0..MAX_RACES {
            let Some(Stamped { now, value: asset }) = self.load_living(owner, of, id).await? else { return Ok(()) };
            let Ok(change) = change::delete(&asset, now) else { return Ok(()) };
            if self.apply(&change).await? == Written::Done {
                self.destroy_later(change.files.into_iter().map(|(_, file)| file));
                return Ok(());
            }
        }
        Err(PortError::Contended.into())
    }

    /// What there is to end, with the time of reading. Nothing if it has ended.
    pub(super) async fn load_living(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
    ) -> Result<Option<Stamped<Asset>>, DeleteError> {
        match self.load_own(owner, of, id, Purpose::Decide).await {
            Ok(found) => Ok(Some(found)),
            Err(FindError::Gone(_)) => Ok(None),
            Err(FindError::Missing) => Err(DeleteError::Missing),
            Err(FindError::Port(error)) => Err(error.into()),
        }
    }
}
