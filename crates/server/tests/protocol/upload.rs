//! Uploads that go well, and everything a client may do on the way.

use domain::{ByteCount, StateName, TimeSpan};
use server::app::{
    CompleteError, Completed, CreateError, FileProblem, FindError, GrantError, PartWanted, ReadError, ReadUrl, Reading,
};

use crate::house::{House, film, keyed, mp4, new_file, png, poster, role, upload_of};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn a_film_with_its_poster_becomes_visible_as_one() {
    let house = House::new();
    let opened = house.create([film(12 * MIB), poster(1000)]).await;
    let id = opened.asset.id;
    assert_eq!(opened.grants[&role("video")].len(), 3);
    assert_eq!(house.state(id, "video").await, StateName::Uploading);

    house.send(id, "video", &mp4(12 * MIB)).await;
    house.send(id, "thumbnail", &png(1000)).await;
    assert_eq!(house.bucket(), (0, 2), "before completion there is no object");

    let Ok(Completed::Created(asset)) = house.complete(id).await else { panic!("not created") };
    assert!(asset.published_at.is_some());
    assert_eq!(house.bucket(), (2, 0));
    assert_eq!(house.events().await, ["asset.created"]);
    let again = house.complete(id).await;
    assert!(matches!(again, Ok(Completed::Created(_))), "repeating after success is success");
    assert_eq!(house.events().await, ["asset.created"]);
}

#[tokio::test]
async fn the_server_reads_no_more_than_it_inspects() {
    let house = House::new();
    house.created_film(20 * MIB).await;
    let traffic = house.store.traffic();
    assert_eq!(traffic.sent_by_clients, ByteCount(20 * MIB));
    assert_eq!(traffic.read_by_server, ByteCount::kib(64));
}

#[tokio::test]
async fn nothing_sent_is_named_and_changes_nothing() {
    let house = House::new();
    let id = house.create([film(12 * MIB)]).await.asset.id;
    let Err(CompleteError::Incomplete(what)) = house.complete(id).await else { panic!("not refused") };
    assert_eq!(what[&role("video")].missing.len(), 3);
    assert_eq!(house.state(id, "video").await, StateName::Uploading);
    assert_eq!(house.bucket(), (0, 1));
}

#[tokio::test]
async fn gaps_and_wrong_sizes_are_named_and_repaired() {
    let house = House::new();
    let id = house.create([film(12 * MIB)]).await.asset.id;
    let content = mp4(12 * MIB);
    let file = house.file(id, "video").await;
    assert!(house.send_part(&file, 1, &content[..5 * MIB as usize]));
    assert!(house.send_part(&file, 3, &content[..100]));
    let Err(CompleteError::Incomplete(what)) = house.complete(id).await else { panic!("not refused") };
    let what = &what[&role("video")];
    assert_eq!(what.missing.iter().map(|number| number.get()).collect::<Vec<_>>(), [2]);
    assert_eq!(what.wrong.iter().map(|wrong| wrong.number.get()).collect::<Vec<_>>(), [3]);
    house.send(id, "video", &content).await;
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn one_incomplete_file_freezes_none() {
    let house = House::new();
    let id = house.create([film(100), poster(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    let Err(CompleteError::Incomplete(what)) = house.complete(id).await else { panic!("not refused") };
    assert_eq!(what.keys().collect::<Vec<_>>(), [&role("thumbnail")]);
    assert_eq!(house.state(id, "video").await, StateName::Uploading);
}

#[tokio::test]
async fn somebody_elses_asset_does_not_exist() {
    let house = House::new();
    let id = house.created_film(100).await;
    let stranger = domain::OwnerId::parse("43").unwrap();
    let found = house.app.find_asset(&stranger, &house.videos, id).await;
    assert!(matches!(found, Err(FindError::Missing)));
    let url = house.app.file_url(&stranger, &house.videos, id, &role("video"), Reading::SHOW).await;
    assert!(matches!(url, Err(ReadError::Find(FindError::Missing))));
    let complete = house.app.complete_asset(&stranger, &house.videos, id, &server::app::Completion::default()).await;
    assert!(matches!(complete, Err(CompleteError::Find(FindError::Missing))));
    let grant = house.app.grant_parts(&stranger, &house.videos, id, &role("video"), &[]).await;
    assert!(matches!(grant, Err(GrantError::Find(FindError::Missing))));
    assert!(house.app.delete_asset(&stranger, &house.videos, id).await.is_err());
    assert_eq!(house.bucket(), (1, 0));
}

#[tokio::test]
async fn private_urls_are_signed_and_stable_and_public_ones_plain() {
    let house = House::new();
    let id = house.create([film(100), poster(100)]).await.asset.id;
    let url = |name: &'static str| {
        house.app.file_url(&house.owner, &house.videos, id, Box::leak(Box::new(role(name))), Reading::SHOW)
    };
    assert!(matches!(url("video").await, Err(ReadError::NotCreated)));
    house.send(id, "video", &mp4(100)).await;
    house.send(id, "thumbnail", &png(100)).await;
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
    let Ok(ReadUrl::Signed { url: first, expires_at }) = url("video").await else { panic!("not signed") };
    house.clock.advance(TimeSpan::from_secs(1));
    let Ok(ReadUrl::Signed { url: second, .. }) = url("video").await else { panic!("not signed") };
    assert_eq!(first, second, "URLs of one window are equal, so that browsers can cache");
    assert!(expires_at > domain::Timestamp::constant(1_790_000_000, 0));
    assert!(matches!(url("thumbnail").await, Ok(ReadUrl::Public(_))));
    assert!(matches!(url("preview").await, Err(ReadError::NoSuchRole)));
}

#[tokio::test]
async fn a_repeated_request_gives_the_same_asset() {
    let house = House::new();
    let create =
        |body| house.try_create(server::app::NewUpload { idempotency: keyed("k1", body), ..upload_of([film(100)]) });
    let first = create("a").await.unwrap();
    let second = create("a").await.unwrap();
    assert_eq!(first.asset.id, second.asset.id);
    assert_eq!(second.grants[&role("video")].len(), 1, "with fresh URLs");
    assert!(matches!(create("b").await, Err(CreateError::KeyReused)));
    assert_eq!(house.bucket(), (0, 1));
    house.send(first.asset.id, "video", &mp4(100)).await;
    assert!(matches!(house.complete(first.asset.id).await, Ok(Completed::Created(_))));
    let late = create("a").await.unwrap();
    assert_eq!((late.asset.id, late.grants.len()), (first.asset.id, 0), "published: nothing is left to send");
}

#[tokio::test]
async fn two_creations_with_one_key_make_one_asset() {
    let house = House::new();
    let create = || house.try_create(server::app::NewUpload { idempotency: keyed("k", "b"), ..upload_of([film(100)]) });
    let (first, second) = tokio::join!(create(), create());
    let ids: Vec<_> = [first, second]
        .into_iter()
        .filter_map(|outcome| match outcome {
            Ok(opened) => Some(opened.asset.id),
            Err(CreateError::KeyInProgress) => None,
            Err(other) => panic!("unexpected: {other}"),
        })
        .collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]));
    assert_eq!(house.bucket().1, 1);
}

