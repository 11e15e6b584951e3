//! `/s3/xml/uploads`: the requests that Uppy 6 makes to S3 itself when somebody else signs them (`signRequest`).
//!
//! S3's shapes, Landfall's meaning: an upload begun here is an asset, a completed one is verified.

pub(super) mod abort;
pub(super) mod complete;
pub(super) mod create;
mod document;
pub(super) mod list;

pub use document::read_claim;
pub(in crate::http) use document::{XML, element};
