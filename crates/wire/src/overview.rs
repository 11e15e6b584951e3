//! How a server fares, for its operator's page.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Figures of one server, from its memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverviewBody {
    /// The server's time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The server's version.
    pub version: String,
    /// How long it has been running.
    pub uptime_seconds: f64,
    /// What the process uses.
    pub process: ProcessBody,
    /// Requests since the start, by method and route.
    pub api: Vec<TimingBody>,
    /// Catalog queries since the start, by operation.
    pub catalog: Vec<TimingBody>,
    /// Store calls since the start, by operation.
    pub store: Vec<TimingBody>,
    /// Files in each state, counted within the last 15 s. States without files are left out.
    pub files: Vec<StateCountBody>,
    /// Assets in each state; the same.
    pub assets: Vec<StateCountBody>,
    /// Published files whose objects a scrub found damaged, and not well or gone since; of this process.
    pub damaged_files: u64,
    /// Every job, with its last round in this process.
    pub jobs: Vec<JobRunBody>,
    /// Rows that could not be read, or at which this program failed, when they were last met: somebody has to look. The
    /// latest 100, as long as this process lives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<StuckRowBody>,
    /// One each 5 s, for an hour.
    pub samples: Vec<SampleBody>,
}

/// What a process uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcessBody {
    /// CPU time lately, as a share of one core: four busy cores are 400.
    pub cpu_percent: f64,
    /// Resident memory.
    pub memory_bytes: u64,
    /// Open files and sockets.
    pub open_files: u64,
}

/// How long one kind of call took. Percentiles are at most 9.1 % too high and never too low.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimingBody {
    /// Which.
    pub name: String,
    /// How many.
    pub count: u64,
    /// How many failed by our fault: requests answered with 500 or more, queries and calls without an answer.
    pub errors: u64,
    /// Half took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 95 in 100.
    pub p95_ms: f64,
    /// 99 in 100.
    pub p99_ms: f64,
}

/// How many there are in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateCountBody {
    /// The state.
    pub state: String,
    /// How many.
    pub count: u64,
}

/// A job's last round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobRunBody {
    /// Its name.
    pub name: String,
    /// When it ended; absent if it did not run in this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_finished_at: Option<Timestamp>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seconds: Option<f64>,
    /// What it had to do; absent if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_findings: Option<u64>,
}

/// A row that is left out of its lane for an hour at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StuckRowBody {
    /// In which lane.
    #[schema(example = "destroy")]
    pub lane: String,
    /// The id of the file or asset.
    pub id: String,
    /// What is wrong with it.
    pub why: String,
    /// When it was last met.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Five seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SampleBody {
    /// When they ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// CPU time, as a share of one core.
    pub cpu_percent: f64,
    /// Resident memory.
    pub memory_bytes: u64,
    /// Requests.
    pub requests_per_second: f64,
    /// Those answered with 500 or more.
    pub errors_per_second: f64,
    /// 95 in 100 requests took no longer, in milliseconds; absent without a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_p95_ms: Option<f64>,
    /// The same of catalog queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_p95_ms: Option<f64>,
    /// The same of store calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_p95_ms: Option<f64>,
}
