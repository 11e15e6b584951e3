//! T9 and T10: `app::destroy`. Abort the stored upload, abort what is listed, delete, look, close.

use super::{Nature, Setting, Turn, named};
use crate::ablation::Ablation;
use crate::catalog::Behalf;
use crate::laws::{Ask, Moment};
use crate::run::{Destroy, DestroyAt, Held, Intent, Run};
use crate::world::{FileRow, RowState, UploadSlot, Zombie};

/// The destroy job, or a request that has just ended a file, finds it DELETING.
pub(super) fn begin(turn: &mut Turn<'_>) {
    for (file, row) in (0u8..).zip(turn.world.asset.rows) {
        let due = row.state == RowState::Deleting && !turn.setting.lacks(Ablation::NoDestroy);
        if due || ends_soon(turn, file, row) {
            let run = Run::Destroy(start(turn.setting, file, row));
            turn.moved(Nature::Choice, run, |turn| format!("{}: takes up {} to destroy it", turn.who(), named(file)));
        }
    }
}

/// Only with its ablation: destruction of what is about to be written DELETING.
fn ends_soon(turn: &Turn<'_>, file: u8, row: FileRow) -> bool {
    let rows = turn.world.asset;
    turn.setting.lacks(Ablation::DestroyBeforeWrite)
        && rows.pending().any(|pending| pending == usize::from(file))
        && !row.has_ended()
        && turn.setting.laws.alter(rows, Intent::Expire, Moment::Late).is_some()
}

/// A destruction from its start.
pub fn start(setting: &Setting<'_>, file: u8, row: FileRow) -> Destroy {
    let at = if setting.lacks(Ablation::NoAbort) || setting.lacks(Ablation::DeleteThenAbortUnseen) {
        DestroyAt::Delete
    } else if row.upload.is_some() {
        DestroyAt::AbortStored
    } else {
        after_stored(setting)
    };
    Destroy { file, held: Held { row, fresh: true }, at }
}

fn after_stored(setting: &Setting<'_>) -> DestroyAt {
    if setting.lacks(Ablation::StoredUploadOnly) { DestroyAt::Delete } else { DestroyAt::List }
}

/// One call further.
pub(super) fn go_on(turn: &mut Turn<'_>, destroy: Destroy) {
    match destroy.at {
        DestroyAt::AbortStored => abort_stored(turn, destroy),
        DestroyAt::List => list(turn, destroy),
        DestroyAt::AbortListed(listed) => abort_listed(turn, destroy, listed),
        DestroyAt::Delete => delete(turn, destroy),
        DestroyAt::LookParts | DestroyAt::LookUploads | DestroyAt::LookObject => look(turn, destroy),
        DestroyAt::Close => close(turn, destroy),
    }
}

fn at(destroy: Destroy, at: DestroyAt) -> Run {
    Run::Destroy(Destroy { at, ..destroy })
}

fn abort_stored(turn: &mut Turn<'_>, destroy: Destroy) {
    let Some(slot) = destroy.held.row.upload else { return };
    let next =
        if turn.setting.lacks(Ablation::DeleteThenAbortUnseen) { DestroyAt::Close } else { after_stored(turn.setting) };
    abort(turn, destroy, slot, next);
}

fn abort(turn: &mut Turn<'_>, destroy: Destroy, slot: UploadSlot, next: DestroyAt) {
    let file = destroy.file;
    turn.lose(Zombie::Abort(file, slot), turn.world.runs[turn.slot]);
    let broken = turn.destruction(file);
    let mut world = turn.world_with(at(destroy, next));
    world.shelves[usize::from(file)].abort(slot);
    turn.add(Nature::Fair, world, broken, |turn| {
        format!("{}: aborts upload {} of {}", turn.who(), slot.index() + 1, named(file))
    });
}

