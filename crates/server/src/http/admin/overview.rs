//! `GET /v1/admin/overview`

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use wire::{ErrorCode, JobRunBody, OverviewBody, ProcessBody, SampleBody, StateCountBody, StuckRowBody, TimingBody};

use crate::auth::Scope;
use crate::http::HttpState;
use crate::http::input::Query;
use crate::http::middleware::Caller;
use crate::http::openapi::problems;
use crate::http::problem::{self, Denial};
use crate::jobs::Job;
use crate::telemetry::figures::{self, Family};
use crate::telemetry::{Overview, ProcessUse, Sample};

problems!(
    /// What can go wrong.
    OverviewProblems: [ErrorCode::Forbidden]
);

/// How this server fares
///
/// Figures of this process, from its memory: a restart begins anew, and another server has its own.
#[utoipa::path(
    get, path = "/v1/admin/overview", tag = "admin",
    params(
        ("samples_after" = Option<String>, Query, description = "Only samples after this time, RFC 3339: `at` of the last one seen"),
    ),
    responses((status = 200, description = "The figures", body = OverviewBody), OverviewProblems),
)]
pub(super) async fn overview(
    State(state): State<HttpState>,
    Caller(identity): Caller,
    mut query: Query,
) -> Result<Json<OverviewBody>, Denial> {
    if !identity.scopes.allow(Scope::Admin) {
        return Err(problem::not_admin());
    }
    let after = query.read("samples_after", "a time, RFC 3339", |text| text.parse::<Timestamp>().ok());
    query.finish()?;
    let overview = &state.parts.overview;
    let counts = overview.counts();
    let files = counts.files.iter().map(|(state, count)| state_count(state.as_str(), *count));
    let assets = counts.assets.iter().map(|(status, count)| state_count(status.as_str(), *count));
    Ok(Json(OverviewBody {
        at: state.parts.clock.now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_seconds: (overview.uptime_seconds() * 10.0).round() / 10.0,
        process: process(overview),
        api: timings(Family::Api),
        catalog: timings(Family::Catalog),
        store: timings(Family::Store),
        files: files.collect(),
        assets: assets.collect(),
        damaged_files: state.app().damaged_files().len() as u64,
        jobs: Job::ALL.into_iter().map(job).collect(),
        stuck: figures::stuck_rows().into_iter().map(stuck).collect(),
        samples: overview.samples(after).into_iter().map(sample).collect(),
    }))
}

/// Zeros where the system does not tell (it has no `/proc`).
fn process(overview: &Overview) -> ProcessBody {
    let used = ProcessUse::now();
    ProcessBody {
        cpu_percent: overview.samples(None).last().map_or(0.0, |sample| sample.cpu_percent),
        memory_bytes: used.map_or(0, |used| used.resident_bytes),
        open_files: used.map_or(0, |used| used.open_files),
    }
}

fn timings(family: Family) -> Vec<TimingBody> {
    let body = |line: figures::Line| TimingBody {
        name: line.name,
        count: line.count,
        errors: line.errors,
        p50_ms: line.p50_ms,
        p95_ms: line.p95_ms,
        p99_ms: line.p99_ms,
    };
    figures::lines(family).into_iter().map(body).collect()
}

fn state_count(state: &str, count: u64) -> StateCountBody {
    StateCountBody { state: state.to_owned(), count }
}

fn job(job: Job) -> JobRunBody {
    let last = figures::last_run(job.name());
    JobRunBody {
        name: job.name().to_owned(),
        last_finished_at: last.map(|run| run.finished_at),
        last_seconds: last.map(|run| run.seconds),
        last_findings: last.and_then(|run| run.findings),
    }
}

fn stuck(row: figures::Stuck) -> StuckRowBody {
    StuckRowBody { lane: row.lane.as_str().to_owned(), id: row.id, why: row.why, at: row.at }
}

fn sample(sample: Sample) -> SampleBody {
    SampleBody {
        at: sample.at,
        cpu_percent: sample.cpu_percent,
        memory_bytes: sample.memory_bytes,
        requests_per_second: sample.requests_per_second,
        errors_per_second: sample.errors_per_second,
        api_p95_ms: sample.api_p95_ms,
        catalog_p95_ms: sample.catalog_p95_ms,
        store_p95_ms: sample.store_p95_ms,
    }
}
