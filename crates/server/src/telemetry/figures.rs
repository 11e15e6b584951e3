//! Response times in memory, for the operator's page: since the start by name, and lately by family.
//!
//! Beside the metrics for Prometheus, whose buckets are too coarse for a percentile and which can be switched off. All
//! servers of a process share them. *Invariant*: memory is bounded, because names come from routes and operations and
//! never from what somebody typed; a duration costs one lock for a moment and no allocation once its name is known.
//!
//! A percentile is a bucket's upper bound: never less than the true one, and at most 9.1 % (2^(1/8)) more, between 10 µs
//! and 335 s.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Lane, Timestamp};

use crate::clock::{Clock as _, HostClock};

/// Buckets for each doubling.
const STEPS: f64 = 8.0;
/// The first bucket's upper bound, in seconds.
const SHORTEST_SECONDS: f64 = 1e-5;
/// 25 doublings: up to 335 s.
const BUCKETS: usize = 8 * 25 + 1;

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Requests to the API, by method and route.
    Api,
    /// Queries of the catalog, by operation.
    Catalog,
    /// Calls to the store, by operation.
    Store,
}

/// How a call came out, from our side: a refusal that is the caller's own doing is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fared {
    /// It was answered.
    Well,
    /// It failed.
    Badly,
}

/// The response times of one name since the start.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// The operation.
    pub name: String,
    /// Calls.
    pub count: u64,
    /// Those that failed.
    pub errors: u64,
    /// Half of the calls took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 95 in 100.
    pub p95_ms: f64,
    /// 99 in 100.
    pub p99_ms: f64,
}

/// A family between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Interval {
    /// Calls.
    pub count: u64,
    /// Those that failed.
    pub errors: u64,
    /// 95 in 100 took no longer, in milliseconds; nothing without a call.
    pub p95_ms: Option<f64>,
}

/// The last round of a job in this process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LastRun {
    /// When it ended, by this host's clock.
    pub finished_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// What it had to do; nothing if it failed.
    pub findings: Option<u64>,
}

struct Series {
    count: u64,
    errors: u64,
    buckets: [u64; BUCKETS],
}

impl Series {
    const EMPTY: Self = Self { count: 0, errors: 0, buckets: [0; BUCKETS] };

    fn add(&mut self, seconds: f64, fared: Fared) {
        self.count += 1;
        self.errors += u64::from(fared == Fared::Badly);
        self.buckets[bucket(seconds)] += 1;
    }

    /// The upper bound of the bucket in which the call of this rank lies, in milliseconds.
    fn percentile_ms(&self, hundredths: u64) -> f64 {
        let rank = (self.count * hundredths).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = self.buckets.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let bound = SHORTEST_SECONDS * 2f64.powf(reached.unwrap_or(BUCKETS - 1) as f64 / STEPS);
        // Microseconds are more than exact enough, and short to read.
        (bound * 1e6).ceil() / 1e3
    }

    fn line(&self, name: &str) -> Line {
        let [p50_ms, p95_ms, p99_ms] = [50, 95, 99].map(|hundredths| self.percentile_ms(hundredths));
        Line { name: name.to_owned(), count: self.count, errors: self.errors, p50_ms, p95_ms, p99_ms }
    }
}

/// Durations that are no number, or negative, count as the shortest.
fn bucket(seconds: f64) -> usize {
    let steps = ((seconds / SHORTEST_SECONDS).log2() * STEPS).ceil();
    (steps.max(0.0) as usize).min(BUCKETS - 1)
}

struct Figures {
    by_name: BTreeMap<String, Series>,
    lately: Series,
}

impl Figures {
    const fn new() -> Mutex<Self> {
        Mutex::new(Self { by_name: BTreeMap::new(), lately: Series::EMPTY })
    }
}

static FIGURES: [Mutex<Figures>; 3] = [Figures::new(), Figures::new(), Figures::new()];
/// A row that cannot be read, or whose duty panicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// In which lane.
    pub lane: Lane,
    /// Which.
    pub id: String,
    /// Why.
    pub why: String,
    /// When it was last met, by this host's clock.
    pub at: Timestamp,
}

