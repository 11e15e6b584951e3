//! The last hour, sampled: what the operator's page draws.
//!
//! In memory only: a restart begins a new hour. *Invariant*: no more than [`SAMPLES`] samples are kept.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{StateName, Timestamp};

use super::ProcessUse;
use super::figures::{Family, take_interval};
use crate::catalog::StatusName;
use crate::clock::Stopwatch;

/// How often a sample is taken.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(5);
/// An hour of them: about 60 KB.
pub const SAMPLES: usize = 720;

/// What happened between two looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When it was taken.
    pub at: Timestamp,
    /// CPU time used, as a share of one core: four busy cores are 400.
    pub cpu_percent: f64,
    /// Resident memory.
    pub memory_bytes: u64,
    /// Requests to the API.
    pub requests_per_second: f64,
    /// Those answered with 500 or more.
    pub errors_per_second: f64,
    /// 95 in 100 requests took no longer; nothing without a request.
    pub api_p95_ms: Option<f64>,
    /// The same of catalog queries.
    pub catalog_p95_ms: Option<f64>,
    /// The same of store calls.
    pub store_p95_ms: Option<f64>,
}

/// What there is, as last counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Files in each state; states without files may be left out.
    pub files: Vec<(StateName, u64)>,
    /// Assets in each status; the same.
    pub assets: Vec<(StatusName, u64)>,
}

struct Inner {
    samples: VecDeque<Sample>,
    counts: Counts,
    since: Stopwatch,
    cpu_seconds: f64,
}

/// Figures of one server.
pub struct Overview {
    started: Stopwatch,
    inner: Mutex<Inner>,
}

impl Default for Overview {
    fn default() -> Self {
        let cpu_seconds = ProcessUse::now().map_or(0.0, |used| used.cpu_seconds);
        let (samples, counts) = (VecDeque::new(), Counts::default());
        let inner = Mutex::new(Inner { samples, counts, since: Stopwatch::start(), cpu_seconds });
        Self { started: Stopwatch::start(), inner }
    }
}

impl Overview {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing under the lock panics half-way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a sample of what happened since the last one.
    pub fn sample(&self, at: Timestamp) {
        let used = ProcessUse::now();
        let [api, catalog, store] = [Family::Api, Family::Catalog, Family::Store].map(take_interval);
        let mut inner = self.lock();
        // Two looks in one moment must not divide by nothing.
        let seconds = inner.since.elapsed_seconds().max(1e-3);
        let cpu_seconds = used.map_or(inner.cpu_seconds, |used| used.cpu_seconds);
        let sample = Sample {
            at,
            cpu_percent: tenths((cpu_seconds - inner.cpu_seconds) / seconds * 100.0),
            memory_bytes: used.map_or(0, |used| used.resident_bytes),
            requests_per_second: tenths(api.count as f64 / seconds),
            errors_per_second: tenths(api.errors as f64 / seconds),
            api_p95_ms: api.p95_ms,
            catalog_p95_ms: catalog.p95_ms,
            store_p95_ms: store.p95_ms,
        };
        inner.since = Stopwatch::start();
        inner.cpu_seconds = cpu_seconds;
        if inner.samples.len() == SAMPLES {
            inner.samples.pop_front();
        }
        inner.samples.push_back(sample);
    }

    /// Keeps what was counted last.
    pub fn counted(&self, counts: Counts) {
        self.lock().counts = counts;
    }

    /// What was counted last.
    pub fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    /// Samples in their order; only those after a time, if one is given.
    pub fn samples(&self, after: Option<Timestamp>) -> Vec<Sample> {
        let later = |sample: &&Sample| after.is_none_or(|after| sample.at > after);
        self.lock().samples.iter().filter(later).copied().collect()
    }

    /// Seconds since this server's start.
    pub fn uptime_seconds(&self) -> f64 {
        self.started.elapsed_seconds()
    }
}

/// One digit behind the point, which is what a chart shows.
fn tenths(value: f64) -> f64 {
    (value.max(0.0) * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use domain::TimeSpan;

    use super::*;
    use crate::telemetry::figures::{Fared, answered};

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    #[test]
    fn an_hour_is_kept_and_what_is_later_is_found() {
        let overview = Overview::default();
        let at = |index: usize| NOW + TimeSpan::from_secs(5 * index as i64);
        for index in 0..SAMPLES + 3 {
            overview.sample(at(index));
        }
        let samples = overview.samples(None);
        assert_eq!((samples.len(), samples[0].at), (SAMPLES, at(3)));
        let later = overview.samples(Some(at(SAMPLES)));
        assert_eq!(later.iter().map(|sample| sample.at).collect::<Vec<_>>(), [at(SAMPLES + 1), at(SAMPLES + 2)]);
    }

    #[test]
    fn a_sample_tells_what_happened_since_the_last() {
        let overview = Overview::default();
        overview.sample(NOW);
        answered(Family::Api, "GET /x", 0.1, Fared::Badly);
        overview.sample(NOW + TimeSpan::from_secs(5));
        overview.sample(NOW + TimeSpan::from_secs(10));
        let [_, busy, idle] = overview.samples(None)[..] else { panic!("three samples") };
        assert!(busy.requests_per_second > 0.0 && busy.errors_per_second > 0.0, "{busy:?}");
        assert!(busy.api_p95_ms.is_some_and(|p95| (100.0..110.0).contains(&p95)), "{busy:?}");
        assert!(busy.memory_bytes > 1 << 20 && busy.cpu_percent >= 0.0, "{busy:?}");
        assert_eq!((idle.requests_per_second, idle.api_p95_ms), (0.0, None));
    }
}
