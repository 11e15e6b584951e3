//! The end of every abandoned upload: expire, destroy, and three looks, by the real runner.

use std::path::Path;
use std::sync::Arc;

use domain::limits::RECHECK_AFTER;
use domain::{Epoch, InstallationId, Lane, Marker, StateName, StoreBehaviour, Timestamp, Visibility};
use server::catalog::sqlite::SqliteCatalog;
use server::catalog::{Catalog, around};
use server::clock::{Clock as _, ManualClock};
use server::jobs::{Job, Rest, Runner, Scheduled, Schedules, Tempo};
use server::recurrence::Recurrence;
use server::store::Store;
use server::store::around::Around;
use server::store::memory::MemoryStore;
use server::store::s3::{CredentialSource, S3Settings, S3Store};
use tokio_util::sync::CancellationToken;

use crate::{far_store, meter, site};

/// The lanes that an asset goes through, in order.
pub(crate) const LANES: [&str; 5] = ["expire", "destroy", "recheck 1 h", "recheck 1 d", "recheck 8 d"];

/// What a lane took, an asset.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) cpu_ms: f64,
    pub(crate) store_calls: f64,
    pub(crate) catalog_calls: f64,
    /// Of the process, while it was in this lane.
    pub(crate) peak_mib: f64,
}

impl Measured {
    fn tell(&self) {
        println!("{} {} {} {}", self.cpu_ms, self.store_calls, self.catalog_calls, self.peak_mib);
    }

    /// What another process told of all lanes.
    pub(crate) fn parse(text: &str) -> Vec<Self> {
        let lane = |line: &str| {
            let numbers: Vec<f64> = line.split(' ').map(|number| number.parse().expect("a number")).collect();
            let [cpu_ms, store_calls, catalog_calls, peak_mib] = numbers[..] else { panic!("four numbers: {line}") };
            Self { cpu_ms, store_calls, catalog_calls, peak_mib }
        };
        let lanes: Vec<Self> = text.lines().map(lane).collect();
        assert_eq!(lanes.len(), LANES.len(), "a line of every lane");
        lanes
    }
}

/// A server that goes through them.
struct Server {
    runner: Runner,
    clock: Arc<ManualClock>,
    far_store: Option<String>,
    store_calls: meter::Calls,
    catalog_calls: meter::Calls,
    assets: f64,
}

/// Goes through the lives of all abandoned assets of a catalog, over a store at this address or one that answers from nothing,
/// and tells what each lane took.
pub(crate) fn go_through(folder: &Path, assets: u32, far_store: Option<&str>) {
    site::runtime().block_on(async {
        let clock = site::night();
        let sqlite = SqliteCatalog::open(&site::catalog(folder), clock.clone()).await.expect("the catalog opens");
        let sqlite: Arc<dyn Catalog> = Arc::new(sqlite);
        let store: Arc<dyn Store> = match far_store {
            None => Arc::new(MemoryStore::default().with_clock(clock.clone())),
            Some(address) => Arc::new(client(address, clock.clone()).await),
        };
        let (store_calls, catalog_calls) = (meter::Calls::default(), meter::Calls::default());
        let counted: Arc<dyn Catalog> = Arc::new(around::Around::new(sqlite.clone(), catalog_calls.clone()));
        mark(&*counted, &*store).await;
        let app = site::app(counted, Arc::new(Around::new(store, store_calls.clone())), clock.clone());
        let nightly = Recurrence::parse("0 1 * * *", Some("UTC")).expect("a schedule");
        let schedules = Schedules { expire: nightly.clone(), reconcile: nightly };
        let runner = Runner::new(app, "bench".to_owned(), schedules, Tempo::default());
        let far_store = far_store.map(str::to_owned);
        let server = Server { runner, clock, far_store, store_calls, catalog_calls, assets: f64::from(assets) };
        server.live().await;
        let counts = sqlite.count_files().await.expect("the catalog counts");
        assert_eq!(
            counts,
            [(StateName::Uploading, u64::from(assets / 2))],
            "the living live, of the others nothing is left"
        );
        sqlite.close().await;
    });
}

async fn client(address: &str, clock: Arc<ManualClock>) -> S3Store {
    let settings = S3Settings {
        endpoint: Some(address.to_owned()),
        region: "us-east-1".to_owned(),
        private_bucket: "private".to_owned(),
        public_bucket: "public".to_owned(),
        prefix: String::new(),
        addressing: signing::Addressing::Path,
        credentials: CredentialSource::Static {
            access_key_id: "bench".to_owned(),
            secret_access_key: "bench".to_owned(),
        },
        behaviour: StoreBehaviour::default(),
    };
    S3Store::connect(settings, clock).await.expect("the buckets have names")
}

/// The buckets carry the markers that the catalog's own store had.
async fn mark(catalog: &dyn Catalog, store: &dyn Store) {
    let fresh = InstallationId::new(Timestamp::UNIX_EPOCH, &[0; 10]);
    let installation = catalog.load_installation(fresh).await.expect("the catalog knows itself").value;
    assert!(installation.epoch > Epoch::FIRST, "the catalog was filled");
    let marker = Marker { installation: installation.id, epoch: installation.epoch };
    for bucket in [Visibility::Private, Visibility::Public] {
        store.write_marker(bucket, &marker).await.expect("the store takes a marker");
    }
}

impl Server {
    async fn live(&self) {
        self.measure(&[Job::Scheduled(Scheduled::Expire), Job::Lane(Lane::Expire)]).await;
        let closed = self.clock.now();
        self.measure(&[Job::Lane(Lane::Destroy)]).await;
        for after in RECHECK_AFTER {
            self.clock.set(closed + after);
            self.measure(&[Job::Lane(Lane::Recheck)]).await;
        }
    }

    async fn measure(&self, jobs: &[Job]) {
        if let Some(address) = &self.far_store {
            far_store::set_clock(address, self.clock.now()).await;
        }
        meter::forget_peak();
        let before = (meter::cpu_ms(), self.store_calls.made(), self.catalog_calls.made());
        let stop = CancellationToken::new();
        for job in jobs {
            loop {
                match self.runner.round(*job, &stop).await {
                    Rest::None => {}
                    Rest::Idle => break,
                    Rest::Paused => panic!("{} pauses", job.name()),
                }
            }
        }
        let each = |count: u64| count as f64 / self.assets;
        let measured = Measured {
            cpu_ms: (meter::cpu_ms() - before.0) / self.assets,
            store_calls: each(self.store_calls.made() - before.1),
            catalog_calls: each(self.catalog_calls.made() - before.2),
            peak_mib: meter::peak_mib(),
        };
        measured.tell();
    }
}
