//! The whole server in this process: listening, serving, doing its jobs, stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use connections::Stopped;
use domain::TimeSpan;
use domain::rate::Rate;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::folder::{RunAddresses, RunFileOf};
use super::foundation::{self, Foundation};
use super::{BootError, figures, hints, ports};
use crate::auth::{GUESSES_AT_ONCE, GUESSES_PER_MINUTE, LoginCodes};
use crate::config::{Config, StoreKind, local_url};
use crate::http::{self, BodyLimits, HttpParts, HttpState, ReapClock, RelayForms, WebFile};
use crate::jobs::{Jobs, Runner, Schedules};
use crate::limits::Limits;
use crate::limits::memory::MemoryLimits;
use crate::store::layout::Layout;
use crate::telemetry::{Metrics, Overview};

/// Jobs that are in the middle of a store call at shutdown have this long; what they leave is finished by the next
/// start. Orchestrators kill after 30 s by default, and the store still has to stop after this.
const JOBS_STOP_TIME: Duration = Duration::from_secs(15);
/// Commits that outlive their requests have this long at shutdown, for the same reason.
const CLOSE_TIME: Duration = Duration::from_secs(10);

/// Owners whose request rate is remembered at once, and peers: about 200 bytes each, so at most a few MB. Whoever is
/// forgotten has been silent for longer than all others.
const REMEMBERED_NAMES: usize = 20_000;

/// The server.
#[derive(Debug)]
pub struct Landfall;

/// Where a server is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// What the API listens on, with its real port.
    pub listen: SocketAddr,
    /// The API's base URL, as programs on this machine reach it.
    pub api: String,
    /// The embedded store's base URL; `None` where objects are elsewhere.
    pub store: Option<String>,
}

/// A running server. It must be stopped; dropping it is like a crash, which loses nothing but time.
pub struct Running {
    foundation: Foundation,
    jobs: Jobs,
    face: Face,
}

/// What of a server others see.
struct Face {
    addresses: Addresses,
    /// The API's base URL, as links name it.
    public_url: String,
    /// The codes of login links, where there are any.
    logins: Option<Arc<LoginCodes>>,
    /// How long to go on after saying that the end is near.
    drain: TimeSpan,
    draining: CancellationToken,
    stopping: CancellationToken,
    serving: TaskTracker,
}

impl Landfall {
    /// Starts everything a configuration asks for, with the web client if there are files of it. When it returns,
    /// requests are answered.
    ///
    /// # Errors
    /// See [`BootError`]. What was started before the failure is stopped again.
    pub async fn start(config: Config, web_files: &'static [WebFile]) -> Result<Running, BootError> {
        let listener = listen(config.server.listen).await?;
        let metrics = if config.telemetry.prometheus { Metrics::start() } else { Metrics::off() };
        let schedules = Schedules { expire: config.expire.schedule()?, reconcile: config.reconcile.schedule()? };
        let layout = Layout::parse(&config.store.private_bucket, &config.store.public_bucket, &config.store.prefix)?;
        let mut foundation = Foundation::lay(&config, "landfall serve").await?;
        let hints = foundation.hints.take();
        match Running::assemble(&config, &foundation, listener, &metrics, web_files) {
            Ok(face) => {
                if let Some(hints) = hints {
                    face.serving.spawn(hints::follow(hints, layout, foundation.app.clone(), face.stopping.clone()));
                }
                let member = foundation.member();
                let runner = Runner::new(foundation.app.clone(), member, schedules, foundation.tempo);
                let jobs = Jobs::start(runner);
                Ok(Running { foundation, jobs, face })
            }
            Err(error) => {
                foundation.close().await;
                Err(error)
            }
        }
    }
}

