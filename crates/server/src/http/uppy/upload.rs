//! An upload that a client goes on with: found by its id, held against the door it came by.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use domain::parts::PartListing;
use domain::{Asset, AssetId, ClaimedParts, Collection, ETag, File, FileId, PartNumber};
use http::request::Parts;
use serde::Deserialize;
use url::form_urlencoded;
use utoipa::IntoParams;
use wire::ErrorCode;

use super::door::Door;
use crate::app::{Claim, Completed, Completion, PartWanted, Scope};
use crate::catalog::AssetPatch;
use crate::http::HttpState;
use crate::http::problem::{self, Denial};
use crate::store::signer::SignedPart;
use crate::store::{More, PARTS_PER_PAGE};

/// Most part URLs that one grant of a file of unknown size may have.
const AT_ONCE: usize = domain::limits::GRANTS_PER_WEIGHING as usize;

/// Why no URL may be given for a part.
pub(super) const GRANTING: [ErrorCode; 6] = [
    ErrorCode::UploadClosed,
    ErrorCode::UploadRejected,
    ErrorCode::UploadExpired,
    ErrorCode::Gone,
    ErrorCode::Conflict,
    ErrorCode::StoreUnavailable,
];

/// Why parts may not be listed.
pub(super) const LISTING: [ErrorCode; 3] = [ErrorCode::UploadClosed, ErrorCode::Gone, ErrorCode::StoreUnavailable];

/// Why an upload may not be completed.
pub(super) const COMPLETING: [ErrorCode; 6] = [
    ErrorCode::UploadClosed,
    ErrorCode::UploadIncomplete,
    ErrorCode::UploadRejected,
    ErrorCode::Gone,
    ErrorCode::Conflict,
    ErrorCode::StoreUnavailable,
];

/// A file on its way, or past it.
pub(super) struct Upload {
    /// Its collection, as it is open here.
    pub(super) of: Arc<Collection>,
    /// Its asset.
    pub(super) asset: AssetId,
    /// The file.
    pub(super) file: File,
}

/// `/s3/multipart/{upload_id}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct UploadParams {
    /// As it was given when the upload began.
    #[param(example = "fil_06j2m0vq4k7dr9e5h1c8t3b6n0")]
    upload_id: String,
}

/// `/s3/multipart/{upload_id}/{part_number}`
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct PartParams {
    /// As it was given when the upload began.
    #[param(example = "fil_06j2m0vq4k7dr9e5h1c8t3b6n0")]
    upload_id: String,
    /// 1 to 10,000.
    #[param(example = "1")]
    part_number: String,
}

/// The upload that a path names.
pub(super) struct UploadPath(pub(super) String);

/// A part of it.
pub(super) struct PartPath {
    pub(super) upload_id: String,
    pub(super) number: PartNumber,
}

impl FromRequestParts<HttpState> for UploadPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let path = Path::<UploadParams>::from_request_parts(parts, state).await;
        path.map(|Path(named)| Self(named.upload_id)).map_err(|_not_utf8| problem::uppy::no_upload())
    }
}

impl FromRequestParts<HttpState> for PartPath {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Denial> {
        let path = Path::<PartParams>::from_request_parts(parts, state).await;
        let Path(named) = path.map_err(|_not_utf8| problem::uppy::no_upload())?;
        Ok(Self { upload_id: named.upload_id, number: part_number("part_number", &named.part_number)? })
    }
}

/// Query parameters of Uppy. What is not known is let pass: other versions of it send other things.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// The first value of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// What stands in `name[...]`.
    pub(super) fn members(&self, name: &str) -> BTreeMap<String, String> {
        let member = |given: &str| Some(given.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?.to_owned());
        self.0.iter().filter_map(|(given, value)| Some((member(given)?, value.clone()))).collect()
    }
}

impl FromRequestParts<HttpState> for Query {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Denial> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Self(form_urlencoded::parse(query).into_owned().collect()))
    }
}

/// A part's number as it stands in a path or a query.
pub(super) fn part_number(field: &str, text: &str) -> Result<PartNumber, Denial> {
    let number = text.parse().ok().and_then(|number| PartNumber::new(number).ok());
    number.ok_or_else(|| Denial::field(field, "must be 1 to 10000"))
}

