//! One thing that was looked at.

use serde::Serialize;

use super::fix::Fix;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Works, with something missing that is worth knowing.
    Warning,
    /// Uploads would fail, or something is open to those it should not be open to.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was looked at, the same in every version: `rights.list_parts`.
    pub id: &'static str,
    /// The bucket, where it is about one.
    pub bucket: Option<String>,
    /// How it is.
    pub status: Status,
    /// What was seen.
    pub seen: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub fix: Option<Fix>,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(id: &'static str, seen: impl Into<String>, why: &'static str) -> Self {
        Self { id, bucket: None, status: Status::Ok, seen: seen.into(), why, fix: None }
    }

    /// Not quite.
    pub(super) fn warning(id: &'static str, seen: impl Into<String>, why: &'static str, fix: Fix) -> Self {
        Self { status: Status::Warning, fix: Some(fix), ..Self::ok(id, seen, why) }
    }

    /// Wrong.
    pub(super) fn fail(id: &'static str, seen: impl Into<String>, why: &'static str, fix: Fix) -> Self {
        Self { status: Status::Fail, fix: Some(fix), ..Self::ok(id, seen, why) }
    }

    /// The same about one bucket.
    pub(super) fn about(self, bucket: &str) -> Self {
        Self { bucket: Some(bucket.to_owned()), ..self }
    }
}