#[tokio::test]
async fn allowances_hold() {
    let house = House::new();
    for _ in 0..5 {
        house.create([film(100)]).await;
    }
    assert!(matches!(house.try_create(upload_of([film(100)])).await, Err(CreateError::TooManyOpen(_))));
    let other = House::new();
    other.create([film(1 << 30)]).await;
    other.create([film(900 << 20)]).await;
    assert!(matches!(other.try_create(upload_of([film(200 << 20)])).await, Err(CreateError::TooManyBytes(_))));
}

#[tokio::test]
async fn files_that_cannot_be_taken_are_refused_before_anything_is_written() {
    let house = House::new();
    let refused = |files: Vec<_>| async { house.try_create(upload_of(files)).await.unwrap_err() };
    assert!(matches!(refused(vec![poster(1)]).await, CreateError::MissingRole(_)));
    assert!(matches!(refused(vec![]).await, CreateError::NoFiles));
    let foreign = (role("subtitles"), new_file(domain::MediaType::Png, 1));
    assert!(matches!(refused(vec![film(1), foreign]).await, CreateError::UnknownRole(_)));
    let too_large = refused(vec![film((200 << 30) + 1)]).await;
    assert!(matches!(too_large, CreateError::File { problem: FileProblem::TooLarge { .. }, .. }));
    let empty = refused(vec![film(0)]).await;
    assert!(matches!(empty, CreateError::File { problem: FileProblem::Unplannable(_), .. }));
    let wrong_type = (role("video"), new_file(domain::MediaType::Png, 1));
    let wrong_type = refused(vec![wrong_type]).await;
    assert!(matches!(wrong_type, CreateError::File { problem: FileProblem::TypeNotAccepted { .. }, .. }));
    assert_eq!(house.bucket(), (0, 0));
}

#[tokio::test]
async fn urls_stop_at_the_plan_and_at_the_deadline() {
    let house = House::new();
    let id = house.create([film(12 * MIB)]).await.asset.id;
    let number = |n| domain::PartNumber::new(n).unwrap();
    let wanted = |n| [PartWanted { number: number(n), checksum_sha256: None }];
    let video = role("video");
    let beyond = house.app.grant_parts(&house.owner, &house.videos, id, &video, &wanted(4)).await;
    assert!(matches!(beyond, Err(GrantError::BeyondPlan { part_count: 3, .. })));
    let last = house.app.grant_parts(&house.owner, &house.videos, id, &video, &wanted(3)).await.unwrap();
    assert_eq!(last[0].length, domain::PartLength::Exactly(ByteCount(2 * MIB)));
    house.clock.advance(TimeSpan::from_hours(50));
    let late = house.app.grant_parts(&house.owner, &house.videos, id, &video, &wanted(1)).await;
    assert!(matches!(late, Err(GrantError::Expired)));
}

#[tokio::test]
async fn completing_past_the_deadline_still_counts() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    house.clock.advance(TimeSpan::from_hours(24 * 30));
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
}
