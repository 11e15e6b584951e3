//! An S3-compatible object store on plain files, for one machine.
//!
//! The protocol is spoken by the `s3s` crate; storage, atomicity, conditions, CORS, lifecycle and faults are ours. It
//! knows no words but S3's. What was acknowledged survives a crash of the process; what was not leaves nothing behind.
//!
//! *Rule:* a request goes `gateway -> s3s -> verified -> s3s -> protocol -> disk`; the disk knows nothing of HTTP, and only
//! it touches files. A form upload goes `gateway -> form -> protocol -> disk`.
//!
//! s3s writes whole requests, signatures included, at its `debug` level, and every refusal as an error: keep the log
//! target `s3s` off. What deserves a line is logged here.

mod access;
mod announce;
mod answer;
mod checksum;
mod chunks;
mod clock;
mod conditions;
mod contract;
mod cors;
mod disk;
mod document;
mod entropy;
mod etag;
mod faults;
mod form;
mod gateway;
mod http_date;
mod lifecycle;
mod listing;
mod pace;
mod protocol;
mod range;
mod readable;
mod refusal;
mod server;
mod signature;
mod verified;

pub use announce::ArrivedPart;
pub use contract::page as reference_page;
pub use cors::CorsRule;
pub use disk::{Condition, DiskCall, DiskFault, DiskFaults, Reserve, make_room};
pub use faults::{Fault, FaultControl, FaultRule, Faults, Occurrence};
pub use lifecycle::Sweep;
pub use server::{BucketError, LocalStore, StartError, StoreFolder};

use std::{collections::BTreeSet, fmt, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// A document of S3's as its clients write it, made plain: UTF-8, no prefixes of namespaces, comments or CDATA, no blanks
/// around words and numbers, and no element that the document cannot have. `None` if it is malformed or has more than
/// `max_entries` elements below its root.
pub fn plain_document(bytes: &[u8], max_entries: usize) -> Option<String> {
    document::plain(bytes, max_entries).ok().and_then(|plain| String::from_utf8(plain).ok())
}

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
    /// What connections may cost.
    pub connections: connections::Limits,
    /// What is kept back on the disk.
    pub reserve: Reserve,
    /// Faults on purpose, for tests.
    pub faults: Faults,
    /// Faults of the file system on purpose, for tests of this store itself.
    pub disk_faults: Option<Arc<dyn DiskFaults>>,
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
