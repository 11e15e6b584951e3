//! What the rest of the server says about itself: one function for each thing that is counted or timed.
//!
//! *Rule*: labels take few values. An id, an owner or a path that somebody typed is never a label.

use std::collections::BTreeMap;

use domain::reconcile::Kind;
use domain::{StateName, TimeSpan};
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
