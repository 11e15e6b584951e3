//! The drills of rule 9: whatever is wrong with catalog or bucket, nothing is destroyed, and it can be put right.

use std::sync::{Arc, Mutex};

use domain::{
    AssetStatus, ByteCount, Epoch, InstallationId, Marker, OwnerNaming, RoleName, StateName, TimeSpan, Timestamp,
    Visibility,
};
use server::app::{
    AcceptError, Breaker, CompleteError, Consent, CreateError, ExpireError, GrantError, Mismatch, PortError, Rehearsal,
};
use server::catalog::Allowance;
use server::catalog::memory::{Backup, MemoryCatalog};
use server::jobs::{Job, Scheduled, reap};
use server::store::around::{Around, AroundStore, Call};
use server::store::memory::{Failure, MemoryStore};
use server::store::operation::Operation;

use crate::ground::app_over;
use crate::house::{DESTROY, House, film, mp4, png, round, upload_of};

const BUCKETS: [Visibility; 2] = [Visibility::Private, Visibility::Public];

/// Every object and every open upload, with its bucket.
type Listing = (Vec<(Visibility, String)>, Vec<(Visibility, String)>);

fn listing(house: &House) -> Listing {
    (house.store.objects(), house.store.uploads())
}

fn markers(house: &House) -> [Option<Marker>; 2] {
    BUCKETS.map(|bucket| house.store.marker(bucket))
}

/// Everything the server does by itself, over nine days.
async fn all_jobs(house: &House) {
    for hours in [0, 1, 23, 24 * 3, 24 * 5] {
        house.live(TimeSpan::from_hours(hours)).await;
        for job in Job::ALL {
            round(&house.app, job).await;
        }
    }
}

/// A published film, one that is being deleted, one whose upload was abandoned, and a rejected one that is closed.
async fn scene(house: &House) -> domain::AssetId {
    let deleted = house.created_film(100).await;
    house.store.fail_next(Operation::Delete, Failure::Before);
    house.app.delete_asset(&house.owner, &house.videos, deleted).await.unwrap();
    house.settle().await;
    assert_eq!(house.state(deleted, "video").await, StateName::Deleting);
    let rejected = house.create([film(100)]).await.asset.id;
    house.send(rejected, "video", &png(100)).await;
    house.complete(rejected).await.unwrap_err();
    assert_eq!(house.state(rejected, "video").await, StateName::Closed);
    house.create([film(100)]).await;
    house.created_film(100).await
}

async fn mismatch(house: &House) -> Option<Mismatch> {
    house.app.look_around().await.unwrap().mismatch
}

/// Nothing in the store changes whatever runs, and no upload begins or ends.
async fn nothing_is_touched(house: &House) {
    let (before, marked) = (listing(house), markers(house));
    all_jobs(house).await;
    let refused = reap(&house.app, None, Rehearsal::Real).await;
    assert!(refused.is_err(), "{refused:?}");
    let created = house.try_create(upload_of([film(100)])).await;
    assert!(matches!(created, Err(CreateError::Port(PortError::Bucket(_)))), "{created:?}");
    assert_eq!(listing(house), before);
    assert_eq!(markers(house), marked);
}

/// Uploads work, and what is deleted goes.
async fn life_goes_on(house: &House) {
    assert_eq!(mismatch(house).await, None);
    let before = listing(house);
    let id = house.created_film(200).await;
    assert_eq!(listing(house).0.len(), before.0.len() + 1);
    house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    for file in house.files_in(StateName::Deleting).await {
        house.app.destroy_file(&file).await.unwrap();
    }
    assert!(listing(house).0.len() <= before.0.len());
}

