//! An upload begins: a new asset with one file, or a file more of one that is UPLOADING.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{AssetStatus, Collection, RoleName};
use wire::ErrorCode;

use super::door::{Door, main_role};
use super::upload::Upload;
use super::wanted::Wanted;
use crate::app::{Finisher, NewFile, NewUpload};
use crate::http::HttpState;
use crate::http::problem::{self, Denial};
use crate::store::signer::SignedPart;

/// Where videos go, and where everything else does, if nobody says.
const USUAL: [&str; 2] = ["videos", "images"];

/// Why an upload may not begin.
pub(super) const BEGINNING: [ErrorCode; 10] = [
    ErrorCode::Forbidden,
    ErrorCode::UnknownRole,
    ErrorCode::MissingRole,
    ErrorCode::RoleOccupied,
    ErrorCode::UploadClosed,
    ErrorCode::Gone,
    ErrorCode::TooManyOpenUploads,
    ErrorCode::TooManyReservedBytes,
    ErrorCode::StoreUnavailable,
    ErrorCode::Conflict,
];

/// An upload that has begun, with what may be sent first.
pub(super) struct Begun {
    pub(super) upload: Upload,
    pub(super) parts: Vec<SignedPart>,
}

/// Begins an upload. Its size is never said, so the role's limit holds, or the capability's.
pub(super) async fn begin(state: &HttpState, door: &Door, wanted: Wanted, finisher: Finisher) -> Result<Begun, Denial> {
    let Wanted { file_name, media_type, collection, asset, role, title, description, metadata } = wanted;
    let file = NewFile { file_name, size: None, media_type, checksum: None, finisher };
    let (of, role, opened) = if let Some(id) = asset {
        let asset = state.app().find_own_asset(&door.owner, id).await.map_err(|error| problem::find(&error))?;
        let of = door.admit(&configured(state, asset.collection.as_str())?)?;
        if asset.status != AssetStatus::Uploading {
            return Err(problem::uppy::asset_published());
        }
        let role = role_of(&of, role.as_deref())?;
        let opened = state.app().announce_file(&door.owner, &of, id, &role, &file).await;
        let opened = opened.map_err(|error| problem::announce(&error, &of, &role))?;
        (of, role, opened)
    } else {
        let of = match collection {
            Some(name) => door.admit(&configured(state, &name)?)?,
            None => usual_collection(state, door, media_type.name())?,
        };
        let role = role_of(&of, role.as_deref())?;
        let files = BTreeMap::from([(role.clone(), file)]);
        let upload = NewUpload { title, description, metadata, fingerprint: None, files, idempotency: None };
        let opened = state.app().create_asset(&door.owner, &of, upload).await;
        (of, role, opened.map_err(|error| problem::create(&error))?)
    };
    let mut opened = opened;
    let parts = opened.grants.remove(&role).unwrap_or_default();
    let file = opened.asset.places.remove(&role).and_then(|place| place.pending);
    let file = file.ok_or_else(problem::uppy::upload_over)?;
    Ok(Begun { upload: Upload { of, asset: opened.asset.id, file }, parts })
}

fn configured(state: &HttpState, name: &str) -> Result<Arc<Collection>, Denial> {
    state.collection(name).ok_or_else(|| problem::unknown_collection(state.collection_names()))
}

/// The only collection that the capability opens, or the usual one for this type.
fn usual_collection(state: &HttpState, door: &Door, media_type: &str) -> Result<Arc<Collection>, Denial> {
    if let Some(opened) = &door.opened
        && let [only] = opened.capability.collections.as_slice()
    {
        return door.admit(&configured(state, only.as_str())?);
    }
    let [videos, images] = USUAL;
    let usual = if media_type.starts_with("video/") { videos } else { images };
    door.admit(&configured(state, usual)?)
}

fn role_of(of: &Collection, said: Option<&str>) -> Result<RoleName, Denial> {
    let Some(said) = said else { return Ok(main_role(of).clone()) };
    let role = RoleName::parse(said).ok().filter(|role| of.roles.contains_key(role));
    role.ok_or_else(|| problem::unknown_role(of, "metadata[role]"))
}
