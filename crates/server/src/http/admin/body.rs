//! Assets as their operator sees them.

use domain::{AssetStatus, ByteCount, File};
use wire::{AdminAssetBody, AdminFileBody};

use crate::app::SurveyedAsset;
use crate::catalog::StatusName;

pub(super) fn asset_body(dated: SurveyedAsset) -> AdminAssetBody {
    let SurveyedAsset { asset, since } = dated;
    AdminAssetBody {
        id: asset.id.to_string(),
        collection: asset.collection.to_string(),
        owner: asset.owner.as_str().to_owned(),
        title: asset.title.to_string(),
        state: StatusName::of(asset.status).as_str().to_owned(),
        reason: match asset.status {
            AssetStatus::Gone(reason) => Some(reason.code().to_owned()),
            AssetStatus::Uploading | AssetStatus::Created => None,
        },
        created_at: asset.created_at,
        state_since: since,
        files: asset.files().map(file_body).collect(),
    }
}

fn file_body(file: &File) -> AdminFileBody {
    AdminFileBody {
        role: file.role.to_string(),
        state: file.state.name().as_str().to_owned(),
        reason: file.state.reason().map(|reason| reason.code().to_owned()),
        size: file.plan.size().map(ByteCount::get),
        lost: file.state.lost_since().is_some(),
    }
}
