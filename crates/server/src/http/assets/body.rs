//! An asset as its owner sees it.

use std::collections::BTreeMap;

use domain::{Asset, ByteCount, File, FileState, Place, RoleName};
use wire::{AssetBody, ChecksumRequest, FileBody, RejectionBody, UploadBody};

use crate::app::App;
use crate::http::parts::part_url_body;
use crate::http::problem::{self, Denial};
use crate::store::signer::SignedPart;

/// Part URLs that were just granted, by role.
pub(in crate::http) type Grants = BTreeMap<RoleName, Vec<SignedPart>>;

/// Writes an asset, with the part URLs that were just granted for it.
pub(in crate::http) fn asset_body(app: &App, asset: &Asset, mut grants: Grants) -> Result<AssetBody, Denial> {
    let metadata = serde_json::from_str(asset.metadata.as_str()).map_err(|error| {
        tracing::error!(asset = %asset.id, %error, "the catalog holds metadata that is not a JSON object");
        problem::internal()
    })?;
    let files = asset.places.iter().filter_map(|(role, place)| {
        let grants = grants.remove(role).unwrap_or_default();
        let body = place_body(place, app.public_url(asset, role), grants)?;
        Some((role.to_string(), body))
    });
    Ok(AssetBody {
        files: files.collect(),
        id: asset.id.to_string(),
        collection: asset.collection.to_string(),
        owner: asset.owner.to_string(),
        status: asset.status.as_str().to_owned(),
        title: asset.title.to_string(),
        description: asset.description.to_string(),
        metadata,
        fingerprint: asset.fingerprint.as_ref().map(ToString::to_string),
        created_at: asset.created_at,
        published_at: asset.published_at,
        expires_at: asset.deadline(),
    })
}

/// The published file with its replacement, or the one that is not published yet.
fn place_body(place: &Place, url: Option<String>, grants: Vec<SignedPart>) -> Option<FileBody> {
    let pending = place.pending.as_ref().map(|file| pending_body(file, grants));
    let Some(published) = &place.published else { return pending };
    Some(FileBody { url, replacement: pending.map(Box::new), ..file_body(published) })
}

fn pending_body(file: &File, grants: Vec<SignedPart>) -> FileBody {
    let upload = || UploadBody {
        part_size: file.plan.part_size().get(),
        part_count: match &file.state {
            FileState::Committing { parts, .. } => u16::try_from(parts.len()).unwrap_or(u16::MAX),
            _ => file.part_count(),
        },
        size_limit: file.plan.size().is_none().then(|| file.plan.reserved().get()),
        parts: grants.into_iter().map(part_url_body).collect(),
    };
    let upload = match &file.state {
        FileState::Reserved | FileState::Uploading | FileState::Committing { .. } => Some(upload()),
        FileState::Verified { .. }
        | FileState::Created { .. }
        | FileState::Deleting { .. }
        | FileState::Closed { .. } => None,
    };
    let rejected = file.state.reason().map(|reason| RejectionBody {
        code: reason.code().to_owned(),
        detail: reason.detail().into_owned(),
        found: reason.found().map(|found| found.media_type().to_owned()),
    });
    FileBody { upload, rejected, ..file_body(file) }
}

fn file_body(file: &File) -> FileBody {
    let object = file.state.object();
    let stored = object.and_then(|object| object.checksum.as_ref()).map(|(algorithm, value)| ChecksumRequest {
        algorithm: algorithm.name().to_owned(),
        value: Some(value.as_str().to_owned()),
    });
    let declared = file.checksum.as_ref().map(|declared| ChecksumRequest {
        algorithm: declared.algorithm.name().to_owned(),
        value: declared.value.as_ref().map(|value| value.as_str().to_owned()),
    });
    let checks = object.map(|object| object.checks.as_slice()).unwrap_or_default();
    FileBody {
        file_name: file.file_name.to_string(),
        content_type: file.key.content_type().name().to_owned(),
        size: file.plan.size().map(ByteCount::get),
        visibility: file.key.visibility().to_string(),
        checksum: stored.or(declared),
        verified: checks.iter().map(|check| check.code().to_owned()).collect(),
        url: None,
        upload: None,
        rejected: None,
        replacement: None,
    }
}
