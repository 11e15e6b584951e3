//! The door for tests of the real binary: it ends or stops its own process at a named point, and has short leases.
//!
//! Not for operators: no key of the configuration opens it, only the variable [`VARIABLE`], only on loopback addresses,
//! and the log says so at each start. *Invariant*: without the variable nothing here is put around a port, so that
//! nothing is slower and nothing can go off. docs/decisions/0011-fail-points.md says why it is not a build of its own.
//!
//! The variable names a folder. `tempo.toml` in it is read once; `armed` is read at every point, so that a test arms a
//! running server; what is reached is written to `reached`, a line each.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::TimeSpan;
use rustix::process::{Signal, getpid, kill_process};
use serde::Deserialize;
use tokio::sync::RwLock;

use crate::catalog::around::AroundCatalog;
use crate::catalog::{self, CatalogError};
use crate::store;
use crate::store::around::{AroundStore, Call};

/// The variable that opens the door. It names a folder.
pub const VARIABLE: &str = "LANDFALL_TEST_FAIL_POINTS";

/// The kernel stops the threads of a process one after the other. The one that asked waits this long to be stopped, so
/// that it does not run past its point; it goes on when the process is continued.
const STOPPING: Duration = Duration::from_millis(50);

/// What a test asks of one process.
#[derive(Debug, Clone)]
pub struct Drill {
    /// The period of every job that has one, and of the figures.
    pub every: Duration,
    /// How long a server that says nothing is taken for alive, and how long a first request with an Idempotency-Key may run
    /// before a repetition takes over.
    pub lease: TimeSpan,
    /// How long reconcile leaves alone what no row owns.
    pub orphan_age: TimeSpan,
    /// Stands around both ports.
    pub fail_points: FailPoints,
}

/// Why a drill cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The folder's `tempo.toml` cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{} is not a tempo", path.display())]
    Tempo {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: toml::de::Error,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TempoFile {
    /// Of jobs and Idempotency-Keys.
    lease_ms: u32,
    /// The period of every job that has one, and of the figures.
    jobs_every_ms: u32,
    /// Nobody waits a day for an orphan.
    orphan_age_ms: u32,
}

impl Drill {
    /// Reads a drill's folder.
    ///
    /// # Errors
    /// See [`DrillError`].
    pub fn open(folder: &Path) -> Result<Self, DrillError> {
        let path = folder.join("tempo.toml");
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|source| DrillError::Unreadable { path: path.clone(), source })?;
        let file: TempoFile = toml::from_str(&text).map_err(|source| DrillError::Tempo { path, source })?;
        Ok(Self {
            every: Duration::from_millis(u64::from(file.jobs_every_ms)),
            lease: TimeSpan::from_millis(i64::from(file.lease_ms)),
            orphan_age: TimeSpan::from_millis(i64::from(file.orphan_age_ms)),
            fail_points: FailPoints::new(folder),
        })
    }
}

/// On which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The call has not been made.
    Before,
    /// It has had its effect, and nobody has heard of it.
    After,
}

/// A call of one of the ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortCall {
    /// The catalog's.
    Catalog(catalog::operation::Operation),
    /// The store's.
    Store(store::operation::Operation),
}

/// A place where a process can be made to end or stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// On which side.
    pub side: Side,
    /// Of which call.
    pub call: PortCall,
}

impl Point {
    /// Every point there is: two for each method of each port.
    pub fn all() -> impl Iterator<Item = Self> {
        let catalog = catalog::operation::Operation::all().map(PortCall::Catalog);
        let store = store::operation::Operation::ALL.iter().map(|&call| PortCall::Store(call));
        catalog.chain(store).flat_map(|call| [Side::Before, Side::After].map(|side| Self { side, call }))
    }
}

impl fmt::Display for Point {
    /// Such as `before:catalog.advance`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Before => "before",
            Side::After => "after",
        };
        match self.call {
            PortCall::Catalog(call) => write!(f, "{side}:catalog.{}", call.name()),
            PortCall::Store(call) => write!(f, "{side}:store.{}", call.name()),
        }
    }
}

/// Ends or stops this process at the point that is armed. All clones count together.
#[derive(Debug, Clone)]
pub struct FailPoints(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    armed: PathBuf,
    reached: PathBuf,
    seen: Mutex<Seen>,
    /// Shared by catalog calls under way.
    inside_catalog: RwLock<()>,
}

/// What was counted since the arming.
#[derive(Debug, Default)]
struct Seen {
    arming: String,
    hits: BTreeMap<Point, u32>,
}

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Every point that is reached is written down.
    Note,
    /// As `kill -9`: nothing is unwound, flushed or closed.
    Kill,
    /// As `kill -STOP`: the process stands still until it is continued.
    Stop,
}

impl FailPoints {
    fn new(folder: &Path) -> Self {
        let (armed, reached) = (folder.join("armed"), folder.join("reached"));
        Self(Arc::new(Inner { armed, reached, seen: Mutex::default(), inside_catalog: RwLock::default() }))
    }