/// Stuck rows that are remembered, the latest: each is met again every hour.
const STUCK_KEPT: usize = 100;

static STUCK: Mutex<VecDeque<Stuck>> = Mutex::new(VecDeque::new());
static LAST_RUNS: Mutex<BTreeMap<&'static str, LastRun>> = Mutex::new(BTreeMap::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under the locks panics half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts a call.
pub(crate) fn answered(family: Family, name: &str, seconds: f64, fared: Fared) {
    let mut figures = lock(&FIGURES[family as usize]);
    figures.lately.add(seconds, fared);
    match figures.by_name.get_mut(name) {
        Some(series) => series.add(seconds, fared),
        None => {
            let mut series = Series::EMPTY;
            series.add(seconds, fared);
            figures.by_name.insert(name.to_owned(), series);
        }
    }
}

/// Remembers a round of a job.
pub(super) fn job_ran(job: &'static str, seconds: f64, findings: Option<u64>) {
    lock(&LAST_RUNS).insert(job, LastRun { finished_at: HostClock.now(), seconds, findings });
}

/// Remembers a row that is stuck.
pub(super) fn stuck(lane: Lane, id: &str, why: &str) {
    let mut kept = lock(&STUCK);
    kept.retain(|row| row.id != id);
    kept.push_back(Stuck { lane, id: id.to_owned(), why: why.to_owned(), at: HostClock.now() });
    if kept.len() > STUCK_KEPT {
        kept.pop_front();
    }
}

/// Rows that were stuck when they were last met, the latest last.
pub(crate) fn stuck_rows() -> Vec<Stuck> {
    lock(&STUCK).iter().cloned().collect()
}

/// A family's response times since the start, by name.
pub(crate) fn lines(family: Family) -> Vec<Line> {
    lock(&FIGURES[family as usize]).by_name.iter().map(|(name, series)| series.line(name)).collect()
}

/// What a family did since the last look at it.
pub(super) fn take_interval(family: Family) -> Interval {
    let lately = std::mem::replace(&mut lock(&FIGURES[family as usize]).lately, Series::EMPTY);
    let p95_ms = (lately.count > 0).then(|| lately.percentile_ms(95));
    Interval { count: lately.count, errors: lately.errors, p95_ms }
}

/// The last round of a job, if it ran in this process.
pub(crate) fn last_run(job: &str) -> Option<LastRun> {
    lock(&LAST_RUNS).get(job).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_never_less_and_hardly_more() {
        let mut series = Series::EMPTY;
        for millis in 1..=1000 {
            series.add(f64::from(millis) / 1e3, Fared::Well);
        }
        for (hundredths, true_ms) in [(50, 500.0), (95, 950.0), (99, 990.0)] {
            let told = series.percentile_ms(hundredths);
            assert!((true_ms..=true_ms * 1.092).contains(&told), "p{hundredths}: {told}");
        }
    }

    #[test]
    fn odd_durations_have_a_bucket() {
        for (seconds, expected) in [
            (f64::NAN, 0),
            (-1.0, 0),
            (0.0, 0),
            (1e-5, 0),
            (1.1e-5, 2),
            (f64::INFINITY, BUCKETS - 1),
            (1e9, BUCKETS - 1),
        ] {
            assert_eq!(bucket(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn calls_are_counted_by_name_and_lately() {
        answered(Family::Store, "head", 0.010, Fared::Well);
        answered(Family::Store, "head", 0.020, Fared::Badly);
        answered(Family::Store, "list", 0.001, Fared::Well);
        let lines = lines(Family::Store);
        let told: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.count, line.errors)).collect();
        assert_eq!(told, [("head", 2, 1), ("list", 1, 0)]);
        let lately = take_interval(Family::Store);
        assert_eq!((lately.count, lately.errors), (3, 1));
        assert!(lately.p95_ms.is_some_and(|p95| (20.0..22.0).contains(&p95)), "{lately:?}");
        assert_eq!(take_interval(Family::Store), Interval::default());
        job_ran("expire", 1.5, Some(3));
        assert_eq!(last_run("expire").map(|run| (run.seconds, run.findings)), Some((1.5, Some(3))));
        assert_eq!(last_run("unknown"), None);
    }
}
