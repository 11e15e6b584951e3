//! The running server: listens, serves connections, sweeps, stops.

use crate::access::{Guard, Keyring};
use crate::announce::Announcer;
use crate::cors::{self, CorsRule};
use crate::disk::{Disk, OpenError, bucket::Bucket};
use crate::faults::FaultControl;
use crate::gateway::{FORMS_AT_ONCE, Gateway};
use crate::lifecycle::{self, Sweep};
use crate::protocol::Protocol;
use crate::refusal::Refusal;
use crate::{Config, clock};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::{conn::auto, graceful::GracefulShutdown};
use jiff::Timestamp;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::S3ServiceBuilder;
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// A client has this long to send a request's headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests under way have this long to finish when the store stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// What a connection buffers of a body: large enough to be fast, small enough for hundreds at once.
const CONNECTION_BUFFER: usize = 256 * 1024;
/// How often old uploads are looked for; rules count in days.
const SWEEP_PERIOD: Duration = Duration::from_secs(60 * 60);
/// After a failed accept (out of file descriptors, say) the store waits this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// s3s holds a form upload's file in memory until its policy is judged, so it is kept small; larger files go by PUT.
const MAX_FORM_FILE: u64 = 64 * 1024 * 1024;

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

impl LocalStore {
    /// Opens the folder, repairs what a crash left, listens and serves. Port 0 takes a free port. Must run within a
    /// tokio runtime, which serves the store from then on.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let root = config.root.clone();
        let opened = tokio::task::spawn_blocking(move || Disk::open(root)).await;
        let disk = opened.unwrap_or_else(|e| Err(io::Error::other(e).into())).map_err(|e| explain(e, &config.root))?;
        let disk = Arc::new(disk);
        let listener = listen(config.listen).await?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address: config.listen, source })?;
        let faults = FaultControl::new(config.faults.clone());
        let gateway = Arc::new(gateway(&config, Arc::clone(&disk), faults.clone()));
        let stopping = CancellationToken::new();
        let sweeper = sweep_periodically(Arc::clone(&disk), stopping.clone());
        let serve = serve(listener, gateway, stopping.clone());
        let mut serving = JoinSet::new();
        serving.spawn(serve);
        serving.spawn(sweeper);
        Ok(Self { address, disk, faults, stopping, serving })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
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
            Ok(Err(Refusal::Io(error))) => Err(BucketError::Disk(error)),
            Ok(Err(refusal)) => Err(BucketError::Disk(io::Error::other(refusal))),
            Err(panic) => Err(BucketError::Disk(io::Error::other(panic))),
        }
    }

    /// Carries out all buckets' lifecycle rules as of `now`. The store does so by itself every hour.
    pub async fn sweep(&self, now: Timestamp) -> Sweep {
        sweep(Arc::clone(&self.disk), now).await
    }

    /// Stops taking requests, lets those under way finish for at most 10 seconds, and lets go of the folder.
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
    let mut limits = S3Config::default();
    limits.post_object_max_file_size = MAX_FORM_FILE;
    // Form policies have no skew limit on AWS, only an expiration; `access` limits the skew of all other requests.
    limits.presigned_url_max_skew_time_secs = 7 * 24 * 60 * 60;
    let mut builder = S3ServiceBuilder::new(Protocol::new(
        Arc::clone(&disk),
        config.region.clone(),
        Announcer::new(config.arrivals.clone()),
    ));
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(limits))));
    builder.set_auth(Keyring::new(&config.credentials));
    builder.set_access(Guard { public_buckets: config.public_buckets.clone(), faults: faults.clone() });
    let forms = Semaphore::new(FORMS_AT_ONCE);
    Gateway { service: builder.build(), disk, faults, region: config.region.clone(), forms }
}

async fn serve(listener: TcpListener, gateway: Arc<Gateway>, stopping: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let served = connection(stream, Arc::clone(&gateway), &graceful);
                    connections.spawn(served);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running after the time to stop; their connections are closed");
    }
    connections.shutdown().await;
}

fn connection(
    stream: TcpStream,
    gateway: Arc<Gateway>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set nodelay");
    }
    let service = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Box::pin(gateway.answer(request)).await }
    });
    // Telling HTTP/1 from HTTP/2 has no time limit in hyper-util, so a silent connection would stay for ever.
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(CONNECTION_BUFFER);
    let served = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let watched = graceful.watch(served);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

async fn sweep_periodically(disk: Arc<Disk>, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP_PERIOD);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = ticks.tick() => {
                let done = sweep(Arc::clone(&disk), clock::now()).await;
                if done.aborted_uploads > 0 {
                    tracing::info!(aborted = done.aborted_uploads, "aborted uploads by lifecycle rules");
                }
            }
        }
    }
}

async fn sweep(disk: Arc<Disk>, now: Timestamp) -> Sweep {
    let add = move |total: Sweep, bucket: Arc<Bucket>| {
        let one = lifecycle::sweep(&bucket, now);
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
