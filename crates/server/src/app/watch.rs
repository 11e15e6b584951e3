//! Let people who are not the owner watch: what the holder of a grant may read.

use domain::{AssetId, AssetStatus, RoleName};

use super::{App, FindError, Intent, PortError, ReadError, ReadUrl};
use crate::catalog::Stamped;

impl App {
    /// The URL of a role's published file for whoever holds a grant for its asset, whose owner gave it.
    pub async fn granted_url(&self, id: AssetId, role: &RoleName, intent: Intent) -> Result<ReadUrl, ReadError> {
        let found = self.parts.catalog.find_asset(id).await.map_err(PortError::catalog)?;
        let asset = found.value.ok_or(ReadError::Find(FindError::Missing))?;
        if let AssetStatus::Gone(reason) = asset.status {
            return Err(ReadError::Find(FindError::Gone(reason)));
        }
        self.url_of(&Stamped { now: found.now, value: asset }, role, intent).await
    }
}
