//! `GET /readyz`

use axum::Json;
use axum::extract::State;
use domain::TimeSpan;
use domain::limits::SKEW_STOPS;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::timeout;
use wire::{FieldProblem, Problem};

use super::host_look::HostLook;
use crate::app::App;
use crate::clock::Stopwatch;
use crate::http::HttpState;
use crate::http::bounds::{JOBS_STAND_STILL, PROBE_KEPT_SECONDS, PROBE_TIME, STORE_HICCUP};
use crate::http::problem::{self, Denial};

/// What is told of a part that does not answer.
const SILENT: &str = "does not answer in time";

/// What a probe found.
#[derive(Clone)]
pub(super) struct ReadyReport {
    /// Why the server cannot work.
    pub(super) failing: Vec<FieldProblem>,
    /// What somebody should look at although it can.
    pub(super) warnings: Vec<FieldProblem>,
}

/// The last report, so that many probers cost as little as one. Whoever comes while it is being renewed waits for it.
#[derive(Default)]
pub(in crate::http) struct Readiness(Mutex<Seen>, HostLook);

#[derive(Default)]
struct Seen {
    last: Option<(Stopwatch, ReadyReport)>,
    /// When the store last answered, by the time that passes.
    store_worked: Option<TimeSpan>,
}

impl Readiness {
    async fn report(&self, state: &HttpState) -> ReadyReport {
        let (app, now) = (state.app(), state.parts.clock.monotonic());
        let mut seen = self.0.lock().await;
        if let Some((since, report)) = &seen.last
            && since.elapsed_seconds() < PROBE_KEPT_SECONDS
        {
            return report.clone();
        }
        let (probed, host) = tokio::join!(probe(app), self.1.look(&state.parts.vitals));
        let mut failing = joined(host.failing, probed);
        if !failing.iter().any(is_store) {
            seen.store_worked = Some(now);
        }
        // All servers see the same store: one bad answer of it must not take all of them out of the balancer at once,
        // and with them every call that needs only the catalog.
        let hiccup = seen.store_worked.is_some_and(|at| now - at <= STORE_HICCUP);
        let mut warnings: Vec<_> = failing.extract_if(.., |part| hiccup && is_store(part)).collect();
        let well = failing.is_empty() && warnings.is_empty();
        warnings.extend(host.warnings);
        if well {
            let around = look_around(app).await;
            failing.extend(around.failing);
            warnings.extend(around.warnings);
        }
        warnings.extend(exhausted(state));
        warnings.extend(damaged(app));
        let report = ReadyReport { failing, warnings };
        seen.last = Some((Stopwatch::start(), report.clone()));
        report
    }
}

fn is_store(part: &FieldProblem) -> bool {
    part.field == "store"
}

/// What fails, each part once: what the host says of a part says more than what the part answers.
fn joined(mut ailing: Vec<FieldProblem>, probed: Vec<FieldProblem>) -> Vec<FieldProblem> {
    for part in probed {
        if !ailing.iter().any(|known| known.field == part.field) {
            ailing.push(part);
        }
    }
    ailing
}

async fn probe(app: &App) -> Vec<FieldProblem> {
    let catalog = async {
        let read = timeout(PROBE_TIME, app.read_catalog()).await.map_err(|_elapsed| SILENT)?;
        read.map_err(|error| log(error, "does not work"))
    };
    let store = async {
        match timeout(PROBE_TIME, app.store().probe()).await.map_err(|_elapsed| SILENT.to_owned())? {
            Ok(()) => Ok(()),
            Err(error) => Err(match refused_by_skew(app).await {
                Some(by) => log(error, &by).to_owned(),
                None => log(error, "does not work").to_owned(),
            }),
        }
    };
    let (catalog, store) = tokio::join!(catalog, store);
    let failing = [("catalog", catalog.err().map(str::to_owned)), ("store", store.err())];
    failing.into_iter().filter_map(|(part, detail)| Some(problem_of(part, detail?))).collect()
}

