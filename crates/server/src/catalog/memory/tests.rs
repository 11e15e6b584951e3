//! The duties of callers: a breach panics, and leaves the maps as they were.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use domain::change::{self, Change};
use domain::{AssetStatus, EventKind, Fence, File, FileState, OutboxEvent, Reason, TimeSpan, Timestamp, Title};
use futures::FutureExt as _;

use super::MemoryCatalog;
use crate::catalog::conformance::samples::{START, opened, pending, published, role};
use crate::catalog::conformance::{Subject, owing};
use crate::catalog::{Reserved, Written};
use crate::clock::ManualClock;

fn subject() -> Subject {
    let clock = Arc::new(ManualClock::new(START));
    Subject::new(Arc::new(MemoryCatalog::new(clock.clone())), clock, ())
}

#[tokio::test]
async fn a_member_of_a_clock_that_was_set_back_lapses() {
    let clock = Arc::new(ManualClock::new(START));
    let subject = Subject::new(Arc::new(MemoryCatalog::new(clock.clone())), clock.clone(), ());
    owing::a_member_of_a_clock_that_was_set_back_lapses(subject, &clock).await;
}

/// Awaits a panic and says what it said.
async fn breach<T>(call: impl Future<Output = T>) -> String {
    let panic = AssertUnwindSafe(call).catch_unwind().await.err().expect("the breach is refused");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => (*other.downcast::<&str>().expect("assertions panic with text")).to_owned(),
    }
}

/// A step that keeps its duties: the file in UPLOADING.
fn good_step(file: &File) -> File {
    domain::decide(file, &opened(file), file.created_at).unwrap().next
}

#[tokio::test]
async fn a_step_keeps_what_a_file_is() {
    let subject = subject();
    let asset = subject.reserved("mina", &["video"]).await;
    let other = subject.reserved("mina", &["video"]).await;
    let file = pending(&asset, "video").clone();
    let good = good_step(&file);
    let other_size = domain::FilePlan::Declared(domain::PartPlan::for_size(domain::ByteCount(1)).unwrap());
    let bad = [
        File { created_at: file.created_at + TimeSpan::from_secs(1), ..good.clone() },
        File { file_name: domain::FileName::parse("other").unwrap(), ..good.clone() },
        File { plan: other_size, ..good.clone() },
        File { auto: true, ..good.clone() },
        File { role: role("preview"), ..good.clone() },
        File { asset: other.id, key: pending(&other, "video").key.clone(), ..good.clone() },
    ];
    for next in bad {
        let said = breach(subject.catalog.advance(&file, &next, &[])).await;
        assert!(said.contains("a step keeps what a file is"), "{said}");
        assert_eq!(subject.file(file.id).await, file);
    }
    assert_eq!(subject.catalog.advance(&file, &good, &[]).await.unwrap(), Written::Done);
}

#[tokio::test]
async fn a_step_raises_the_fence_by_one() {
    let subject = subject();
    let asset = subject.reserved("mina", &["video"]).await;
    let file = pending(&asset, "video");
    for fence in [Fence(0), Fence(2)] {
        let next = File { fence, ..good_step(file) };
        let said = breach(subject.catalog.advance(file, &next, &[])).await;
        assert!(said.contains("raises the fence by one"), "{said}");
    }
}

#[tokio::test]
async fn a_state_never_goes_back() {
    let subject = subject();
    let asset = subject.reserved("mina", &["video"]).await;
    let file = subject.verify(pending(&asset, "video").id).await;
    let next = File { state: FileState::Uploading, fence: file.fence.next(), ..file.clone() };
    let said = breach(subject.catalog.advance(&file, &next, &[])).await;
    assert!(said.contains("(I4)"), "{said}");
    assert_eq!(subject.file(file.id).await, file);
}

#[tokio::test]
async fn a_key_is_never_used_again_not_even_after_the_purge() {
    let subject = subject();
    let first = subject.reservation("mina", &["video"]);
    let asset = subject.reserve(&first).await;
    let key = pending(&asset, "video").key.clone();
    let mut second = first.clone();
    let id = crate::catalog::conformance::samples::file_id(subject.now());
    second.asset.places.get_mut(&role("video")).unwrap().pending.as_mut().unwrap().id = id;

    subject.delete(asset.id).await;
    let file = subject.close(pending(&asset, "video").id).await;
    assert_eq!(subject.catalog.purge(file.shard(), file.id, file.fence).await.unwrap(), Written::Done);
    assert_eq!(subject.find_asset(asset.id).await.value, None);
    let said = breach(subject.catalog.reserve(&second)).await;
    assert!(said.contains("(I3)"), "{said}: {key:?}");
    assert_eq!(subject.find_asset(asset.id).await.value, None);
}

