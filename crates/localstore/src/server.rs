//! The running server: listens, serves connections, sweeps, stops.

use crate::access::{Guard, Keyring};
use crate::announce::Announcer;
use crate::cors::{self, CorsRule};
use crate::disk::{Condition, Disk, Door, OpenError, bucket::Bucket};
use crate::faults::FaultControl;
use crate::form::Forms;
use crate::gateway::Gateway;
use crate::lifecycle::{self, Reach, Sweep};
use crate::protocol::Protocol;
use crate::refusal::Refusal;
use crate::verified::Verified;
use crate::{Config, clock};
use connections::{Limits, Stopped};
use jiff::Timestamp;
use s3s::config::{S3Config, S3ConfigProvider, StaticConfigProvider};
use s3s::service::S3ServiceBuilder;
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Old uploads are aborted only after a day of running: a clock that is a month ahead at start makes all of them old, and
/// somebody has to have time to notice.
const ABORTS_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How often old uploads are looked for; rules count in days.
const SWEEP_PERIOD: Duration = Duration::from_secs(60 * 60);
/// `Documents` has read every document by then; this holds for whatever else s3s reads whole.
const MAX_READ_WHOLE: usize = 8 * 1024 * 1024;
/// How often the disk's space is looked at: what a full disk keeps from a program beside the store lasts no longer.
const SPACE_PERIOD: Duration = Duration::from_secs(5);

/// A running store. Dropping it stops it abruptly, which loses nothing that was acknowledged; [`LocalStore::stop`] lets
/// running requests finish.
#[derive(Debug)]
pub struct LocalStore {
    address: SocketAddr,
    disk: Arc<Disk>,
    faults: FaultControl,
    stopping: CancellationToken,
    /// Serving and sweeping; dropped, they end.
    serving: JoinSet<()>,
}

/// Why a store does not start. Each text says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens on the address.
    #[error("{0} is in use by another program; choose another address for the store or stop that program")]
    PortInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; check that the address belongs to this machine and the port is permitted")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process serves the folder.
    #[error("{} is in use by another store; stop it first or choose another folder", .0.display())]
    FolderInUse(PathBuf),
    /// The folder cannot be read or written.
    #[error("the folder {} cannot be used; check that it exists, is writable by this user and is not full", root.display())]
    FolderUnusable {
        /// The folder.
        root: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder was written by another version.
    #[error("the folder {} has format {format}, which this version does not read; use the version that wrote it", root.display())]
    ForeignFormat {
        /// The folder.
        root: PathBuf,
        /// Its format.
        format: u32,
    },
}

/// Why a bucket could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The name is not one S3 would accept.
    #[error("\"{0}\" is no valid bucket name; use 3 to 63 lower-case letters, digits, dots and dashes")]
    Name(String),
    /// A CORS rule is not one S3 would accept.
    #[error("invalid CORS rule: {0}")]
    Cors(String),
    /// The disk failed.
    #[error("the bucket's settings cannot be written; check the store's folder")]
    Disk(#[source] io::Error),
}

/// The folder of a running store.
#[derive(Debug, Clone)]
pub struct StoreFolder(Arc<Disk>);

impl StoreFolder {
    /// How it is. It asks the disk, so it blocks for a moment.
    ///
    /// # Errors
    /// If the disk does not answer.
    pub fn condition(&self) -> io::Result<Condition> {
        self.0.condition()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.layout().root()
    }
}

impl LocalStore {
    /// Opens the folder, repairs what a crash left, listens and serves. Port 0 takes a free port. Must run within a
    /// tokio runtime, which serves the store from then on.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let root = config.root.clone();
        let (door, reserve) = (Door::new(config.disk_faults.clone()), config.reserve);
        let opened = tokio::task::spawn_blocking(move || Disk::open(root, door, reserve)).await;
        let disk = opened.unwrap_or_else(|e| Err(io::Error::other(e).into())).map_err(|e| explain(e, &config.root))?;
        let disk = Arc::new(disk);
        let listener = listen(config.listen).await?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address: config.listen, source })?;
        let faults = FaultControl::new(config.faults.clone());
        let gateway = Arc::new(gateway(&config, Arc::clone(&disk), faults.clone()));
        let stopping = CancellationToken::new();
        let sweeper = sweep_periodically(Arc::clone(&disk), stopping.clone());
        let serve = serve(listener, config.connections, gateway, stopping.clone());
        let mut serving = JoinSet::new();
        serving.spawn(serve);
        serving.spawn(sweeper);
        if config.reserve.bytes > 0 {
            serving.spawn(watch_space(Arc::clone(&disk), stopping.clone()));
        }
        Ok(Self { address, disk, faults, stopping, serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its folder, for whoever watches over it.
    pub fn folder(&self) -> StoreFolder {
        StoreFolder(Arc::clone(&self.disk))
    }

    /// Switches its faults.
    pub fn faults(&self) -> FaultControl {
        self.faults.clone()
    }

    /// Makes sure a bucket exists and has exactly these CORS rules; its objects and other settings stay.
    ///
    /// # Errors
    ///
    /// See [`BucketError`].
    pub async fn ensure_bucket(&self, name: &str, cors: &[CorsRule]) -> Result<(), BucketError> {
        if !s3s::path::check_bucket_name(name) {
            return Err(BucketError::Name(name.to_owned()));
        }
        if let Some(objection) = cors.iter().find_map(cors::objection) {
            return Err(BucketError::Cors(objection));
        }
        let (disk, name, cors) = (Arc::clone(&self.disk), name.to_owned(), cors.to_vec());
        let done = tokio::task::spawn_blocking(move || {
            let bucket = disk.create_bucket(&name).or_else(|refusal| match refusal {
                Refusal::BucketExists => disk.bucket(&name),
                other => Err(other),
            })?;
            if bucket.record().cors == cors { Ok(()) } else { bucket.change(|record| record.cors = cors) }
        })
        .await;
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Refusal::Io(error) | Refusal::Unsettled(error))) => Err(BucketError::Disk(error)),
            Ok(Err(refusal)) => Err(BucketError::Disk(io::Error::other(refusal))),
            Err(panic) => Err(BucketError::Disk(io::Error::other(panic))),
        }
    }

    /// Carries out all buckets' lifecycle rules as of `now`. The store does so by itself every hour.
    pub async fn sweep(&self, now: Timestamp) -> Sweep {
        sweep(Arc::clone(&self.disk), now, Reach::Everything).await
    }

    /// Stops taking requests, lets those under way finish for a while, and lets go of the folder.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        while let Some(ended) = self.serving.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the store did not stop cleanly");
            }
        }
    }
}