/// A store refuses every request of a host whose clock differs too much, and then its `Date` says so.
async fn refused_by_skew(app: &App) -> Option<String> {
    let skew = timeout(PROBE_TIME, app.store_skew()).await.ok()?.ok()??;
    let far = skew.span > SKEW_STOPS;
    far.then(|| format!("refuses requests: {skew}; set the clocks right"))
}

/// What is not as it should be although catalog and store answer.
async fn look_around(app: &App) -> ReadyReport {
    let mut report = ReadyReport { failing: Vec::new(), warnings: Vec::new() };
    let seen = match timeout(PROBE_TIME, app.outlook()).await {
        Ok(Ok(seen)) => seen,
        // Each answered a moment ago: one bad answer is no reason to send no more requests here.
        Ok(Err(error)) => {
            let detail = log(error, "the markers of the buckets or the clocks cannot be read; see the log");
            report.warnings.push(problem_of("bucket", detail.to_owned()));
            return report;
        }
        Err(_elapsed) => {
            report.warnings.push(problem_of("bucket", SILENT.to_owned()));
            return report;
        }
    };
    if let Some(mismatch) = seen.mismatch {
        let detail = format!("is not this catalog's: {mismatch}; {}", mismatch.hint());
        report.failing.push(problem_of("bucket", detail));
    }
    if let Some(skew) = seen.shown_skew() {
        report.warnings.push(problem_of("clock", format!("is off: {skew}; set the clocks right")));
    }
    if let Some(age) = seen.installation.raised_at.map(|raised| seen.at.duration_since(raised))
        && age > JOBS_STAND_STILL
    {
        let minutes = age.as_mins();
        let detail = format!("do not run on any server: the last round was {minutes} min ago; see the log of each");
        report.warnings.push(problem_of("jobs", detail));
    }
    report
}

/// What nobody who asks now would be given.
fn exhausted(state: &HttpState) -> Option<FieldProblem> {
    state
        .admission
        .is_full()
        .then(|| problem_of("requests", "take all the room there is: more are refused until some end".to_owned()))
}

/// What nobody sees who does not play it.
fn damaged(app: &App) -> Option<FieldProblem> {
    let count = app.damaged_files().len();
    let detail = format!(
        "of {count} published files are damaged: `landfall audit --deep` names them; bring them back from a backup, or \
         replace the files"
    );
    (count > 0).then(|| problem_of("objects", detail))
}

fn problem_of(part: &str, detail: String) -> FieldProblem {
    FieldProblem { field: part.to_owned(), detail }
}

/// Logs what went wrong, and gives what is told of it.
fn log(error: impl std::error::Error + 'static, detail: &str) -> &str {
    tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "not ready");
    detail
}

/// Whether the server can do its work
///
/// Reads from the catalog, asks the store, and looks at the files of this process, at most once a second. `errors` names the
/// parts that fail, each with what is wrong: `catalog`, `store`, `bucket` (catalog and buckets do not belong together),
/// `data_folder` and `store_folder` (moved, full or write-protected: a small file is written; the embedded store has no room
/// left but its reserve). `warnings` names a `store_folder` with records that cannot be read,  a `clock` that
/// is more than 60 s off, `jobs` that do not run on any server, `requests` that take all the room there is, `objects` that a
/// scrub found damaged, and a `store` that has been failing for no longer than 30 s: that is no reason to send no more
/// requests here.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", security(()),
    responses(
        (status = 200, description = "It can", body = Object, example = json!({"status": "ready"})),
        (status = 503, description = "`catalog_unavailable`, `store_unavailable`, or `unavailable` while shutting down",
            body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn readyz(State(state): State<HttpState>) -> Result<Json<Value>, Denial> {
    if state.parts.draining.is_cancelled() {
        return Err(problem::stopping());
    }
    let ReadyReport { failing, warnings } = state.readiness.report(&state).await;
    match (failing.is_empty(), warnings.is_empty()) {
        (true, true) => Ok(Json(json!({"status": "ready"}))),
        (true, false) => Ok(Json(json!({"status": "ready", "warnings": warnings}))),
        (false, _) => Err(problem::unready(failing)),
    }
}
