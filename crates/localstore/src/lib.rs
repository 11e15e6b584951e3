//! An S3-compatible object store on plain files, for one machine.
//!
//! The protocol is spoken by the `s3s` crate; storage, atomicity, conditions, CORS, lifecycle and faults are ours. It
//! knows no words but S3's. What was acknowledged survives a crash of the process; what was not leaves nothing behind.
//!
//! *Rule:* a request goes `gateway -> s3s -> protocol -> disk`; the disk knows nothing of HTTP, and only it touches files.
//!
//! s3s writes whole requests, signatures included, at its `debug` level: keep the log target `s3s` above that.

mod access;
mod announce;
mod checksum;
mod clock;
mod conditions;
mod cors;
mod disk;
mod entropy;
mod etag;
mod faults;
mod form;
mod gateway;
mod lifecycle;
mod linger;
mod listing;
mod pace;
mod protocol;
mod refusal;
mod server;
mod signature;

pub use announce::ArrivedPart;
pub use cors::CorsRule;
pub use faults::{Fault, FaultControl, FaultRule, Faults, Occurrence};
pub use lifecycle::Sweep;
pub use server::{BucketError, LocalStore, StartError};

use std::{collections::BTreeSet, fmt, net::SocketAddr, path::PathBuf};
use tokio::sync::mpsc;

/// How a store runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder it keeps everything in; made if absent. One store at a time may serve it.
    pub root: PathBuf,
    /// Where it listens; port 0 takes a free port.
    pub listen: SocketAddr,
    /// The region that requests must be signed for, such as `us-east-1`.
    pub region: String,
    /// Who may sign requests. All have all rights.
    pub credentials: Vec<Credentials>,
    /// Buckets whose objects anybody may GET and HEAD; nothing else is ever anonymous.
    pub public_buckets: BTreeSet<String>,
    /// Who is told of parts as they arrive. A hint: when the channel is full, nobody is told.
    pub arrivals: Option<mpsc::Sender<ArrivedPart>>,
    /// Faults on purpose, for tests.
    pub faults: Faults,
}

/// An access key and its secret. The secret is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
