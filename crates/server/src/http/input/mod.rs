//! What a request says, read once at the edge: path, query, headers, body, and from there into domain types.
//!
//! *Invariant*: whatever is wrong is answered with the field it stands in; nothing unknown is ignored.

mod convert;
mod fields;
mod header;
mod json;
mod path;
mod query;

pub(super) use convert::{asset_patch, completion, new_file, new_upload, parts_wanted};
pub(super) use header::{IdempotencyHeader, LastEventId};
pub(super) use json::{AnyJson, BriefJson, FormBody, JsonBody, LongJson, LongText, OptionalJsonBody};
pub(super) use path::{
    AnyAssetParams, AnyAssetPath, AssetParams, AssetPath, CollectionParams, CollectionPath, GrantParams, GrantPath,
    GrantTokenParams, GrantTokenPath, OwnerParams, OwnerPath, RoleParams, RolePath, RoleToAnnounce,
};
pub(super) use query::{NoQuery, Query};
