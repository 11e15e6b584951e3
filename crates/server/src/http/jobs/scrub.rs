//! `GET /v1/admin/jobs/scrub`

use axum::Json;
use axum::extract::State;
use domain::{ByteCount, KeyPrefix};
use wire::{BreachBody, ErrorCode, ScrubBody};

use crate::app::{Invariant, Pace, ScrubCursor, ScrubReport, ScrubTerms};
use crate::auth::Scope;
use crate::http::HttpState;
use crate::http::input::Query;
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

/// Read by one call unless it asks otherwise.
const USUAL_BYTES: ByteCount = ByteCount::mib(64);

problems!(
    /// What can go wrong.
    ScrubProblems: [ErrorCode::Forbidden, ErrorCode::StoreUnavailable]
);

/// Read published objects and compare their bytes with what was recorded
///
/// Reads everything in the order of buckets and keys, or what is below `prefix`, page by page: `next` is where the next
/// call goes on (`after`). It changes nothing. What is damaged breaks I1; it also shows in `/readyz` and in the figures
/// until a later look finds it well.
#[utoipa::path(
    get, path = "/v1/admin/jobs/scrub", tag = "admin",
    params(
        ("prefix" = Option<String>, Query, description = "Only what is below this prefix: an owner as keys name it, `42/`, or one of its collections, `42/videos/`"),
        ("after" = Option<String>, Query, description = "Where to go on: `next` of the answer before"),
        ("bytes" = Option<u64>, Query, description = "No further file is begun once so much was read; 64 MiB if absent"),
        ("bytes_per_second" = Option<u64>, Query, description = "How fast is read at most; 16 MiB if absent"),
    ),
    responses((status = 200, description = "What was seen; damage is no error of this call", body = ScrubBody), ScrubProblems),
)]
pub(super) async fn scrub(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    mut query: Query,
) -> Result<Json<ScrubBody>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let below = query.parse("prefix", KeyPrefix::parse);
    let after = query.parse("after", ScrubCursor::parse);
    let most = query.read("bytes", "a number of bytes", bytes).unwrap_or(USUAL_BYTES);
    let pace = query.read("bytes_per_second", "a number of bytes", bytes).map_or(Pace::GENTLE, Pace::per_second);
    query.finish()?;
    let terms = ScrubTerms { below, after, most, pace };
    let report = state.app().scrub(&terms).await.map_err(|error| problem::operator::audit(&error))?;
    Ok(Json(body(report)))
}

fn bytes(text: &str) -> Option<ByteCount> {
    text.parse().ok().map(ByteCount)
}

/// What a scrub saw, on the wire.
pub fn body(report: ScrubReport) -> ScrubBody {
    let damaged = report.damaged.into_iter().map(|damage| BreachBody {
        invariant: Invariant::I1.name().to_owned(),
        bucket: damage.bucket.to_string(),
        key: damage.key,
        what: damage.what,
    });
    ScrubBody {
        files: report.files,
        bytes: report.bytes,
        unproven: report.unproven,
        damaged: damaged.collect(),
        next: report.next.map(|next| next.to_string()),
    }
}
