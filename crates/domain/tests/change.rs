//! The laws of an asset's files together: all or nothing, exactly one created event, nothing left behind.

mod sample;

use domain::change::{ChangeRefusal, announce, delete, expire, publish, seek, withdraw};
use domain::limits::STEP_GRACE;
use domain::{AssetStatus, EventKind, FileState, Presence, Reason, RoleName, StateName, TimeSpan};
use proptest::prelude::*;
use sample::{NOW, asset_of, file_for};

fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

fn kinds(change: &domain::Change) -> Vec<&'static str> {
    change.events.iter().map(|event| event.kind.name()).collect()
}

#[test]
fn publishes_all_roles_together() {
    let asset = asset_of(
        AssetStatus::Uploading,
        &[("video", None, Some(StateName::Verified)), ("thumbnail", None, Some(StateName::Verified))],
    );
    let change = publish(&asset, NOW).unwrap();
    assert_eq!(change.asset.status, AssetStatus::Created);
    assert_eq!(change.asset.published_at, Some(NOW));
    assert_eq!(change.files.len(), 2);
    assert!(change.files.iter().all(|(_, file)| file.state.name() == StateName::Created));
    assert!(change.asset.pending().next().is_none());
    assert_eq!(kinds(&change), ["asset.created"]);
}

proptest! {
    /// I7: whatever one of several files is doing, unless all are VERIFIED nothing is published.
    #[test]
    fn one_unverified_file_holds_all_back(states in proptest::collection::vec(0usize..StateName::ALL.len(), 1..4)) {
        let names = ["video", "thumbnail", "preview"];
        let states: Vec<_> = states.into_iter().map(|index| StateName::ALL[index]).collect();
        let places: Vec<_> = names.into_iter().zip(&states).map(|(name, state)| (name, None, Some(*state))).collect();
        let asset = asset_of(AssetStatus::Uploading, &places);
        let all_verified = states.iter().all(|state| *state == StateName::Verified);
        prop_assert_eq!(publish(&asset, NOW).is_ok(), all_verified);
    }

    /// T8: deleting ends every file that has not ended, and says so once.
    #[test]
    fn deleting_ends_everything(states in proptest::collection::vec(0usize..StateName::ALL.len(), 1..4)) {
        let names = ["video", "thumbnail", "preview"];
        let places: Vec<_> =
            names.into_iter().zip(&states).map(|(name, index)| (name, None, Some(StateName::ALL[*index]))).collect();
        let change = delete(&asset_of(AssetStatus::Uploading, &places), NOW).unwrap();
        prop_assert_eq!(change.asset.status, AssetStatus::Gone(Reason::Deleted));
        prop_assert!(change.asset.files().all(|file| file.state.reason().is_some()));
        prop_assert_eq!(kinds(&change), vec!["asset.deleted"]);
        prop_assert!(delete(&change.asset, NOW).is_err());
    }
}

#[test]
fn a_replacement_flips_the_pointer_without_a_second_created_event() {
    let asset = asset_of(AssetStatus::Created, &[("video", Some(StateName::Created), Some(StateName::Verified))]);
    let new_id = asset.places[&role("video")].pending.as_ref().unwrap().id;
    let change = publish(&asset, NOW).unwrap();
    let place = &change.asset.places[&role("video")];
    assert_eq!(place.published.as_ref().unwrap().id, new_id);
    let replaced = change.files.iter().find(|(_, file)| file.id != new_id).unwrap();
    assert_eq!(replaced.1.state, FileState::Deleting { reason: Reason::Replaced });
    assert_eq!(kinds(&change), Vec::<&str>::new());
}

#[test]
fn expires_only_when_every_deadline_has_passed() {
    let mut asset = asset_of(
        AssetStatus::Uploading,
        &[("video", None, Some(StateName::Uploading)), ("thumbnail", None, Some(StateName::Verified))],
    );
    let deadline = asset.deadline().unwrap();
    let longer = deadline + TimeSpan::from_hours(1);
    asset.places.get_mut(&role("video")).unwrap().pending.as_mut().unwrap().deadline = longer;
    assert_eq!(expire(&asset, deadline, NOW), Err(ChangeRefusal::NotExpired));
    let change = expire(&asset, longer, longer).unwrap();
    assert_eq!(change.asset.status, AssetStatus::Gone(Reason::Abandoned));
    assert_eq!(kinds(&change), ["asset.expired"]);
}

#[test]
fn committing_never_expires() {
    let asset = asset_of(
        AssetStatus::Uploading,
        &[("video", None, Some(StateName::Committing)), ("thumbnail", None, Some(StateName::Uploading))],
    );
    let late = asset.deadline().unwrap() + TimeSpan::from_hours(1000);
    assert_eq!(expire(&asset, late, late), Err(ChangeRefusal::NotExpired));
}

#[test]
fn of_a_published_asset_only_the_replacement_expires() {
    let asset = asset_of(AssetStatus::Created, &[("video", Some(StateName::Created), Some(StateName::Uploading))]);
    let late = asset.deadline().unwrap();
    let change = expire(&asset, late, late).unwrap();
    assert_eq!(change.asset.status, AssetStatus::Created);
    let place = &change.asset.places[&role("video")];
    assert!(place.published.is_some() && place.pending.is_none());
    assert_eq!((change.files.len(), kinds(&change)), (1, vec![]));
}

