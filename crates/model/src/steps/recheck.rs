//! T11: `app::recheck`. Look at a closed file; clear what landed, or remove the row after the last clean look.

use domain::Effect;

use super::{Nature, Setting, Turn, destroy, named};
use crate::ablation::Ablation;
use crate::catalog::Behalf;
use crate::laws::{Ask, Moment};
use crate::run::{Held, Recheck, RecheckAt, Run};
use crate::world::{FileRow, RowState, Spot, Status};

/// The recheck job finds a look due.
pub(super) fn begin(turn: &mut Turn<'_>) {
    for (file, row) in (0u8..).zip(turn.world.asset.rows) {
        if matches!(row.state, RowState::Closed { .. }) {
            let mut world = turn.world_with(Run::Recheck(start(turn.setting, file, row)));
            world.forget_late_openings();
            turn.acted(Nature::Choice, world, |turn| format!("{}: looks at closed {} again", turn.who(), named(file)));
        }
    }
}

/// A look from its start.
pub fn start(setting: &Setting<'_>, file: u8, row: FileRow) -> Recheck {
    let at = match row.upload {
        _ if setting.lacks(Ablation::NoRecheck) => RecheckAt::Clean,
        Some(_) => RecheckAt::LookParts,
        None => RecheckAt::LookUploads,
    };
    Recheck { file, held: Held { row, fresh: true }, at }
}

/// One call further.
pub(super) fn go_on(turn: &mut Turn<'_>, recheck: Recheck) {
    let at = |at| Run::Recheck(Recheck { at, ..recheck });
    let file = recheck.file;
    let shelf = turn.world.shelves[usize::from(file)];
    let blind = turn.setting.lacks(Ablation::StoredUploadOnly);
    let (remains, next) = match recheck.at {
        RecheckAt::LookParts => {
            let stored = recheck.held.row.upload;
            (stored.is_some_and(|slot| shelf.list_parts(slot).is_some()), RecheckAt::LookUploads)
        }
        RecheckAt::LookUploads => (!blind && shelf.list_uploads() != [false; 2], RecheckAt::LookObject),
        RecheckAt::LookObject => (shelf.object.is_some(), RecheckAt::Clean),
        RecheckAt::Clean => return write(turn, recheck, Ask::FoundNothing),
        RecheckAt::Found => return write(turn, recheck, Ask::FoundSomething),
        RecheckAt::Shown => return shown(turn, recheck),
        RecheckAt::Purge => return purge(turn, recheck),
    };
    let run = if remains { at(RecheckAt::Found) } else { at(next) };
    let found = if remains { "something landed" } else { "nothing" };
    turn.moved(Nature::Fair, run, |turn| format!("{}: looks at {}: {found}", turn.who(), named(file)));
}

fn write(turn: &mut Turn<'_>, recheck: Recheck, ask: Ask) {
    let file = recheck.file;
    let row = recheck.held.row;
    let Some(outcome) = turn.setting.laws.decide(row, ask, Moment::Late) else { return };
    if outcome.effect == Some(Effect::Purge) {
        let run = Run::Recheck(Recheck { at: RecheckAt::Shown, ..recheck });
        turn.moved(Nature::Fair, run, |turn| format!("{}: the last look at {} was clean", turn.who(), named(file)));
        return;
    }
    // Written or stale: what landed is cleared either way, and by the copy that was read.
    let after = |fresh| match ask {
        Ask::FoundSomething => {
            let cleared = destroy::start(turn.setting, file, row);
            Run::Destroy(crate::run::Destroy { held: Held { row, fresh }, ..cleared })
        }
        _ => Run::Idle,
    };
    let stale = after(false);
    if !recheck.held.fresh {
        turn.moved(Nature::Fair, stale, |turn| format!("{}: finds that {} has moved", turn.who(), named(file)));
        return;
    }
    let mut world = turn.world_with(Run::Idle);
    let broken = world.write_row(usize::from(file), outcome.next, Behalf::Protocol);
    world.runs[turn.slot] = stale;
    turn.add(Nature::Fair, world, broken, |turn| format!("{}: writes the look at {}", turn.who(), named(file)));
}

/// A living asset that still points at the file keeps its row, to tell its owner why.
fn shown(turn: &mut Turn<'_>, recheck: Recheck) {
    let file = recheck.file;
    let asset = &turn.world.asset;
    let is_shown = asset.status != Status::Gone && asset.spots[usize::from(file)] != Spot::Unplaced;
    let run = if is_shown { Run::Idle } else { Run::Recheck(Recheck { at: RecheckAt::Purge, ..recheck }) };
    turn.moved(Nature::Fair, run, |turn| format!("{}: asks whether {} is still shown", turn.who(), named(file)));
}

fn purge(turn: &mut Turn<'_>, recheck: Recheck) {
    let file = recheck.file;
    let mut world = turn.world_with(Run::Idle);
    if recheck.held.fresh {
        world.purge(usize::from(file));
    }
    turn.acted(Nature::Fair, world, |turn| format!("{}: purges the row of {}", turn.who(), named(file)));
}
