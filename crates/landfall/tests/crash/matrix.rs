//! Every scenario with every treatment at every point that it reaches, over every catalog with every store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use futures::future::join_all;
use server::drill::Point;

use super::catalogs::Catalogs;
use super::client::{Client, Treatment};
use super::drill::Hit;
use super::scenarios::Scenario;
use super::stores::Stores;
use super::world::World;

/// Worlds of one test that run side by side: most of a case is waiting for jobs.
const WORLDS: usize = 4;
/// How often a case is tried whose point nobody reached: of two servers, either may do what is left to the jobs.
const TRIES: u32 = 3;
/// A point is reached within some rounds of the jobs, also on a machine that does other things. It is waited for only
/// while nobody has come by.
const REACHED_WITHIN: Duration = Duration::from_secs(20);
/// The second time and later, it may well not be reached: a job may have taken a step out of a request's hands.
const REACHED_AGAIN_WITHIN: Duration = Duration::from_millis(500);

/// Points that jobs, probes and figures reach in every scenario alike, those of the markers' epoch among them. They are
/// treated in one.
const EVERYWHERE: [&str; 15] = [
    "catalog.renew_member",
    "catalog.list_due_files",
    "catalog.list_due_assets",
    "catalog.find_schedule",
    "catalog.write_schedule",
    "catalog.measure_backlog",
    "catalog.forget_requests",
    "catalog.count_files",
    "catalog.count_assets",
    "store.probe",
    "catalog.load_installation",
    "catalog.replace_installation",
    "store.find_marker",
    "store.write_marker",
    "store.store_time",
];

/// A row is read again after a lost race, and a lane may find what a request has in hand, which no case can call for. They
/// are treated where the rehearsal meets one.
const BY_CHANCE: [&str; 2] = ["catalog.find_file", "catalog.postpone"];

/// Calls that change something that lasts.
const WRITES: [&str; 13] = [
    "catalog.reserve",
    "catalog.settle",
    "catalog.patch_asset",
    "catalog.advance",
    "catalog.apply",
    "catalog.announce",
    "catalog.purge",
    "catalog.adopt_orphan",
    "store.open_upload",
    "store.send_part",
    "store.complete",
    "store.abort",
    "store.delete",
];

/// Whether a case differs from all others. Every point is treated the first time it is reached. After that, what a dead
/// process leaves only changes by a write, so it dies after each write; and what a stopped one can spoil is what it
/// writes later, so it stops before each.
fn is_distinct(hit: &Hit, treatment: Treatment) -> bool {
    let side = match treatment {
        Treatment::Rehearse | Treatment::Kill => "after:",
        Treatment::Freeze | Treatment::Collide => "before:",
    };
    hit.count == 1 || (WRITES.contains(&call(&hit.point)) && hit.point.starts_with(side))
}

/// Calls that no step of a scenario makes.
const UNUSED: [&str; 12] = [
    // Nothing delivers the outbox yet.
    "catalog.list_events",
    // Owners watch what has happened; that decides nothing.
    "catalog.list_owner_events",
    "catalog.last_event_position",
    // An operator's page looks; that decides nothing either.
    "catalog.survey_assets",
    "catalog.list_asset_events",
    // What was opened beside a row is looked for ten minutes later.
    "store.list_uploads",
    // A server that is told to stop says so; one that dies does not.
    "catalog.remove_member",
    // A server makes these before it is ready, and here it is armed when it is. What they write, doctor wrote.
    "catalog.load_profile",
    "catalog.store_profile",
    // Grants from before there were shards name an asset only.
    "catalog.find_asset_anywhere",
    // An audit holds what owners have against a count; it writes nothing.
    "catalog.load_usage",
    "catalog.recount_usage",
];

/// What a matrix runs over.
#[derive(Debug, Clone, Copy)]
struct Ground {
    catalogs: Catalogs,
    stores: Stores,
}

/// A point to treat.
struct Case {
    hit: Hit,
    /// Whether the test fails if nobody reaches it.
    certain: bool,
}

/// Whether every run of a scenario reaches a point that two rehearsals have reached.
fn is_certain(scenario: Scenario, point: &str) -> bool {
    // The row of an upload that the store does not know, and of a closed file that is destroyed again, is read by design.
    let by_design = matches!(scenario, Scenario::Vanish | Scenario::Reconcile);
    by_design || !BY_CHANCE.contains(&call(point))
}

