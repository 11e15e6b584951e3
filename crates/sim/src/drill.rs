//! Drills: in the middle of a storm an operator mixes up catalog and buckets, and later accepts it or puts it right.
//!
//! The processes are stopped for it, as a manual says, and everything they had sent lands before. *Invariant* (rule 9):
//! from the mix-up until the operator's word nothing is opened, committed, ended, destroyed or forgotten, whatever fails
//! meanwhile; the judge holds that ([`crate::truth`]), and that everything comes to its end afterwards.

use std::sync::Arc;

use bytes::Bytes;
use domain::reconcile::Kind;
use domain::{AssetId, Epoch, FileKey, Installation, InstallationId, Marker, ObjectKey, OwnerId, TimeSpan, Visibility};
use futures::FutureExt as _;
use server::app::{AcceptError, App, Breaker, Consent, Forgotten, ReconcileTerms, Rehearsal};
use server::catalog::InstallationRecord as _;
use server::catalog::memory::{Backup, MemoryCatalog};
use server::jobs::{Job, Scheduled};

use crate::chance::Chance;
use crate::clients::run_errand;
use crate::clocks::Moment;
use crate::executor::{Home, lock};
use crate::fleet::{Fleet, PROCESSES};
use crate::matter::{Arrival, Matter, Piece};
use crate::network::Client;
use crate::source::Errand;
use crate::truth::Breach;
use crate::world::World;

/// A seed in so many has a drill, in a thousand.
const PER_MILLE: u32 = 300;
/// Port calls after which the catalog is backed up, and after which the mix-up comes, at the least and at the most.
const BACKUP_CALLS: (u64, u64) = (40, 200);
const STRIKE_CALLS: (u64, u64) = (120, 300);
/// Port calls that an operator lets go by before he does something.
const THINKING: (u64, u64) = (3, 200);

/// A mix-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Drill {
    /// The catalog is restored from a backup.
    Restored,
    /// The catalog is lost, and a new one is empty.
    Emptied,
    /// The buckets of another installation are configured.
    ForeignBucket,
    /// A prefix is configured under which nothing is.
    WrongPrefix,
    /// The markers, or one of them, are removed.
    MarkerLost,
}

impl Drill {
    const ALL: [Self; 5] = [Self::Restored, Self::Emptied, Self::ForeignBucket, Self::WrongPrefix, Self::MarkerLost];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::Emptied => "emptied",
            Self::ForeignBucket => "foreign-bucket",
            Self::WrongPrefix => "wrong-prefix",
            Self::MarkerLost => "marker-lost",
        }
    }

    /// Whether other buckets stand in the place of ours until the operator puts that right.
    const fn swaps_buckets(self) -> bool {
        matches!(self, Self::ForeignBucket | Self::WrongPrefix)
    }
}

/// How far a drill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It has not come yet.
    Planned,
    /// Catalog and buckets do not belong together.
    MixedUp,
    /// The operator has seen that it was the wrong bucket.
    PuttingRight,
    /// The operator has done what there was to do.
    Over,
}

/// The drill of a seed.
pub(crate) struct Script {
    drill: Drill,
    backup_at: u64,
    strike_at: u64,
    backup: Option<(Epoch, Backup)>,
}

impl Script {
    /// The drill of this seed, if it has one.
    pub(crate) fn of(chance: &mut Chance) -> Option<Self> {
        if !chance.odds(PER_MILLE) {
            return None;
        }
        let drill = chance.pick(&Drill::ALL);
        let backup_at = chance.between(BACKUP_CALLS.0, BACKUP_CALLS.1);
        let strike_at = backup_at + chance.between(STRIKE_CALLS.0, STRIKE_CALLS.1);
        Some(Self { drill, backup_at, strike_at, backup: None })
    }

    /// Does what is due. True while the operator is not done.
    ///
    /// # Errors
    /// A breach that came with it.
    pub(crate) fn advance(&mut self, world: &Arc<World>, fleet: &Arc<Fleet>) -> Result<bool, Breach> {
        let (calls, stage) = {
            let desk = lock(&world.desk);
            (desk.tally.port_calls, desk.stage)
        };
        match stage {
            Stage::Planned => {
                if calls >= self.backup_at && self.backup.is_none() {
                    self.backup = installation(world).map(|known| (known.epoch, world.catalog.backup()));
                }
                if calls >= self.strike_at && self.is_ready(world) {
                    self.strike(world, fleet)?;
                    return Ok(true);
                }
                Ok(false)
            }
            Stage::MixedUp => Ok(true),
            Stage::PuttingRight => {
                self.put_right(world, fleet)?;
                Ok(true)
            }
            Stage::Over => Ok(false),
        }
    }

