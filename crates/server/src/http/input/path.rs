//! Paths: which collection, asset and role a request is about.
//!
//! What cannot exist is not found: a malformed id is answered like one that nobody has.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use domain::{AssetId, Collection, OwnerId, RoleName};
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::http::HttpState;
use crate::http::problem::{self, Denial};

/// `/v1/{collection}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct CollectionParams {
    /// A configured collection.
    #[param(example = "videos")]
    collection: String,
}

/// `/v1/{collection}/{id}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct AssetParams {
    /// A configured collection.
    #[param(example = "videos")]
    collection: String,
    /// The asset's id.
    #[param(example = "ast_06j2m0vq4k7dr9e5h1c8t3b6n0")]
    id: String,
}

/// `/v1/{collection}/{id}/files/{role}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct RoleParams {
    /// A configured collection.
    #[param(example = "videos")]
    collection: String,
    /// The asset's id.
    #[param(example = "ast_06j2m0vq4k7dr9e5h1c8t3b6n0")]
    id: String,
    /// A role of the collection.
    #[param(example = "video")]
    role: String,
}

/// `/w/{token}/{role}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct GrantParams {
    /// A grant's token.
    token: String,
    /// A role of the granted asset.
    #[param(example = "video")]
    role: String,
}

/// `/v1/admin/assets/{id}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct AnyAssetParams {
    /// The asset's id.
    #[param(example = "ast_06j2m0vq4k7dr9e5h1c8t3b6n0")]
    id: String,
}

/// An asset that may exist, in whatever collection.
pub(in crate::http) struct AnyAssetPath(pub(in crate::http) AssetId);

/// `/v1/admin/owners/{owner}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct OwnerParams {
    /// Whose: 1 to 256 bytes, percent-encoded where a path needs it.
    #[param(example = "42")]
    owner: String,
}

/// An owner who may have something.
pub(in crate::http) struct OwnerPath(pub(in crate::http) OwnerId);

/// `/w/{token}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct GrantTokenParams {
    /// A grant's token.
    token: String,
}

/// A token that may be a grant's, not verified yet.
pub(in crate::http) struct GrantTokenPath(pub(in crate::http) String);

/// A collection that exists.
pub(in crate::http) struct CollectionPath {
    /// Its rules.
    pub(in crate::http) of: Arc<Collection>,
}

/// An asset that may exist.
pub(in crate::http) struct AssetPath {
    /// Its collection.
    pub(in crate::http) of: Arc<Collection>,
    /// Its id.
    pub(in crate::http) id: AssetId,
}

/// A role that an asset may have.
pub(in crate::http) struct RolePath {
    /// Its collection.
    pub(in crate::http) of: Arc<Collection>,
    /// The asset's id.
    pub(in crate::http) id: AssetId,
    /// The role.
    pub(in crate::http) role: RoleName,
}

/// What somebody who was let in wants to see.
pub(in crate::http) struct GrantPath {
    /// The token, not verified yet.
    pub(in crate::http) token: String,
    /// The role.
    pub(in crate::http) role: RoleName,
}

/// A role that the collection has: what is announced under another is a wrong request, not a missing thing.
pub(in crate::http) struct RoleToAnnounce(pub(in crate::http) RolePath);

async fn params<T: DeserializeOwned + Send>(parts: &mut Parts, state: &HttpState) -> Result<T, Denial> {
    // Refused is only what is not UTF-8 after unescaping, and no name of ours is.
    let path = Path::<T>::from_request_parts(parts, state).await;
    path.map(|Path(params)| params).map_err(|_not_utf8| problem::unknown_path())
}

fn collection(state: &HttpState, name: &str) -> Result<Arc<Collection>, Denial> {
    state.collection(name).ok_or_else(|| problem::unknown_collection(state.collection_names()))
}

fn asset_id(text: &str) -> Result<AssetId, Denial> {
    text.parse().map_err(|_| problem::malformed_id())
}

impl FromRequestParts<HttpState> for CollectionPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: CollectionParams = params(parts, state).await?;
        Ok(Self { of: collection(state, &named.collection)? })
    }
}

impl FromRequestParts<HttpState> for AssetPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: AssetParams = params(parts, state).await?;
        Ok(Self { of: collection(state, &named.collection)?, id: asset_id(&named.id)? })
    }
}

impl FromRequestParts<HttpState> for RolePath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: RoleParams = params(parts, state).await?;
        let role = RoleName::parse(&named.role).map_err(|_| problem::malformed_role());
        Ok(Self { of: collection(state, &named.collection)?, id: asset_id(&named.id)?, role: role? })
    }
}

impl FromRequestParts<HttpState> for AnyAssetPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: AnyAssetParams = params(parts, state).await?;
        Ok(Self(asset_id(&named.id)?))
    }
}

impl FromRequestParts<HttpState> for OwnerPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: OwnerParams = params(parts, state).await?;
        OwnerId::parse(&named.owner).map(Self).map_err(|_| problem::unknown_path())
    }
}

impl FromRequestParts<HttpState> for GrantTokenPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: GrantTokenParams = params(parts, state).await?;
        Ok(Self(named.token))
    }
}

impl FromRequestParts<HttpState> for GrantPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: GrantParams = params(parts, state).await?;
        let role = RoleName::parse(&named.role).map_err(|_| problem::malformed_role())?;
        Ok(Self { token: named.token, role })
    }
}

impl FromRequestParts<HttpState> for RoleToAnnounce {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let named: RoleParams = params(parts, state).await?;
        let (of, id) = (collection(state, &named.collection)?, asset_id(&named.id)?);
        let role = RoleName::parse(&named.role).ok().filter(|role| of.roles.contains_key(role));
        let role = role.ok_or_else(|| problem::unknown_role(&of, "role"))?;
        Ok(Self(RolePath { of, id, role }))
    }
}
