//! `GET /readyz`

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;
use wire::{FieldProblem, Problem};

use crate::app::App;
use crate::clock::Stopwatch;
use crate::http::HttpState;
use crate::http::bounds::{PROBE_KEPT_SECONDS, PROBE_TIME};
use crate::http::problem::{self, Denial};

/// What a probe found.
#[derive(Clone)]
struct Verdict {
    /// Why the server cannot work.
    failing: Vec<FieldProblem>,
    /// What somebody should look at although it can.
    warnings: Vec<FieldProblem>,
}

/// The last verdict, so that many probers cost as little as one. Whoever comes while it is being renewed waits for it.
#[derive(Default)]
pub(in crate::http) struct Readiness(Mutex<Option<(Stopwatch, Verdict)>>);

impl Readiness {
    async fn verdict(&self, app: &App) -> Verdict {
        let mut last = self.0.lock().await;
        if let Some((since, verdict)) = &*last
            && since.elapsed_seconds() < PROBE_KEPT_SECONDS
        {
            return verdict.clone();
        }
        let mut failing = probe(app).await;
        let (mismatch, skew) = if failing.is_empty() { look_around(app).await } else { (None, None) };
        failing.extend(mismatch);
        let verdict = Verdict { failing, warnings: skew.into_iter().collect() };
        *last = Some((Stopwatch::start(), verdict.clone()));
        verdict
    }
}

async fn probe(app: &App) -> Vec<FieldProblem> {
    let catalog = async { timeout(PROBE_TIME, app.catalog().now()).await.map(|answer| answer.map(drop).map_err(log)) };
    let store = async { timeout(PROBE_TIME, app.store().probe()).await.map(|answer| answer.map_err(log)) };
    let (catalog, store) = tokio::join!(catalog, store);
    let mut failing = Vec::new();
    for (part, verdict) in [("catalog", catalog), ("store", store)] {
        let detail = match verdict {
            Ok(Ok(())) => continue,
            Ok(Err(())) => "does not work",
            Err(_elapsed) => "does not answer in time",
        };
        failing.push(FieldProblem { field: part.to_owned(), detail: detail.to_owned() });
    }
    failing
}

/// What is not as it should be although the server can work, or why it must not.
async fn look_around(app: &App) -> (Option<FieldProblem>, Option<FieldProblem>) {
    // Whoever does not answer was found by the probes.
    let Ok(Ok(seen)) = timeout(PROBE_TIME, app.outlook()).await else { return (None, None) };
    let mismatch = seen.mismatch.map(|mismatch| FieldProblem {
        field: "bucket".to_owned(),
        detail: format!("is not this catalog's: {mismatch}; {}", mismatch.hint()),
    });
    let skew = seen.shown_skew().map(|skew| FieldProblem {
        field: "clock".to_owned(),
        detail: format!("is off: {skew}; set the clocks right"),
    });
    (mismatch, skew)
}

fn log(error: impl std::error::Error + 'static) {
    tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "not ready");
}

/// Whether the server can do its work
///
/// Asks the catalog and the store, at most once a second. `errors` names the parts that fail; `bucket` is one of them
/// when catalog and buckets do not belong together. `warnings` names a clock that is more than 60 s off.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", security(()),
    responses(
        (status = 200, description = "It can", body = Object, example = json!({"status": "ready"})),
        (status = 503, description = "`catalog_unavailable`, `store_unavailable`, or `unavailable` while shutting down",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn readyz(State(state): State<HttpState>) -> Result<Json<Value>, Denial> {
    if state.parts.stopping.is_cancelled() {
        return Err(problem::stopping());
    }
    let Verdict { failing, warnings } = state.readiness.verdict(state.app()).await;
    match (failing.is_empty(), warnings.is_empty()) {
        (true, true) => Ok(Json(json!({"status": "ready"}))),
        (true, false) => Ok(Json(json!({"status": "ready", "warnings": warnings}))),
        (false, _) => Err(problem::unready(failing)),
    }
}
