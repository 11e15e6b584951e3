//! Which asset a command is about: an id is enough, whatever collection it is in.

use clap::Args;
use domain::{AssetId, CollectionName, RoleName};
use uploader::client::{ApiError, Client};
use wire::{AssetBody, ErrorCode};

use super::connection::{Connection, VIDEOS};
use super::failure;
use crate::exit::{Exit, Failure};

/// The roles that an asset is about, in this order, where nothing else is said.
const MAIN_ROLES: [&str; 2] = ["video", "image"];

/// An asset, and where to look for it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// The asset, as `upload` and `list` print it
    #[arg(value_name = "ID")]
    pub(super) id: AssetId,
    /// Look for it in this collection only
    #[arg(long, value_name = "NAME", value_parser = CollectionName::parse)]
    collection: Option<CollectionName>,
    #[command(flatten)]
    connection: Connection,
}

/// An asset that was found, or is known to be gone.
pub(super) struct Found {
    /// Speaks about its collection.
    pub(super) client: Client,
    /// What the server says of it.
    pub(super) answer: Result<AssetBody, ApiError>,
}

impl Which {
    /// Looks for it: among the videos, where most are, then in every other collection.
    pub(super) async fn find(&self) -> Result<Found, Failure> {
        let first = self.collection.clone().map_or_else(|| CollectionName::parse(VIDEOS), Ok);
        let first = first.map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()))?;
        let client = self.connection.client(&first)?;
        let answer = client.show(self.id).await;
        if self.collection.is_some() || !is_elsewhere(&answer) {
            return Ok(Found { client, answer });
        }
        let listed = client.collections().await.map_err(|error| failure::of_call(&error))?;
        let names = listed.data.iter().filter_map(|one| CollectionName::parse(&one.name).ok());
        for name in names.filter(|name| *name != first) {
            let client = client.about(name);
            let answer = client.show(self.id).await;
            if !is_elsewhere(&answer) {
                return Ok(Found { client, answer });
            }
        }
        Ok(Found { client, answer })
    }

    /// Finds it, and it must be there.
    pub(super) async fn load(&self) -> Result<(Client, AssetBody), Failure> {
        let Found { client, answer } = self.find().await?;
        Ok((client, answer.map_err(|error| failure::of_call(&error))?))
    }
}

/// Not here; a collection that the server does not have is not found either.
fn is_elsewhere(answer: &Result<AssetBody, ApiError>) -> bool {
    answer.as_ref().is_err_and(|error| error.code() == Some(ErrorCode::NotFound))
}

/// The file an asset is about, unless another role was named.
pub(super) fn role_of(asset: &AssetBody, named: Option<&RoleName>) -> Result<RoleName, Failure> {
    if let Some(role) = named {
        return Ok(role.clone());
    }
    let roles: Vec<&str> = asset.files.keys().map(String::as_str).collect();
    let main = MAIN_ROLES.into_iter().find(|role| roles.contains(role));
    let only = || if let [role] = roles.as_slice() { Some(*role) } else { None };
    main.or_else(only).and_then(|role| RoleName::parse(role).ok()).ok_or_else(|| {
        Failure::new(Exit::Usage, "the asset has several files")
            .hint(format!("name one by --role: {}", roles.join(", ")))
    })
}
