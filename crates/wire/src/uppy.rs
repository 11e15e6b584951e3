//! What Uppy's `@uppy/aws-s3` says and hears: the wire of Companion, and of S3 where it speaks that.
//!
//! The names are Uppy's, not ours. *Rule*: a success never has a member `error`, because Uppy takes any answer with one
//! for a failure. Requests may hold more than is read here: other versions of Uppy send other things.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::whole;

/// Begins an upload of several parts.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct UppyUploadRequest {
    /// The file's name.
    #[serde(default)]
    pub filename: Option<String>,
    /// Its media type, where the browser knows one; `undefined` and the like mean that it does not.
    #[serde(default, rename = "type")]
    #[schema(value_type = Option<String>)]
    pub media_type: Option<Value>,
    /// `collection`, `asset_id`, `role`, `title` and `description` say where the file belongs and what it is called;
    /// the rest is kept as the asset's metadata.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
}

/// An upload that has begun.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UppyUploadBody {
    /// The asset's id.
    pub key: String,
    /// Names the upload from now on.
    #[serde(rename = "uploadId")]
    pub upload_id: String,
    /// The collection.
    pub bucket: String,
}

/// Where to send a file as a whole. Holds a URL that lets its holder send, so it is not printed.
#[derive(Clone, Serialize, ToSchema)]
pub struct UppyParamsBody {
    /// `PUT` of the bare file, or `POST` of a form with the fields and then the file as `file`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Headers to send along.
    pub headers: BTreeMap<String, String>,
    /// Fields of the form. `key` is the asset's id.
    pub fields: BTreeMap<String, String>,
    /// For how many seconds this works.
    pub expires: u64,
}

/// A part that has arrived.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UppyPartBody {
    /// Its number.
    #[serde(rename = "PartNumber")]
    pub number: u16,
    /// Its ETag, in quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// Its length in bytes.
    #[serde(rename = "Size")]
    pub size: u64,
}

/// Where to PUT a part. Not printed.
#[derive(Clone, Serialize, ToSchema)]
pub struct UppyPartUrlBody {
    /// Where to.
    pub url: String,
    /// For how many seconds it works.
    pub expires: u64,
}

/// Where to PUT several parts. Not printed.
#[derive(Clone, Serialize, ToSchema)]
pub struct UppyPartUrlsBody {
    /// URLs by part number.
    #[serde(rename = "presignedUrls")]
    pub presigned_urls: BTreeMap<String, String>,
}

/// Says that everything is sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct UppyCompleteRequest {
    /// What was sent. It must be what has arrived.
    pub parts: Vec<UppyClaimedPart>,
}

/// A part that a client says it has sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct UppyClaimedPart {
    /// Its number.
    #[serde(rename = "PartNumber", deserialize_with = "whole::read")]
    #[schema(minimum = 1, maximum = 10000)]
    pub number: u64,
    /// Its ETag, with or without quotes.
    #[serde(rename = "ETag")]
    pub etag: String,
}

/// What became of an upload.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UppyCompleteBody {
    /// Where the file is: a plain URL if it is public, else the path that leads to a signed one.
    pub location: String,
    /// The asset's id.
    pub key: String,
    /// The collection.
    pub bucket: String,
    /// The asset's id.
    pub asset_id: String,
    /// `CREATED`, or `UPLOADING` while the store is at work or another file of the asset is missing.
    pub status: String,
}

/// Nothing, which Uppy wants as an object.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UppyNothingBody {}

/// One request to S3 that Uppy wants to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct UppySignRequest {
    /// Its method.
    #[schema(example = "PUT")]
    pub method: String,
    /// The key it is about; of a new file, its name.
    #[serde(default)]
    pub key: Option<String>,
    /// The upload it is about.
    #[serde(default, rename = "uploadId")]
    pub upload_id: Option<String>,
    /// The part it is about.
    #[serde(default, rename = "partNumber", deserialize_with = "whole::read_optional")]
    pub number: Option<u64>,
    /// The type of a new file.
    #[serde(default, rename = "contentType")]
    pub content_type: Option<String>,
}

/// Where to send it. Not printed.
#[derive(Clone, Serialize, ToSchema)]
pub struct UppySignBody {
    /// Where to.
    pub url: String,
    /// The key to go on with.
    pub key: String,
}
