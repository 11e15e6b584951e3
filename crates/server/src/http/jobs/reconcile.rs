//! `POST /v1/admin/jobs/reconcile`

use axum::Json;
use axum::extract::State;
use wire::{ErrorCode, FindingBody, FindingTotalBody, ReconcileBody, ReconcileRequest};

use crate::app::{App, Breaker, Fate, Finding, Forgotten, ReconcileError, ReconcileReport, ReconcileTerms, Rehearsal};
use crate::auth::Scope;
use crate::http::HttpState;
use crate::http::input::{NoQuery, OptionalJsonBody};
use crate::http::middleware::Caller;
use crate::http::openapi::{WITH_BODY, problems};
use crate::http::problem::{self, Denial};

problems!(
    /// What can go wrong.
    ReconcileProblems: WITH_BODY, [ErrorCode::Forbidden, ErrorCode::Conflict, ErrorCode::StoreUnavailable]
);

/// Compare buckets and catalog now
///
/// What the daily run does, on an operator's word and so without its breaker: explains what lies in the buckets and has
/// no row, what has a row and is missing, and removes what nobody owns, within the budget of one run. With `prefix`, only
/// what is below it, on both sides; runs of different prefixes may go side by side.
#[utoipa::path(
    post, path = "/v1/admin/jobs/reconcile", tag = "admin",
    request_body(content = Option<ReconcileRequest>, example = json!({"dry_run": true})),
    responses((status = 200, description = "What was found and done", body = ReconcileBody), ReconcileProblems),
)]
pub(super) async fn reconcile(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    NoQuery: NoQuery,
    OptionalJsonBody(request): OptionalJsonBody<ReconcileRequest>,
) -> Result<Json<ReconcileBody>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let done = perform(state.app(), &request).await;
    Ok(Json(done.map_err(|error| problem::operator::reconcile(&error))?))
}

/// Reconciles on an operator's word: without the breaker.
///
/// # Errors
/// See [`ReconcileError`].
pub async fn perform(app: &App, request: &ReconcileRequest) -> Result<ReconcileBody, ReconcileError> {
    let terms = ReconcileTerms {
        below: request.prefix.clone(),
        budget: app.settings().reconcile_budget,
        breaker: Breaker::Overridden,
        rehearsal: if request.dry_run { Rehearsal::DryRun } else { Rehearsal::Real },
        forgotten: if request.forgotten { Forgotten::Removed } else { Forgotten::Kept },
    };
    Ok(body(app.reconcile(terms).await?, request.dry_run))
}

fn body(report: ReconcileReport, dry_run: bool) -> ReconcileBody {
    let found: u64 = report.totals.values().map(|total| total.count).sum();
    let totals = report.totals.iter().map(|(kind, total)| FindingTotalBody {
        kind: kind.code().to_owned(),
        count: total.count,
        bytes: total.bytes.get(),
        why: kind.why().to_owned(),
        action: kind.remedy().as_text().to_owned(),
    });
    ReconcileBody {
        dry_run,
        objects: report.objects,
        uploads: report.uploads,
        rows: report.rows,
        found,
        done: report.done,
        totals: totals.collect(),
        left_out: found - report.findings.len() as u64,
        findings: report.findings.into_iter().map(finding_body).collect(),
    }
}

fn finding_body(finding: Finding) -> FindingBody {
    FindingBody {
        kind: finding.kind.code().to_owned(),
        bucket: finding.bucket.to_string(),
        key: finding.key,
        age_seconds: finding.age.as_secs(),
        bytes: finding.bytes.get(),
        why: finding.kind.why().to_owned(),
        action: finding.kind.remedy().as_text().to_owned(),
        outcome: match finding.fate {
            Fate::Planned => "planned",
            Fate::Done => "done",
            Fate::Moot => "moot",
            Fate::OverBudget => "over_budget",
            Fate::Failed => "failed",
            Fate::Left => "left",
        }
        .to_owned(),
    }
}