fn explain(error: OpenError, root: &std::path::Path) -> StartError {
    let root = root.to_owned();
    match error {
        OpenError::Locked => StartError::FolderInUse(root),
        OpenError::Format(format) => StartError::ForeignFormat { root, format },
        OpenError::Io(source) => StartError::FolderUnusable { root, source },
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse(address),
        _ => StartError::Listen { address, source },
    })
}

fn gateway(config: &Config, disk: Arc<Disk>, faults: FaultControl) -> Gateway {
    let public_buckets = Arc::new(config.public_buckets.clone());
    let announcer = Announcer::new(config.arrivals.clone());
    let store = Protocol::new(Arc::clone(&disk), config.region.clone(), Arc::clone(&public_buckets), announcer);
    let keyring = Keyring::new(&config.credentials);
    let guard = Guard { disk: Arc::clone(&disk), public_buckets, faults: faults.clone() };
    let mut limits = S3Config::default();
    limits.xml_max_body_size = MAX_READ_WHOLE;
    let limits = Arc::new(StaticConfigProvider::new(Arc::new(limits)));
    // Two passes: the first verifies signatures, the second carries out. `verified` stands between them.
    let mut operations = S3ServiceBuilder::new(store.clone());
    operations.set_config(Arc::clone(&limits) as Arc<dyn S3ConfigProvider>);
    operations.set_auth(keyring.clone());
    operations.set_access(guard.clone());
    let mut signatures = S3ServiceBuilder::new(store.clone());
    signatures.set_config(limits);
    signatures.set_auth(keyring.clone());
    signatures.set_route(Verified::new(operations.build()));
    let forms = Forms { store, keyring, guard, region: config.region.clone() };
    Gateway { service: signatures.build(), forms, disk, faults, region: config.region.clone() }
}

async fn serve(listener: TcpListener, limits: Limits, gateway: Arc<Gateway>, stopping: CancellationToken) {
    let answer = move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Box::pin(gateway.answer(request)).await }
    };
    if connections::serve(listener, limits, answer, stopping).await == Stopped::CutOff {
        tracing::warn!("requests were still running after the time to stop; their connections are closed");
    }
}

/// Looks how full the disk is: a program beside the store may need what the store keeps back.
async fn watch_space(disk: Arc<Disk>, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(SPACE_PERIOD);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = ticks.tick() => {
                let disk = Arc::clone(&disk);
                if let Err(error) = tokio::task::spawn_blocking(move || disk.watch_space()).await {
                    tracing::error!(%error, "a look at the disk's space failed");
                }
            }
        }
    }
}

async fn sweep_periodically(disk: Arc<Disk>, stopping: CancellationToken) {
    let (began, mut ticks) = (clock::monotonic(), tokio::time::interval(SWEEP_PERIOD));
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = ticks.tick() => {
                let settled = clock::since(began) >= ABORTS_AFTER;
                let reach = if settled { Reach::Everything } else { Reach::Completions };
                let done = sweep(Arc::clone(&disk), clock::now(), reach).await;
                if done.aborted_uploads > 0 {
                    tracing::info!(aborted = done.aborted_uploads, "aborted uploads by lifecycle rules");
                }
            }
        }
    }
}

async fn sweep(disk: Arc<Disk>, now: Timestamp, reach: Reach) -> Sweep {
    let add = move |total: Sweep, bucket: Arc<Bucket>| {
        let one = lifecycle::sweep(&bucket, now, reach);
        Sweep {
            aborted_uploads: total.aborted_uploads + one.aborted_uploads,
            forgotten_completions: total.forgotten_completions + one.forgotten_completions,
        }
    };
    let swept = tokio::task::spawn_blocking(move || disk.buckets().into_iter().fold(Sweep::default(), add)).await;
    swept.unwrap_or_else(|error| {
        tracing::error!(%error, "a sweep failed");
        Sweep::default()
    })
}
