//! Let people who are not the owner watch: what the holder of a grant may read.

use std::collections::BTreeMap;

use domain::{Asset, AssetId, AssetStatus, RoleName, Shard};

use super::{App, FindError, PortError, ReadError, ReadUrl, Reading};
use crate::catalog::{Purpose, Stamped};

impl App {
    /// The URL of a role's published file for whoever holds a grant for its asset, whose owner gave it.
    pub async fn granted_url(
        &self,
        shard: Option<Shard>,
        id: AssetId,
        role: &RoleName,
        reading: Reading,
    ) -> Result<ReadUrl, ReadError> {
        let asset = self.load_granted(shard, id).await.map_err(ReadError::Find)?;
        self.url_of(&asset, role, reading).await
    }

    /// The asset itself with the URLs of its published files, for whoever holds a grant for it. A lost file has none.
    pub async fn granted_asset(
        &self,
        shard: Option<Shard>,
        id: AssetId,
    ) -> Result<(Asset, BTreeMap<RoleName, ReadUrl>), FindError> {
        let asset = self.load_granted(shard, id).await?;
        let mut urls = BTreeMap::new();
        for role in asset.value.places.keys() {
            match self.url_of(&asset, role, Reading::SHOW).await {
                Ok(url) => drop(urls.insert(role.clone(), url)),
                Err(ReadError::Lost(_) | ReadError::NotCreated | ReadError::NoSuchRole) => {}
                Err(ReadError::Find(error)) => return Err(error),
                Err(ReadError::Port(error)) => return Err(error.into()),
            }
        }
        Ok((asset.value, urls))
    }

    /// Grants made before tokens named a shard are looked for everywhere.
    async fn load_granted(&self, shard: Option<Shard>, id: AssetId) -> Result<Stamped<Asset>, FindError> {
        let found = match shard {
            Some(shard) => self.parts.catalog.find_asset(shard, id, Purpose::Display).await,
            None => self.parts.catalog.find_asset_anywhere(id).await,
        };
        let found = found.map_err(PortError::catalog)?;
        let asset = found.value.ok_or(FindError::Missing)?;
        match asset.status {
            AssetStatus::Uploading | AssetStatus::Created => Ok(Stamped { now: found.now, value: asset }),
            AssetStatus::Gone(reason) => Err(FindError::Gone(reason)),
        }
    }
}
