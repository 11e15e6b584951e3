//! T6', T7, T8, announce, withdraw: load an asset, let `domain::change` decide, apply.

use super::{Nature, Turn, named};
use crate::ablation::Ablation;
use crate::catalog::HeldAgainst;
use crate::laws::{Altered, Moment};
use crate::run::{Alter, HeldAsset, Intent, Run};
use crate::world::{AssetRows, FILES, RowState, World};

use super::Setting;

/// The owner deletes or cancels; announces or withdraws the second file.
pub(super) fn begin_owner(turn: &mut Turn<'_>) {
    let profile = turn.setting.profile;
    let wishes = [
        (profile.cancels, Intent::Delete),
        (profile.announces, Intent::Announce),
        (profile.withdraws, Intent::Withdraw),
    ];
    for (_, intent) in wishes.into_iter().filter(|(wished, _)| *wished) {
        begin(turn, intent);
    }
}

/// A request or drive-commits tries to publish.
pub(super) fn begin_publish(turn: &mut Turn<'_>) {
    begin(turn, Intent::Publish);
}

/// The nightly run finds the asset.
pub(super) fn begin_expire(turn: &mut Turn<'_>) {
    begin(turn, Intent::Expire);
}

fn begin(turn: &mut Turn<'_>, intent: Intent) {
    if let Some(alter) = start(turn.setting, turn.world, intent) {
        turn.moved(Nature::Choice, Run::Alter(alter), |turn| {
            format!("{}: reads the asset to {}", turn.who(), told(intent))
        });
    }
}

/// A change from its start; `None` if it would be refused.
pub fn start(setting: &Setting<'_>, world: &World, intent: Intent) -> Option<Alter> {
    let held = HeldAsset::of(world.asset);
    decided(setting, &world.asset, intent)?;
    let head = if intent == Intent::Expire { next_head(&world.asset, 0) } else { None };
    Some(Alter { intent, held, head })
}

fn decided(setting: &Setting<'_>, asset: &AssetRows, intent: Intent) -> Option<Altered> {
    if intent == Intent::Expire && setting.lacks(Ablation::ExpireCommitting) {
        return setting.laws.alter(*asset, Intent::Delete, Moment::Late);
    }
    setting.laws.alter(*asset, intent, Moment::Late)
}

/// The next file under which no object may lie: only those are looked at.
fn next_head(asset: &AssetRows, from: usize) -> Option<u8> {
    let none_yet = |file: &usize| matches!(asset.rows[*file].state, RowState::Reserved | RowState::Uploading);
    asset.pending().filter(|file| *file >= from).find(none_yet).and_then(|file| u8::try_from(file).ok())
}

/// One call further.
pub(super) fn go_on(turn: &mut Turn<'_>, alter: Alter) {
    match alter.head {
        Some(file) => head(turn, alter, file),
        None => apply(turn, alter),
    }
}

fn head(turn: &mut Turn<'_>, alter: Alter, file: u8) {
    let number = usize::from(file);
    let run = if turn.world.shelves[number].object.is_some() {
        Run::Idle // Suspicious: nothing is ended.
    } else {
        Run::Alter(Alter { head: next_head(&alter.held.asset, number + 1), ..alter })
    };
    turn.moved(Nature::Fair, run, |turn| format!("{}: HEAD of {} before it ends", turn.who(), named(file)));
}

fn apply(turn: &mut Turn<'_>, alter: Alter) {
    let Alter { intent, held, .. } = alter;
    let Some(altered) = decided(turn.setting, &held.asset, intent) else { return };
    let against = match intent {
        Intent::Publish if turn.setting.lacks(Ablation::CreatedWithoutCas) => HeldAgainst::Nothing,
        Intent::Publish if turn.setting.lacks(Ablation::PublishWithoutRevision) => HeldAgainst::Fences,
        _ => HeldAgainst::Everything,
    };
    let mut world = turn.world_with(Run::Idle);
    match world.apply(&held, &altered, intent, against) {
        Some(broken) => turn.add(Nature::Fair, world, broken, |turn| {
            let files = (0..FILES).filter(|file| altered.rows[*file].is_some()).map(|file| (file + 1).to_string());
            let files = files.collect::<Vec<_>>().join(" and ");
            format!("{}: writes the asset and file {files} to {}", turn.who(), told(intent))
        }),
        None => turn.moved(Nature::Fair, Run::Idle, |turn| {
            format!("{}: finds that the asset has moved, and does not {}", turn.who(), told(intent))
        }),
    }
}

const fn told(intent: Intent) -> &'static str {
    match intent {
        Intent::Publish => "publish",
        Intent::Expire => "expire",
        Intent::Delete => "delete",
        Intent::Announce => "announce file 2",
        Intent::Withdraw => "withdraw file 2",
    }
}
