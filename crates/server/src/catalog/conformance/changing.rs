//! Changes to an asset and its files together: all of it or nothing.

use domain::change::{self, Change};
use domain::{Asset, AssetStatus, Event, EventKind, OutboxEvent, Reason, StateName};
use tokio::task::JoinSet;

use super::Subject;
use super::samples::{self, IDLE, pending, published, role};
use crate::catalog::Written;

fn kinds(events: &[OutboxEvent]) -> Vec<&EventKind> {
    events.iter().map(|event| &event.kind).collect()
}

/// A change that came too late changes nothing: not the asset, not one file, no event.
async fn assert_stale(subject: &Subject, change: &Change) {
    let (before, events) = (subject.asset(change.asset.id).await, subject.events().await);
    assert_eq!(subject.catalog.apply(change).await.unwrap(), Written::Stale);
    assert_eq!(subject.asset(change.asset.id).await, before);
    assert_eq!(subject.events().await, events);
    if let Some(file) = &change.announced {
        assert_eq!(subject.find_file(file.id).await.value, None);
    }
}

/// An asset whose files are all VERIFIED.
async fn verified(subject: &Subject, roles: &[&str]) -> Asset {
    let asset = subject.reserved("mina", roles).await;
    subject.verify_pending(asset.id).await;
    subject.asset(asset.id).await
}

pub(crate) async fn publish_flips_everything_at_once(subject: Subject) {
    let asset = verified(&subject, &["video", "thumbnail", "preview"]).await;
    let now = subject.now();
    let change = change::publish(&asset, now).unwrap();
    assert_eq!(subject.catalog.apply(&change).await.unwrap(), Written::Done);

    let read = subject.asset(asset.id).await;
    assert_eq!(read, change.asset);
    assert_eq!((read.status, read.published_at), (AssetStatus::Created, Some(now)));
    assert_eq!(read.revision, asset.revision.next());
    for name in ["video", "thumbnail", "preview"] {
        assert_eq!(published(&read, name).state.name(), StateName::Created);
        assert_eq!(read.places[&role(name)].pending, None);
    }
    assert_eq!(kinds(&subject.events().await), [&EventKind::AssetCreated]);
}

pub(crate) async fn publish_refuses_a_stale_revision(subject: Subject) {
    let asset = verified(&subject, &["video"]).await;
    let change = change::publish(&asset, subject.now()).unwrap();
    subject.announce(asset.id, "thumbnail").await;
    assert_stale(&subject, &change).await;
}

pub(crate) async fn publish_refuses_any_stale_file(subject: Subject) {
    for late in ["preview", "thumbnail", "video"] {
        let asset = verified(&subject, &["video", "thumbnail", "preview"]).await;
        let change = change::publish(&asset, subject.now()).unwrap();
        subject.step(pending(&asset, late).id, Event::Ended(Reason::Abandoned)).await;
        assert_stale(&subject, &change).await;
        for file in subject.asset(asset.id).await.pending() {
            assert_ne!(file.state.name(), StateName::Created, "{} after {late} was late", file.role);
        }
    }
}

pub(crate) async fn publish_has_one_winner(subject: Subject) {
    let asset = verified(&subject, &["video", "thumbnail"]).await;
    let mut racers = JoinSet::new();
    for _ in 0..8 {
        let (catalog, change) = (subject.catalog.clone(), change::publish(&asset, subject.now()).unwrap());
        racers.spawn(async move { catalog.apply(&change).await.unwrap() });
    }
    let winners = racers.join_all().await.into_iter().filter(|came| *came == Written::Done).count();
    assert_eq!(winners, 1);
    assert_eq!(kinds(&subject.events().await), [&EventKind::AssetCreated]);
}

pub(crate) async fn publish_and_delete_have_one_winner(subject: Subject) {
    for _ in 0..8 {
        let asset = verified(&subject, &["video", "thumbnail"]).await;
        let before = subject.events().await.len();
        let publish = change::publish(&asset, subject.now()).unwrap();
        let delete = change::delete(&asset, subject.now()).unwrap();
        let (published, deleted) = tokio::join!(subject.catalog.apply(&publish), subject.catalog.apply(&delete));
        let (winner, loser) = match (published.unwrap(), deleted.unwrap()) {
            (Written::Done, Written::Stale) => (publish, delete),
            (Written::Stale, Written::Done) => (delete, publish),
            both => panic!("one wins, not {both:?}"),
        };
        assert_eq!(subject.asset(asset.id).await, winner.asset);
        assert_eq!(subject.events().await[before..], winner.events);
        assert_stale(&subject, &loser).await;
    }
}

