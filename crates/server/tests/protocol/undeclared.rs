//! Files whose size nobody declared: the role's limit is reserved and holds, and the client's list says where they end.

use std::collections::BTreeMap;

use domain::limits::{GRANTS_PER_WEIGHING, STEP_GRACE};
use domain::parts::{ETag, PartFact};
use domain::{AssetId, ByteCount, ClaimedParts, Collection, PartLength, PartNumber, Reason, StateName, TimeSpan};
use server::app::{
    Arrival, Claim, CompleteError, Completed, Completion, CreateError, Finisher, GrantError, NewFile, NewUpload,
    Opened, PartWanted,
};
use server::catalog::Rows as _;
use server::store::operation::Operation;
use server::store::{Store, list_parts};

use crate::ground::CLIP_LIMIT;
use crate::house::{DRIVE, House, film, mp4, role, round, upload_of};

const MIB: u64 = 1 << 20;

pub(crate) fn clips(house: &House) -> Collection {
    house.app.collection("clips").unwrap().clone()
}

/// A clip of any size.
pub(crate) fn clip(finisher: Finisher) -> NewUpload {
    let (_, film) = film(1);
    upload_of([(role("clip"), NewFile { size: None, finisher, ..film })])
}

pub(crate) async fn create_clip(house: &House, finisher: Finisher) -> Opened {
    house.app.create_asset(&house.owner, &clips(house), clip(finisher)).await.unwrap()
}

/// Sends parts of these lengths, of one film cut so.
async fn send(house: &House, id: AssetId, lengths: &[u64]) {
    let file = house.file(id, "clip").await;
    let content = mp4(lengths.iter().sum());
    let mut left = content.as_slice();
    for (length, number) in lengths.iter().zip(1..) {
        let (part, rest) = left.split_at(usize::try_from(*length).unwrap());
        assert!(house.send_part(&file, number, part));
        left = rest;
    }
}

/// What the store lists, as a client that kept every ETag would say it.
async fn claim(house: &House, id: AssetId) -> ClaimedParts {
    let file = house.file(id, "clip").await;
    let listing = list_parts(&*house.store, &file.key, file.upload()).await.unwrap().unwrap();
    listing.into_iter().map(|part| (part.number, part.etag)).collect()
}

async fn complete(house: &House, id: AssetId, parts: Option<ClaimedParts>) -> Result<Completed, CompleteError> {
    let claims = BTreeMap::from([(role("clip"), Claim { parts, checksum: None })]);
    let completion = Completion { claims, ..Completion::default() };
    house.app.complete_asset(&house.owner, &clips(house), id, &completion).await
}

async fn grant(house: &House, id: AssetId, numbers: &[u64]) -> Result<usize, GrantError> {
    let wanted = |number: &u64| PartWanted { number: PartNumber::new(*number).unwrap(), checksum_sha256: None };
    let wanted: Vec<_> = numbers.iter().map(wanted).collect();
    let granted = house.app.grant_parts(&house.owner, &clips(house), id, &role("clip"), &wanted).await?;
    assert!(granted.iter().all(|part| part.length == PartLength::Open));
    assert!(granted.iter().all(|part| !part.url.expose().contains("content-length")), "any length is taken");
    Ok(granted.len())
}

#[tokio::test]
async fn whatever_arrives_within_the_limit_is_published() {
    for lengths in [&[100][..], &[5 * MIB, 1], &[5 * MIB, 7 * MIB], &[12 * MIB]] {
        let house = House::new();
        let opened = create_clip(&house, Finisher::Owner).await;
        let id = opened.asset.id;
        assert_eq!(house.file(id, "clip").await.plan.size(), None);
        assert_eq!(opened.grants[&role("clip")].len(), 3, "12 MiB in the smallest parts");
        send(&house, id, lengths).await;
        let claimed = claim(&house, id).await;
        assert!(matches!(complete(&house, id, Some(claimed)).await, Ok(Completed::Created(_))), "{lengths:?}");
        let file = house.file(id, "clip").await;
        let size = ByteCount(lengths.iter().sum());
        assert_eq!((file.plan.size(), file.state.object().map(|object| object.size)), (Some(size), Some(size)));
        assert_eq!(house.bucket(), (1, 0));
        assert!(matches!(complete(&house, id, None).await, Ok(Completed::Created(_))), "repeating is success");
    }
}

