//! The folder through which a test arms a running server (`server::drill` is the other side).

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use tempfile::TempDir;

use crate::support::server::folder;

/// How long leases last, of jobs and of requests.
pub(crate) const LEASE_MS: u64 = 1000;
/// How often jobs run: rarely enough that most requests are over before one comes.
pub(crate) const JOBS_EVERY_MS: u64 = 300;

/// A point, and which time it is reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) point: String,
    /// From 1.
    pub(crate) count: usize,
}

impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.point, self.count)
    }
}

/// What the server does at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Kill,
    Stop,
}

/// One server's folder.
pub(crate) struct Drill {
    folder: TempDir,
    armings: u64,
}

impl Drill {
    pub(crate) fn new() -> Self {
        let folder = folder();
        let tempo = format!("lease_ms = {LEASE_MS}\njobs_every_ms = {JOBS_EVERY_MS}\norphan_age_ms = 0\n");
        std::fs::write(folder.path().join("tempo.toml"), tempo).expect("a tempo");
        Self { folder, armings: 0 }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Every point that is reached from now on is written down.
    pub(crate) fn note(&mut self) {
        self.set("note");
    }

    /// From now on the server acts when it reaches this point the given number of times.
    pub(crate) fn arm(&mut self, act: Act, at: &Hit) {
        let verb = match act {
            Act::Kill => "kill",
            Act::Stop => "stop",
        };
        self.set(&format!("{verb} {} {}", at.point, at.count));
    }

    /// Nothing happens any more.
    pub(crate) fn disarm(&self) {
        let _ = std::fs::remove_file(self.folder.path().join("armed"));
    }

    /// How often each point was reached since the last arming; of an armed one that it acted.
    pub(crate) fn reached(&self) -> BTreeMap<String, usize> {
        let text = std::fs::read_to_string(self.folder.path().join("reached")).unwrap_or_default();
        let mut counts = BTreeMap::new();
        for point in text.lines() {
            *counts.entry(point.to_owned()).or_default() += 1;
        }
        counts
    }

    /// Written beside and moved into place: the server reads all of it or nothing.
    fn set(&mut self, order: &str) {
        self.armings += 1;
        let _ = std::fs::remove_file(self.folder.path().join("reached"));
        let new = self.folder.path().join("armed.new");
        std::fs::write(&new, format!("{} {order}", self.armings)).expect("an arming");
        std::fs::rename(new, self.folder.path().join("armed")).expect("an arming");
    }
}
