//! What the server says about itself: logs on standard error, metrics for Prometheus, figures for the operator's page.
//!
//! Not a decision anywhere: removing every call into this module changes no answer. *Invariant*: metrics are named in
//! [`names`] and written by [`record`], and nowhere else.

pub(crate) mod figures;
mod log;
pub mod names;
mod overview;
mod process;
mod record;

use std::fmt;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

pub use log::{LogError, start as start_logging};
pub use overview::{Counts, Overview, SAMPLE_EVERY, SAMPLES, Sample};
pub use process::ProcessUse;
pub(crate) use record::catalog_query;
pub use record::{
    WorkOutcome, backlog, bucket_mismatches, clock_skew, damaged_files, files, http_request, job_ran, lane_paused,
    lane_succeeded, parts_signed, reconciled, relayed, stuck, transition, worked,
};

/// Upper bounds of the histograms, in seconds: a signature takes milliseconds, a commit of a large file minutes.
const BUCKETS: [f64; 17] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// The metrics of this process. All clones are one, and so are several servers in one process.
#[derive(Clone)]
pub struct Metrics(Option<PrometheusHandle>);

/// What [`Metrics::off`] renders: a comment, which is a valid page without metrics.
const OFF: &str = "# Metrics are switched off: [telemetry] prometheus = false\n";

impl Metrics {
    /// Starts recording, once for the process.
    ///
    /// # Panics
    /// If something else in this process has installed another recorder: its figures would be lost without a word.
    pub fn start() -> Self {
        static STARTED: OnceLock<Metrics> = OnceLock::new();
        let start = || {
            let builder = PrometheusBuilder::new().with_recommended_naming(true).set_buckets(&BUCKETS);
            let recorder = builder.expect("there are buckets").build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).expect("nothing else records metrics in this process");
            names::describe();
            Self(Some(handle))
        };
        STARTED.get_or_init(start).clone()
    }

    /// Records nothing.
    pub const fn off() -> Self {
        Self(None)
    }

    /// All metrics in Prometheus' text format (version 0.0.4).
    pub fn render(&self) -> String {
        let Some(handle) = &self.0 else { return OFF.to_owned() };
        if let Some(figures) = ProcessUse::now() {
            figures.record();
        }
        handle.render()
    }

    /// Folds recorded durations into their buckets. Without it they pile up until somebody asks for them.
    pub fn fold(&self) {
        if let Some(handle) = &self.0 {
            handle.run_upkeep();
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use domain::StateName;

    use super::*;

    #[test]
    fn metrics_are_rendered_with_their_units_and_meanings() {
        let metrics = Metrics::start();
        http_request("create_asset", "POST", "/v1/{collection}", 201, 0.004);
        catalog_query("reserve", 0.0003, figures::Fared::Well);
        transition(StateName::Reserved, StateName::Uploading);
        parts_signed(100);
        job_ran("expire", 61.0, Some(3));
        files(&[(StateName::Created, 7)]);
        let text = metrics.render();
        for line in [
            "# HELP http_server_request_duration_seconds Time to answer a request, by route and status",
            "http_server_request_duration_seconds_bucket{operation=\"create_asset\",http_request_method=\"POST\",http_route=\"/v1/{collection}\",http_response_status_code=\"201\",le=\"0.005\"} 1",
            "db_client_operation_duration_seconds_bucket{db_operation_name=\"reserve\",le=\"0.001\"} 1",
            "landfall_transitions_total{from=\"RESERVED\",to=\"UPLOADING\"} 1",
            "landfall_parts_signed_total 100",
            "landfall_job_duration_seconds_bucket{job=\"expire\",le=\"120\"} 1",
            "landfall_job_findings_total{job=\"expire\"} 3",
            "landfall_files{state=\"CREATED\"} 7",
            "landfall_files{state=\"CLOSED\"} 0",
            "# TYPE process_memory_usage_bytes gauge",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
        }
    }
}
