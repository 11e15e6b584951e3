//! What happens without any of ours doing it: requests land late, clients send parts, a lifecycle rule aborts.

use super::{Nature, Turn, named, told};
use crate::ablation::Ablation;
use crate::world::{FILES, Upload};

/// Every step of the network, the client and the adversary.
pub(super) fn steps(turn: &mut Turn<'_>) {
    land(turn);
    for file in 0..FILES {
        send_parts(turn, file);
        lifecycle(turn, file);
        if turn.setting.lacks(Ablation::ClientPut) {
            put_object(turn, file);
        }
    }
}

/// A request that nobody waits for lands.
pub(super) fn land(turn: &mut Turn<'_>) {
    for (place, zombie) in turn.world.zombies.into_iter().enumerate() {
        let Some(zombie) = zombie else { continue };
        let mut world = *turn.world;
        world.land(place);
        world.deliver(zombie, turn.setting.profile.uploads);
        turn.acted(Nature::Fair, world, |_| format!("network: {} lands at last", told(zombie)));
    }
}

/// The client uses a part URL: in time, again, or long after.
fn send_parts(turn: &mut Turn<'_>, file: usize) {
    let Some(slot) = turn.world.urls[file] else { return };
    let name = named(u8::try_from(file).unwrap_or_default());
    for &content in turn.setting.profile.sends {
        let mut world = *turn.world;
        let upload = &mut world.shelves[file].uploads[slot.index()];
        match *upload {
            Upload::Alive(None) => {
                *upload = Upload::Alive(Some(content));
                turn.acted(Nature::Choice, world, |_| format!("client: sends {content:?} as the part of {name}"));
            }
            Upload::Alive(Some(before)) if before != content && world.allowance.overwrites > 0 => {
                *upload = Upload::Alive(Some(content));
                world.allowance.overwrites -= 1;
                turn.acted(Nature::Choice, world, |_| {
                    format!("client: sends the part of {name} again, as {content:?}")
                });
            }
            Upload::Aborted if turn.setting.profile.late_parts && !turn.world.is_past_last_look(file) => {
                *upload = Upload::Hidden;
                turn.acted(Nature::Choice, world, |_| {
                    format!("client: a late part of {name} lands in the aborted upload")
                });
                return;
            }
            Upload::Alive(_) | Upload::Unopened | Upload::Completed(_) | Upload::Aborted | Upload::Hidden => {}
        }
    }
}

/// A lifecycle rule, or somebody else, aborts the upload.
fn lifecycle(turn: &mut Turn<'_>, file: usize) {
    if turn.world.allowance.lifecycle == 0 {
        return;
    }
    for slot in crate::world::UploadSlot::ALL {
        if matches!(turn.world.shelves[file].uploads[slot.index()], Upload::Alive(_)) {
            let mut world = *turn.world;
            world.allowance.lifecycle -= 1;
            world.shelves[file].abort(slot);
            turn.acted(Nature::Fault, world, |_| {
                format!("store: a lifecycle rule aborts upload {} of file {}", slot.index() + 1, file + 1)
            });
        }
    }
}

/// Only with its ablation: the client puts an object.
fn put_object(turn: &mut Turn<'_>, file: usize) {
    if turn.world.urls[file].is_none() {
        return;
    }
    for &content in turn.setting.profile.sends {
        let mut world = *turn.world;
        world.shelves[file].object = Some(content);
        turn.acted(Nature::Choice, world, |_| format!("client: puts {content:?} as the object of file {}", file + 1));
    }
}
