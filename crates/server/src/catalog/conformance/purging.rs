//! Removing what is over.

use domain::change;
use domain::{AssetId, EventKind, Fence, FileId, TimeSpan};

use super::Subject;
use super::samples::{claim, pending, role};
use crate::catalog::{IDEMPOTENCY_KEPT, Reservation, Reserved, Written};

/// Closes every file of an asset that is gone, and gives their ids.
async fn close_all(subject: &Subject, id: AssetId) -> Vec<FileId> {
    let files: Vec<FileId> = subject.asset(id).await.files().map(|file| file.id).collect();
    for file in &files {
        subject.close(*file).await;
    }
    files
}

/// Purges a closed file at its present fence.
async fn purge(subject: &Subject, id: FileId) {
    let file = subject.file(id).await;
    assert_eq!(subject.catalog.purge(file.shard(), id, file.fence).await.unwrap(), Written::Done);
    assert_eq!(subject.find_file(id).await.value, None);
}

pub(crate) async fn purge_removes_a_closed_file(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    let replacement = subject.announce(asset.id, "video").await;
    subject.verify(replacement.id).await;
    let shown = subject.publish(asset.id).await;
    let old = asset.files().next().unwrap().id;
    subject.close(old).await;
    subject.recheck_to_the_end(old).await;
    purge(&subject, old).await;
    assert_eq!(subject.asset(asset.id).await, shown, "no place pointed at it any more");
}

pub(crate) async fn purge_refuses_a_stale_fence(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    subject.delete(asset.id).await;
    let id = close_all(&subject, asset.id).await[0];
    let file = subject.file(id).await;
    for stale in [Fence(file.fence.0 - 1), file.fence.next()] {
        assert_eq!(subject.catalog.purge(file.shard(), id, stale).await.unwrap(), Written::Stale);
        assert_eq!(subject.file(id).await, file);
    }
    purge(&subject, id).await;
    assert_eq!(subject.catalog.purge(file.shard(), id, file.fence).await.unwrap(), Written::Stale, "once is enough");
}

pub(crate) async fn purge_refuses_other_states(subject: Subject) {
    let created = subject.created("mina", &["video"]).await;
    let reserved = subject.reserved("mina", &["video"]).await;
    let deleted = subject.created("mina", &["video"]).await;
    let deleted = subject.delete(deleted.id).await;
    for file in [&created, &reserved, &deleted].into_iter().flat_map(domain::Asset::files) {
        assert_eq!(subject.catalog.purge(file.shard(), file.id, file.fence).await.unwrap(), Written::Stale);
        assert_eq!(&subject.file(file.id).await, file);
    }
}

pub(crate) async fn purge_of_the_last_file_removes_a_gone_asset(subject: Subject) {
    let asset = subject.created("mina", &["video", "thumbnail"]).await;
    // A file that no place points at keeps its asset too.
    let replaced = asset.places[&role("video")].published.as_ref().unwrap().id;
    let replacement = subject.announce(asset.id, "video").await;
    subject.verify(replacement.id).await;
    subject.publish(asset.id).await;
    subject.delete(asset.id).await;
    let files = close_all(&subject, asset.id).await;
    for file in files {
        purge(&subject, file).await;
        assert!(subject.find_asset(asset.id).await.value.is_some());
    }
    subject.close(replaced).await;
    purge(&subject, replaced).await;
    assert_eq!(subject.find_asset(asset.id).await.value, None);
}

pub(crate) async fn purge_of_a_live_assets_file_empties_its_place(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    let rejected = pending(&asset, "thumbnail").id;
    subject.reject(rejected).await;
    subject.close(rejected).await;
    let before = subject.asset(asset.id).await;
    purge(&subject, rejected).await;
    let mut expected = before.clone();
    expected.places.get_mut(&role("thumbnail")).unwrap().pending = None;
    expected.revision = before.revision.next();
    assert_eq!(subject.asset(asset.id).await, expected);
    // And the asset lives on.
    let second = subject.announce(asset.id, "thumbnail").await;
    assert_eq!(pending(&subject.asset(asset.id).await, "thumbnail"), &second);
}

pub(crate) async fn purge_makes_older_changes_stale(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    let rejected = pending(&asset, "thumbnail").id;
    subject.reject(rejected).await;
    subject.close(rejected).await;
    // Decided while the place still pointed at the file.
    let delete = change::delete(&subject.asset(asset.id).await, subject.now()).unwrap();
    purge(&subject, rejected).await;
    assert_eq!(subject.catalog.apply(&delete).await.unwrap(), Written::Stale);
    subject.delete(asset.id).await;
}

pub(crate) async fn purge_keeps_young_events_and_records(subject: Subject) {
    let keyed = || Reservation { idempotency: Some(claim("k", "body")), ..subject.reservation("mina", &["video"]) };
    let asset = subject.reserve(&keyed()).await;
    subject.catalog.settle(&asset.owner, &claim("k", "body")).await.unwrap();
    subject.delete(asset.id).await;
    for file in close_all(&subject, asset.id).await {
        purge(&subject, file).await;
    }
    assert_eq!(subject.find_asset(asset.id).await.value, None);
    let events = subject.catalog.list_events(0, 100).await.unwrap();
    assert_eq!(events.iter().map(|(_, event)| &event.kind).collect::<Vec<_>>(), [&EventKind::AssetDeleted]);
    assert_eq!(subject.catalog.reserve(&keyed()).await.unwrap(), Reserved::Replay(asset.id));

    // Positions never come again, whatever was removed.
    let second = subject.reserved("mina", &["video"]).await;
    subject.delete(second.id).await;
    for file in close_all(&subject, second.id).await {
        let file = subject.recheck_to_the_end(file).await;
        subject.wait(TimeSpan::from_hours(24));
        purge(&subject, file.id).await;
    }
    let third = subject.reserved("mina", &["video"]).await;
    subject.delete(third.id).await;
    let last = subject.catalog.list_events(0, 100).await.unwrap().pop().unwrap();
    assert_eq!((last.0, last.1.asset), (events[0].0 + 2, third.id));
}

pub(crate) async fn forget_requests_removes_old_records_only(subject: Subject) {
    let keyed = |key| Reservation { idempotency: Some(claim(key, "body")), ..subject.reservation("mina", &["video"]) };
    let first = subject.reserve(&keyed("old")).await;
    subject.wait(IDEMPOTENCY_KEPT / 2);
    let second = subject.reserve(&keyed("young")).await;
    for asset in [&first, &second] {
        let key = if asset.id == first.id { "old" } else { "young" };
        subject.catalog.settle(&asset.owner, &claim(key, "body")).await.unwrap();
    }
    assert_eq!(subject.catalog.forget_requests().await.unwrap(), 0);
    subject.wait(IDEMPOTENCY_KEPT / 2);
    assert_eq!(subject.catalog.forget_requests().await.unwrap(), 1, "whatever its asset is doing");
    assert_eq!(subject.catalog.forget_requests().await.unwrap(), 0);
    assert_eq!(subject.catalog.reserve(&keyed("young")).await.unwrap(), Reserved::Replay(second.id));
    assert_eq!(subject.catalog.reserve(&keyed("old")).await.unwrap(), Reserved::Fresh);
}
