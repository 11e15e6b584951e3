//! T4: `app::complete::freeze_asset`. All pending files are judged before one is written.

use super::{Nature, Turn, named};
use crate::ablation::Ablation;
use crate::catalog::Behalf;
use crate::laws::{Ask, Moment};
use crate::run::{Freeze, FreezeAt, HeldAsset, Run};
use crate::world::{FILES, FileRow, RowState, Status};

/// The owner says "done".
pub(super) fn begin(turn: &mut Turn<'_>) {
    let asset = turn.world.asset;
    let state = |file: usize| asset.rows[file].state;
    let uploading = asset.pending().any(|file| state(file) == RowState::Uploading);
    // What is RESERVED is incomplete, and a rejected file is answered as such: neither changes anything.
    let in_vain = asset.pending().any(|file| asset.rows[file].has_ended() || state(file) == RowState::Reserved);
    if asset.status == Status::Gone || !uploading || in_vain {
        return;
    }
    let freeze = Freeze { held: HeldAsset::of(asset), listed: [None; FILES], at: FreezeAt::List(0) };
    let run = next_listing(freeze, 0);
    turn.moved(Nature::Choice, run, |turn| format!("{}: \"complete\" reads the asset", turn.who()));
}

/// The next file to list, or the first to write.
fn next_listing(freeze: Freeze, from: usize) -> Run {
    let held = freeze.held.asset;
    let next = held.pending().find(|file| *file >= from && held.rows[*file].state == RowState::Uploading);
    match next {
        Some(file) => Run::Freeze(Freeze { at: FreezeAt::List(small(file)), ..freeze }),
        None => next_write(freeze, 0),
    }
}

/// The next file to write, or the end.
fn next_write(freeze: Freeze, from: usize) -> Run {
    match (from..FILES).find(|file| freeze.listed[*file].is_some()) {
        Some(file) => Run::Freeze(Freeze { at: FreezeAt::Write(small(file)), ..freeze }),
        None => Run::Idle,
    }
}

fn small(file: usize) -> u8 {
    u8::try_from(file).unwrap_or(u8::MAX)
}

/// One call further.
pub(super) fn go_on(turn: &mut Turn<'_>, freeze: Freeze) {
    match freeze.at {
        FreezeAt::List(file) => list(turn, freeze, file),
        FreezeAt::Write(file) => write(turn, freeze, file),
        FreezeAt::Reload(file) => {
            let unchanged = freeze.held.fresh[usize::from(file)];
            let run = if unchanged { Run::Freeze(Freeze { at: FreezeAt::Head(file), ..freeze }) } else { Run::Idle };
            turn.moved(Nature::Fair, run, |turn| format!("{}: reads {} again", turn.who(), named(file)));
        }
        FreezeAt::Head(file) => {
            let lies = turn.world.shelves[usize::from(file)].object.is_some();
            let run = if lies { Run::Idle } else { Run::Freeze(Freeze { at: FreezeAt::Reject(file), ..freeze }) };
            turn.moved(Nature::Fair, run, |turn| format!("{}: HEAD of {}", turn.who(), named(file)));
        }
        FreezeAt::Reject(file) => reject(turn, freeze, file),
    }
}

fn list(turn: &mut Turn<'_>, mut freeze: Freeze, file: u8) {
    let number = usize::from(file);
    let row = freeze.held.asset.rows[number];
    let Some(slot) = row.upload else { return };
    let Some(part) = turn.world.shelves[number].list_parts(slot) else {
        let run = Run::Freeze(Freeze { at: FreezeAt::Reload(file), ..freeze });
        turn.moved(Nature::Fair, run, |turn| format!("{}: lists {}: no such upload", turn.who(), named(file)));
        return;
    };
    let judged = turn.setting.laws.decide(row, Ask::Frozen(part), Moment::Late);
    let run = match judged {
        Some(_) => {
            freeze.listed[number] = part;
            next_listing(freeze, number + 1)
        }
        // Incomplete: answered with 409, nothing changes.
        None => Run::Idle,
    };
    turn.moved(Nature::Fair, run, |turn| format!("{}: lists {}: {part:?}", turn.who(), named(file)));
}

fn write(turn: &mut Turn<'_>, freeze: Freeze, file: u8) {
    let number = usize::from(file);
    let ask = Ask::Frozen(freeze.listed[number]);
    let outcome = turn.setting.laws.decide(freeze.held.asset.rows[number], ask, Moment::Late);
    match outcome.filter(|_| freeze.held.fresh[number]) {
        Some(outcome) => {
            let mut world = turn.world_with(Run::Idle);
            let undue = outcome.next.undue || turn.setting.lacks(Ablation::LostDueTime);
            let broken = world.write_row(number, FileRow { undue, ..outcome.next }, Behalf::Protocol);
            // What follows reads no copy of this row any more.
            let mut after = freeze;
            after.held.fresh[number] = false;
            world.runs[turn.slot] = next_write(after, number + 1);
            turn.add(Nature::Fair, world, broken, |turn| format!("{}: writes {} COMMITTING", turn.who(), named(file)));
        }
        None => turn.moved(Nature::Fair, Run::Idle, |turn| {
            format!("{}: finds that {} has moved, and starts over", turn.who(), named(file))
        }),
    }
}

fn reject(turn: &mut Turn<'_>, freeze: Freeze, file: u8) {
    let number = usize::from(file);
    let outcome = turn.setting.laws.decide(freeze.held.asset.rows[number], Ask::Vanished, Moment::Late);
    match outcome.filter(|_| freeze.held.fresh[number]) {
        Some(outcome) => {
            let mut world = turn.world_with(Run::Idle);
            let broken = world.write_row(number, outcome.next, Behalf::Protocol);
            turn.add(Nature::Fair, world, broken, |turn| {
                format!("{}: writes {} DELETING (upload_vanished)", turn.who(), named(file))
            });
        }
        None => turn.moved(Nature::Fair, Run::Idle, |turn| {
            format!("{}: finds that {} has moved, and starts over", turn.who(), named(file))
        }),
    }
}