    /// Whether the mix-up can be told from what it is mistaken for: that is where the promise begins.
    fn is_ready(&self, world: &World) -> bool {
        let Some(known) = installation(world).filter(|known| known.marked_at.is_some()) else { return false };
        let matter = lock(&world.matter);
        let ours = |bucket| matter.markers.get(&bucket).is_some_and(|marker| marker.installation == known.id);
        let marked = ours(Visibility::Private) && ours(Visibility::Public);
        let highest = matter.markers.values().map(|marker| marker.epoch).max();
        let has_files = lock(&world.truth).has_rows();
        marked
            && match self.drill {
                Drill::Restored => self.backup.as_ref().is_some_and(|(epoch, _)| highest > Some(*epoch)),
                Drill::Emptied | Drill::MarkerLost => true,
                Drill::ForeignBucket | Drill::WrongPrefix => has_files,
            }
    }

    fn strike(&mut self, world: &Arc<World>, fleet: &Arc<Fleet>) -> Result<(), Breach> {
        world.note(|| format!("the operator mixes something up: {}", self.drill.name()));
        stop_all(world, fleet)?;
        if !self.is_ready(world) {
            // An old marker has landed over the newer one: nothing shows the difference until the epoch rises again.
            world.note(|| "it could not be told".to_owned());
            fleet.start_all();
            return world.settle();
        }
        match self.drill {
            Drill::Restored => {
                let (_, backup) = self.backup.take().expect("it is ready");
                world.catalog.restore(backup);
            }
            Drill::Emptied => world.catalog.restore(MemoryCatalog::new(world.clock.clone()).backup()),
            Drill::ForeignBucket => world.swap_buckets(foreign_buckets(world)),
            Drill::WrongPrefix => world.swap_buckets(Matter::new(world.profile)),
            Drill::MarkerLost => {
                let first = world.draw(|chance| chance.below(3));
                let markers = &mut lock(&world.matter).markers;
                if first != 0 {
                    markers.remove(&Visibility::Private);
                }
                if first != 1 {
                    markers.remove(&Visibility::Public);
                }
            }
        }
        {
            let aside = lock(&world.aside);
            let matter = lock(&world.matter);
            lock(&world.truth).mixed_up(&world.catalog, aside.as_ref().unwrap_or(&matter));
        }
        {
            let mut desk = lock(&world.desk);
            desk.stage = Stage::MixedUp;
            desk.drill = Some(self.drill);
        }
        world.touch();
        world.settle()?;
        fleet.start_all();
        let owner = OwnerId::parse("the operator").expect("it is an owner");
        let client = Client { world: world.clone(), fleet: fleet.clone(), owner };
        world.executor.start(Home::Client, Box::pin(operate(client, self.drill)));
        // Nobody may look for days; then every job has its turn at once.
        let hours = world.draw(|chance| chance.pick(&[0, 1, 30, 8 * 24]));
        world.note(|| format!("{hours} h go by"));
        world.clock.advance(TimeSpan::from_hours(hours));
        world.settle()
    }

    /// The right buckets are configured again.
    fn put_right(&self, world: &Arc<World>, fleet: &Arc<Fleet>) -> Result<(), Breach> {
        world.note(|| "the operator puts it right".to_owned());
        stop_all(world, fleet)?;
        let foreign = world.put_buckets_back();
        let untouched = match self.drill {
            Drill::ForeignBucket => is_untouched(&foreign),
            _ => foreign.objects.is_empty() && foreign.open.is_empty() && foreign.markers.is_empty(),
        };
        let mut truth = lock(&world.truth);
        if !untouched {
            truth.report("R9", "buckets that are not this installation's have changed");
        }
        truth.accepted();
        drop(truth);
        lock(&world.desk).stage = Stage::Over;
        world.settle()?;
        fleet.start_all();
        world.settle()
    }
}

/// What the catalog knows about itself, once it knows something.
fn installation(world: &World) -> Option<Installation> {
    if lock(&world.matter).markers.is_empty() {
        return None;
    }
    let unused = InstallationId::new(world.now(), &[0; 10]);
    let found = world.catalog.load_installation(unused).now_or_never().expect("memory answers at once");
    Some(found.expect("memory is there").value)
}

/// Every process ends, and what it had sent lands, or never will.
fn stop_all(world: &Arc<World>, fleet: &Fleet) -> Result<(), Breach> {
    for process in 0..PROCESSES {
        if fleet.app(process).is_some() {
            world.crash(process);
            fleet.ended(process);
        }
    }
    world.land_all()?;
    world.settle()
}

/// The buckets of somebody else, with things older than any patience, on keys of our grammar.
fn foreign_buckets(world: &World) -> Matter {
    let mut matter = Matter::new(world.profile);
    let asset = AssetId::new(crate::world::BEGIN, &[9; 10]);
    for (bucket, place) in [(Visibility::Private, "videos"), (Visibility::Public, "images")] {
        for (n, role) in [(0, "first"), (1, "second")] {
            let path = format!("somebody/{place}/{asset}/{role}-000000000000000000000000{n}g.png");
            let key = ObjectKey::new(bucket, FileKey::parse(&path).expect("it is a key of our grammar"));
            let long_ago = Moment::agreed(crate::world::BEGIN - TimeSpan::from_hours(100 * 24));
            let upload = matter.open(&key, None, long_ago);
            if n == 0 {
                let number = domain::PartNumber::new(1).expect("parts begin at 1");
                let begins = Bytes::from_static(crate::ablation::beginning_of(domain::MediaType::Png));
                matter.put_part(
                    &key,
                    &upload,
                    number,
                    Piece { size: domain::ByteCount(7), tag: 7, begins },
                    Arrival::Now,
                );
                let parts = matter.list_parts(&key, &upload, None, 1).expect("it was just opened").parts;
                matter.complete(&key, &upload, &parts, None, long_ago);
            }
        }
        matter.markers.insert(bucket, foreign_marker());
    }
    matter
}

