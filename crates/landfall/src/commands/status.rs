//! `landfall status`: how the server that runs in this folder fares, at a glance.

use std::time::Duration;

use clap::Args;
use domain::ByteCount;
use serde_json::{Value, json};
use server::boot::{DataFolder, RunFileOf};
use server::config::{Config, StoreKind};
use uploader::client::direct;
use wire::{JobRunBody, OverviewBody, StateCountBody, TimingBody};

use super::log_as_command;
use super::operator::{self, Call};
use crate::arguments::{Installation, Output};
use crate::console;
use crate::exit::{Exit, Failure, chain};

/// The server looks at its parts for at most some seconds.
const READY_LIMIT: Duration = Duration::from_secs(30);

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    output: Output,
}

/// Prints it; a server that is not ready is a failure.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = arguments.installation.load()?;
    log_as_command()?;
    let call = Call::<()> { purpose: "landfall status", path: "/v1/admin/overview", request: None };
    let overview: OverviewBody = operator::ask(&config, &call).await?;
    let addresses = DataFolder::new(&config.server.data).find_running(RunFileOf::Server).map(|run| run.addresses);
    let (api, store) = addresses.map_or((None, None), |addresses| (addresses.api, addresses.store));
    let (api, store) = (api.unwrap_or_default(), store.unwrap_or_else(|| store_name(&config)));
    let readiness = readiness(&api).await?;
    let failing = named(&readiness, "errors");
    if arguments.output.json {
        console::json(&json!({"api": api, "store": store, "readiness": readiness, "overview": overview}))?;
    } else {
        for line in lines(&api, &store, &readiness, &overview) {
            console::out(&line)?;
        }
    }
    if failing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, format!("the server is not ready: {}", failing.join("; ")))
        .hint("`landfall doctor` looks at the store, and the server's log says more"))
}

fn store_name(config: &Config) -> String {
    match config.store.kind {
        StoreKind::Embedded => "embedded".to_owned(),
        StoreKind::S3 => config.store.endpoint.clone().unwrap_or_else(|| format!("Amazon S3, {}", config.store.region)),
    }
}

/// What `/readyz` says, whatever its status: it names what fails.
async fn readiness(api: &str) -> Result<Value, Failure> {
    let unreachable = |error: reqwest::Error| Failure::new(Exit::Unreachable, chain(&error));
    let http = direct(READY_LIMIT).map_err(|error| Failure::new(Exit::Failed, chain(&error)))?;
    let answer = http.get(format!("{api}/readyz")).send().await.map_err(unreachable)?;
    answer.json().await.map_err(unreachable)
}

/// The parts that an answer names, each with what is wrong.
fn named(readiness: &Value, list: &str) -> Vec<String> {
    let text = |part: &Value, name: &str| part[name].as_str().unwrap_or_default().to_owned();
    let parts = readiness[list].as_array().into_iter().flatten();
    parts.map(|part| format!("{} {}", text(part, "field"), text(part, "detail"))).collect()
}

fn lines(api: &str, store: &str, readiness: &Value, overview: &OverviewBody) -> Vec<String> {
    let OverviewBody { version, uptime_seconds, process, .. } = overview;
    let up = crate::client::clock_time(*uptime_seconds as i64);
    let memory = ByteCount(process.memory_bytes);
    let mut lines = vec![format!("server   {api}, version {version}, up for {up}, {memory} of memory")];
    for (word, list) in [("failing", "errors"), ("warning", "warnings")] {
        lines.extend(named(readiness, list).into_iter().map(|part| format!("{word}  {part}")));
    }
    let calls = sum(&overview.store);
    lines.push(format!("store    {store}, {} calls since the start, {} failed", calls.0, calls.1));
    lines.push(format!("assets   {}", counts(&overview.assets)));
    lines.push(format!("files    {}", counts(&overview.files)));
    if overview.damaged_files > 0 {
        lines.push(format!("damaged  {} published files; `landfall audit --deep` names them", overview.damaged_files));
    }
    lines.extend(overview.jobs.iter().map(|job| format!("job      {}", of_job(job))));
    lines
}

fn sum(timings: &[TimingBody]) -> (u64, u64) {
    timings.iter().fold((0, 0), |(count, errors), timing| (count + timing.count, errors + timing.errors))
}

fn counts(states: &[StateCountBody]) -> String {
    let some: Vec<_> = states.iter().map(|one| format!("{} {}", one.count, one.state)).collect();
    if some.is_empty() { "none".to_owned() } else { some.join(", ") }
}

fn of_job(job: &JobRunBody) -> String {
    let Some(at) = job.last_finished_at else { return format!("{}: not run since the start", job.name) };
    let at = at.strftime("%Y-%m-%d %H:%M:%SZ");
    match job.last_findings {
        Some(found) => format!("{}: ended {at}, {found} found", job.name),
        None => format!("{}: failed {at}, see the server's log", job.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overview() -> OverviewBody {
        let timing =
            |errors| json!({"name": "head", "count": 3, "errors": errors, "p50_ms": 1.0, "p95_ms": 1.0, "p99_ms": 1.0});
        let overview = json!({
            "at": "2026-11-30T12:00:00Z", "version": "0.1.0", "uptime_seconds": 3_700.0,
            "process": {"cpu_percent": 1.0, "memory_bytes": 50 << 20, "open_files": 9},
            "api": [], "catalog": [], "store": [timing(0), timing(1)],
            "files": [], "assets": [{"state": "CREATED", "count": 2}], "damaged_files": 1,
            "jobs": [{"name": "expire", "last_finished_at": "2026-11-30T01:00:00Z", "last_findings": 4}, {"name": "destroy"}],
            "samples": [],
        });
        serde_json::from_value(overview).unwrap()
    }

    #[test]
    fn says_at_a_glance_what_runs_and_what_does_not() {
        let ailing = json!({"errors": [{"field": "store", "detail": "does not work"}]});
        assert_eq!(
            lines("http://127.0.0.1:8080", "http://127.0.0.1:9000", &ailing, &overview()),
            [
                "server   http://127.0.0.1:8080, version 0.1.0, up for 1 h 1 min, 50 MiB of memory",
                "failing  store does not work",
                "store    http://127.0.0.1:9000, 6 calls since the start, 1 failed",
                "assets   2 CREATED",
                "files    none",
                "damaged  1 published files; `landfall audit --deep` names them",
                "job      expire: ended 2026-11-30 01:00:00Z, 4 found",
                "job      destroy: not run since the start",
            ]
        );
    }
}