pub(crate) async fn replacement_takes_the_place(subject: Subject) {
    let asset = subject.created("mina", &["video", "thumbnail"]).await;
    let new = subject.announce(asset.id, "thumbnail").await;
    subject.verify(new.id).await;
    let now_shown = subject.publish(asset.id).await;
    let read = subject.asset(asset.id).await;
    assert_eq!(read, now_shown);
    assert_eq!(published(&read, "thumbnail").id, new.id);
    assert_eq!(published(&read, "video"), published(&asset, "video"));
    let old = subject.file(published(&asset, "thumbnail").id).await;
    assert_eq!(old.state.reason(), Some(Reason::Replaced));
    assert_eq!(kinds(&subject.events().await), [&EventKind::AssetCreated], "an asset is created once");
}

pub(crate) async fn delete_ends_every_file(subject: Subject) {
    let asset = subject.created("mina", &["video", "thumbnail"]).await;
    let new = subject.announce(asset.id, "thumbnail").await;
    subject.open(new.id).await;
    let gone = subject.delete(asset.id).await;
    let read = subject.asset(asset.id).await;
    assert_eq!(read, gone);
    assert_eq!(read.status, AssetStatus::Gone(Reason::Deleted));
    let ended: Vec<_> = read.files().map(|file| file.state.reason()).collect();
    assert_eq!(ended, [Some(Reason::Deleted); 3]);
    assert_eq!(kinds(&subject.events().await), [&EventKind::AssetCreated, &EventKind::AssetDeleted]);
}

pub(crate) async fn expire_ends_an_unpublished_asset(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    subject.verify(pending(&asset, "thumbnail").id).await;
    subject.wait(IDLE);
    let now = subject.now();
    let change = change::expire(&subject.asset(asset.id).await, now, now).unwrap();
    subject.apply(&change).await;
    let read = subject.asset(asset.id).await;
    assert_eq!(read.status, AssetStatus::Gone(Reason::Abandoned));
    assert!(read.pending().all(|file| file.state.reason() == Some(Reason::Abandoned)));
    assert_eq!(kinds(&subject.events().await), [&EventKind::AssetExpired]);
}

pub(crate) async fn expire_ends_only_what_is_pending(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    let replacement = subject.announce(asset.id, "video").await;
    let late = subject.announce(asset.id, "preview").await;
    subject.wait(IDLE);
    let now = subject.now();
    let change = change::expire(&subject.asset(asset.id).await, now, now).unwrap();
    let left = subject.apply(&change).await;
    assert_eq!(subject.asset(asset.id).await, left, "a place without files stays");
    assert_eq!(left.status, AssetStatus::Created);
    for file in [replacement, late] {
        assert_eq!(subject.file(file.id).await.state.reason(), Some(Reason::Abandoned));
    }
}

pub(crate) async fn announce_adds_a_file(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let rejected = pending(&asset, "video").id;
    subject.open(rejected).await;
    subject.reject(rejected).await;
    let second = subject.announce(asset.id, "video").await;
    let preview = subject.announce(asset.id, "preview").await;
    let read = subject.asset(asset.id).await;
    assert_eq!(pending(&read, "video"), &second);
    assert_eq!(pending(&read, "preview"), &preview);
    assert_eq!(subject.file(rejected).await.state.name(), StateName::Deleting, "it is still to be cleaned up");
}

pub(crate) async fn announce_refuses_a_stale_revision(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = |name| samples::file(&asset, name, domain::ByteCount(1), subject.now());
    let first = change::announce(&asset, file("preview")).unwrap();
    let second = change::announce(&asset, file("preview")).unwrap();
    subject.apply(&first).await;
    assert_stale(&subject, &second).await;
}

pub(crate) async fn withdraw_empties_the_place(subject: Subject) {
    let asset = subject.created("mina", &["video", "thumbnail"]).await;
    subject.announce(asset.id, "thumbnail").await;
    for left in [2, 1] {
        let read = subject.asset(asset.id).await;
        let change = change::withdraw(&read, &role("thumbnail"), subject.now()).unwrap();
        let after = subject.apply(&change).await;
        assert_eq!(subject.asset(asset.id).await, after);
        assert_eq!(after.places.len(), left);
    }
    let counts = subject.catalog.count_files().await.unwrap();
    assert_eq!(counts, [(StateName::Created, 1), (StateName::Deleting, 2)]);
}

pub(crate) async fn apply_to_nothing_known_is_stale(subject: Subject) {
    let unknown = subject.reservation("mina", &["video"]).asset;
    let change = change::delete(&unknown, subject.now()).unwrap();
    assert_eq!(subject.catalog.apply(&change).await.unwrap(), Written::Stale);
    assert_eq!(subject.find_asset(unknown.id).await.value, None);
    assert_eq!(subject.events().await, []);
}