fn foreign_marker() -> Marker {
    Marker { installation: InstallationId::new(crate::world::BEGIN, &[9; 10]), epoch: Epoch(1) }
}

/// Two buckets, each with an object, an upload and a marker.
fn is_untouched(foreign: &Matter) -> bool {
    let markers = foreign.markers.values().filter(|marker| **marker == foreign_marker());
    foreign.objects.len() == 2 && foreign.open.len() == 2 && markers.count() == 2
}

/// What the operator does, some time later.
async fn operate(client: Client, drill: Drill) {
    let world = client.world.clone();
    // Counted in calls, because the jobs make thousands of them in the hours that an operator may need.
    let thinking = world.draw(|chance| chance.between(THINKING.0, THINKING.1));
    let until = lock(&world.desk).tally.port_calls + thinking;
    while lock(&world.desk).tally.port_calls < until {
        client.linger(30, 120).await;
    }
    let consents: &[Consent] = match drill {
        Drill::Restored => &[Consent::Restored],
        Drill::Emptied | Drill::MarkerLost | Drill::ForeignBucket => &[Consent::Restored, Consent::TakeBucket],
        Drill::WrongPrefix => &[Consent::Restored],
    };
    for consent in consents.iter().copied() {
        loop {
            let accept = move |app: App| async move { app.accept_restore(consent).await };
            match client.ask("accept_restore", accept).await {
                Some(Ok(accepted)) => {
                    let is_wrong = drill.swaps_buckets() || !is_enough(drill, consent);
                    let unseen = accepted.mismatch.is_none() && lock(&world.truth).is_mixed_up();
                    if is_wrong || unseen {
                        let what = format!("{} was accepted on {consent:?}: {:?}", drill.name(), accepted.mismatch);
                        lock(&world.truth).report("R9", what);
                    }
                    break;
                }
                Some(Err(AcceptError::NeedsConsent(_) | AcceptError::WrongBucket(_))) => {
                    if is_enough(drill, consent) {
                        lock(&world.truth).report("R9", format!("{} was refused on {consent:?}", drill.name()));
                    }
                    break;
                }
                Some(Err(AcceptError::Raced | AcceptError::Port(_))) | None => client.linger(5, 600).await,
            }
        }
    }
    lock(&world.desk).stage = if drill.swaps_buckets() { Stage::PuttingRight } else { Stage::Over };
    // Life goes on.
    let errand = world.draw(|chance| Errand::new(chance, 100));
    client.linger(60, 600).await;
    let owner = OwnerId::parse("42").expect("it is an owner");
    run_errand(Client { owner, ..client }, errand).await;
}

/// Whether an operator gets through with this.
const fn is_enough(drill: Drill, consent: Consent) -> bool {
    match drill {
        Drill::Restored => true,
        Drill::Emptied | Drill::MarkerLost => matches!(consent, Consent::TakeBucket),
        Drill::ForeignBucket | Drill::WrongPrefix => false,
    }
}

/// What the operator does when nothing fails any more: first nothing, so that jobs could do what they must not; then what
/// the manual says about a restored catalog. Ends only with the run.
pub(crate) async fn clean_up(client: Client) {
    let world = client.world.clone();
    world.pause(TimeSpan::from_hours(7 * 24)).await;
    lock(&world.truth).consent();
    world.note(|| "the operator lets go of what was forgotten".to_owned());
    loop {
        let app = client.fleet.app(0).expect("nothing dies in the calm");
        let terms = ReconcileTerms {
            below: None,
            budget: 1_000,
            breaker: Breaker::Overridden,
            rehearsal: Rehearsal::Real,
            forgotten: Forgotten::Removed,
        };
        let findings = app.reconcile(terms).await.map(|report| report.findings).unwrap_or_default();
        for finding in findings.iter().filter(|finding| finding.kind == Kind::EarlyObject) {
            let row = finding.file.and_then(|file| world.row(file));
            let Some(asset) = row.and_then(|file| world.asset(file.asset)) else { continue };
            let of = client.fleet.collection(asset.collection.as_str());
            // Losing a race is met by the next round.
            let _outcome = app.delete_asset(&asset.owner, &of, asset.id).await;
        }
        world.pause(TimeSpan::from_hours(2 * 24)).await;
    }
}

/// Starts [`clean_up`], under the name of the job that it is.
pub(crate) fn start_clean_up(client: Client) {
    let world = client.world.clone();
    world.executor.start_job(Home::Client, Job::Scheduled(Scheduled::Reconcile), Box::pin(clean_up(client)));
}