/// What a client says it has sent.
pub(super) fn claimed(parts: impl IntoIterator<Item = (u64, String)>) -> Result<ClaimedParts, Denial> {
    let mut claimed = ClaimedParts::new();
    for (index, (number, etag)) in parts.into_iter().enumerate() {
        let number = PartNumber::new(number)
            .map_err(|wrong| Denial::field(format!("parts[{index}].PartNumber"), wrong.to_string()))?;
        if claimed.insert(number, ETag::new(&etag)).is_some() {
            return Err(Denial::field(format!("parts[{index}].PartNumber"), format!("names part {number} twice")));
        }
    }
    Ok(claimed)
}

impl Upload {
    /// The upload of an id, if it is the caller's and open here. `key`, where it is one of ours, must be its asset's.
    pub(super) async fn find(state: &HttpState, door: &Door, id: &str, key: Option<&str>) -> Result<Self, Denial> {
        let id: FileId = id.parse().map_err(|_| problem::uppy::no_upload())?;
        let found = state.app().find_own_file(&door.owner, id).await;
        let (asset, file) = found.map_err(|error| problem::find(&error))?;
        let other = key.and_then(|key| key.parse::<AssetId>().ok()).is_some_and(|named| named != asset.id);
        let of = state.collection(asset.collection.as_str()).filter(|_| !other);
        let of = of.ok_or_else(problem::uppy::no_upload)?;
        // What another address opens is not there for this one.
        let of = door.admit(&of).map_err(|_closed| problem::uppy::no_upload())?;
        if !holds(&asset, &file) {
            return Err(problem::uppy::upload_over());
        }
        Ok(Self { of, asset: asset.id, file })
    }

    /// URLs for these parts.
    pub(super) async fn grant(
        &self,
        state: &HttpState,
        door: &Door,
        numbers: &[PartNumber],
    ) -> Result<Vec<SignedPart>, Denial> {
        let mut signed = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(AT_ONCE) {
            let wanted: Vec<_> =
                numbers.iter().map(|number| PartWanted { number: *number, checksum_sha256: None }).collect();
            let role = &self.file.role;
            let granted = state.app().grant_parts(&door.owner, &self.of, self.asset, role, &wanted).await;
            signed.extend(granted.map_err(|error| problem::grant(&error, role))?);
        }
        Ok(signed)
    }

    /// Everything that has arrived.
    pub(super) async fn list(&self, state: &HttpState, door: &Door) -> Result<PartListing, Denial> {
        let mut listing = PartListing::new();
        loop {
            let after = listing.last().map(|part| part.number);
            let (owner, role) = (&door.owner, &self.file.role);
            let page = state.app().list_parts(owner, &self.of, self.asset, role, after, PARTS_PER_PAGE).await;
            let page = page.map_err(|error| problem::parts(&error, role))?;
            let ended = page.more == More::Ends || page.parts.is_empty();
            listing.extend(page.parts);
            if ended {
                return Ok(listing);
            }
        }
    }

    /// Everything is sent. The asset is published with this file, or stays UPLOADING while another is missing.
    pub(super) async fn complete(
        &self,
        state: &HttpState,
        door: &Door,
        parts: Option<ClaimedParts>,
    ) -> Result<Asset, Denial> {
        let role = self.file.role.clone();
        let claims = BTreeMap::from([(role.clone(), Claim { parts, checksum: None })]);
        let completion = Completion { patch: AssetPatch::default(), claims, scope: Scope::Role(role) };
        let completed = state.app().complete_asset(&door.owner, &self.of, self.asset, &completion).await;
        match completed.map_err(|error| problem::complete(&error, &self.of))? {
            Completed::Created(asset) | Completed::StillCommitting(asset) => Ok(asset),
        }
    }

    /// Given up, unless it is being committed or is published.
    pub(super) async fn cancel(&self, state: &HttpState, door: &Door) -> Result<(), Denial> {
        let cancelled = state.app().cancel_file(&door.owner, &self.of, self.asset, self.file.id).await;
        cancelled.map_err(|error| problem::delete(&error))
    }
}

/// Whether a file is still its asset's: on its way, rejected, or published.
fn holds(asset: &Asset, file: &File) -> bool {
    let place = asset.places.get(&file.role);
    place.is_some_and(|place| [&place.pending, &place.published].into_iter().flatten().any(|held| held.id == file.id))
}