#[tokio::test]
async fn the_list_is_required_and_must_be_right() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    send(&house, id, &[5 * MIB, 5 * MIB, 100]).await;
    let right = claim(&house, id).await;
    assert!(matches!(complete(&house, id, None).await, Err(CompleteError::Unclaimed(_))));
    let number = |number| PartNumber::new(number).unwrap();
    // The client has another part under way: half a film must not look complete.
    let mut longer = right.clone();
    longer.insert(number(4), ETag::new("x"));
    let Err(CompleteError::Incomplete(what)) = complete(&house, id, Some(longer)).await else { panic!("not refused") };
    assert_eq!(what[&role("clip")].missing, [number(4)]);
    let mut other = right.clone();
    other.insert(number(2), ETag::new("x"));
    let Err(CompleteError::Incomplete(what)) = complete(&house, id, Some(other)).await else { panic!("not refused") };
    assert_eq!((what[&role("clip")].wrong[0].number, what[&role("clip")].missing.len()), (number(2), 0));
    assert_eq!(house.state(id, "clip").await, StateName::Uploading, "nothing changed");
    assert!(matches!(complete(&house, id, Some(right)).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn small_parts_in_the_middle_can_be_sent_again() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    send(&house, id, &[5 * MIB - 1, 100]).await;
    let claimed = claim(&house, id).await;
    let Err(CompleteError::Incomplete(what)) = complete(&house, id, Some(claimed)).await else { panic!("not refused") };
    assert_eq!(what[&role("clip")].wrong[0].expected, PartFact::AtLeast(ByteCount::mib(5)));
    send(&house, id, &[5 * MIB, 100]).await;
    let claimed = claim(&house, id).await;
    assert!(matches!(complete(&house, id, Some(claimed)).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn more_than_the_limit_is_rejected_at_complete() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    send(&house, id, &[6 * MIB, 6 * MIB, 1]).await;
    let claimed = claim(&house, id).await;
    let Err(CompleteError::Rejected { reason, .. }) = complete(&house, id, Some(claimed)).await else {
        panic!("not rejected")
    };
    assert_eq!(reason, Reason::TooLarge);
    house.settle().await;
    assert_eq!((house.bucket(), house.events().await), ((0, 0), vec!["asset.rejected"]));
    // The role is free again.
    let announced = clip(Finisher::Owner).files.remove(&role("clip")).unwrap();
    house.app.announce_file(&house.owner, &clips(&house), id, &role("clip"), &announced).await.unwrap();
    send(&house, id, &[100]).await;
    let claimed = claim(&house, id).await;
    assert!(matches!(complete(&house, id, Some(claimed)).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn what_the_store_tells_of_is_weighed_at_once() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    let key = house.file(id, "clip").await.key;
    let heard = async || house.app.hear_of_arrival(key.visibility(), &key.path()).await.unwrap();
    send(&house, id, &[5 * MIB, 7 * MIB]).await;
    assert_eq!((heard().await, house.state(id, "clip").await), (Arrival::Waiting, StateName::Uploading));
    send(&house, id, &[5 * MIB, 7 * MIB + 1]).await;
    assert_eq!(heard().await, Arrival::Rejected);
    house.settle().await;
    assert_eq!((house.bucket(), house.events().await), ((0, 0), vec!["asset.rejected"]));
    assert_eq!(heard().await, Arrival::Waiting);
}

/// No hint, no next request of its client, and no `complete`: as on any store that is elsewhere.
#[tokio::test]
async fn too_much_is_gone_within_seconds_though_nobody_tells_of_it() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    for (after, sent) in [(2, &[5 * MIB][..]), (5, &[5 * MIB, 7 * MIB]), (15, &[5 * MIB, 7 * MIB])] {
        send(&house, id, sent).await;
        house.clock.set(house.file(id, "clip").await.looks.unwrap().since + TimeSpan::from_secs(after));
        round(&house.app, DRIVE).await;
        assert_eq!(house.state(id, "clip").await, StateName::Uploading, "it is within its limit");
        assert!(house.file(id, "clip").await.due_at.unwrap() > house.clock_now(), "the next look is written");
    }
    send(&house, id, &[5 * MIB, 7 * MIB + 1]).await;
    // A runner that has just started takes what is due within its grace.
    house.clock.advance(TimeSpan::from_secs(44) - STEP_GRACE);
    round(&house.app, DRIVE).await;
    assert_eq!(house.state(id, "clip").await, StateName::Uploading, "its next look is not due");
    house.clock.advance(TimeSpan::from_secs(1));
    round(&house.app, DRIVE).await;
    house.settle().await;
    assert_eq!(house.file(id, "clip").await.state.reason(), Some(Reason::TooLarge));
    assert_eq!((house.bucket(), house.events().await), ((0, 0), vec!["asset.rejected"]));
}

/// Looks at what has arrived take the place of the look for strays, and do its work once.
#[tokio::test]
async fn a_second_upload_beside_one_of_undeclared_size_is_closed_by_a_look() {
    for finisher in [Finisher::Owner, Finisher::Arrival] {
        let house = House::new();
        let id = create_clip(&house, finisher).await.asset.id;
        let file = house.file(id, "clip").await;
        house.store.open_foreign_upload(file.key.visibility(), &file.key.path());
        for seconds in [2, 5, 15, 60, 120, 240, 480, 960] {
            assert_eq!(house.bucket(), (0, 2), "a request may still be at it");
            house.clock.set(file.looks.unwrap().since + TimeSpan::from_secs(seconds));
            round(&house.app, DRIVE).await;
        }
        assert_eq!(house.bucket(), (0, 1));
        let lists = house.store.calls(Operation::ListUploads);
        house.clock.advance(TimeSpan::from_mins(10));
        round(&house.app, DRIVE).await;
        assert_eq!(house.store.calls(Operation::ListUploads), lists, "once");
        assert_eq!(house.state(id, "clip").await, StateName::Uploading);
    }
}

#[tokio::test]
async fn every_twenty_urls_what_arrived_is_weighed() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    // Three came with the creation.
    for _ in 0..5 {
        assert_eq!(grant(&house, id, &[1, 2, 3]).await.unwrap(), 3);
    }
    assert_eq!(house.file(id, "clip").await.plan.unweighed(), 18);
    send(&house, id, &[13 * MIB]).await;
    assert_eq!(grant(&house, id, &[1, 2]).await.unwrap(), 2, "20 are given before anybody looks");
    let Err(GrantError::Rejected(reason)) = grant(&house, id, &[1]).await else { panic!("not rejected") };
    assert_eq!(reason, Reason::TooLarge);
    house.settle().await;
    assert_eq!((house.bucket(), house.events().await), ((0, 0), vec!["asset.rejected"]));
    assert!(matches!(grant(&house, id, &[1]).await, Err(GrantError::NotUploading(Some(_)))));
}

#[tokio::test]
async fn what_is_within_the_limit_goes_on_after_weighing() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    send(&house, id, &[12 * MIB]).await;
    for _ in 0..20 {
        assert_eq!(grant(&house, id, &[1, 2, 3]).await.unwrap(), 3);
        assert!(house.file(id, "clip").await.plan.unweighed() <= GRANTS_PER_WEIGHING);
    }
    let many = [1, 2, 3].repeat(7);
    assert!(matches!(grant(&house, id, &many).await, Err(GrantError::TooManyAtOnce)));
    assert!(matches!(grant(&house, id, &[4]).await, Err(GrantError::BeyondPlan { part_count: 3, .. })));
}

#[tokio::test]
async fn the_allowance_holds_the_limit_until_the_size_is_known() {
    let house = House::new();
    let mut videos = house.videos.clone();
    // The allowance of this house is 2 GiB: 170 clips of 12 MiB would fit, two films of any size up to 1.5 GiB do not.
    videos.roles.get_mut(&role("video")).unwrap().max_size = ByteCount::mib(1536);
    let (video, film) = film(1);
    let any = || upload_of([(video.clone(), NewFile { size: None, ..film.clone() })]);
    let first = house.app.create_asset(&house.owner, &videos, any()).await.unwrap().asset.id;
    let second = house.app.create_asset(&house.owner, &videos, any()).await;
    assert!(matches!(second, Err(CreateError::TooManyBytes(_))));

    house.send(first, "video", &mp4(100)).await;
    let file = house.file(first, "video").await;
    let listing = list_parts(&*house.store, &file.key, file.upload()).await.unwrap().unwrap();
    let parts = Some(listing.into_iter().map(|part| (part.number, part.etag)).collect());
    let claims = BTreeMap::from([(video.clone(), Claim { parts, checksum: None })]);
    assert!(matches!(house.complete_with(first, claims).await, Ok(Completed::Created(_))));
    house.app.create_asset(&house.owner, &videos, any()).await.unwrap();
}

#[tokio::test]
async fn a_crash_between_freeze_and_commit_is_finished_by_the_jobs() {
    let house = House::new();
    let id = create_clip(&house, Finisher::Owner).await.asset.id;
    send(&house, id, &[5 * MIB, 100]).await;
    let file = house.file(id, "clip").await;
    let listing = list_parts(&*house.store, &file.key, file.upload()).await.unwrap().unwrap();
    let event = domain::Event::Frozen { listing, claimed: Some(claim(&house, id).await), checksum: None };
    let frozen = domain::decide(&file, &event, house.clock_now()).unwrap().next;
    assert!(matches!(house.catalog.advance(&file, &frozen, &[]).await, Ok(server::catalog::Written::Done)));
    house.run_jobs().await;
    assert_eq!(house.state(id, "clip").await, StateName::Created);
    assert_eq!(house.file(id, "clip").await.plan.size(), Some(ByteCount(5 * MIB + 100)));
    assert!(CLIP_LIMIT > ByteCount(5 * MIB + 100));
    assert!(house.store.head(&file.key).await.unwrap().is_some());
}