fn list(turn: &mut Turn<'_>, destroy: Destroy) {
    let file = destroy.file;
    let listed = turn.world.shelves[usize::from(file)].list_uploads();
    let next = if listed == [false; 2] { DestroyAt::Delete } else { DestroyAt::AbortListed(listed) };
    turn.moved(Nature::Fair, at(destroy, next), |turn| format!("{}: lists the uploads of {}", turn.who(), named(file)));
    if listed != [false; 2] {
        // New ones came again and again: the code stops asking and looks at the end.
        let run = at(destroy, DestroyAt::Delete);
        turn.moved(Nature::Fault, run, |turn| {
            format!("{}: has listed the uploads of {} too often", turn.who(), named(file))
        });
    }
}

fn abort_listed(turn: &mut Turn<'_>, destroy: Destroy, mut listed: [bool; 2]) {
    let Some(slot) = UploadSlot::ALL.into_iter().find(|slot| listed[slot.index()]) else { return };
    listed[slot.index()] = false;
    let next = if listed == [false; 2] { DestroyAt::List } else { DestroyAt::AbortListed(listed) };
    abort(turn, destroy, slot, next);
}

fn delete(turn: &mut Turn<'_>, destroy: Destroy) {
    let file = destroy.file;
    turn.lose(Zombie::Delete(file), turn.world.runs[turn.slot]);
    let broken = turn.destruction(file);
    let next = if turn.setting.lacks(Ablation::NoAbort) {
        DestroyAt::LookObject
    } else if turn.setting.lacks(Ablation::DeleteThenAbortUnseen) && destroy.held.row.upload.is_some() {
        DestroyAt::AbortStored
    } else {
        first_look(destroy.held.row)
    };
    let mut world = turn.world_with(at(destroy, next));
    world.shelves[usize::from(file)].object = None;
    turn.add(Nature::Fair, world, broken, |turn| format!("{}: deletes the object of {}", turn.who(), named(file)));
}

fn first_look(row: FileRow) -> DestroyAt {
    if row.upload.is_some() { DestroyAt::LookParts } else { DestroyAt::LookUploads }
}

fn look(turn: &mut Turn<'_>, destroy: Destroy) {
    let file = destroy.file;
    let shelf = &turn.world.shelves[usize::from(file)];
    let stored = destroy.held.row.upload;
    let (remains, next) = match destroy.at {
        DestroyAt::LookParts => {
            let next = if turn.setting.lacks(Ablation::StoredUploadOnly) {
                DestroyAt::LookObject
            } else {
                DestroyAt::LookUploads
            };
            (stored.is_some_and(|slot| shelf.list_parts(slot).is_some()), next)
        }
        DestroyAt::LookUploads if turn.setting.lacks(Ablation::StoredUploadOnly) => (false, DestroyAt::LookObject),
        DestroyAt::LookUploads => (shelf.list_uploads() != [false; 2], DestroyAt::LookObject),
        _ => (shelf.object.is_some(), DestroyAt::Close),
    };
    // What recheck cleared is closed already.
    let done = next == DestroyAt::Close && destroy.held.row.state != RowState::Deleting;
    let run = if remains || done { Run::Idle } else { at(destroy, next) };
    let found = if remains { "something is left" } else { "nothing" };
    turn.moved(Nature::Fair, run, |turn| format!("{}: looks at {}: {found}", turn.who(), named(file)));
}

fn close(turn: &mut Turn<'_>, destroy: Destroy) {
    let file = destroy.file;
    let outcome = turn.setting.laws.decide(destroy.held.row, Ask::Destroyed, Moment::Late);
    match outcome.filter(|_| destroy.held.fresh) {
        Some(outcome) => {
            let mut world = turn.world_with(Run::Idle);
            let broken = world.write_row(usize::from(file), outcome.next, Behalf::Protocol);
            turn.add(Nature::Fair, world, broken, |turn| format!("{}: writes {} CLOSED", turn.who(), named(file)));
        }
        None => turn.moved(Nature::Fair, Run::Idle, |turn| {
            format!("{}: finds that {} was closed by another", turn.who(), named(file))
        }),
    }
}