#[tokio::test]
async fn a_first_start_marks_both_buckets_and_the_epoch_rises_in_the_catalog_first() {
    let house = House::new();
    assert_eq!(markers(&house), [None, None]);
    scene(&house).await;
    let [private, public] = markers(&house).map(|marker| marker.expect("it is marked"));
    assert_eq!(private, public);
    let installation = house.app.look_around().await.unwrap().installation;
    assert_eq!(private.installation, installation.id);
    assert!(private.epoch < installation.epoch && installation.marked_at.is_some());

    assert_eq!(house.app.raise_epoch().await.unwrap(), installation.epoch.next());
    assert_eq!(markers(&house).map(|marker| marker.unwrap().epoch), [installation.epoch.next(); 2]);
    // A crash between: the catalog is ahead, which is no mismatch.
    house.store.fail_next(Operation::WriteMarker, Failure::Before);
    house.app.raise_epoch().await.unwrap_err();
    assert_eq!(mismatch(&house).await, None);
    assert!(house.app.look_around().await.unwrap().installation.epoch > markers(&house)[0].unwrap().epoch);
}

#[tokio::test]
async fn a_crash_between_the_first_marks_is_a_first_start_again() {
    for writes in 0..2 {
        let house = House::new();
        for _ in 0..writes {
            house.store.fail_next(Operation::WriteMarker, Failure::AfterEffect);
            house.app.look_around().await.unwrap_err();
        }
        house.store.fail_next(Operation::WriteMarker, Failure::Before);
        house.app.look_around().await.unwrap_err();
        life_goes_on(&house).await;
    }
}

#[tokio::test]
async fn a_catalog_restored_to_an_hour_ago_destroys_nothing_until_it_is_accepted() {
    let house = House::new();
    let deleted = scene(&house).await;
    let given_up = house.create([film(100)]).await.asset.id;
    let backup = house.catalog.backup();
    // The hour that will be forgotten: one film is new, one is deleted, one upload is done, the epoch rises.
    house.clock.advance(TimeSpan::from_hours(1));
    let forgotten = house.created_film(300).await;
    house.app.delete_asset(&house.owner, &house.videos, deleted).await.unwrap();
    house.settle().await;
    house.send(given_up, "video", &mp4(100)).await;
    house.complete(given_up).await.unwrap();
    round(&house.app, Job::Scheduled(Scheduled::RaiseEpoch)).await;
    let kept = house.file(forgotten, "video").await.key;

    house.catalog.restore(backup);
    house.clock.advance(TimeSpan::from_secs(11));
    assert!(matches!(mismatch(&house).await, Some(Mismatch::Rewound { .. })));
    nothing_is_touched(&house).await;
    assert!(matches!(house.complete(given_up).await, Err(CompleteError::Port(PortError::Bucket(_)))));

    let before = listing(&house);
    let accepted = house.app.accept_restore(Consent::Restored).await.unwrap();
    assert!(
        matches!(accepted.mismatch, Some(Mismatch::Rewound { marker, .. }) if accepted.installation.epoch > marker)
    );
    assert_eq!(listing(&house), before, "accepting touches nothing");
    life_goes_on(&house).await;
    // What the backup had forgotten is still there, however long the jobs run.
    all_jobs(&house).await;
    assert!(house.store.content(&kept).is_some());
    assert_eq!(house.row(deleted).await.status, AssetStatus::Created, "as the backup says");
}

#[tokio::test]
async fn an_empty_catalog_takes_over_its_bucket_only_on_a_second_word() {
    let house = House::new();
    let empty = house.catalog.backup();
    scene(&house).await;
    let owner = markers(&house)[0].unwrap();
    house.catalog.restore(empty);
    house.clock.advance(TimeSpan::from_secs(11));
    assert!(
        matches!(mismatch(&house).await, Some(Mismatch::Foreign { owner: found, .. }) if found == owner.installation)
    );
    nothing_is_touched(&house).await;

    let refused = house.app.accept_restore(Consent::Restored).await;
    assert!(matches!(refused, Err(AcceptError::NeedsConsent(Mismatch::Foreign { .. }))), "{refused:?}");
    nothing_is_touched(&house).await;
    let before = listing(&house);
    let accepted = house.app.accept_restore(Consent::TakeBucket).await.unwrap();
    assert_eq!(accepted.installation.id, owner.installation);
    assert!(accepted.installation.epoch > owner.epoch);
    life_goes_on(&house).await;
    all_jobs(&house).await;
    assert!(before.0.iter().all(|object| listing(&house).0.contains(object)), "what was there is still there");
}

