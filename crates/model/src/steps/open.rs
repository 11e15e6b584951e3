//! T2 and T3: `app::create::open_file` and `app::grant`.

use super::{Nature, Turn, named};
use crate::catalog::Behalf;
use crate::laws::{Ask, Moment};
use crate::run::{Held, Open, Run};
use crate::world::{FILES, RowState, Status, World, Zombie};

/// Requests that open what is RESERVED, and sign for what is UPLOADING.
pub(super) fn begin(turn: &mut Turn<'_>) {
    if turn.world.asset.status == Status::Gone {
        return;
    }
    for (file, row) in (0u8..).zip(turn.world.asset.rows).take(FILES) {
        let held = Held { row, fresh: true };
        match row.state {
            RowState::Reserved => {
                let run = Run::Open(Open { file, held, opened: None });
                turn.moved(Nature::Choice, run, |turn| format!("{}: finds {} RESERVED", turn.who(), named(file)));
            }
            RowState::Uploading if turn.world.urls[usize::from(file)].is_none() => begin_grant(turn, file, held),
            _ => {}
        }
    }
}

/// Loads and decides. A grant that writes nothing signs in the same step.
fn begin_grant(turn: &mut Turn<'_>, file: u8, held: Held) {
    let Some(outcome) = turn.setting.laws.decide(held.row, Ask::Granted, Moment::Early) else { return };
    if outcome.writes {
        let run = Run::Grant(file, held);
        turn.moved(Nature::Choice, run, |turn| format!("{}: asks for URLs of {}", turn.who(), named(file)));
    } else {
        let world = signed(*turn.world, file, held);
        turn.acted(Nature::Choice, world, |turn| format!("{}: gets URLs of {}", turn.who(), named(file)));
    }
}

fn signed(mut world: World, file: u8, held: Held) -> World {
    world.urls[usize::from(file)] = held.row.upload;
    world
}

/// Writes the bound, then signs.
pub(super) fn grant(turn: &mut Turn<'_>, file: u8, held: Held) {
    let outcome = turn.setting.laws.decide(held.row, Ask::Granted, Moment::Early);
    let Some(outcome) = outcome.filter(|_| held.fresh) else {
        turn.moved(Nature::Fair, Run::Idle, |turn| format!("{}: finds that {} has moved", turn.who(), named(file)));
        return;
    };
    let mut world = turn.world_with(Run::Idle);
    let broken = world.write_row(usize::from(file), outcome.next, Behalf::Protocol);
    let world = signed(world, file, held);
    turn.add(Nature::Fair, world, broken, |turn| {
        format!("{}: writes the URL bound of {} and gets its URLs", turn.who(), named(file))
    });
}

/// Opens an upload, then writes its id.
pub(super) fn go_on(turn: &mut Turn<'_>, open: Open) {
    let Open { file, held, opened } = open;
    let number = usize::from(file);
    let Some(slot) = opened else {
        // Eight days late, it is reconcile's: see `World::is_past_last_look`.
        if turn.world.is_past_last_look(number) {
            return;
        }
        turn.lose(Zombie::Create(file), Run::Idle);
        let mut world = *turn.world;
        let Some(slot) = world.shelves[number].create(turn.setting.profile.uploads) else { return };
        world.runs[turn.slot] = Run::Open(Open { opened: Some(slot), ..open });
        turn.acted(Nature::Fair, world, |turn| {
            format!("{}: opens upload {} for {}", turn.who(), slot.index() + 1, named(file))
        });
        return;
    };
    let outcome = turn.setting.laws.decide(held.row, Ask::Opened(slot), Moment::Early);
    match outcome.filter(|_| held.fresh) {
        Some(outcome) => {
            let mut world = turn.world_with(Run::Idle);
            let broken = world.write_row(number, outcome.next, Behalf::Protocol);
            turn.add(Nature::Fair, world, broken, |turn| format!("{}: writes {} UPLOADING", turn.who(), named(file)));
        }
        None => turn.moved(Nature::Fair, Run::Idle, |turn| {
            format!("{}: finds that {} has moved; its upload stays behind", turn.who(), named(file))
        }),
    }
}