    /// A point is reached. Does nothing unless it is the armed one, the given number of times after the arming.
    async fn reach(&self, point: Point) {
        let Some(act) = self.count(point) else { return };
        self.write_down(point);
        match act {
            Act::Note => {}
            Act::Kill => end(Signal::KILL),
            Act::Stop => {
                // A process that stood still inside a transaction would keep SQLite's write lock for as long. That is
                // SQLite's way and no step of the protocol, so calls under way end first.
                let _alone = self.0.inside_catalog.write().await;
                end(Signal::STOP);
            }
        }
    }

    /// What is to happen here and now.
    fn count(&self, point: Point) -> Option<Act> {
        let arming = std::fs::read_to_string(&self.0.armed).ok()?;
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.arming != arming {
            *seen = Seen { arming, hits: BTreeMap::new() };
        }
        let hits = seen.hits.entry(point).or_default();
        *hits += 1;
        let hits = *hits;
        let (act, wanted) = parse_arming(&seen.arming);
        (act == Act::Note || wanted == Some((point.to_string().as_str(), hits))).then_some(act)
    }

    /// One write at the end of the file: it is whole, and survives `kill -9`.
    fn write_down(&self, point: Point) {
        let file = std::fs::File::options().create(true).append(true).open(&self.0.reached);
        let written = file.and_then(|mut file| file.write_all(format!("{point}\n").as_bytes()));
        written.expect("a drill's folder can be written");
    }
}

/// `ID note`, `ID kill POINT COUNT` or `ID stop POINT COUNT`. The id makes one arming differ from the one before.
fn parse_arming(text: &str) -> (Act, Option<(&str, u32)>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let count = |word: &str| word.parse().expect("a test arms with a count");
    match words[..] {
        [_, "note"] => (Act::Note, None),
        [_, "kill", point, hits] => (Act::Kill, Some((point, count(hits)))),
        [_, "stop", point, hits] => (Act::Stop, Some((point, count(hits)))),
        _ => panic!("a test armed with {text:?}"),
    }
}

fn end(signal: Signal) {
    kill_process(getpid(), signal).expect("a process may signal itself");
    std::thread::sleep(STOPPING);
}

impl AroundCatalog for FailPoints {
    async fn around<T: Send>(
        &self,
        operation: catalog::operation::Operation,
        call: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        let point = |side| Point { side, call: PortCall::Catalog(operation) };
        self.reach(point(Side::Before)).await;
        let inside = self.0.inside_catalog.read().await;
        let answer = call.await;
        drop(inside);
        self.reach(point(Side::After)).await;
        answer
    }
}

impl AroundStore for FailPoints {
    async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        let point = |side| Point { side, call: PortCall::Store(call.operation) };
        self.reach(point(Side::Before)).await;
        let answer = answer.await;
        self.reach(point(Side::After)).await;
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::around::Around;
    use crate::catalog::memory::MemoryCatalog;
    use crate::catalog::{Figures as _, InstallationRecord as _};
    use crate::clock::HostClock;

    #[test]
    fn every_call_of_both_ports_has_two_points_of_its_own_name() {
        let names: BTreeSet<String> = Point::all().map(|point| point.to_string()).collect();
        let calls = catalog::operation::Operation::all().count() + store::operation::Operation::ALL.len();
        assert_eq!(names.len(), 2 * calls);
        assert!(names.contains("before:catalog.advance") && names.contains("after:store.complete"), "{names:?}");
    }

    #[test]
    fn a_drill_needs_its_tempo() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Drill::open(folder.path()), Err(DrillError::Unreadable { .. })));
        std::fs::write(folder.path().join("tempo.toml"), "lease_ms = 1000").unwrap();
        assert!(matches!(Drill::open(folder.path()), Err(DrillError::Tempo { .. })));
        std::fs::write(folder.path().join("tempo.toml"), "lease_ms = 1000\njobs_every_ms = 100\norphan_age_ms = 5")
            .unwrap();
        let drill = Drill::open(folder.path()).unwrap();
        assert_eq!((drill.lease, drill.orphan_age), (TimeSpan::from_secs(1), TimeSpan::from_millis(5)));
    }

    #[tokio::test]
    async fn only_what_is_armed_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let points = FailPoints::new(folder.path());
        let catalog = Around::new(Arc::new(MemoryCatalog::new(Arc::new(HostClock))), points);
        let reached = || std::fs::read_to_string(folder.path().join("reached")).unwrap_or_default();
        catalog.now().await.unwrap();
        assert_eq!(reached(), "", "nothing is armed");
        std::fs::write(folder.path().join("armed"), "1 kill before:catalog.now 2").unwrap();
        catalog.now().await.unwrap();
        assert_eq!(reached(), "", "the first of two");
        std::fs::write(folder.path().join("armed"), "2 note").unwrap();
        catalog.count_files().await.unwrap();
        assert_eq!(reached(), "before:catalog.count_files\nafter:catalog.count_files\n");
    }
}
