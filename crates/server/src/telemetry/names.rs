//! Every metric there is: name, unit, meaning.
//!
//! Names are OpenTelemetry's where it has one. *Invariant*: no other file spells a metric's name; dashboards and alerts
//! are written against this list.

use metrics::Unit;

/// `http.server.request.duration` by `operation`, `http.request.method`, `http.route`, `http.response.status_code`.
pub const HTTP_REQUEST_DURATION: &str = "http.server.request.duration";
/// `db.client.operation.duration` by `db.operation.name`.
pub const CATALOG_QUERY_DURATION: &str = "db.client.operation.duration";
/// `landfall.store.request.duration` by `operation` and `outcome`.
pub const STORE_REQUEST_DURATION: &str = "landfall.store.request.duration";
/// `landfall.files` by `state`.
pub const FILES: &str = "landfall.files";
/// `landfall.transitions` by `from` and `to`.
pub const TRANSITIONS: &str = "landfall.transitions";
/// `landfall.parts.signed`.
pub const PARTS_SIGNED: &str = "landfall.parts.signed";
/// `landfall.relayed_bytes`.
pub const RELAYED_BYTES: &str = "landfall.relayed_bytes";
/// `landfall.job.duration` by `job`.
pub const JOB_DURATION: &str = "landfall.job.duration";
/// `landfall.job.findings` by `job`.
pub const JOB_FINDINGS: &str = "landfall.job.findings";
/// `landfall.job.failures` by `job`.
pub const JOB_FAILURES: &str = "landfall.job.failures";
/// `landfall.work.rows` by `lane` and `outcome`.
pub const WORK_ROWS: &str = "landfall.work.rows";
/// `landfall.work.due` by `lane`.
pub const WORK_DUE: &str = "landfall.work.due";
/// `landfall.work.late` by `lane`.
pub const WORK_LATE: &str = "landfall.work.late";
/// `landfall.work.last_success` by `lane`.
pub const WORK_LAST_SUCCESS: &str = "landfall.work.last_success";
/// `landfall.work.paused` by `lane`.
pub const WORK_PAUSED: &str = "landfall.work.paused";
/// `landfall.reconcile.findings` by `kind`.
pub const RECONCILE_FINDINGS: &str = "landfall.reconcile.findings";
/// `landfall.bucket.mismatch`.
pub const BUCKET_MISMATCH: &str = "landfall.bucket.mismatch";
/// Published files whose objects a scrub found damaged.
pub const DAMAGED_FILES: &str = "landfall.scrub.damaged";
/// `landfall.clock.skew`.
pub const CLOCK_SKEW: &str = "landfall.clock.skew";
/// `process.cpu.time`.
pub const PROCESS_CPU_TIME: &str = "process.cpu.time";
/// `process.memory.usage`.
pub const PROCESS_MEMORY: &str = "process.memory.usage";
/// `process.open_file_descriptor.count`.
pub const PROCESS_OPEN_FILES: &str = "process.open_file_descriptor.count";

enum Kind {
    Counter,
    Gauge,
    Histogram,
}

const METRICS: [(&str, Kind, Option<Unit>, &str); 22] = [
    (HTTP_REQUEST_DURATION, Kind::Histogram, Some(Unit::Seconds), "Time to answer a request, by route and status"),
    (CATALOG_QUERY_DURATION, Kind::Histogram, Some(Unit::Seconds), "Time of a catalog query, by its name"),
    (STORE_REQUEST_DURATION, Kind::Histogram, Some(Unit::Seconds), "Time of a call to the object store, by operation"),
    (FILES, Kind::Gauge, None, "Files in each state"),
    (TRANSITIONS, Kind::Counter, None, "Changes of state, by from and to"),
    (PARTS_SIGNED, Kind::Counter, None, "Part URLs given out"),
    (RELAYED_BYTES, Kind::Counter, None, "Bytes of forms that went through the server into a part"),
    (JOB_DURATION, Kind::Histogram, Some(Unit::Seconds), "Time of one round of a job"),
    (JOB_FINDINGS, Kind::Counter, None, "Rows a job had something to do for"),
    (JOB_FAILURES, Kind::Counter, None, "Rounds of a job that ended early"),
    (WORK_ROWS, Kind::Counter, None, "Duties that were tried, by lane and by what came of them"),
    (WORK_DUE, Kind::Gauge, None, "Rows that are due in a lane, counted up to 10,000"),
    (WORK_LATE, Kind::Gauge, Some(Unit::Seconds), "How long the row has been due that has waited longest in a lane"),
    (WORK_LAST_SUCCESS, Kind::Gauge, Some(Unit::Seconds), "When a lane last did its work here, in seconds since 1970"),
    (WORK_PAUSED, Kind::Gauge, None, "1 while a lane waits for its port, else 0"),
    (
        RECONCILE_FINDINGS,
        Kind::Gauge,
        None,
        "What the last reconcile found, by kind; lost_object wants somebody's attention",
    ),
    (BUCKET_MISMATCH, Kind::Gauge, None, "1 while catalog and buckets do not belong together, else 0"),
    (DAMAGED_FILES, Kind::Gauge, None, "published files whose bytes were found to be others than were recorded"),
    (CLOCK_SKEW, Kind::Gauge, Some(Unit::Seconds), "How far the host's or the store's clock is from the catalog's"),
    (PROCESS_CPU_TIME, Kind::Gauge, Some(Unit::Seconds), "CPU time used since the start, user and system"),
    (PROCESS_MEMORY, Kind::Gauge, Some(Unit::Bytes), "Memory of this process that is resident"),
    (PROCESS_OPEN_FILES, Kind::Gauge, None, "Files and sockets this process has open"),
];

/// Tells the recorder what each metric means.
pub(super) fn describe() {
    for (name, kind, unit, meaning) in METRICS {
        let unit = unit.unwrap_or(Unit::Count);
        match kind {
            Kind::Counter => metrics::describe_counter!(name, unit, meaning),
            Kind::Gauge => metrics::describe_gauge!(name, unit, meaning),
            Kind::Histogram => metrics::describe_histogram!(name, unit, meaning),
        }
    }
}
