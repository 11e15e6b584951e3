//! The processes of Landfall: real use cases and real jobs on the simulated ports.
//!
//! Two serve requests and two run jobs, so that each can die alone. *Invariant*: a process that is started again shares
//! nothing with what it was but the catalog and the store.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::limits::{LEAP_SETTLES, ORPHAN_AGE};
use domain::{
    ByteCount, Collection, CollectionName, Lane, MediaType, Necessity, OwnerNaming, RoleName, RoleRules, TimeSpan,
    UploadRules, Visibility,
};
use futures::future::BoxFuture;
use server::app::{App, AppParts, DEFAULT_COMPLETE_PATIENCE, DeliveryRules, Settings};
use server::background::Background;
use server::catalog::Allowance;
use server::entropy::Entropy;
use server::events::memory::MemoryEvents;
use server::jobs::{Job, Rest, Runner, Scheduled, Schedules, Tempo};
use server::recurrence::Recurrence;
use server::store::signer::{SignerSettings, UrlSigner};
use tokio_util::sync::CancellationToken;

use crate::ablation::Ablation;
use crate::catalog::SimCatalog;
use crate::clocks::HostClock;
use crate::executor::{Home, lock};
use crate::network::ENDPOINT;
use crate::store::SimStore;
use crate::world::{Weather, World};

/// Processes that answer requests: the first of all.
pub(crate) const SERVERS: usize = 2;
/// All processes; those that answer no requests run jobs.
pub(crate) const PROCESSES: usize = 4;

/// Seconds between two rounds of a job at the end of the calm: most of it is waiting for the looks at closed files.
const CALM_SECONDS: u64 = 3 * 24 * 3_600;
/// The same of raising the epoch: after a leap of more than 48 h an expire that ends everything is not believed at once.
const CALM_EPOCH_SECONDS: u64 = 24 * 3_600;

/// The processes that run now.
pub(crate) struct Fleet {
    world: Arc<World>,
    signer: UrlSigner,
    settings: Settings,
    apps: Mutex<Vec<Option<App>>>,
    /// Whether the store holds clients to the length that was signed.
    pub(crate) lengths_are_signed: bool,
    /// A day, as by its schedule, or as often as somebody types `landfall reconcile`.
    reconcile_seconds: u64,
    /// Expire is due each hour, reconcile each ten minutes: how often they are asked is left to chance.
    schedules: Schedules,
}

struct SimEntropy(Arc<World>);

impl Entropy for SimEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // Keys ask for 16 bytes, ids for 10.
        if self.0.is_ablated(Ablation::StuckEntropy) && buffer.len() == 16 {
            return buffer.fill(7);
        }
        for bytes in buffer.chunks_mut(8) {
            let bits = self.0.draw(|chance| chance.bits()).to_be_bytes();
            bytes.copy_from_slice(&bits[..bytes.len()]);
        }
    }
}

struct SimBackground {
    world: Arc<World>,
    home: Home,
}

impl Background for SimBackground {
    fn start(&self, work: BoxFuture<'static, ()>) {
        self.world.executor.start(self.home, work);
    }

    fn pause(&self, length: TimeSpan) -> BoxFuture<'static, ()> {
        let world = self.world.clone();
        Box::pin(async move { world.pause(length).await })
    }

    fn caught(&self, panic: Box<dyn Any + Send>) {
        // Nothing in here panics but what is a finding.
        std::panic::resume_unwind(panic);
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        unreachable!("simulated processes die, they do not stop")
    }
}

pub(crate) fn role(name: &str) -> RoleName {
    RoleName::parse(name).expect("it is a name")
}

/// What a clip may hold.
const CLIP_LIMIT: ByteCount = ByteCount::mib(12);

fn rules(visibility: Visibility, necessity: Necessity, media: MediaType) -> RoleRules {
    RoleRules { visibility, necessity, max_size: ByteCount::gib(1), media_types: vec![media] }
}

fn collections() -> BTreeMap<CollectionName, Collection> {
    let videos = [
        ("video", rules(Visibility::Private, Necessity::Required, MediaType::Mp4)),
        ("thumbnail", rules(Visibility::Public, Necessity::Optional, MediaType::Png)),
    ];
    let clip = rules(Visibility::Private, Necessity::Required, MediaType::Mp4);
    let clips = [("clip", RoleRules { max_size: CLIP_LIMIT, ..clip })];
    let images = [("image", rules(Visibility::Public, Necessity::Required, MediaType::Png))];
    let collection = |name: &str, roles: &[(&str, RoleRules)]| {
        let name = CollectionName::parse(name).expect("it is a name");
        let roles = roles.iter().map(|(name, rules)| (role(name), rules.clone())).collect();
        (name.clone(), Collection { name, roles })
    };
    BTreeMap::from([collection("videos", &videos), collection("images", &images), collection("clips", &clips)])
}

fn signer() -> UrlSigner {
    UrlSigner::new(SignerSettings {
        endpoint: ENDPOINT.trim_end_matches('/').into(),
        addressing: signing::Addressing::Path,
        region: "us-east-1".into(),
        private_bucket: "private".into(),
        public_bucket: "public".into(),
        prefix: String::new(),
        public_base_url: None,
    })
    .expect("these settings make a signer")
}

