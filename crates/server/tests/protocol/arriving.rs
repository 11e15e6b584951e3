//! Uploads that nobody completes (`auto`): one part, published once it has arrived, by a job or by a hint of the store.

use std::collections::BTreeMap;

use domain::{AssetId, AssetStatus, ByteCount, Format, PartNumber, Reason, StateName, TimeSpan, Timestamp, Visibility};
use server::app::{Arrival, CompleteError, Completed, Finisher, GrantError, NewFile, PartWanted, Rehearsal};
use server::catalog::{Rows as _, Written};
use server::jobs::reap;
use server::store::Store;
use server::store::operation::Operation;

use crate::ground::CLIP_LIMIT;
use crate::house::{DRIVE, House, film, mp4, png, poster, role, round, upload_of};
use crate::undeclared::{clips, create_clip};

const SIZE: u64 = 6_000;

async fn look(house: &House) {
    round(&house.app, DRIVE).await;
}

async fn clip_left_alone(house: &House) -> AssetId {
    create_clip(house, Finisher::Arrival).await.asset.id
}

async fn send(house: &House, id: AssetId, bytes: &[u8]) {
    assert!(house.send_part(&house.file(id, "clip").await, 1, bytes));
}

async fn next_look(house: &House, id: AssetId) -> Option<Timestamp> {
    house.file(id, "clip").await.looks.expect("it is marked").next
}

#[tokio::test]
async fn one_part_is_all_there_is() {
    let house = House::new();
    let opened = create_clip(&house, Finisher::Arrival).await;
    assert_eq!(opened.grants[&role("clip")].len(), 1);
    let wanted = [PartWanted { number: PartNumber::new(2).unwrap(), checksum_sha256: None }];
    let id = opened.asset.id;
    let second = house.app.grant_parts(&house.owner, &clips(&house), id, &role("clip"), &wanted).await;
    assert!(matches!(second, Err(GrantError::BeyondPlan { part_count: 1, .. })));
    // A declared size is one part as well, however large.
    let (name, large) = film(300 << 20);
    let declared = NewFile { finisher: Finisher::Arrival, ..large };
    let opened = house.create([(name, declared)]).await;
    assert_eq!(opened.grants[&role("video")].len(), 1);
    assert_eq!(house.file(opened.asset.id, "video").await.part_count(), 1);
}

#[tokio::test]
async fn what_has_arrived_is_published_and_never_before() {
    let house = House::new();
    let id = clip_left_alone(&house).await;
    look(&house).await;
    assert_eq!(next_look(&house, id).await, Some(house.clock_now() + TimeSpan::from_secs(2)), "not due yet");
    for seconds in [2, 5, 15, 60, 120, 240] {
        let since = house.file(id, "clip").await.looks.unwrap().since;
        house.clock.set(since + TimeSpan::from_secs(seconds));
        look(&house).await;
        assert_eq!(house.state(id, "clip").await, StateName::Uploading, "nothing has arrived");
        assert!(next_look(&house, id).await.unwrap() > house.clock_now());
    }
    send(&house, id, &mp4(SIZE)).await;
    look(&house).await;
    assert_eq!(house.state(id, "clip").await, StateName::Uploading, "its next look is not due");
    house.clock.set(next_look(&house, id).await.unwrap());
    look(&house).await;
    let file = house.file(id, "clip").await;
    assert_eq!((file.state.name(), file.plan.size()), (StateName::Created, Some(ByteCount(SIZE))));
    assert_eq!((house.bucket(), house.events().await), ((1, 0), vec!["asset.created"]));
    assert_eq!(file.due_at, None);
}

#[tokio::test]
async fn a_new_url_begins_the_looks_anew() {
    let house = House::new();
    let id = clip_left_alone(&house).await;
    house.clock.advance(TimeSpan::from_hours(1));
    look(&house).await;
    assert_eq!(next_look(&house, id).await, Some(house.clock_now() + TimeSpan::from_mins(10)));
    let wanted = [PartWanted { number: PartNumber::new(1).unwrap(), checksum_sha256: None }];
    house.app.grant_parts(&house.owner, &clips(&house), id, &role("clip"), &wanted).await.unwrap();
    assert_eq!(next_look(&house, id).await, Some(house.clock_now() + TimeSpan::from_secs(2)));
}

#[tokio::test]
async fn what_is_wrong_is_rejected() {
    let too_large = mp4(CLIP_LIMIT.get() + 1);
    let is_png = Reason::ContentMismatch(Some(Format::Png));
    for (content, reason) in [(too_large, Reason::TooLarge), (png(SIZE), is_png)] {
        let house = House::new();
        let id = clip_left_alone(&house).await;
        send(&house, id, &content).await;
        house.clock.advance(TimeSpan::from_secs(2));
        look(&house).await;
        house.settle().await;
        assert_eq!(house.file(id, "clip").await.state.reason(), Some(reason));
        assert_eq!((house.bucket(), house.events().await), ((0, 0), vec!["asset.rejected"]));
    }
}

#[tokio::test]
async fn an_upload_that_vanished_is_rejected() {
    let house = House::new();
    let id = clip_left_alone(&house).await;
    let file = house.file(id, "clip").await;
    house.store.abort(&file.key, file.upload()).await.unwrap();
    house.clock.advance(TimeSpan::from_secs(2));
    look(&house).await;
    house.settle().await;
    assert_eq!(house.file(id, "clip").await.state.reason(), Some(Reason::UploadVanished));
}

