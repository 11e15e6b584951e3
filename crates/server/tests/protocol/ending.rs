//! Deleted, cancelled, abandoned: nothing is left in catalog, bucket or hidden uploads, whatever comes late.

use domain::{AssetStatus, Reason, StateName, TimeSpan};
use server::app::{Breaker, CompleteError, Completed, FindError, GrantError, PartWanted, Recheck, Rehearsal};
use server::catalog::Catalog;
use server::jobs::{ExpireSchedule, Job, Jobs, Schedules, Tempo, reap, round};
use server::store::memory::Failure;
use server::store::operation::Operation;
use tokio_util::sync::CancellationToken;

use crate::house::{House, film, mp4, png, poster, role};

#[tokio::test]
async fn cancelling_leaves_nothing_and_repeating_is_success() {
    let house = House::new();
    let id = house.create([film(12 << 20), poster(10)]).await.asset.id;
    house.send(id, "thumbnail", &png(10)).await;
    for _ in 0..2 {
        house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    }
    house.settle().await;
    assert_eq!(house.bucket(), (0, 0));
    assert_eq!(house.row(id).await.status, AssetStatus::Gone(Reason::Deleted));
    assert_eq!(house.events().await, ["asset.deleted"]);
    assert!(matches!(house.complete(id).await, Err(CompleteError::Find(FindError::Gone(Reason::Deleted)))));
}

#[tokio::test]
async fn deleting_a_published_asset_takes_its_objects() {
    let house = House::new();
    let id = house.created_film(100).await;
    house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    house.settle().await;
    assert_eq!(house.bucket(), (0, 0));
    assert_eq!(house.state(id, "video").await, StateName::Closed);
}

#[tokio::test]
async fn the_abandoned_and_the_unannounced_go_and_the_rest_stays() {
    let house = House::new();
    let abandoned = house.create([film(12 << 20)]).await.asset.id;
    let unannounced = house.create([film(100), poster(10)]).await.asset.id;
    house.send(unannounced, "video", &mp4(100)).await;
    let published = house.created_film(100).await;
    house.clock.advance(TimeSpan::from_hours(40));
    let alive = house.create([film(100)]).await.asset.id;
    house.clock.advance(TimeSpan::from_hours(20));

    let rehearsed = reap(&house.app, None, Rehearsal::DryRun).await.unwrap();
    assert_eq!((rehearsed.expire.expired, house.bucket()), (2, (1, 4)));
    let done = reap(&house.app, None, Rehearsal::Real).await.unwrap();
    assert_eq!((done.expire.expired, done.destroyed), (2, 3));
    assert_eq!(house.bucket(), (1, 1));
    for id in [abandoned, unannounced] {
        assert_eq!(house.row(id).await.status, AssetStatus::Gone(Reason::Abandoned));
    }
    assert_eq!(house.row(published).await.status, AssetStatus::Created);
    assert_eq!(house.row(alive).await.status, AssetStatus::Uploading);
    assert_eq!(house.events().await, ["asset.created", "asset.expired", "asset.expired"]);
}

#[tokio::test]
async fn reaping_as_of_later_moves_only_the_comparison() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    let before = house.catalog.now().await.unwrap();
    let later = before + TimeSpan::from_hours(72);
    assert_eq!(reap(&house.app, Some(later), Rehearsal::Real).await.unwrap().expire.expired, 1);
    assert_eq!(house.row(id).await.status, AssetStatus::Gone(Reason::Abandoned));
    let event = house.catalog.list_events(0, 10).await.unwrap().remove(0).1;
    assert_eq!(event.at, before);
}

#[tokio::test]
async fn asking_for_urls_keeps_an_upload_alive_with_all_its_files() {
    let house = House::new();
    let id = house.create([film(12 << 20), poster(10)]).await.asset.id;
    let wanted = [PartWanted { number: domain::PartNumber::new(1).unwrap(), checksum_sha256: None }];
    for _ in 0..4 {
        house.clock.advance(TimeSpan::from_hours(40));
        house.app.grant_parts(&house.owner, &house.videos, id, &role("video"), &wanted).await.unwrap();
        assert_eq!(reap(&house.app, None, Rehearsal::Real).await.unwrap().expire.expired, 0);
    }
    house.clock.advance(TimeSpan::from_hours(40));
    let end = house.app.grant_parts(&house.owner, &house.videos, id, &role("video"), &wanted).await;
    assert!(matches!(end, Err(GrantError::Expired)), "seven days is the end of it");
    assert_eq!(reap(&house.app, None, Rehearsal::Real).await.unwrap().expire.expired, 1);
}

