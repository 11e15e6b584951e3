//! Let people who are not the owner watch: what the holder of a grant may read.

use domain::{Asset, AssetId, AssetStatus, RoleName};

use super::{App, FindError, Intent, PortError, ReadError, ReadUrl};
use crate::catalog::Stamped;

impl App {
    /// The URL of a role's published file for whoever holds a grant for its asset, whose owner gave it.
    pub async fn granted_url(&self, id: AssetId, role: &RoleName, intent: Intent) -> Result<ReadUrl, ReadError> {
        let asset = self.load_granted(id).await.map_err(ReadError::Find)?;
        self.url_of(&asset, role, intent).await
    }

    /// The asset itself, for whoever holds a grant for it.
    pub async fn granted_asset(&self, id: AssetId) -> Result<Asset, FindError> {
        self.load_granted(id).await.map(|stamped| stamped.value)
    }

    async fn load_granted(&self, id: AssetId) -> Result<Stamped<Asset>, FindError> {
        let found = self.parts.catalog.find_asset(id).await.map_err(PortError::catalog)?;
        let asset = found.value.ok_or(FindError::Missing)?;
        match asset.status {
            AssetStatus::Uploading | AssetStatus::Created => Ok(Stamped { now: found.now, value: asset }),
            AssetStatus::Gone(reason) => Err(FindError::Gone(reason)),
        }
    }
}
