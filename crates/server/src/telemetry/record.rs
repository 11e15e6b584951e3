//! What the rest of the server says about itself: one function for each thing that is counted or timed.
//!
//! *Rule*: labels take few values. An id, an owner or a path that somebody typed is never a label.

use std::collections::BTreeMap;

use domain::reconcile::Kind;
use domain::{Lane, StateName, TimeSpan, Timestamp};
use metrics::{counter, gauge, histogram};

use super::figures::{self, Family, Fared};
use super::names;

/// A request was answered. `operation` is its id in the OpenAPI document, `route` the pattern that matched, never the
/// path.
pub fn http_request(operation: &str, method: &str, route: &str, status: u16, seconds: f64) {
    let labels = [
        ("operation", operation.to_owned()),
        ("http.request.method", method.to_owned()),
        ("http.route", route.to_owned()),
        ("http.response.status_code", status.to_string()),
    ];
    histogram!(names::HTTP_REQUEST_DURATION, &labels).record(seconds);
    let fared = if status < 500 { Fared::Well } else { Fared::Badly };
    figures::answered(Family::Api, &format!("{method} {route}"), seconds, fared);
}

/// A catalog query came back, well or not.
pub(crate) fn catalog_query(name: &'static str, seconds: f64, fared: Fared) {
    histogram!(names::CATALOG_QUERY_DURATION, "db.operation.name" => name).record(seconds);
    figures::answered(Family::Catalog, name, seconds, fared);
}

/// A file changed its state.
pub fn transition(from: StateName, to: StateName) {
    counter!(names::TRANSITIONS, "from" => from.as_str(), "to" => to.as_str()).increment(1);
}

/// Part URLs were given out.
pub fn parts_signed(count: usize) {
    counter!(names::PARTS_SIGNED).increment(count as u64);
}

/// Bytes went through the server on their way to the store.
pub fn relayed(bytes: usize) {
    counter!(names::RELAYED_BYTES).increment(bytes as u64);
}

/// A round of a job ended. `findings` is what it had to do; `None` if it failed.
pub fn job_ran(job: &'static str, seconds: f64, findings: Option<u64>) {
    histogram!(names::JOB_DURATION, "job" => job).record(seconds);
    figures::job_ran(job, seconds, findings);
    match findings {
        Some(findings) => counter!(names::JOB_FINDINGS, "job" => job).increment(findings),
        None => counter!(names::JOB_FAILURES, "job" => job).increment(1),
    }
}

/// What came of a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkOutcome {
    /// It was performed, or there was nothing to do.
    Done,
    /// It was not to be decided yet.
    Again,
    /// It failed.
    Failed,
    /// Its row cannot be read.
    Unreadable,
    /// It panicked.
    Panicked,
}

/// A duty was tried.
pub fn worked(lane: Lane, outcome: WorkOutcome) {
    let outcome = match outcome {
        WorkOutcome::Done => "done",
        WorkOutcome::Again => "again",
        WorkOutcome::Failed => "failed",
        WorkOutcome::Unreadable => "unreadable",
        WorkOutcome::Panicked => "panicked",
    };
    counter!(names::WORK_ROWS, "lane" => lane.as_str(), "outcome" => outcome).increment(1);
}

/// A row cannot be read, or its duty panicked: somebody has to look.
pub fn stuck(lane: Lane, id: &str, why: &str) {
    figures::stuck(lane, id, why);
}

/// How much waits in a lane, and for how long the first of it has been due.
pub fn backlog(lane: Lane, due: u64, late: TimeSpan) {
    gauge!(names::WORK_DUE, "lane" => lane.as_str()).set(due as f64);
    gauge!(names::WORK_LATE, "lane" => lane.as_str()).set(late.as_secs_f64().max(0.0));
}

/// A lane has done what it could.
pub fn lane_succeeded(lane: Lane, at: Timestamp) {
    gauge!(names::WORK_LAST_SUCCESS, "lane" => lane.as_str()).set(at.as_second() as f64);
}

/// A lane waits for its port, or does not.
pub fn lane_paused(lane: Lane, paused: bool) {
    gauge!(names::WORK_PAUSED, "lane" => lane.as_str()).set(f64::from(u8::from(paused)));
}

/// What a comparison of buckets and catalog found. Kinds that are left out were not found.
pub fn reconciled(found: impl Iterator<Item = (Kind, u64)>) {
    let found: BTreeMap<Kind, u64> = found.collect();
    for kind in Kind::ALL {
        let count = found.get(&kind).copied().unwrap_or_default();
        gauge!(names::RECONCILE_FINDINGS, "kind" => kind.code()).set(count as f64);
    }
}

/// How many reasons there are to think that catalog and buckets do not belong together.
pub fn bucket_mismatches(count: usize) {
    gauge!(names::BUCKET_MISMATCH).set(count as f64);
}

/// How many published files were found damaged, and not well or gone since.
pub fn damaged_files(count: usize) {
    gauge!(names::DAMAGED_FILES).set(count as f64);
}

/// How far the clock furthest from the catalog's is.
pub fn clock_skew(span: TimeSpan) {
    gauge!(names::CLOCK_SKEW).set(span.as_secs_f64());
}

/// How many files there are in each state. States that are left out have none.
pub fn files(counts: &[(StateName, u64)]) {
    for state in StateName::ALL {
        let count = counts.iter().find(|(name, _)| *name == state).map_or(0, |(_, count)| *count);
        gauge!(names::FILES, "state" => state.as_str()).set(count as f64);
    }
}