impl Fleet {
    /// Starts every process.
    pub(crate) fn launch(world: &Arc<World>) -> Arc<Self> {
        let settings = Settings {
            collections: collections(),
            rules: UploadRules::default(),
            preferred_part: ByteCount::mib(5),
            allowance: Allowance { open_uploads: 20, reserved_bytes: ByteCount::gib(20) },
            owner_naming: OwnerNaming::PlainWhereSafe,
            delivery: DeliveryRules { window: TimeSpan::from_mins(10), life: TimeSpan::from_hours(1) },
            complete_patience: DEFAULT_COMPLETE_PATIENCE,
            reconcile_budget: 1_000,
            // Its objects are more than the bytes that are kept of them.
            scrub: ByteCount::ZERO,
            etag_form: domain::store_profile::ETagForm::Unknown,
            orphan_age: ORPHAN_AGE,
        };
        let fleet = Arc::new(Self {
            world: world.clone(),
            signer: signer(),
            settings,
            apps: Mutex::new(vec![None; PROCESSES]),
            lengths_are_signed: world.draw(|chance| chance.odds(700)),
            reconcile_seconds: world.draw(|chance| chance.pick(&[24 * 3_600, 600])),
            schedules: Schedules { expire: every("0 * * * *"), reconcile: every("*/10 * * * *") },
        });
        (0..PROCESSES).for_each(|process| fleet.start(process));
        fleet
    }

    /// Starts a process that is not running.
    pub(crate) fn start(&self, process: usize) {
        let home = Home::Process(process);
        let world = &self.world;
        let parts = AppParts {
            catalog: Arc::new(SimCatalog::new(world.clone(), process)),
            store: Arc::new(SimStore::new(world.clone(), process)),
            events: Arc::new(MemoryEvents::default()),
            signer: self.signer.clone(),
            clock: Arc::new(HostClock { world: world.clone(), process }),
            entropy: Arc::new(SimEntropy(world.clone())),
            settings: self.settings.clone(),
        };
        let app = App::with_background(parts, Arc::new(SimBackground { world: world.clone(), home }));
        lock(&self.apps)[process] = Some(app.clone());
        if process >= SERVERS {
            let longest = |job| self.longest_pause(job);
            let name = format!("process {process}");
            let runner = Arc::new(Runner::new(app.clone(), name, self.schedules.clone(), Tempo::default().in_turn()));
            for job in Job::ALL {
                let running = run_job(world.clone(), (app.clone(), runner.clone()), job, longest(job));
                world.executor.start_job(home, job, Box::pin(running));
            }
        }
    }

    /// Seconds between two rounds of a job in the storm, at most. They are the real ones and longer: idle rounds show
    /// nothing.
    const fn longest_pause(&self, job: Job) -> u64 {
        match job {
            Job::Lane(Lane::Drive | Lane::Deliver) => 60,
            Job::Lane(Lane::Destroy) => 120,
            Job::Lane(Lane::Recheck | Lane::Expire) | Job::Scheduled(Scheduled::ForgetRequests) => 3_600,
            Job::Scheduled(Scheduled::Expire) => 12 * 3_600,
            Job::Scheduled(Scheduled::Reconcile) => self.reconcile_seconds,
            Job::Scheduled(Scheduled::RaiseEpoch) => 2_400,
            Job::Membership => 60,
        }
    }

    /// Records that a process has died.
    pub(crate) fn ended(&self, process: usize) {
        lock(&self.apps)[process] = None;
    }

    /// Starts every process that is not running.
    pub(crate) fn start_all(&self) {
        let dead: Vec<usize> = (0..PROCESSES).filter(|process| lock(&self.apps)[*process].is_none()).collect();
        dead.into_iter().for_each(|process| self.start(process));
    }

    /// The use cases of a process, if it runs.
    pub(crate) fn app(&self, process: usize) -> Option<App> {
        lock(&self.apps)[process].clone()
    }

    /// A collection by its name.
    pub(crate) fn collection(&self, name: &str) -> Collection {
        self.settings.collections[&CollectionName::parse(name).expect("it is a name")].clone()
    }
}

fn every(cron: &str) -> Recurrence {
    Recurrence::parse(cron, Some("UTC")).expect("it is a schedule")
}

/// One job in its periods, which in the storm are up to `longest` seconds. When nothing goes wrong any more they grow up
/// to [`CALM_SECONDS`].
async fn run_job(world: Arc<World>, (app, runner): (App, Arc<Runner>), job: Job, longest: u64) {
    let never = CancellationToken::new();
    let mut calm = 20;
    loop {
        let weather = world.weather();
        let seconds = match weather {
            Weather::Storm => world.draw(|chance| chance.between(longest / 12, longest)),
            Weather::Calm => {
                calm = (calm * 7).min(if job == Job::Scheduled(Scheduled::RaiseEpoch) {
                    CALM_EPOCH_SECONDS
                } else {
                    CALM_SECONDS
                });
                calm
            }
        };
        world.pause(TimeSpan::from_secs(i64::try_from(seconds).expect("it is small"))).await;
        if job == Job::Scheduled(Scheduled::Expire) && weather == Weather::Calm {
            // Where the epoch seldom rises each rise looks like a leap: for once it rises as it should, whoever's share that is.
            for _ in 0..3 {
                drop(app.raise_epoch().await);
                world.pause(LEAP_SETTLES / 2).await;
            }
        }
        while runner.round(job, &never).await == Rest::None {}
    }
}
