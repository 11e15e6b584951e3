//! T8: the owner deletes an asset or cancels its upload.

use domain::change;
use domain::{AssetId, Collection, OwnerId};

use super::{App, FindError, MAX_RACES, PortError};
use crate::catalog::{Stamped, Written};

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
            let Stamped { now, value: asset } = match self.load_own(owner, of, id).await {
                Ok(found) => found,
                Err(FindError::Gone(_)) => return Ok(()),
                Err(FindError::Missing) => return Err(DeleteError::Missing),
                Err(FindError::Port(error)) => return Err(error.into()),
            };
            let Ok(change) = change::delete(&asset, now) else { return Ok(()) };
            if self.apply(&change).await? == Written::Done {
                self.destroy_later(change.files.into_iter().map(|(_, file)| file));
                return Ok(());
            }
        }
        Err(PortError::Contended.into())
    }
}
