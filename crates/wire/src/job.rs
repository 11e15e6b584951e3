//! Jobs that an operator starts by hand.

use domain::{KeyPrefix, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::object::objects;

/// `POST /v1/admin/jobs/reap`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReapRequest {
    /// Expires what would be expired at this time, RFC 3339. Only where the catalog is SQLite and the store embedded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub now: Option<Timestamp>,
    /// Only count, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

objects!(ReapRequest);

/// `POST /v1/admin/jobs/reconcile`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReconcileRequest {
    /// Only what is below this prefix: an owner as keys name it, `42/`, or one of its collections, `42/videos/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "42/videos/")]
    pub prefix: Option<KeyPrefix>,
    /// Only look, change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Also remove what is older than the last accepted restore and has no row.
    #[serde(default)]
    pub forgotten: bool,
}

objects!(ReconcileRequest);

/// What was found and done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReconcileBody {
    /// Whether this only looked.
    pub dry_run: bool,
    /// Objects in both buckets, below the prefix if one was given.
    pub objects: u64,
    /// Open uploads in both buckets.
    pub uploads: u64,
    /// Rows they were held against.
    pub rows: u64,
    /// Findings, of all kinds.
    pub found: u64,
    /// Findings that were put right.
    pub done: u64,
    /// How many there are of each kind.
    pub totals: Vec<FindingTotalBody>,
    /// The findings: what was to be removed within the budget, and up to 1000 others.
    pub findings: Vec<FindingBody>,
    /// Findings that are counted and not among `findings`.
    pub left_out: u64,
}

/// How much of a kind was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingTotalBody {
    /// Stable: `orphan_object`, `foreign_upload`, `lost_object` and their kind.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// Bytes of those that are told one by one.
    pub bytes: u64,
    /// What it means.
    pub why: String,
    /// What is done about it.
    pub action: String,
}

/// One thing in a bucket or in the catalog that does not fit the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingBody {
    /// See `totals`.
    pub kind: String,
    /// `private` or `public`.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// How old it is, or how long it has been lost.
    pub age_seconds: i64,
    /// How much it is.
    pub bytes: u64,
    /// What it means.
    pub why: String,
    /// What is done about it.
    pub action: String,
    /// `planned`, `done`, `moot` (somebody was faster), `over_budget`, `failed`, `left`.
    pub outcome: String,
}

/// What an audit saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditBody {
    /// Objects in both buckets, below the prefix if one was given.
    pub objects: u64,
    /// Open uploads in both buckets.
    pub uploads: u64,
    /// Rows in the catalog.
    pub rows: u64,
    /// Objects and uploads on keys that Landfall does not make.
    pub unknown: u64,
    /// What is allowed to be there because it is on its way out.
    pub under_way: u64,
    /// How many breaches there are.
    pub breach_count: u64,
    /// The first thousand of them.
    pub breaches: Vec<BreachBody>,
}

/// What a scrub saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScrubBody {
    /// Published files whose objects were read.
    pub files: u64,
    /// How much that was.
    pub bytes: u64,
    /// Files among them of which nothing was recorded that their bytes could be held against.
    pub unproven: u64,
    /// Those whose objects are not what was recorded.
    pub damaged: Vec<BreachBody>,
    /// Where the next call goes on; absent: that was all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BreachBody {
    /// `I1`, `I2`, `I3`, `I8` or `rule 9`.
    pub invariant: String,
    /// `private` or `public`.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// What is there, and what should be.
    pub what: String,
}

/// `POST /v1/admin/accept-restore`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct AcceptRestoreRequest {
    /// Also take over a bucket without this installation's marker; another installation's only while the catalog has no
    /// files.
    #[serde(default)]
    pub take_bucket: bool,
}

objects!(AcceptRestoreRequest);

/// What catalog and buckets say from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AcceptRestoreBody {
    /// What was wrong and is accepted; absent if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// Whose catalog and buckets they are.
    pub installation: String,
    /// The epoch of both.
    pub epoch: u64,
}

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReapBody {
    /// Uploads and replacements that were ended.
    pub expired: u64,
    /// Uploads left alone because an object lies where none can be yet: was the catalog restored from a backup?
    pub suspicious: u64,
    /// Files taken up for removal from the store; 0 in a dry run.
    pub destroyed: u64,
    /// Whether this only counted.
    pub dry_run: bool,
}