impl Running {
    fn assemble(
        config: &Config,
        foundation: &Foundation,
        listener: TcpListener,
        metrics: &Metrics,
        web_files: &'static [WebFile],
    ) -> Result<Face, BootError> {
        let listen =
            listener.local_addr().map_err(|source| BootError::Listen { address: config.server.listen, source })?;
        let store = foundation.embedded.as_ref().map(super::embedded::Embedded::endpoint);
        let addresses = Addresses { listen, api: local_url(listen), store };
        let public_url = config.server.public_url.clone().unwrap_or_else(|| addresses.api.clone());
        // On one's own machine, with everything in this process.
        let local = config.store.kind == StoreKind::Embedded;
        let overview = Arc::<Overview>::default();
        let logins = local.then(Arc::<LoginCodes>::default);
        let (draining, stopping) = (CancellationToken::new(), CancellationToken::new());
        let limiter =
            |rate| -> Arc<dyn Limits> { Arc::new(MemoryLimits::new(rate, REMEMBERED_NAMES, foundation.clock.clone())) };
        let state = HttpState::new(HttpParts {
            app: foundation.app.clone(),
            authenticator: foundation::authenticator(config, &*foundation.entropy)?,
            logins: logins.clone(),
            limits: limiter(config.limits.rate()),
            peer_limits: limiter(config.limits.link_rate()),
            guess_limits: limiter(guess_rate()),
            request_limits: config.limits.requests(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            clock: foundation.clock.clone(),
            entropy: foundation.entropy.clone(),
            overview: overview.clone(),
            metrics: metrics.clone(),
            body_limits: BodyLimits { usual: config.limits.body, complete: config.limits.complete_body },
            public_url: public_url.clone(),
            origins: config.web.origins.clone(),
            web_files,
            vitals: foundation.vitals(config)?,
            reap_clock: if local { ReapClock::Movable } else { ReapClock::Fixed },
            relay_forms: if config.uploads.relay_forms { RelayForms::Allowed } else { RelayForms::Refused },
            draining: draining.clone(),
            stopping: stopping.clone(),
        });
        let run = RunAddresses { api: Some(addresses.api.clone()), store: addresses.store.clone() };
        foundation.folder.announce(RunFileOf::Server, run)?;
        let serving = TaskTracker::new();
        let requests = http::serve(listener, http::router(state), ports::limits(config, "api"), stopping.clone());
        serving.spawn(async move {
            if requests.await == Stopped::CutOff {
                tracing::warn!("requests were still running after the time to stop; their connections are closed");
            }
        });
        serving.spawn(figures::sample(overview.clone(), foundation.clock.clone(), stopping.clone()));
        serving.spawn(figures::keep(
            metrics.clone(),
            overview,
            foundation.app.clone(),
            foundation.figures_every,
            stopping.clone(),
        ));
        Ok(Face { addresses, public_url, logins, drain: config.drain(), draining, stopping, serving })
    }

    /// Where it is found.
    pub const fn addresses(&self) -> &Addresses {
        &self.face.addresses
    }

    /// The API's base URL, as links name it.
    pub fn public_url(&self) -> &str {
        &self.face.public_url
    }

    /// A link that lets its bearer in once, within ten minutes, as the owner `local` with the scope `admin`; `None`
    /// unless the store is embedded. It is a password: for a terminal, never for a log or a file.
    pub fn login_link(&self) -> Option<String> {
        let logins = self.face.logins.as_ref()?;
        let (clock, entropy) = (&self.foundation.clock, &*self.foundation.entropy);
        let (owner, scopes) = http::local_operator();
        let code = logins.give(owner, scopes, clock.now(), entropy);
        Some(http::login_url(&http::PublicUrl::new(&self.face.public_url), code.expose()))
    }

    /// Says that the end is near, so that balancers send nothing more, and goes on serving for `[server] drain`.
    pub async fn drain(&self) {
        self.face.draining.cancel();
        let drain = self.face.drain.unsigned_abs();
        if !drain.is_zero() {
            tracing::info!(?drain, "not ready any more; requests are still answered");
            tokio::time::sleep(drain).await;
        }
    }

    /// Stops taking requests, lets those under way finish and jobs finish their step, then closes catalog and store.
    /// Whatever does not finish in its time is finished by the next start.
    pub async fn stop(self) {
        self.foundation.folder.withdraw(RunFileOf::Server);
        self.face.draining.cancel();
        self.face.stopping.cancel();
        self.face.serving.close();
        let jobs = tokio::time::timeout(JOBS_STOP_TIME, self.jobs.stop());
        let (_, jobs) = tokio::join!(self.face.serving.wait(), jobs);
        if jobs.is_err() {
            tracing::warn!("a job was still at work after the time to stop; the next start goes on with it");
        }
        if tokio::time::timeout(CLOSE_TIME, self.foundation.close()).await.is_err() {
            tracing::warn!("commits were still running after the time to stop; the next start goes on with them");
        }
    }
}

/// Wrong login codes of one peer.
fn guess_rate() -> Rate {
    Rate::per_minute(GUESSES_PER_MINUTE, GUESSES_AT_ONCE).expect("the constants are a rate")
}

async fn listen(address: SocketAddr) -> Result<TcpListener, BootError> {
    TcpListener::bind(address).await.map_err(|source| BootError::Listen { address, source })
}

#[cfg(test)]
mod tests {
    use domain::{Asset, AssetStatus, Description, FileName, MediaType, Metadata, OwnerId, RoleName, Title};