#[tokio::test]
async fn nobody_sends_it_and_it_expires_as_any_other() {
    let house = House::new();
    let id = clip_left_alone(&house).await;
    let deadline = house.file(id, "clip").await.deadline;
    house.live_until(deadline - TimeSpan::from_secs(1)).await;
    look(&house).await;
    assert_eq!(next_look(&house, id).await, Some(deadline), "the last look");
    house.clock.set(deadline);
    look(&house).await;
    assert_eq!(next_look(&house, id).await, None);
    assert_eq!(house.file(id, "clip").await.deadline, deadline, "looking keeps nothing alive");
    reap(&house.app, None, Rehearsal::Real).await.unwrap();
    assert_eq!(house.row(id).await.status, AssetStatus::Gone(Reason::Abandoned));
    assert_eq!(house.bucket(), (0, 0));
}

#[tokio::test]
async fn companions_that_are_completed_by_their_owner_are_waited_for() {
    let house = House::new();
    let (video, film) = film(SIZE);
    let files = [(video, NewFile { size: None, finisher: Finisher::Arrival, ..film }), poster(40)];
    // The allowance of this house is 2 GiB.
    let mut videos = house.videos.clone();
    videos.roles.get_mut(&role("video")).unwrap().max_size = ByteCount::gib(1);
    let id = house.app.create_asset(&house.owner, &videos, upload_of(files)).await.unwrap().asset.id;
    assert!(house.send_part(&house.file(id, "video").await, 1, &mp4(SIZE)));
    house.clock.advance(TimeSpan::from_secs(2));
    look(&house).await;
    assert_eq!(house.state(id, "video").await, StateName::Verified);
    assert_eq!(house.row(id).await.status, AssetStatus::Uploading);
    house.send(id, "thumbnail", &png(40)).await;
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn its_owner_may_complete_it_all_the_same() {
    let house = House::new();
    let (video, film) = film(SIZE);
    let id = house.create([(video, NewFile { finisher: Finisher::Arrival, ..film })]).await.asset.id;
    let early = house.complete(id).await;
    assert!(matches!(early, Err(CompleteError::Incomplete(_))));
    assert!(house.send_part(&house.file(id, "video").await, 1, &mp4(SIZE)));
    assert!(matches!(house.complete_with(id, BTreeMap::new()).await, Ok(Completed::Created(_))));
    house.clock.advance(TimeSpan::from_secs(2));
    look(&house).await;
    assert_eq!(house.events().await, ["asset.created"]);
}

#[tokio::test]
async fn a_hint_is_looked_into_and_not_believed() {
    let house = House::new();
    let id = clip_left_alone(&house).await;
    let key = house.file(id, "clip").await.key.path();
    let hear = async |key: &str| house.app.hear_of_arrival(Visibility::Private, key).await.unwrap();
    assert_eq!(hear(&key).await, Arrival::Waiting, "nothing has arrived, whatever the hint says");
    assert_eq!(hear("42/clips/no-such-key").await, Arrival::Waiting);
    send(&house, id, &mp4(SIZE)).await;
    assert_eq!(house.app.hear_of_arrival(Visibility::Public, &key).await.unwrap(), Arrival::Waiting, "another bucket");
    assert_eq!(hear(&key).await, Arrival::Taken);
    assert_eq!(house.state(id, "clip").await, StateName::Created);
    assert_eq!(hear(&key).await, Arrival::Waiting, "twice is once");

    let owned = house.create([film(SIZE)]).await.asset.id;
    house.send(owned, "video", &mp4(SIZE)).await;
    let key = house.file(owned, "video").await.key.path();
    assert_eq!(hear(&key).await, Arrival::Waiting);
    assert_eq!(house.state(owned, "video").await, StateName::Uploading, "its owner has not said that it is done");
}

#[tokio::test]
async fn job_and_hint_at_once_publish_once() {
    for _ in 0..20 {
        let house = House::new();
        let id = clip_left_alone(&house).await;
        send(&house, id, &mp4(SIZE)).await;
        house.clock.advance(TimeSpan::from_secs(2));
        let key = house.file(id, "clip").await.key.path();
        let hints = futures::future::join_all((0..4).map(|_| house.app.hear_of_arrival(Visibility::Private, &key)));
        futures::future::join(hints, look(&house)).await;
        house.run_jobs().await;
        assert_eq!((house.state(id, "clip").await, house.events().await), (StateName::Created, vec!["asset.created"]));
    }
}

#[tokio::test]
async fn a_crash_after_the_freeze_is_finished_by_the_drive_lane() {
    let house = House::new();
    let id = clip_left_alone(&house).await;
    send(&house, id, &mp4(SIZE)).await;
    let file = house.file(id, "clip").await;
    let listing = server::store::list_parts(&*house.store, &file.key, file.upload()).await.unwrap().unwrap();
    let frozen = domain::decide(&file, &domain::Event::Arrived(listing), house.clock_now()).unwrap().next;
    assert!(matches!(house.catalog.advance(&file, &frozen, &[]).await, Ok(Written::Done)));
    // Whoever sends it again hears that it takes no more, not that it has no such part.
    let wanted = [PartWanted { number: PartNumber::new(1).unwrap(), checksum_sha256: None }];
    let again = house.app.grant_parts(&house.owner, &clips(&house), id, &role("clip"), &wanted).await;
    assert!(matches!(again, Err(GrantError::NotUploading(Some(StateName::Committing)))), "{again:?}");
    let parts = house.store.calls(Operation::ListParts);
    house.clock.advance(TimeSpan::from_hours(1));
    look(&house).await;
    assert_eq!(house.state(id, "clip").await, StateName::Created);
    assert_eq!(house.store.calls(Operation::ListParts), parts, "nothing is looked for any more");
}
