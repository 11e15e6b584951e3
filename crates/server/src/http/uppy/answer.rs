//! What Uppy is told: the same in JSON and in XML.

use domain::{Asset, RoleName};
use wire::UppyCompleteBody;

use crate::http::HttpState;
use crate::store::signer::SignedPart;

/// What became of an upload.
pub(super) fn completed(state: &HttpState, asset: &Asset, role: &RoleName) -> UppyCompleteBody {
    UppyCompleteBody {
        location: location(state, asset, role),
        key: asset.id.to_string(),
        bucket: asset.collection.to_string(),
        asset_id: asset.id.to_string(),
        status: asset.status.as_str().to_owned(),
    }
}

/// Where a file is: its plain URL, or the path that leads its owner to a signed one.
pub(super) fn location(state: &HttpState, asset: &Asset, role: &RoleName) -> String {
    let ours = || state.public_url.at(&format!("/v1/{}/{}/files/{role}", asset.collection, asset.id));
    state.app().public_url(asset, role).unwrap_or_else(ours)
}

/// For how many seconds a URL works; at least 1, because Uppy gives a part so long.
pub(super) fn seconds_left(state: &HttpState, part: &SignedPart) -> u64 {
    let left = part.expires_at.duration_since(state.parts.clock.now()).as_secs();
    u64::try_from(left).unwrap_or(0).max(1)
}