#[test]
fn a_rejected_role_can_be_announced_again_and_an_occupied_one_not() {
    let rejected = asset_of(AssetStatus::Uploading, &[("video", None, Some(StateName::Deleting))]);
    let again = file_for("video", StateName::Reserved);
    let change = announce(&rejected, again.clone()).unwrap();
    assert_eq!(change.announced, Some(again.clone()));
    let busy = asset_of(AssetStatus::Uploading, &[("video", None, Some(StateName::Uploading))]);
    assert_eq!(announce(&busy, again.clone()), Err(ChangeRefusal::RoleOccupied(role("video"))));
    let gone = asset_of(AssetStatus::Gone(Reason::Deleted), &[("video", None, Some(StateName::Closed))]);
    assert_eq!(announce(&gone, again), Err(ChangeRefusal::Gone(Reason::Deleted)));
}

#[test]
fn withdrawing_takes_the_pending_file_first() {
    let asset = asset_of(
        AssetStatus::Created,
        &[
            ("video", Some(StateName::Created), None),
            ("thumbnail", Some(StateName::Created), Some(StateName::Uploading)),
        ],
    );
    let change = withdraw(&asset, &role("thumbnail"), NOW).unwrap();
    assert!(change.asset.places[&role("thumbnail")].published.is_some());
    let again = withdraw(&change.asset, &role("thumbnail"), NOW).unwrap();
    assert!(!again.asset.places.contains_key(&role("thumbnail")));
    assert_eq!(withdraw(&asset, &role("preview"), NOW), Err(ChangeRefusal::RoleVacant(role("preview"))));
}

/// A verified file that waits for its companions has no time of its own; whoever takes a companion away gives it one.
#[test]
fn withdrawing_wakes_what_waited() {
    let mut asset = asset_of(
        AssetStatus::Uploading,
        &[("video", None, Some(StateName::Verified)), ("thumbnail", None, Some(StateName::Uploading))],
    );
    let waiting = asset.places.get_mut(&role("video")).unwrap().pending.as_mut().unwrap();
    waiting.due_at = None;
    let fence = waiting.fence;
    let change = withdraw(&asset, &role("thumbnail"), NOW).unwrap();
    let woken = change.asset.places[&role("video")].pending.as_ref().unwrap();
    assert_eq!((woken.due_at, woken.fence), (Some(NOW + STEP_GRACE), fence.next()));
    assert!(change.files.iter().any(|(from, file)| *from == fence && file == woken));
    assert!(publish(&change.asset, NOW).is_ok());
}

/// T7: nothing but the publication was left undone, so that is what is done.
#[test]
fn what_is_wholly_verified_is_published_instead() {
    let asset = asset_of(
        AssetStatus::Uploading,
        &[("video", None, Some(StateName::Verified)), ("thumbnail", None, Some(StateName::Verified))],
    );
    let late = asset.deadline().unwrap();
    let change = expire(&asset, late, late).unwrap();
    assert_eq!((change.asset.status, kinds(&change)), (AssetStatus::Created, vec!["asset.created"]));
}

/// I9 of assets: whatever is pending has the latest of its deadlines, and nothing is owed to what is gone.
#[test]
fn an_asset_is_due_when_its_last_deadline_passes() {
    let asset = asset_of(
        AssetStatus::Uploading,
        &[("video", None, Some(StateName::Uploading)), ("thumbnail", None, Some(StateName::Deleting))],
    );
    assert_eq!((asset.due_at(), asset.due_at().is_some()), (asset.deadline(), true));
    assert_eq!(delete(&asset, NOW).unwrap().asset.due_at(), None);
    let created = asset_of(AssetStatus::Created, &[("video", Some(StateName::Created), None)]);
    assert_eq!(created.due_at(), None);
}

#[test]
fn the_same_decision_twice_is_the_same_event() {
    let asset = asset_of(AssetStatus::Uploading, &[("video", None, Some(StateName::Verified))]);
    let [first, second] = [publish(&asset, NOW).unwrap(), publish(&asset, NOW).unwrap()];
    assert_eq!(first.events, second.events);
    assert_eq!(first.events[0].kind, EventKind::AssetCreated);
    let later = publish(&asset, NOW + TimeSpan::from_secs(1)).unwrap();
    assert_ne!(first.events[0].id, later.events[0].id);
}

/// T12: the mark comes and goes with the object; a file that is no longer shown is nobody's loss.
#[test]
fn a_lost_object_is_marked_once_and_unmarked_when_it_is_back() {
    let asset = asset_of(AssetStatus::Created, &[("video", Some(StateName::Created), None)]);
    let file = asset.files().next().unwrap().clone();
    let lost = seek(&asset, &file, Presence::Missing, NOW).unwrap();
    let marked = &lost.files[0].1;
    assert_eq!((marked.state.lost_since(), marked.fence), (Some(NOW), file.fence.next()));
    assert_eq!(lost.asset.files().next(), Some(marked));
    let again = seek(&lost.asset, marked, Presence::Missing, NOW).unwrap();
    assert_eq!((again.files.len(), again.events.len()), (0, 0));
    let found = seek(&lost.asset, marked, Presence::There, NOW).unwrap();
    assert_eq!(found.files[0].1.state.lost_since(), None);
    let other = domain::File { id: domain::FileId::new(NOW, &[77; 10]), ..file };
    assert!(matches!(seek(&asset, &other, Presence::Missing, NOW), Err(ChangeRefusal::RoleVacant(_))));
}
