//! `GET /s3/sts`

use wire::ErrorCode;

use super::door::Door;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What it always answers.
    StsProblems: [ErrorCode::Unsupported]
);

/// Ask for credentials of the bucket, in vain
///
/// They would let a client create objects past every verification.
#[utoipa::path(get, path = "/s3/sts", tag = "uppy", responses(StsProblems))]
pub(super) async fn uppy_sts(_door: Door) -> Denial {
    problem::uppy::no_bucket_credentials()
}
