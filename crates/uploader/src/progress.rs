//! What an upload tells whoever watches it.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use domain::TimeSpan;

/// Watches an upload. Called from the driver's task: it must not block.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn note(&self, news: &News);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn note(&self, _: &News) {}
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The journal knows an unfinished upload of these files; it is taken up again.
    Resuming {
        /// The asset, if the crash came after the server had named it.
        asset_id: Option<String>,
    },
    /// What the journal held of these files could not be read; it was renamed, and a new upload begins.
    JournalSetAside {
        /// Its new name.
        path: PathBuf,
    },
    /// The remembered upload is gone from the server (deleted or expired); a new one begins.
    StartingAfresh,
    /// The server knows the upload and says what has arrived.
    Begun {
        /// The asset.
        asset_id: String,
        /// Bytes of all files.
        total_bytes: u64,
        /// Bytes that had arrived before.
        already_bytes: u64,
    },
    /// How far it is; told several times a second while parts are sent.
    Moved(Progress),
    /// Something does not answer; it is tried again.
    Waiting {
        /// What happened, for people.
        detail: String,
        /// Failures since the last success.
        failures: u32,
        /// How long nothing has worked.
        lasting: TimeSpan,
        /// When the next try is made, from now.
        retry_in: TimeSpan,
        /// When the upload gives up, from now, if nothing works until then.
        gives_up_in: TimeSpan,
    },
    /// It works again.
    Recovered,
    /// Every part has arrived; the server checks them and commits.
    Completing,
    /// The server found parts missing or wrong; they are sent again.
    Repairing {
        /// How many.
        parts: usize,
    },
    /// The server is still committing; it is asked again.
    Verifying,
}

/// How far an upload is, in bytes of all its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// In all.
    pub total_bytes: u64,
    /// Arrived: the store has acknowledged the parts.
    pub arrived_bytes: u64,
    /// Handed to the network, not yet acknowledged. A failed part takes its bytes back.
    pub moving_bytes: u64,
    /// Since sending began.
    pub elapsed: TimeSpan,
}

/// Counts bytes on their way.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    moving: AtomicU64,
}

impl Gauge {
    pub(crate) fn moving_bytes(&self) -> u64 {
        self.moving.load(Ordering::Relaxed)
    }
}

/// The bytes of one attempt to send a part. They leave the gauge with it: by then they have arrived, or never will.
#[derive(Debug)]
pub(crate) struct Attempt {
    gauge: Arc<Gauge>,
    handed: AtomicU64,
    unreadable: OnceLock<io::Error>,
}

impl Attempt {
    pub(crate) fn start(gauge: &Arc<Gauge>) -> Arc<Self> {
        Arc::new(Self { gauge: Arc::clone(gauge), handed: AtomicU64::new(0), unreadable: OnceLock::new() })
    }

    /// Counts bytes that the connection has taken.
    pub(crate) fn hand(&self, bytes: u64) {
        self.handed.fetch_add(bytes, Ordering::Relaxed);
        self.gauge.moving.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Records that the local file could not be read, so that it is not mistaken for a broken connection.
    pub(crate) fn blame_file(&self, error: io::Error) {
        // Only the first reason counts; a body ends with its first error anyway.
        let _ = self.unreadable.set(error);
    }

    /// Why the local file could not be read, if that is what ended the attempt.
    pub(crate) fn unreadable(&self) -> Option<&io::Error> {
        self.unreadable.get()
    }

    pub(crate) fn handed_bytes(&self) -> u64 {
        self.handed.load(Ordering::Relaxed)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.gauge.moving.fetch_sub(self.handed_bytes(), Ordering::Relaxed);
    }
}