#[tokio::test]
async fn another_installations_bucket_is_never_taken_by_a_catalog_with_files() {
    for bucket in BUCKETS {
        let house = House::new();
        scene(&house).await;
        let own = markers(&house)[0];
        let other = InstallationId::new(Timestamp::UNIX_EPOCH, &[9; 10]);
        for epoch in [1, 1_000_000] {
            house.store.set_marker(bucket, Some(Marker { installation: other, epoch: Epoch(epoch) }));
            house.clock.advance(TimeSpan::from_secs(11));
            assert_eq!(mismatch(&house).await, Some(Mismatch::Foreign { bucket, owner: other }));
            nothing_is_touched(&house).await;
            for consent in [Consent::Restored, Consent::TakeBucket] {
                let refused = house.app.accept_restore(consent).await;
                assert!(matches!(refused, Err(AcceptError::WrongBucket(_))), "{refused:?}");
            }
            nothing_is_touched(&house).await;
        }
        house.store.set_marker(bucket, own);
        life_goes_on(&house).await;
    }
}

/// What is wrong with one bucket is not agreed to for the other: each pair of markers, with what it takes to be accepted.
#[tokio::test]
async fn each_bucket_is_accepted_by_itself() {
    let other = |n: u8, epoch| {
        Some(Marker { installation: InstallationId::new(Timestamp::UNIX_EPOCH, &[n; 10]), epoch: Epoch(epoch) })
    };
    let (restored, taken) = (Some(Consent::Restored), Some(Consent::TakeBucket));
    for has_files in [true, false] {
        for (private, public, enough) in [
            ("ahead", "ahead", restored),
            ("ahead", "ours", restored),
            ("ahead", "none", taken),
            ("none", "ahead", taken),
            ("none", "none", taken),
            ("ahead", "other", None),
            ("other", "ahead", None),
            ("ours", "other", None),
            ("other", "none", taken.filter(|_| !has_files)),
            ("other", "other", taken.filter(|_| !has_files)),
            ("other", "third", None),
        ] {
            let house = House::new();
            if has_files {
                scene(&house).await;
            } else {
                house.app.look_around().await.unwrap();
            }
            let own = markers(&house)[0].unwrap();
            for (bucket, says) in BUCKETS.into_iter().zip([private, public]) {
                let marker = match says {
                    "ours" => Some(own),
                    "ahead" => Some(Marker { epoch: Epoch(1_000), ..own }),
                    "none" => None,
                    "other" => other(8, 7),
                    _third => other(9, 7),
                };
                house.store.set_marker(bucket, marker);
            }
            house.clock.advance(TimeSpan::from_secs(11));
            let told = format!("{private}, {public}, files: {has_files}");
            let before = (listing(&house), markers(&house));
            for consent in [Consent::Restored, Consent::TakeBucket] {
                if enough == Some(consent) {
                    break;
                }
                house.app.accept_restore(consent).await.expect_err(&told);
                assert_eq!((listing(&house), markers(&house)), before, "{told}: nothing is written");
            }
            let Some(consent) = enough else { continue };
            let accepted = house.app.accept_restore(consent).await.expect(&told);
            assert_eq!(markers(&house), [Some(accepted.installation.marker()); 2], "{told}");
            assert_eq!(mismatch(&house).await, None, "{told}");
        }
    }
}

