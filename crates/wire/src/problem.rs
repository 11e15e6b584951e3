//! Errors as RFC 9457 problem documents (`application/problem+json`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::ErrorCode;

/// What went wrong, for programs (`code`, `field`) and for people (`detail`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/problems/{code}`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time and what to do next.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// Stable; programs switch on it.
    pub code: ErrorCode,
    /// The same as `detail`, under the name that Uppy and others read.
    pub message: String,
    /// Find it in the server's log.
    pub request_id: String,
    /// The same as `request_id`, under the name that Uppy shows; only at Uppy's doors.
    #[serde(default, rename = "requestId", skip_serializing_if = "Option::is_none")]
    pub uppy_request_id: Option<String>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The field that is wrong, as a path such as `files.video.size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Every field that is wrong, where more than one is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// `upload_incomplete`: parts that have not arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<MissingParts>>,
    /// `upload_incomplete`: parts that arrived otherwise than planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<Vec<WrongPartBody>>,
    /// `upload_rejected`: which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `upload_rejected`, `gone`: the stable reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Reason `content_mismatch`: the media type of what the file really is, such as `image/heic`, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Its path.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Parts of one role that have not arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingParts {
    /// The role.
    pub role: String,
    /// Their numbers, ascending.
    pub numbers: Vec<u16>,
}

/// A part that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WrongPartBody {
    /// The role.
    pub role: String,
    /// Its number.
    pub number: u16,
    /// What it should be: a length in bytes, an ETag, or `absent`.
    pub expected: String,
    /// What the store has.
    pub got: String,
}