/// Whether jobs and probes reach it, whatever the scenario.
fn is_everywhere(point: &str) -> bool {
    EVERYWHERE.contains(&call(point))
}

/// The call of a point: `catalog.advance` of `before:catalog.advance`.
fn call(point: &str) -> &str {
    point.split_once(':').map_or(point, |(_, call)| call)
}

impl Ground {
    async fn client(self, treatment: Treatment) -> Client {
        let world = World::new(self.catalogs, self.stores, treatment.servers()).await;
        Client::new(world, treatment)
    }

    /// Runs a scenario in peace and says which points were reached how often.
    async fn rehearse(self, scenario: Scenario) -> BTreeMap<String, usize> {
        let mut client = self.client(Treatment::Rehearse).await;
        let mut scene = scenario.prepare(&mut client, "rehearsal").await;
        // Jobs ask for the time as well.
        client.calm(|point| is_everywhere(point) || call(point) == "catalog.now").await;
        client.note();
        scenario.act(&mut client, &mut scene).await;
        let reached = client.world.servers[0].drill.reached();
        client.world.servers[0].drill.disarm();
        scenario.conclude(&mut client, &scene).await;
        scenario.settles(&mut client, &scene).await;
        reached
    }

    /// Treats a scenario at every point it reaches.
    async fn run(self, scenario: Scenario, treatment: Treatment) {
        let mut cases: VecDeque<Case> = VecDeque::new();
        // Who takes a step, a request or a job, is a matter of moments; what one rehearsal alone reaches may be missed.
        let (once, again) = tokio::join!(self.rehearse(scenario), self.rehearse(scenario));
        for (point, times) in once {
            if !is_everywhere(&point) {
                let sure = again.contains_key(&point) && is_certain(scenario, &point);
                let hits = (1..=times).map(|count| Hit { point: point.clone(), count });
                let hits = hits.filter(|hit| is_distinct(hit, treatment));
                cases.extend(hits.map(|hit| Case { certain: sure && hit.count == 1, hit }));
            }
        }
        if scenario == Scenario::Publish {
            let points = EVERYWHERE.iter().flat_map(|call| ["before", "after"].map(|side| format!("{side}:{call}")));
            cases.extend(points.map(|point| Case { hit: Hit { point, count: 1 }, certain: true }));
        }
        if let Some(only) = only() {
            cases.retain(|case| case.hit.to_string() == only);
        }
        let count = cases.len();
        let cases = Mutex::new(cases);
        let workers = (0..WORLDS.min(count)).map(|_| self.work(scenario, treatment, &cases));
        let mut total = Tally::default();
        join_all(workers).await.into_iter().for_each(|tally| total.add(tally));
        say(&format!("{treatment:?} {scenario:?}: {count} points, {total:?}"));
        // What is left to the jobs is shared among the servers: there two need not meet.
        let meets = treatment == Treatment::Collide && scenario != Scenario::Forget && only().is_none();
        assert!(total.met > 0 || !meets, "the two servers never stood at a point together");
    }

    /// Takes cases one after the other, in one world.
    async fn work(self, scenario: Scenario, treatment: Treatment, cases: &Mutex<VecDeque<Case>>) -> Tally {
        let mut client = self.client(treatment).await;
        let mut tally = Tally::default();
        loop {
            let Some(Case { hit, certain }) = cases.lock().expect("no panic").pop_front() else { break };
            let shown = Shown(format!("{treatment:?}-{scenario:?}-{hit}"));
            let mut reached = false;
            let met = client.met;
            let (tries, within) = if certain { (TRIES, REACHED_WITHIN) } else { (1, REACHED_AGAIN_WITHIN) };
            for attempt in 0..tries {
                let mut scene = scenario.prepare(&mut client, &format!("{}-{attempt}", shown.0)).await;
                client.arm(&hit);
                scenario.act(&mut client, &mut scene).await;
                reached = client.is_reached(within).await;
                if treatment == Treatment::Freeze && reached && scenario.is_concluded() {
                    // The second server finishes it all while the first stands still.
                    scenario.settles(&mut client, &scene).await;
                }
                client.recover().await;
                scenario.conclude(&mut client, &scene).await;
                scenario.settles(&mut client, &scene).await;
                client.world.is_consistent().await;
                if reached {
                    break;
                }
            }
            assert!(reached || !certain, "nobody reached the point");
            tally.reached += u32::from(reached);
            tally.alone += u32::from(reached && treatment == Treatment::Collide && client.met == met);
            tally.missed.extend((!reached).then(|| hit.to_string()));
        }
        tally.met = client.met;
        tally
    }
}

