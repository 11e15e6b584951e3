//! One seed: a storm, then a calm, and the judgement after each step of both.
//!
//! *Invariant*: a run follows from its seed and its ablation alone.

use std::sync::Arc;

use domain::{OwnerId, TimeSpan};

use crate::ablation::Ablation;
use crate::call::Fault;
use crate::chance::{Chance, mix};
use crate::clients::{Errand, run_errand};
use crate::coverage::Coverage;
use crate::executor::{Home, lock};
use crate::fleet::{Fleet, PROCESSES};
use crate::network::Client;
use crate::profile::{PROFILES, StoreBehaviour};
use crate::scheduler::{Climate, Stepped};
use crate::truth::Breach;
use crate::world::{Tally, Weather, World};

/// Assets of a seed at the least.
const ASSETS: u64 = 3;
/// Port calls after which the storm ends, whatever clients still wanted, at the least and at the most.
const STORM_CALLS: (u64, u64) = (300, 700);
/// Steps after which a storm ends even if nobody calls anybody.
const STORM_STEPS: u64 = 20_000;
/// An upload lives 7 days at most and is looked at for 8 more after it was closed; something that landed meanwhile
/// starts the 8 days again. Whatever is not settled by then never will be.
const CALM: TimeSpan = TimeSpan::from_hours(60 * 24);
/// Steps of the calm after which it is not one.
const CALM_STEPS: u64 = 50_000;

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
    /// Assets that were reserved, and those of them that were CREATED at some time.
    pub assets: (u64, u64),
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
    Outcome { store: profile.name, breach, tally: desk.tally, assets, coverage, trace }
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
    let enough = world.draw(|chance| chance.between(STORM_CALLS.0, STORM_CALLS.1));
    for _ in 0..STORM_STEPS {
        match world.step(climate, PROCESSES)? {
            Stepped::On => {}
            Stepped::Idle => break,
            Stepped::Crashed(process) => {
                fleet.ended(process);
                restart_later(world, fleet, process);
            }
        }
        if lock(&world.desk).tally.port_calls >= enough || !world.executor.is_busy(Home::Client) {
            break;
        }
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
    world.settle()?;
    let end = world.now() + CALM;
    for step in 0..CALM_STEPS {
        world.step(climate, PROCESSES)?;
        if step % 32 == 0 && is_settled(world) {
            break;
        }
        if world.now() > end {
            break;
        }
    }
    judge_end(world)
}

fn is_settled(world: &World) -> bool {
    let quiet = {
        let desk = lock(&world.desk);
        desk.zombies.is_empty() && desk.waiting.is_empty()
    };
    quiet && lock(&world.truth).unsettled(&world.catalog).is_empty()
}

/// L1 and I8, at the end.
fn judge_end(world: &World) -> Result<(), Breach> {
    let truth = lock(&world.truth);
    if let Some(file) = truth.unsettled(&world.catalog).first() {
        return Err(Breach::new("L1", format!("{file} after all faults had stopped")));
    }
    let after_purge = lock(&world.desk).after_purge.clone();
    match truth.hidden(&world.catalog, &lock(&world.matter), &after_purge).first() {
        Some(hidden) => Err(Breach::new("I8", hidden.clone())),
        None => Ok(()),
    }
}
