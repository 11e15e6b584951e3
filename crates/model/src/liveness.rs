//! L1: from every reachable state, once nothing goes wrong any more, every file ends.
//!
//! From each state one fair continuation is walked to its end: what is on its way lands, whoever is at work goes on,
//! and then the jobs do what `domain::lifecycle::duty` says they owe each row. Clients send nothing more, owners want
//! nothing more, and time passes. *Invariant*: the steps are the same as the search's; only their order is chosen. A
//! continuation that comes back to where it was, or ends with a file that has not ended, breaks L1.

use domain::Effect;

use crate::ablation::Ablation;
use crate::run::{Intent, Run};
use crate::search::{Reached, tell};
use crate::steps::{Nature, Setting, Successor, Telling, start};
use crate::world::{FILES, FINISHERS, RUNNERS, RowState, SLOTS, Spot, Status, World};

/// Longer than any continuation can be without going round in a circle: each file has fewer than a hundred steps left.
const MOST_STEPS: usize = 1_000;

/// Finds a state from which the continuation does not end well, and tells the way there and on.
pub(crate) fn find_stuck(setting: &Setting<'_>, reached: &Reached) -> Option<Vec<String>> {
    let mut ends_well = vec![false; reached.len()];
    let mut scratch = Vec::new();
    let mut walked = Vec::new();
    for place in 0..reached.len() {
        walked.clear();
        let mut at = place;
        while !ends_well[at] {
            walked.push(at);
            let Some(next) = next(setting, reached.state(at), &mut scratch) else {
                if ended(reached.state(at)) {
                    break;
                }
                return Some(explain(setting, reached, &walked, place));
            };
            if walked.len() > MOST_STEPS {
                return Some(explain(setting, reached, &walked[..40], place));
            }
            at = reached.find(&next.canonical()).expect("a fair step is a step, so it leads to a reached state");
        }
        walked.iter().for_each(|at| ends_well[*at] = true);
    }
    None
}

fn explain(setting: &Setting<'_>, reached: &Reached, walked: &[usize], from: usize) -> Vec<String> {
    let mut way = reached.way_to(from);
    let faultless = way.len() - 1;
    way.extend(walked.iter().skip(1).map(|at| *reached.state(*at)));
    let mut told = tell(setting, &way);
    told.insert(faultless, "from here on nothing goes wrong".to_owned());
    told.push(format!("nobody does anything more; {}", left(way.last().unwrap_or(reached.state(from)))));
    told
}

fn left(world: &World) -> String {
    let files = (0..FILES).filter(|file| !has_ended(world, *file));
    let told = files.map(|file| {
        let hidden = world.shelves[file].uploads.iter().filter(|upload| upload.is_listed()).count();
        let object = if world.shelves[file].object.is_some() { "an object" } else { "no object" };
        format!("file {} is {:?}, with {object} and {hidden} open uploads", file + 1, world.asset.rows[file].state)
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Whether every file has come to an end: CREATED, or CLOSED with nothing left in the store.
fn ended(world: &World) -> bool {
    (0..FILES).all(|file| has_ended(world, file))
}

fn has_ended(world: &World, file: usize) -> bool {
    match world.asset.rows[file].state {
        RowState::Created(_) | RowState::Absent => true,
        RowState::Closed { .. } | RowState::Purged => world.shelves[file].is_empty(),
        RowState::Reserved
        | RowState::Uploading
        | RowState::Committing { .. }
        | RowState::Verified(_)
        | RowState::Deleting => false,
    }
}

/// The one next step of the continuation. `None`: nobody has anything to do.
fn next(setting: &Setting<'_>, world: &World, scratch: &mut Vec<Successor>) -> Option<World> {
    setting.landings(world, Telling::Silent, scratch);
    if let Some(landed) = scratch.first() {
        return Some(landed.world);
    }
    for slot in 0..SLOTS {
        if world.runs[slot] == Run::Idle {
            continue;
        }
        setting.steps_of(world, slot, Telling::Silent, scratch);
        if let Some(step) = scratch.iter().find(|step| step.nature == Nature::Fair) {
            return Some(step.world);
        }
        // What cannot go on any more is dropped, as its process would be.
        let mut dropped = *world;
        dropped.runs[slot] = Run::Idle;
        return Some(dropped);
    }
    let (slot, run) = owed(setting, world)?;
    let mut begun = *world;
    begun.runs[slot] = run;
    begun.forget_late_openings();
    Some(begun)
}

/// What the jobs owe next: first what the rows owe, then the nightly run, then another look at what is closed.
fn owed(setting: &Setting<'_>, world: &World) -> Option<(usize, Run)> {
    let files = || (0u8..).zip(world.asset.rows);
    for (file, row) in files() {
        let due = match setting.laws.duty(row) {
            Some(Effect::Complete) => driven(setting).then(|| (FINISHERS[0], Run::Commit(start::commit(file, row)))),
            Some(Effect::TryPublish) if driven(setting) => {
                start::alter(setting, world, Intent::Publish).map(|alter| (FINISHERS[0], Run::Alter(alter)))
            }
            Some(Effect::Destroy) if setting.ablation != Some(Ablation::NoDestroy) => {
                Some((RUNNERS[0], Run::Destroy(start::destroy(setting, file, row))))
            }
            _ => None,
        };
        if due.is_some() {
            return due;
        }
    }
    if let Some(alter) = start::alter(setting, world, Intent::Expire) {
        return Some((RUNNERS[0], Run::Alter(alter)));
    }
    let looked_at = |file: u8, row| {
        let again = setting.laws.duty(row) == Some(Effect::Recheck) && !is_kept(world, usize::from(file));
        again.then(|| (RUNNERS[0], Run::Recheck(start::recheck(setting, file, row))))
    };
    files().find_map(|(file, row)| looked_at(file, row))
}

/// Whether there is a drive-commits job.
fn driven(setting: &Setting<'_>) -> bool {
    setting.ablation != Some(Ablation::NoDriveCommits)
}

/// Whether a closed row has had its looks and stays, because a living asset shows it.
fn is_kept(world: &World, file: usize) -> bool {
    const LAST: u8 = domain::limits::RECHECK_AFTER.len() as u8 - 1;
    let shown = world.asset.status != Status::Gone && world.asset.spots[file] != Spot::Unplaced;
    let looked = matches!(world.asset.rows[file].state, RowState::Closed { clean: LAST });
    shown && looked && world.shelves[file].is_empty()
}