/// A request for part URLs opens what could not be opened at first; not in a bucket that may be another's.
#[tokio::test]
async fn a_reserved_file_is_not_opened_in_the_wrong_bucket() {
    let house = House::new();
    house.store.fail_next(Operation::OpenUpload, Failure::Before);
    house.try_create(upload_of([film(100)])).await.unwrap_err();
    let reserved = house.files_in(StateName::Reserved).await;
    let [file] = &reserved[..] else { panic!("one file is reserved: {reserved:?}") };
    let (role, before, own) = (RoleName::parse("video").unwrap(), listing(&house), markers(&house));
    let grant = async || house.app.grant_parts(&house.owner, &house.videos, file.asset, &role, &[]).await;
    house.store.set_marker(Visibility::Private, None);
    house.clock.advance(TimeSpan::from_secs(11));
    let refused = grant().await;
    assert!(matches!(refused, Err(GrantError::Port(PortError::Bucket(_)))), "{refused:?}");
    assert_eq!(listing(&house), before);
    house.store.set_marker(Visibility::Private, own[0]);
    house.clock.advance(TimeSpan::from_secs(11));
    grant().await.unwrap();
    assert_eq!(listing(&house).1.len(), 1);
}

/// Another bucket or another prefix that nobody uses: no marker where there was one.
#[tokio::test]
async fn a_bucket_without_the_marker_it_had_is_the_wrong_one() {
    let house = House::new();
    scene(&house).await;
    for bucket in BUCKETS {
        house.store.set_marker(bucket, None);
    }
    house.clock.advance(TimeSpan::from_secs(11));
    assert_eq!(mismatch(&house).await, Some(Mismatch::Vanished { bucket: Visibility::Private }));
    nothing_is_touched(&house).await;
    let refused = house.app.accept_restore(Consent::Restored).await;
    assert!(matches!(refused, Err(AcceptError::NeedsConsent(_))), "{refused:?}");
    house.app.accept_restore(Consent::TakeBucket).await.unwrap();
    life_goes_on(&house).await;
}

/// A new catalog, and a bucket of a Landfall that had no markers or lost them.
#[tokio::test]
async fn an_empty_catalog_does_not_claim_a_bucket_with_objects_of_ours() {
    let house = House::new();
    let empty = house.catalog.backup();
    scene(&house).await;
    house.catalog.restore(empty);
    for bucket in BUCKETS {
        house.store.set_marker(bucket, None);
    }
    house.clock.advance(TimeSpan::from_secs(11));
    assert_eq!(mismatch(&house).await, Some(Mismatch::Occupied { bucket: Visibility::Private }));
    nothing_is_touched(&house).await;
    house.app.accept_restore(Consent::TakeBucket).await.unwrap();
    life_goes_on(&house).await;
}

#[tokio::test]
async fn nothing_to_accept_writes_nothing() {
    let house = House::new();
    scene(&house).await;
    let before = (listing(&house), markers(&house), house.app.look_around().await.unwrap().installation);
    for consent in [Consent::Restored, Consent::TakeBucket] {
        let accepted = house.app.accept_restore(consent).await.unwrap();
        assert_eq!((accepted.mismatch, accepted.installation), (None, before.2));
    }
    assert_eq!((listing(&house), markers(&house)), (before.0, before.1));
}

/// A clock that is off is shown from a minute on; from five on nothing is ended or destroyed, while uploads go on.
#[tokio::test]
async fn a_clock_that_is_off_is_shown_and_then_stops_what_destroys() {
    for sign in [1, -1] {
        let house = House::new();
        let id = scene(&house).await;
        house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
        house.settle().await;
        for (minutes, shown, stops) in [(0, false, false), (2, true, false), (6, true, true)] {
            house.store.set_skew(TimeSpan::from_mins(sign * minutes));
            house.clock.advance(TimeSpan::from_secs(11));
            let seen = house.app.look_around().await.unwrap();
            assert_eq!(seen.shown_skew().is_some(), shown, "{minutes} min");
            let reaped = reap(&house.app, None, Rehearsal::DryRun).await;
            assert_eq!(reaped.is_err(), stops, "{minutes} min: {reaped:?}");
            let film = house.created_film(50).await;
            house.app.delete_asset(&house.owner, &house.videos, film).await.unwrap();
            house.settle().await;
            let expected = if stops { StateName::Deleting } else { StateName::Closed };
            assert_eq!(house.state(film, "video").await, expected, "{minutes} min");
        }
        house.store.set_skew(TimeSpan::ZERO);
        house.clock.advance(TimeSpan::from_secs(11));
        all_jobs(&house).await;
        assert_eq!(listing(&house).0, []);
    }
}

