//! reconcile over whole buckets: what is found is exactly what is wrong, and nothing else is touched.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::reconcile::Kind;
use domain::{FileState, StateName, TimeSpan, Visibility};
use server::app::{
    AuditTerms, Breaker, Consent, Fate, Forgotten, Invariant, ReadError, ReconcileError, ReconcileReport,
    ReconcileTerms, Rehearsal,
};
use server::catalog::Rows as _;
use server::jobs::Job;
use server::store::operation::Operation;

use crate::audit::audits_clean;
use crate::house::{House, film, mp4, poster, role, round, strange_key};

const PRIVATE: Visibility = Visibility::Private;
pub(crate) const DAILY: ReconcileTerms = ReconcileTerms {
    below: None,
    budget: 1_000,
    breaker: Breaker::Armed,
    rehearsal: Rehearsal::Real,
    forgotten: Forgotten::Kept,
};
const DRY: ReconcileTerms = ReconcileTerms { rehearsal: Rehearsal::DryRun, ..DAILY };

fn counts(report: &ReconcileReport) -> BTreeMap<Kind, u64> {
    report.totals.iter().map(|(kind, total)| (*kind, total.count)).collect()
}

async fn reconcile(house: &House, terms: ReconcileTerms) -> ReconcileReport {
    house.app.reconcile(terms).await.unwrap()
}

/// The issue's own measure: 100,000 objects and 1,000 hidden uploads of which 500 are orphaned. The other 500 are of
/// files in UPLOADING, and every object is a published file's.
#[tokio::test]
async fn five_hundred_orphans_among_a_hundred_thousand_objects_are_found_exactly() {
    let house = House::new();
    house.publish_crowd(0..100_000).await;
    house.open_crowd(100_000..100_500).await;
    let kept = house.store.uploads();
    let mut expected = Vec::new();
    for n in 0..500 {
        let key = strange_key(1_000_000 + n).path();
        house.store.open_foreign_upload(PRIVATE, &key);
        expected.push(key);
    }
    expected.sort();
    house.clock.advance(TimeSpan::from_hours(25));
    let rows = [house.files_in(StateName::Created).await, house.files_in(StateName::Uploading).await];
    assert_eq!(rows.each_ref().map(Vec::len), [100_000, 500]);
    let (objects, uploads) = (house.store.objects(), house.store.uploads());
    assert_eq!((objects.len(), uploads.len()), (100_000, 1_000));

    let dry = reconcile(&house, DRY).await;
    assert_eq!(counts(&dry), BTreeMap::from([(Kind::OrphanUpload, 500)]));
    assert_eq!((dry.objects, dry.uploads), (100_000, 1_000));
    assert!(house.store.uploads() == uploads, "a dry run removes nothing");
    let report = reconcile(&house, DAILY).await;
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.key.as_str()).collect();
    assert_eq!(found, expected);
    assert!(report.findings.iter().all(|finding| finding.fate == Fate::Done));
    assert_eq!((report.done, counts(&reconcile(&house, DAILY).await)), (500, BTreeMap::new()));
    // Not by `assert_eq`: nobody reads a hundred thousand of anything.
    assert!(house.store.objects() == objects, "an object is not as before");
    assert!(house.store.uploads() == kept, "an upload of a row is not as before");
    let after = [house.files_in(StateName::Created).await, house.files_in(StateName::Uploading).await];
    assert!(after == rows, "a row is not as before");
    audits_clean(&house).await;
}

#[tokio::test]
async fn everything_that_fits_is_left_alone() {
    let house = House::new();
    house.created_film(100).await;
    house.create([film(12 << 20), poster(10)]).await;
    let deleted = house.created_film(100).await;
    house.app.delete_asset(&house.owner, &house.videos, deleted).await.unwrap();
    house.settle().await;
    let before = (house.store.objects(), house.store.uploads());
    for hours in [0, 25] {
        house.clock.advance(TimeSpan::from_hours(hours));
        let report = reconcile(&house, DAILY).await;
        assert_eq!((counts(&report), report.objects, report.uploads), (BTreeMap::new(), 1, 2));
        assert_eq!((house.store.objects(), house.store.uploads()), before);
        audits_clean(&house).await;
    }
}