#[tokio::test]
async fn files_become_created_together_or_not_at_all() {
    let subject = subject();
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    subject.verify_pending(asset.id).await;
    let asset = subject.asset(asset.id).await;
    let file = pending(&asset, "video");

    // One file by itself.
    let object = file.state.object().unwrap().clone();
    let alone =
        File { state: FileState::Created { object, lost_since: None }, fence: file.fence.next(), ..file.clone() };
    let said = breach(subject.catalog.advance(file, &alone, &[])).await;
    assert!(said.contains("(I7)"), "{said}");

    // One file forgotten: its place shows it as published, its row stays VERIFIED.
    let mut forgetful = change::publish(&asset, subject.now()).unwrap();
    let (_, forgotten) = forgetful.files.pop().unwrap();
    let size = i64::try_from(forgotten.plan.reserved().get()).unwrap();
    forgetful.delta.reserved_bytes += size;
    forgetful.delta.stored_bytes -= size;
    let said = breach(subject.catalog.apply(&forgetful)).await;
    assert!(said.contains("(I7)"), "{said}");

    // No event, or one too many.
    let mut silent = change::publish(&asset, subject.now()).unwrap();
    let event = silent.events.pop().unwrap();
    let said = breach(subject.catalog.apply(&silent)).await;
    assert!(said.contains("(I7)"), "{said}");
    silent.events = vec![event.clone(), event];
    let said = breach(subject.catalog.apply(&silent)).await;
    assert!(said.contains("(I7)"), "{said}");

    assert_eq!(subject.asset(asset.id).await, asset);
    assert_eq!(subject.events().await, []);
}

#[tokio::test]
async fn what_viewers_see_ends_with_its_pointer() {
    let subject = subject();
    let asset = subject.created("mina", &["video"]).await;
    let file = published(&asset, "video");
    let due_at = Some(subject.now());
    let state = FileState::Deleting { reason: Reason::Deleted };
    let next = File { state, due_at, fence: file.fence.next(), ..file.clone() };
    let said = breach(subject.catalog.advance(file, &next, &[])).await;
    assert!(said.contains("(I7)"), "{said}");
}

#[tokio::test]
async fn a_change_agrees_with_itself() {
    let subject = subject();
    let asset = subject.created("mina", &["video", "thumbnail"]).await;
    let now = subject.now();
    let good = change::delete(&asset, now).unwrap();
    let with = |alter: &dyn Fn(&mut Change)| {
        let mut change = good.clone();
        alter(&mut change);
        change
    };
    let bad = [
        with(&|change| change.asset.revision = change.from_revision),
        with(&|change| change.files[0].1.fence = change.files[0].0),
        with(&|change| change.files.push(change.files[0].clone())),
        with(&|change| change.asset.status = AssetStatus::Created),
        with(&|change| change.asset.owner = domain::OwnerId::parse("juno").unwrap()),
        with(&|change| change.asset.created_at = now + TimeSpan::from_nanos(1)),
        with(&|change| drop(change.files.pop())),
        with(&|change| change.delta.stored_bytes += 1),
        with(&|change| change.asset.title = Title::parse("Kept").unwrap()),
        with(&|change| {
            let event = OutboxEvent::new(asset.id, asset.owner.clone(), EventKind::AssetCreated, now);
            change.events.push(event);
        }),
    ];
    for (at, change) in bad.iter().enumerate() {
        let said = breach(subject.catalog.apply(change)).await;
        assert_eq!(subject.asset(asset.id).await, asset, "{at}: {said}");
    }
    // Of the asset's own row, text may change with it.
    let shown = published(&asset, "video");
    let mut renamed = change::seek(&asset, shown, domain::Presence::Missing, now).unwrap();
    renamed.asset.title = Title::parse("Renamed").unwrap();
    assert_eq!(subject.apply(&renamed).await.title.as_str(), "Renamed");
}

#[tokio::test]
async fn no_file_is_left_behind() {
    let subject = subject();
    let asset = subject.created("mina", &["video", "thumbnail"]).await;
    let mut change = change::withdraw(&asset, &role("thumbnail"), subject.now()).unwrap();
    change.files.clear();
    change.delta.stored_bytes = 0;
    let said = breach(subject.catalog.apply(&change)).await;
    assert!(said.contains("when it ends"), "{said}");
}

#[tokio::test]
async fn times_are_whole_microseconds() {
    let subject = subject();
    let mut reservation = subject.reservation("mina", &["video"]);
    let asset = &mut reservation.asset;
    asset.places.values_mut().next().unwrap().pending.as_mut().unwrap().deadline =
        Timestamp::from_nanosecond(1_767_225_600_000_000_001).unwrap();
    let said = breach(subject.catalog.reserve(&reservation)).await;
    assert!(said.contains("whole microseconds"), "{said}");
}

#[tokio::test]
async fn a_breach_does_not_spoil_the_catalog() {
    let subject = subject();
    let reservation = subject.reservation("mina", &["video"]);
    let mut empty = reservation.clone();
    empty.asset.places.clear();
    let said = breach(subject.catalog.reserve(&empty)).await;
    assert!(said.contains("at least one file"), "{said}");
    assert_eq!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
    assert_eq!(subject.asset(reservation.asset.id).await, reservation.asset);
}