/// Something happens while the store is asked whether a file's object is there, once.
struct Meanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl AroundStore for Meanwhile {
    async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        let due = call.operation == Operation::Head;
        let event = due.then(|| self.0.lock().unwrap().take()).flatten();
        event.into_iter().for_each(|event| event());
        answer.await
    }
}

/// A run of a whole night's expiry in whose middle the catalog is restored, the bucket swapped or a clock set.
#[tokio::test]
async fn expire_stops_at_what_happens_during_its_run() {
    type Event = fn(&MemoryCatalog, &MemoryStore, Backup);
    let events: [(&str, Event); 4] = [
        ("nothing", |_, _, _| {}),
        ("a restore", |catalog, _, backup| catalog.restore(backup)),
        ("another bucket", |_, store, _| store.set_marker(Visibility::Public, None)),
        ("a clock that jumps", |_, store, _| store.set_skew(TimeSpan::from_mins(-6))),
    ];
    for (name, event) in events {
        let house = House::new();
        for _ in 0..3 {
            house.create([film(100)]).await;
        }
        let backup = house.catalog.backup();
        house.live(TimeSpan::from_hours(60)).await;
        let (before, rows) = (listing(&house), house.files_in(StateName::Uploading).await);
        let (catalog, store, clock) = (house.catalog.clone(), house.store.clone(), house.clock.clone());
        let meanwhile = Meanwhile(Mutex::new(Some(Box::new(move || {
            event(&catalog, &store, backup);
            clock.advance(server::app::OUTLOOK_KEPT);
        }))));
        let store = Arc::new(Around::new(house.store.clone(), meanwhile));
        let allowance = Allowance { open_uploads: 5, reserved_bytes: ByteCount::gib(2) };
        let app = app_over(house.catalog.clone(), store, house.clock.clone(), allowance, OwnerNaming::PlainWhereSafe);
        let run = app.expire_assets(None, Breaker::Armed, Rehearsal::Real).await;
        app.drain().await;
        if name == "nothing" {
            assert_eq!(run.unwrap().expired, 3);
            continue;
        }
        assert!(matches!(run, Err(ExpireError::Port(PortError::Bucket(_) | PortError::Skew(_)))), "{name}: {run:?}");
        assert_eq!(listing(&house), before, "{name}");
        assert_eq!(house.files_in(StateName::Uploading).await, rows, "{name}");
    }
}

/// Four small questions in ten seconds, however busy the server is; a round that destroys asks again.
#[tokio::test]
async fn what_was_seen_is_kept_for_ten_seconds_and_destroying_rounds_look_again() {
    let house = House::new();
    for _ in 0..5 {
        house.created_film(100).await;
    }
    assert_eq!(house.store.calls(Operation::FindMarker), 2);
    house.clock.advance(server::app::OUTLOOK_KEPT);
    house.created_film(100).await;
    assert_eq!(house.store.calls(Operation::FindMarker), 4);
    round(&house.app, DESTROY).await;
    assert_eq!(house.store.calls(Operation::FindMarker), 4, "nothing is to be destroyed");
    let id = house.created_film(100).await;
    house.store.fail_next(Operation::Abort, Failure::Before);
    house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    house.settle().await;
    round(&house.app, DESTROY).await;
    assert_eq!(house.store.calls(Operation::FindMarker), 6);
    assert_eq!(house.state(id, "video").await, StateName::Closed);
}
