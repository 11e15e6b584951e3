//! One seed: a storm, then a calm, and the judgement after each step of both.
//!
//! *Invariant*: a run follows from its seed and its ablation alone.

use std::sync::Arc;

use domain::{OwnerId, TimeSpan, Timestamp};

use crate::ablation::Ablation;
use crate::call::Fault;
use crate::chance::{Chance, mix};
use crate::clients::run_errand;
use crate::clocks::Jolt;
use crate::coverage::Coverage;
use crate::drill::{Drill, Script, start_clean_up};
use crate::executor::{Home, lock};
use crate::fleet::{Fleet, PROCESSES};
use crate::network::Client;
use crate::profile::{PROFILES, StoreBehaviour};
use crate::scheduler::{Climate, Stepped};
use crate::source::Errand;
use crate::truth::{Assets, Breach};
use crate::world::{Tally, Weather, World};

/// Assets of a seed at the least.
const ASSETS: u64 = 3;
/// Port calls after which the storm ends, whatever clients still wanted, at the least and at the most.
const STORM_CALLS: (u64, u64) = (300, 700);
/// Steps after which a storm ends even if nobody calls anybody.
const STORM_STEPS: u64 = 20_000;
/// Steps after which a storm with a drill in it ends in any case.
const DRILL_STEPS: u64 = 100_000;
/// Port calls of the storm after a drill.
const AFTER_DRILL: u64 = 60;
/// An upload lives 7 days at most and is looked at for 9 more after it was closed; something that landed meanwhile starts
/// the looks again, and so does reconcile for what it finds a day later. The rounds that do it are up to 3 days apart.
/// Whatever is not settled by then never will be.
const CALM: TimeSpan = TimeSpan::from_hours(100 * 24);
/// Steps of the calm after which it is not one.
const CALM_STEPS: u64 = 50_000;

/// Steps of the calm between two looks whether it is over, at least.
const LOOK_STEPS: u64 = 24;

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The guard that is taken away, if any.
    pub ablation: Option<Ablation>,
    /// Whether to write down every step.
    pub trace: Trace,
}

/// Whether every step is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// For one seed that somebody looks at.
    Kept,
    /// For many.
    Dropped,
}

/// What came of a seed.
#[derive(Debug)]
pub struct Outcome {
    /// The store it ran on.
    pub store: &'static str,
    /// The law that was broken, if one was.
    pub breach: Option<Breach>,
    /// What happened.
    pub tally: Tally,
    /// How assets fared.
    pub assets: Assets,
    /// The mix-up of catalog and buckets that came, or the clock that was wrong, if one was.
    pub drill: Option<&'static str>,
    /// Which cells were reached.
    pub coverage: Coverage,
    /// Every step, if asked for.
    pub trace: Vec<String>,
}

/// Runs one seed.
pub fn run(plan: Plan) -> Outcome {
    let mut chance = Chance::new(mix(plan.seed));
    let profile: StoreBehaviour = chance.pick(&PROFILES);
    let climate = Climate::of(&mut chance);
    let world = World::new(chance.bits(), profile, plan.ablation);
    if plan.trace == Trace::Kept {
        lock(&world.desk).trace = Some(vec![format!("store {}, {climate:?}", profile.name)]);
    }
    let fleet = Fleet::launch(&world);
    let breach = storm(&world, &fleet, &climate).and_then(|()| calm(&world, &fleet, &climate)).err();
    world.dismantle(PROCESSES);
    (0..PROCESSES).for_each(|process| fleet.ended(process));
    let coverage = std::mem::take(&mut *lock(&world.coverage));
    let assets = lock(&world.truth).assets();
    let mut desk = lock(&world.desk);
    let trace = desk.trace.take().unwrap_or_default();
    let drill = desk.drill.map(Drill::name).or(desk.jolt);
    Outcome { store: profile.name, breach, tally: desk.tally, assets, drill, coverage, trace }
}