/// What a test has seen.
#[derive(Debug, Default)]
struct Tally {
    reached: u32,
    /// Points that two servers should have stood at together, and one did.
    alone: u32,
    /// How often two servers stood at a point at once.
    met: u32,
    missed: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.reached += other.reached;
        self.alone += other.alone;
        self.met += other.met;
        self.missed.extend(other.missed);
    }
}

/// Names the case that fails.
struct Shown(String);

impl Drop for Shown {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!("--- it failed in: {}", self.0));
        }
    }
}

#[expect(clippy::print_stderr, reason = "which case failed, and how many there were")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[expect(clippy::disallowed_methods, reason = "a failed point is given back by variable")]
fn only() -> Option<String> {
    let only = std::env::var("LANDFALL_TEST_POINT").ok()?;
    let known = Point::all().any(|point| only.split('@').next() == Some(&point.to_string()));
    assert!(known, "there is no point {only}");
    Some(only)
}

/// Makes the tests of one ground.
macro_rules! matrix {
    ($catalogs:expr, $stores:expr) => {
        matrix!(@treatments $catalogs, $stores; kill: Kill, freeze: Freeze, collide: Collide);
    };
    (@treatments $catalogs:expr, $stores:expr; $($name:ident: $treatment:ident),+) => {
        $(
            mod $name {
                use crate::matrix::{Catalogs, Ground, Scenario, Stores, Treatment};

                const GROUND: Ground = Ground { catalogs: $catalogs, stores: $stores };
                const TREATMENT: Treatment = Treatment::$treatment;

                #[tokio::test]
                async fn publish() {
                    GROUND.run(Scenario::Publish, TREATMENT).await;
                }

                #[tokio::test]
                async fn cancel() {
                    GROUND.run(Scenario::Cancel, TREATMENT).await;
                }

                #[tokio::test]
                async fn expire() {
                    GROUND.run(Scenario::Expire, TREATMENT).await;
                }

                #[tokio::test]
                async fn reject() {
                    GROUND.run(Scenario::Reject, TREATMENT).await;
                }

                #[tokio::test]
                async fn vanish() {
                    GROUND.run(Scenario::Vanish, TREATMENT).await;
                }

                #[tokio::test]
                async fn forget() {
                    GROUND.run(Scenario::Forget, TREATMENT).await;
                }

                #[tokio::test]
                async fn reconcile() {
                    GROUND.run(Scenario::Reconcile, TREATMENT).await;
                }

                #[tokio::test]
                async fn adopt() {
                    GROUND.run(Scenario::Adopt, TREATMENT).await;
                }

                #[tokio::test]
                async fn relay() {
                    GROUND.run(Scenario::Relay, TREATMENT).await;
                }
            }
        )+
    };
}

mod sqlite {
    mod on_embedded {
        matrix!(Catalogs::Sqlite, Stores::Embedded);
    }

    mod on_ceph {
        matrix!(Catalogs::Sqlite, Stores::Ceph);
    }
}

/// The list of points is the binary's own. If this fails, a call was added to a port: give it a scenario that makes it.
#[tokio::test]
async fn every_point_is_reached_by_a_scenario() {
    let ground = Ground { catalogs: Catalogs::Sqlite, stores: Stores::Embedded };
    let all: BTreeSet<String> = Point::all().map(|point| point.to_string()).collect();
    let rehearsals = join_all(Scenario::ALL.map(|scenario| ground.rehearse(scenario))).await;
    let mut reached: BTreeSet<String> = rehearsals.into_iter().flat_map(BTreeMap::into_keys).collect();
    // Their own case in the matrix fails where these are not reached.
    reached.extend(all.iter().filter(|point| is_everywhere(point)).cloned());
    let missing: Vec<&String> = all.difference(&reached).filter(|point| !UNUSED.contains(&call(point))).collect();
    assert!(missing.is_empty(), "no scenario reaches {missing:?}");
    let used: Vec<&String> = reached.iter().filter(|point| UNUSED.contains(&call(point))).collect();
    assert!(used.is_empty(), "{used:?} is used: take it off the list of what is not");
}
