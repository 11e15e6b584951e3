//! `GET /v1/admin/jobs/audit`

use axum::Json;
use axum::extract::State;
use domain::{KeyPrefix, TimeSpan};
use wire::{AuditBody, BreachBody, ErrorCode};

use crate::app::{AuditReport, AuditTerms, HIDDEN_GRACE, LONGEST_GRACE};
use crate::auth::Scope;
use crate::http::HttpState;
use crate::http::input::Query;
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    AuditProblems: [ErrorCode::Forbidden, ErrorCode::StoreUnavailable]
);

/// Hold the invariants against buckets and catalog
///
/// Lists everything, or what is below `prefix`, and changes nothing: a published file's object is as recorded (I1), a
/// visible object has a row that may have one (I2), a key belongs to one file (I3), hidden parts that nobody owns are
/// gone (I8), the buckets are this catalog's (rule 9), and what counts against each owner's limits is what a count gives
/// (usage).
#[utoipa::path(
    get, path = "/v1/admin/jobs/audit", tag = "admin",
    params(
        ("prefix" = Option<String>, Query, description = "Only what is below this prefix: an owner as keys name it, `42/`, or one of its collections, `42/videos/`"),
        (
            "grace_seconds" = Option<u32>, Query,
            description = "From this age on, hidden parts that nobody owns break I8; 172800 (48 h) if absent, at 0 whatever their age",
            maximum = 31_622_400,
        ),
    ),
    responses((status = 200, description = "What was seen; breaches are no error of this call", body = AuditBody), AuditProblems),
)]
pub(super) async fn audit(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    mut query: Query,
) -> Result<Json<AuditBody>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let grace = query.read("grace_seconds", "0 to 31622400, whole seconds", grace).unwrap_or(HIDDEN_GRACE);
    let below = query.parse("prefix", KeyPrefix::parse);
    query.finish()?;
    let report =
        state.app().audit(&AuditTerms { below, grace }).await.map_err(|error| problem::operator::audit(&error))?;
    Ok(Json(body(report)))
}

fn grace(text: &str) -> Option<TimeSpan> {
    text.parse().ok().map(|seconds: u32| TimeSpan::from_secs(seconds.into())).filter(|span| *span <= LONGEST_GRACE)
}

/// What an audit saw, on the wire.
pub fn body(report: AuditReport) -> AuditBody {
    let told = report.told.into_iter().map(|breach| BreachBody {
        invariant: breach.invariant.name().to_owned(),
        bucket: breach.bucket.to_string(),
        key: breach.key,
        what: breach.what,
    });
    AuditBody {
        objects: report.objects,
        uploads: report.uploads,
        rows: report.rows,
        unknown: report.unknown,
        under_way: report.under_way,
        breach_count: report.breaches,
        breaches: told.collect(),
    }
}