/// Clients at work, and everything that can go wrong.
fn storm(world: &Arc<World>, fleet: &Arc<Fleet>, climate: &Climate) -> Result<(), Breach> {
    let assets = ASSETS + world.draw(|chance| chance.between(0, 1));
    for number in 0..assets {
        let owner = OwnerId::parse(if number % 2 == 0 { "42" } else { "a member" }).expect("it is an owner");
        let errand = world.draw(|chance| Errand::new(chance, number));
        let client = Client { world: world.clone(), fleet: fleet.clone(), owner };
        let start = async move {
            client.linger(0, 20).await;
            run_errand(client, errand).await;
        };
        world.executor.start(Home::Client, Box::pin(start));
    }
    world.settle()?;
    let mut script = world.draw(Script::of);
    // What was written down while a clock was far off says nothing about what a restored catalog forgot.
    let mut jolt = if script.is_none() { world.draw(Jolt::of) } else { None };
    let mut enough = world.draw(|chance| chance.between(STORM_CALLS.0, STORM_CALLS.1));
    for step in 0.. {
        match world.step(climate, PROCESSES)? {
            Stepped::On => {}
            Stepped::Idle => break,
            Stepped::Crashed(process) => {
                fleet.ended(process);
                restart_later(world, fleet, process);
            }
        }
        if let Some(jolt) = &mut jolt {
            jolt.advance(world);
        }
        let in_drill = script.as_mut().map_or(Ok(false), |script| script.advance(world, fleet))?;
        let calls = lock(&world.desk).tally.port_calls;
        if in_drill {
            if step > DRILL_STEPS {
                return Err(Breach::new("L1", "an operator never gets through"));
            }
            enough = enough.max(calls + AFTER_DRILL);
        } else if calls >= enough || !world.executor.is_busy(Home::Client) || step > STORM_STEPS {
            break;
        }
    }
    if let Some(jolt) = &mut jolt {
        jolt.end(world);
        lock(&world.desk).jolt = jolt.name();
    }
    Ok(())
}

fn restart_later(world: &Arc<World>, fleet: &Arc<Fleet>, process: usize) {
    let seconds = world.draw(|chance| chance.between(1, 300));
    let (later, fleet) = (world.clone(), fleet.clone());
    let restart = async move {
        later.pause(TimeSpan::from_secs(i64::try_from(seconds).expect("it is small"))).await;
        if fleet.app(process).is_none() {
            fleet.start(process);
        }
    };
    world.executor.start(Home::Client, Box::pin(restart));
}

/// L1: with no faults and no clients, every file comes to its end by itself.
fn calm(world: &Arc<World>, fleet: &Arc<Fleet>, climate: &Climate) -> Result<(), Breach> {
    world.note(|| "the storm is over".to_owned());
    {
        let mut desk = lock(&world.desk);
        desk.ending = Some(Fault::HungUp);
        desk.frozen.clear();
        desk.waiting.iter_mut().for_each(|waiting| waiting.stalled_until = 0);
    }
    world.executor.end(Home::Client);
    {
        let mut desk = lock(&world.desk);
        desk.ending = None;
        desk.weather = Weather::Calm;
    }
    fleet.start_all();
    if lock(&world.desk).drill.is_some() {
        let owner = OwnerId::parse("the operator").expect("it is an owner");
        start_clean_up(Client { world: world.clone(), fleet: fleet.clone(), owner });
    }
    world.settle()?;
    let end = world.now() + CALM;
    let (mut looked, mut settled) = (0, None);
    for step in 0..CALM_STEPS {
        world.step(climate, PROCESSES)?;
        // Not after so many steps exactly: days that are alike could go on for ever between two looks.
        if step - looked >= LOOK_STEPS && is_quiet(world) {
            looked = step;
            if is_over(world, &mut settled) {
                return Ok(());
            }
        }
        if world.now() > end {
            break;
        }
    }
    Err(judge_end(world))
}

/// Whether nobody is in the middle of anything.
fn is_quiet(world: &World) -> bool {
    let desk = lock(&world.desk);
    desk.zombies.is_empty() && desk.waiting.is_empty()
}

/// Whether every file is at its end, buckets and catalog were compared since then, and nothing is left. `settled`
/// remembers since when the first of these holds.
fn is_over(world: &World, settled: &mut Option<Timestamp>) -> bool {
    let reconciled = lock(&world.desk).reconciled;
    let (truth, matter) = (lock(&world.truth), lock(&world.matter));
    if !truth.unsettled(&world.catalog).is_empty() {
        *settled = None;
        return false;
    }
    let since = *settled.get_or_insert(world.now());
    reconciled.is_some_and(|began| began >= since)
        && truth.hidden(&world.catalog, &matter).is_empty()
        && truth.astray(&world.catalog, &matter).is_empty()
        && truth.unmarked(&world.catalog, &matter).is_empty()
}

/// What is not as it must be, after time enough for everything.
fn judge_end(world: &World) -> Breach {
    let (truth, matter) = (lock(&world.truth), lock(&world.matter));
    let left = [
        ("I8", truth.hidden(&world.catalog, &matter)),
        ("I2", truth.astray(&world.catalog, &matter)),
        ("T12", truth.unmarked(&world.catalog, &matter)),
        ("L1", truth.unsettled(&world.catalog)),
    ];
    let first = left.into_iter().find_map(|(law, left)| Some((law, left.into_iter().next()?)));
    let (law, what) = first.unwrap_or(("L1", "there was no end to it: the world".to_owned()));
    Breach::new(law, format!("{what} after all faults had stopped"))
}