#[tokio::test]
async fn what_lands_late_is_found_and_destroyed_and_the_row_goes_in_the_end() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    house.settle().await;
    let file = house.file(id, "video").await;
    house.store.open_foreign_upload(file.key.visibility(), &file.key.path());
    assert_eq!(house.bucket(), (0, 1));
    let due = || async { house.catalog.list_files(StateName::Closed, None, 10).await.unwrap().value };
    house.clock.advance(TimeSpan::from_hours(1));
    assert_eq!(house.app.recheck_file(&due().await[0]).await.unwrap(), Recheck::Found);
    assert_eq!(house.bucket(), (0, 0));
    let mut outcomes = Vec::new();
    for hours in [1, 23, 24 * 7] {
        house.clock.advance(TimeSpan::from_hours(hours));
        outcomes.push(house.app.recheck_file(&due().await[0]).await.unwrap());
    }
    assert_eq!(outcomes, [Recheck::Clean, Recheck::Clean, Recheck::Purged]);
    assert!(house.catalog.find_asset(id).await.unwrap().value.is_none());
}

#[tokio::test]
async fn a_rewound_catalog_destroys_nothing() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    // The catalog forgets the commit: what a restored backup looks like from here.
    let file = house.file(id, "video").await;
    let listing = server::store::list_parts(&*house.store, &file.key, file.upload()).await.unwrap().unwrap();
    let completion = server::store::Store::complete(&*house.store, &file.key, file.upload(), &listing, None).await;
    assert!(completion.etag.is_some());
    house.clock.advance(TimeSpan::from_hours(100));
    let report = house.app.expire_assets(None, Breaker::Overridden, Rehearsal::Real).await.unwrap();
    assert_eq!((report.expired, report.suspicious), (0, 1));
    assert!(house.complete(id).await.is_err());
    assert_eq!(house.bucket(), (1, 0));
    assert_eq!(house.state(id, "video").await, StateName::Uploading);
}

/// A clock that jumped: every upload looks abandoned, and each has two files.
#[tokio::test]
async fn the_breaker_holds_when_everything_would_expire() {
    let house = House::new();
    for owner in 0..140 {
        let owner = domain::OwnerId::parse(&format!("owner-{owner}")).unwrap();
        for _ in 0..4 {
            let upload = crate::house::upload_of([film(100), poster(10)]);
            house.app.create_asset(&owner, &house.videos, upload).await.unwrap();
        }
    }
    house.clock.advance(TimeSpan::from_hours(24 * 8));
    let nightly = house.app.expire_assets(None, Breaker::Armed, Rehearsal::Real).await;
    let Err(server::app::ExpireError::Implausible { would_expire, unfinished }) = nightly else {
        panic!("the breaker did not hold: {nightly:?}")
    };
    assert_eq!((would_expire, unfinished, house.bucket()), (1120, 1120, (0, 1120)));
    let asked_for = house.app.expire_assets(None, Breaker::Overridden, Rehearsal::Real).await.unwrap();
    assert_eq!(asked_for.expired, 560);
}

/// Its row tells the owner why, and gives the asset its deadline: it is not purged under a living asset.
#[tokio::test]
async fn a_rejected_file_is_remembered_until_its_asset_expires() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &png(100)).await;
    assert!(house.complete(id).await.is_err());
    house.settle().await;
    for _ in 0..4 {
        house.clock.advance(TimeSpan::from_hours(24 * 9));
        house.run_jobs().await;
    }
    assert_eq!(house.state(id, "video").await, StateName::Closed);
    assert_eq!(reap(&house.app, None, Rehearsal::Real).await.unwrap().expire.expired, 1);
    house.run_jobs().await;
    assert!(house.catalog.find_asset(id).await.unwrap().value.is_none());
}

#[tokio::test]
async fn a_forgotten_replacement_goes_and_the_published_film_stays() {
    let house = House::new();
    let id = house.created_film(100).await;
    house.app.announce_file(&house.owner, &house.videos, id, &role("video"), &film(50).1).await.unwrap();
    house.clock.advance(TimeSpan::from_hours(60));
    assert_eq!(reap(&house.app, None, Rehearsal::Real).await.unwrap().expire.expired, 1);
    assert_eq!(house.row(id).await.status, AssetStatus::Created);
    assert_eq!(house.bucket(), (1, 0));
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn a_start_expires_what_a_missed_night_left() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.clock.advance(TimeSpan::from_hours(60));
    let in_january = ExpireSchedule::parse("0 1 1 1 *", Some("UTC")).unwrap();
    let jobs = Jobs::start(
        &house.app,
        Schedules { expire: in_january.clone(), reconcile: in_january },
        Tempo::default(),
        "one",
    );
    let expired = async {
        while house.row(id).await.status != AssetStatus::Gone(Reason::Abandoned) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), expired).await.expect("the start expires it");
    jobs.stop().await;
}

#[tokio::test]
async fn a_round_told_to_stop_leaves_the_rows_it_has_not_reached() {
    let house = House::new();
    let id = house.created_film(100).await;
    house.store.fail_next(Operation::Delete, Failure::Before);
    house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    house.settle().await;
    assert_eq!(house.state(id, "video").await, StateName::Deleting);
    let stop = CancellationToken::new();
    stop.cancel();
    round(&house.app, Job::Destroy, "one", &stop).await;
    assert_eq!((house.state(id, "video").await, house.bucket()), (StateName::Deleting, (1, 0)));
    round(&house.app, Job::Destroy, "one", &CancellationToken::new()).await;
    assert_eq!((house.state(id, "video").await, house.bucket()), (StateName::Closed, (0, 0)));
}
