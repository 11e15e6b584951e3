//! Deleted, cancelled, abandoned: nothing is left in catalog, bucket or hidden uploads, whatever comes late.

use domain::{AssetStatus, Reason, StateName, TimeSpan};
use server::app::{
    Breaker, CompleteError, Completed, ExpireError, FindError, GrantError, PartWanted, Recheck, Rehearsal,
};
use server::catalog::{Figures as _, InstallationRecord as _, Outbox as _};
use server::jobs::{Jobs, Runner, Schedules, Tempo, reap};
use server::recurrence::Recurrence;
use server::store::memory::Failure;
use server::store::operation::Operation;
use tokio_util::sync::CancellationToken;

use crate::house::{DESTROY, House, film, mp4, png, poster, role, round, runner};

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
    let due = || async { house.files_in(StateName::Closed).await };
    house.clock.advance(TimeSpan::from_hours(1));
    assert_eq!(house.app.recheck_file(&due().await[0]).await.unwrap(), Recheck::Found);
    assert_eq!(house.bucket(), (0, 0));
    let mut outcomes = Vec::new();
    for hours in [1, 23, 24 * 7] {
        house.clock.advance(TimeSpan::from_hours(hours));
        outcomes.push(house.app.recheck_file(&due().await[0]).await.unwrap());
    }
    assert_eq!(outcomes, [Recheck::Clean, Recheck::Clean, Recheck::Purged]);
    assert!(house.catalog.find_asset_anywhere(id).await.unwrap().value.is_none());
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
    house.live(TimeSpan::from_hours(24 * 8)).await;
    let nightly = house.app.expire_assets(None, Breaker::Armed, Rehearsal::Real).await;
    let Err(ExpireError::Implausible { would_expire, unfinished }) = nightly else {
        panic!("the breaker did not hold: {nightly:?}")
    };
    assert_eq!((would_expire, unfinished, house.bucket()), (1120, 1120, (0, 1120)));
    let asked_for = house.app.expire_assets(None, Breaker::Overridden, Rehearsal::Real).await.unwrap();
    assert_eq!(asked_for.expired, 560);
}

/// A small site whose clock was a month ahead when it started, or that was off for a month: nobody can tell.
#[tokio::test]
async fn a_clock_that_leapt_ends_nothing_for_an_hour_and_then_only_what_is_plausible() {
    let nightly = async |house: &House| house.app.expire_assets(None, Breaker::Armed, Rehearsal::Real).await;
    let house = House::new();
    house.create([film(100), poster(10)]).await;
    house.app.raise_epoch().await.unwrap();
    house.clock.advance(TimeSpan::from_hours(30 * 24));
    // Before the epoch rises, after it did, and after a second start.
    for _ in 0..3 {
        let run = nightly(&house).await;
        assert!(matches!(run, Err(ExpireError::Unsettled { leap, .. }) if leap.as_hours() >= 30 * 24), "{run:?}");
        house.app.raise_epoch().await.unwrap();
        house.clock.advance(TimeSpan::from_mins(10));
    }
    let run = nightly(&house).await;
    let Err(ExpireError::Unsettled { wait, .. }) = run else { panic!("it did not wait: {run:?}") };
    assert!(wait <= TimeSpan::from_mins(40), "{wait:?}");
    house.live(wait).await;
    // All of it would go, and two files are far below the floor.
    let run = nightly(&house).await;
    assert!(matches!(run, Err(ExpireError::Implausible { would_expire: 2, unfinished: 2 })), "{run:?}");
    assert_eq!(house.bucket(), (0, 2));
    // Nobody set the clock: a night later it is believed.
    assert_eq!(nightly(&house).await.unwrap().expired, 1);
}

#[tokio::test]
async fn a_clock_that_was_put_right_is_believed_again() {
    let house = House::new();
    house.app.raise_epoch().await.unwrap();
    let right = house.clock_now();
    let abandoned = house.create([film(100)]).await.asset.id;
    house.clock.advance(TimeSpan::from_hours(30 * 24));
    house.app.raise_epoch().await.unwrap();
    house.clock.set(right + TimeSpan::from_mins(20));
    assert_eq!(house.app.expire_assets(None, Breaker::Armed, Rehearsal::Real).await.unwrap().expired, 0);
    assert_eq!(house.state(abandoned, "video").await, StateName::Uploading);
    // Two quiet days later it goes as any other.
    house.live(TimeSpan::from_hours(50)).await;
    assert_eq!(house.app.expire_assets(None, Breaker::Armed, Rehearsal::Real).await.unwrap().expired, 1);
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
    // What is shown is looked at once a day.
    house.clock.advance(TimeSpan::from_hours(24));
    house.run_jobs().await;
    assert!(house.catalog.find_asset_anywhere(id).await.unwrap().value.is_none());
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
    house.live(TimeSpan::from_hours(60)).await;
    // Off for too short a time to be taken for a leap, and at one in the night.
    house.clock.advance(TimeSpan::from_mins(50));
    let in_january = Recurrence::parse("0 1 1 1 *", Some("UTC")).unwrap();
    let schedules = Schedules { expire: in_january.clone(), reconcile: in_january };
    let jobs = Jobs::start(Runner::new(house.app.clone(), "one".to_owned(), schedules, Tempo::default()));
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
    runner(&house.app).round(DESTROY, &stop).await;
    assert_eq!((house.state(id, "video").await, house.bucket()), (StateName::Deleting, (1, 0)));
    round(&house.app, DESTROY).await;
    assert_eq!((house.state(id, "video").await, house.bucket()), (StateName::Closed, (0, 0)));
}