    use super::*;
    use crate::app::{App, Finisher, NewFile, NewUpload, Opened};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";
    /// Far more than a busy machine needs.
    const SOON: Duration = Duration::from_secs(60);

    async fn start(folder: &tempfile::TempDir) -> Running {
        let mut config = Config::with_data(folder.path());
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.store.listen = "127.0.0.1:0".parse().unwrap();
        Landfall::start(config, &[]).await.unwrap()
    }

    /// An image that nobody will complete, of any size.
    async fn image(app: &App) -> Opened {
        let picture = NewFile {
            file_name: FileName::parse("me.png").unwrap(),
            size: None,
            media_type: MediaType::Png,
            checksum: None,
            finisher: Finisher::Arrival,
        };
        let upload = NewUpload {
            title: Title::parse("Me").unwrap(),
            description: Description::empty(),
            metadata: Metadata::empty(),
            fingerprint: None,
            files: [(RoleName::parse("image").unwrap(), picture)].into(),
            idempotency: None,
        };
        let images = app.collection("images").unwrap().clone();
        app.create_asset(&OwnerId::parse("42").unwrap(), &images, upload).await.unwrap()
    }

    async fn send(opened: &Opened) {
        let [part] = &opened.grants.values().next().unwrap()[..] else { panic!("one part") };
        let sent = reqwest::Client::new().put(part.url.expose()).body(PNG).send().await.unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
    }

    async fn published(app: &App, opened: &Opened) -> Asset {
        let mut bell = app.listen(&OwnerId::parse("42").unwrap());
        let look = async || app.catalog().find_asset_anywhere(opened.asset.id).await.unwrap().value.unwrap();
        let wait = async {
            loop {
                let asset = look().await;
                if asset.status == AssetStatus::Created {
                    return asset;
                }
                bell.next().await.unwrap();
            }
        };
        tokio::time::timeout(SOON, wait).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_embedded_store_tells_when_an_image_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let running = start(&folder).await;
        // Nothing looks by itself, so it is the hint that publishes.
        let Running { foundation, jobs, face } = running;
        jobs.stop().await;
        let app = foundation.app.clone();
        let opened = image(&app).await;
        assert_eq!(opened.asset.status, AssetStatus::Uploading);
        send(&opened).await;
        let asset = published(&app, &opened).await;
        let file = asset.files().next().unwrap();
        assert_eq!(file.plan.size().map(domain::ByteCount::get), Some(PNG.len() as u64));
        face.stopping.cancel();
        face.serving.close();
        face.serving.wait().await;
        foundation.close().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_arrived_while_no_server_heard_is_found_by_the_job() {
        let folder = tempfile::tempdir().unwrap();
        let running = start(&folder).await;
        let opened = image(&running.foundation.app).await;
        let [part] = &opened.grants.values().next().unwrap()[..] else { panic!("one part") };
        let path = part.url.expose().split_once("://").unwrap().1.split_once('/').unwrap().1.to_owned();
        let address = running.addresses().store.as_ref().unwrap()["http://".len()..].parse().unwrap();
        running.stop().await;
        // The store alone, at the address that the URL names: as `landfall store serve`.
        let mut config = Config::with_data(folder.path());
        config.store.listen = address;
        let store = super::super::RunningStore::start(&config, &crate::entropy::HostEntropy).await.unwrap();
        let sent = reqwest::Client::new().put(format!("{}/{path}", store.endpoint())).body(PNG).send().await.unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
        store.stop().await;

        let running = start(&folder).await;
        published(&running.foundation.app, &opened).await;
        running.stop().await;
    }
}
