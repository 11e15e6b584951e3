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

/// The last verdict, so that many probers cost as little as one. Whoever comes while it is being renewed waits for it.
#[derive(Default)]
pub(in crate::http) struct Readiness(Mutex<Option<(Stopwatch, Vec<FieldProblem>)>>);

impl Readiness {
    async fn failing(&self, app: &App) -> Vec<FieldProblem> {
        let mut last = self.0.lock().await;
        if let Some((since, failing)) = &*last
            && since.elapsed_seconds() < PROBE_KEPT_SECONDS
        {
            return failing.clone();
        }
        let failing = probe(app).await;
        *last = Some((Stopwatch::start(), failing.clone()));
        failing
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

fn log(error: impl std::error::Error + 'static) {
    tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "not ready");
}

/// Whether the server can do its work
///
/// Asks the catalog and the store, at most once a second. `errors` names the parts that fail.
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
    let failing = state.readiness.failing(state.app()).await;
    if failing.is_empty() { Ok(Json(json!({"status": "ready"}))) } else { Err(problem::unready(failing)) }
}