#[tokio::test]
async fn orphans_wait_a_day_then_go_under_rows_of_their_own() {
    let house = House::new();
    let kept = house.created_film(100).await;
    let (object, upload) = (strange_key(1), strange_key(2));
    house.store.put_foreign_object(PRIVATE, &object.path(), Bytes::from_static(b"orphan"));
    house.store.put_foreign_object(Visibility::Public, &strange_key(3).path(), Bytes::from_static(b"public"));
    for _ in 0..2 {
        house.store.open_foreign_upload(PRIVATE, &upload.path());
    }
    for path in ["readme.txt", "42/videos/not-ours", "backup/42/videos/x/y.mp4"] {
        house.store.put_foreign_object(PRIVATE, path, Bytes::from_static(b"somebody else"));
        house.store.open_foreign_upload(PRIVATE, path);
    }
    let unknown = BTreeMap::from([(Kind::UnknownObject, 3), (Kind::UnknownUpload, 3)]);
    house.clock.advance(TimeSpan::from_hours(23));
    assert_eq!(counts(&reconcile(&house, DAILY).await), unknown);
    house.clock.advance(TimeSpan::from_hours(1));
    let report = reconcile(&house, DAILY).await;
    let mut expected = unknown.clone();
    expected.extend([(Kind::OrphanObject, 2), (Kind::OrphanUpload, 2)]);
    assert_eq!((counts(&report), report.done), (expected, 4));
    assert_eq!(house.bucket(), (4, 3), "the film and what is somebody else's");
    assert_eq!(counts(&reconcile(&house, DAILY).await), unknown);
    let rows = house.catalog.list_keys(PRIVATE, "", None, 100).await.unwrap().value;
    assert_eq!(rows.iter().filter(|row| row.state == StateName::Closed).count(), 2);
    assert_eq!(house.state(kept, "video").await, StateName::Created);
    // The rows are looked at again and purged as any other.
    for hours in [1, 23, 24 * 7] {
        house.clock.advance(TimeSpan::from_hours(hours));
        house.run_jobs().await;
    }
    let rows = house.catalog.list_keys(PRIVATE, "", None, 100).await.unwrap().value;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn what_lands_on_a_closed_row_is_destroyed_again() {
    let house = House::new();
    let id = house.created_film(100).await;
    let key = house.file(id, "video").await.key;
    house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    house.settle().await;
    house.store.put_foreign_object(PRIVATE, &key.path(), Bytes::from_static(b"a zombie's"));
    house.store.open_foreign_upload(PRIVATE, &key.path());
    let breaches = house.app.audit(&AuditTerms::default()).await.unwrap();
    assert_eq!((breaches.breaches, breaches.told[0].invariant), (1, Invariant::I2));
    let report = reconcile(&house, DAILY).await;
    assert_eq!(counts(&report), BTreeMap::from([(Kind::ObjectAfterClose, 1), (Kind::UploadAfterClose, 1)]));
    assert_eq!(house.bucket(), (0, 0));
    let FileState::Closed { clean_rechecks, .. } = house.file(id, "video").await.state else { panic!("it is closed") };
    assert_eq!(clean_rechecks, 0);
    audits_clean(&house).await;
}

/// Of every live state: the foreign upload goes, the file's own stays and works.
#[tokio::test]
async fn a_foreign_upload_goes_alone() {
    let house = House::new();
    let published = house.created_film(100).await;
    let uploading = house.create([film(100)]).await.asset.id;
    let files = [house.file(published, "video").await, house.file(uploading, "video").await];
    for file in &files {
        house.store.open_foreign_upload(PRIVATE, &file.key.path());
    }
    house.clock.advance(TimeSpan::from_hours(23));
    assert_eq!(counts(&reconcile(&house, DAILY).await), BTreeMap::new());
    audits_clean(&house).await;
    house.clock.advance(TimeSpan::from_hours(2));
    let report = reconcile(&house, DAILY).await;
    assert_eq!((counts(&report), report.done), (BTreeMap::from([(Kind::ForeignUpload, 2)]), 2));
    assert_eq!(house.bucket(), (1, 1));
    for file in &files {
        assert_eq!(&house.catalog.find_file(file.shard(), file.id).await.unwrap().value.unwrap(), file);
    }
    house.send(uploading, "video", &mp4(100)).await;
    house.complete(uploading).await.unwrap();
    audits_clean(&house).await;
}

#[tokio::test]
async fn a_missing_object_is_marked_lost_alerted_and_never_deleted() {
    let house = House::new();
    let id = house.created_film(100).await;
    let file = house.file(id, "video").await;
    let content = house.store.content(&file.key).unwrap();
    let url = || house.app.file_url(&house.owner, &house.videos, id, &file.role, server::app::Reading::SHOW);
    house.store.lose_object(&file.key);
    assert_eq!(counts(&reconcile(&house, DRY).await), BTreeMap::from([(Kind::LostObject, 1)]));
    assert!(url().await.is_ok(), "a dry run marks nothing");
    let lost_at = house.clock_now();
    for _ in 0..2 {
        let report = reconcile(&house, DAILY).await;
        assert_eq!((counts(&report), report.lost()), (BTreeMap::from([(Kind::LostObject, 1)]), 1));
        let row = house.file(id, "video").await;
        assert_eq!((row.state.name(), row.state.lost_since()), (StateName::Created, Some(lost_at)));
        house.clock.advance(TimeSpan::from_hours(24));
        for job in Job::ALL {
            round(&house.app, job).await;
        }
    }
    assert!(matches!(url().await, Err(ReadError::Lost(since)) if since == lost_at));
    let audit = house.app.audit(&AuditTerms::default()).await.unwrap();
    assert_eq!((audit.breaches, audit.told[0].invariant), (1, Invariant::I1));
    // An operator brings it back.
    house.store.put_foreign_object(PRIVATE, &file.key.path(), content);
    assert_eq!(counts(&reconcile(&house, DAILY).await), BTreeMap::new());
    assert_eq!(house.file(id, "video").await.state.lost_since(), None);
    assert!(url().await.is_ok());
    assert_eq!(house.events().await, ["asset.created"]);
}

#[tokio::test]
async fn a_lost_file_can_be_replaced() {
    let house = House::new();
    let id = house.created_film(100).await;
    house.store.lose_object(&house.file(id, "video").await.key);
    reconcile(&house, DAILY).await;
    house.app.announce_file(&house.owner, &house.videos, id, &role("video"), &film(50).1).await.unwrap();
    house.send(id, "video", &mp4(50)).await;
    house.complete(id).await.unwrap();
    house.settle().await;
    assert!(
        house.app.file_url(&house.owner, &house.videos, id, &role("video"), server::app::Reading::SHOW).await.is_ok()
    );
    audits_clean(&house).await;
}

#[tokio::test]
async fn the_budget_bounds_a_run_and_the_rest_is_found_again() {
    let house = House::new();
    house.created_film(100).await;
    for n in 0..30 {
        house.store.open_foreign_upload(PRIVATE, &strange_key(n).path());
    }
    house.clock.advance(TimeSpan::from_hours(25));
    for (budget, left) in [(0, 30), (12, 18), (12, 6), (12, 0)] {
        let report = reconcile(&house, ReconcileTerms { budget, ..DAILY }).await;
        assert_eq!(house.bucket(), (1, left), "budget {budget}");
        let over = report.findings.iter().filter(|finding| finding.fate == Fate::OverBudget).count();
        assert_eq!(over, left);
    }
}

/// More than a thousand, and nearly everything there is: nobody meant that.
#[tokio::test]
async fn the_breaker_holds_when_nearly_everything_would_go() {
    let house = House::new();
    house.created_film(100).await;
    for n in 0..1_001 {
        house.store.put_foreign_object(PRIVATE, &strange_key(n).path(), Bytes::from_static(b"x"));
    }
    house.clock.advance(TimeSpan::from_hours(25));
    let refused = house.app.reconcile(DAILY).await;
    assert!(matches!(refused, Err(ReconcileError::Implausible { would_remove: 1_001, listed: 1_002 })), "{refused:?}");
    assert_eq!(house.bucket(), (1_002, 0));
    let by_hand = ReconcileTerms { breaker: Breaker::Overridden, ..DAILY };
    assert_eq!(reconcile(&house, by_hand).await.done, 1_000);
}

/// What a restored catalog forgot is told and kept, until an operator says otherwise.
#[tokio::test]
async fn what_a_backup_forgot_is_kept_until_an_operator_lets_it_go() {
    let house = House::new();
    house.created_film(100).await;
    let backup = house.catalog.backup();
    let forgotten = house.created_film(300).await;
    let key = house.file(forgotten, "video").await.key;
    house.app.raise_epoch().await.unwrap();
    house.catalog.restore(backup);
    house.clock.advance(TimeSpan::from_secs(11));
    assert!(house.app.reconcile(DAILY).await.is_err(), "not before the restore is accepted");
    house.app.accept_restore(Consent::Restored).await.unwrap();
    house.clock.advance(TimeSpan::from_hours(25));
    house.store.put_foreign_object(PRIVATE, &strange_key(7).path(), Bytes::from_static(b"later"));
    // What comes later on the same key is no reason to let go of what was forgotten.
    house.store.open_foreign_upload(PRIVATE, &key.path());
    house.clock.advance(TimeSpan::from_hours(25));
    let report = reconcile(&house, DAILY).await;
    let kinds = [Kind::ForgottenObject, Kind::OrphanObject, Kind::OrphanUpload];
    assert_eq!((counts(&report), report.done), (kinds.map(|kind| (kind, 1)).into(), 1));
    assert!(house.store.content(&key).is_some());
    let report = reconcile(&house, ReconcileTerms { forgotten: Forgotten::Removed, ..DAILY }).await;
    let kinds = [Kind::OrphanObject, Kind::OrphanUpload];
    assert_eq!((counts(&report), report.done), (kinds.map(|kind| (kind, 1)).into(), 2));
    assert!(house.store.content(&key).is_none());
}

/// Whatever came later on the same key, and however many pages of a listing it fills.
#[tokio::test]
async fn a_forgotten_upload_is_seen_behind_a_page_of_later_ones() {
    let house = House::new();
    house.app.raise_epoch().await.unwrap();
    let backup = house.catalog.backup();
    let key = strange_key(1).path();
    for n in 2..=9 {
        house.store.open_foreign_upload(PRIVATE, &strange_key(n).path());
    }
    // By its id it comes after a thousand of the later ones.
    let forgotten = house.store.open_foreign_upload(PRIVATE, &key);
    assert_eq!(forgotten.0, "upload/9+=");
    house.app.raise_epoch().await.unwrap();
    house.catalog.restore(backup);
    house.clock.advance(TimeSpan::from_secs(11));
    house.app.accept_restore(Consent::Restored).await.unwrap();
    // Until then the store's clock may be ahead.
    house.clock.advance(TimeSpan::from_mins(6));
    for _ in 0..1_130 {
        house.store.open_foreign_upload(PRIVATE, &key);
    }
    house.clock.advance(TimeSpan::from_hours(25));
    let few = ReconcileTerms { budget: 5, breaker: Breaker::Overridden, ..DAILY };
    let report = reconcile(&house, few).await;
    let kinds = [(Kind::ForgottenUpload, 9), (Kind::OrphanUpload, 1_130)];
    assert_eq!((counts(&report), report.done), (kinds.into(), 0));
    assert_eq!(house.bucket(), (0, 1_139));
}

#[tokio::test]
async fn a_store_that_fails_in_the_middle_costs_nothing_but_time() {
    for operation in [Operation::ListObjects, Operation::ListOpenUploads, Operation::Head, Operation::Abort] {
        let house = House::new();
        let id = house.created_film(100).await;
        house.store.lose_object(&house.file(id, "video").await.key);
        let kept = house.created_film(200).await;
        house.store.open_foreign_upload(PRIVATE, &strange_key(1).path());
        house.clock.advance(TimeSpan::from_hours(25));
        house.app.outlook().await.unwrap();
        house.store.fail_next(operation, server::store::memory::Failure::Before);
        let met = match house.app.reconcile(DAILY).await {
            Ok(report) => report.findings.iter().any(|finding| finding.fate == Fate::Failed),
            Err(_ended) => true,
        };
        assert!(met, "{operation:?} was not called");
        for file in house.files_in(StateName::Deleting).await {
            house.app.destroy_file(&file).await.unwrap();
        }
        reconcile(&house, DAILY).await;
        assert_eq!(house.bucket(), (1, 0), "{operation:?}");
        assert_eq!(house.state(kept, "video").await, StateName::Created);
        assert!(house.file(id, "video").await.state.lost_since().is_some());
    }
}
