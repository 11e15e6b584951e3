//! audit: what is broken is told, what is under way is not, and nothing changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use domain::{ByteCount, ObjectKey, OwnerNaming, PartNumber, StateName, TimeSpan, UploadId, Visibility};
use server::app::{AuditTerms, Invariant, Pace, ScrubTerms};
use server::catalog::Allowance;
use server::store::Store;
use server::store::around::{Around, AroundStore, Call};
use server::store::memory::Failure;
use server::store::operation::Operation;

use crate::ground::app_over;
use crate::house::{House, film, mp4, png, poster, strange_key, upload_of};

const PRIVATE: Visibility = Visibility::Private;

/// No breach.
pub(crate) async fn audits_clean(house: &House) {
    let report = house.app.audit(&AuditTerms::default()).await.unwrap();
    assert_eq!((report.breaches, report.told), (0, vec![]));
}

/// Each breach that an audit knows, made by hand.
#[tokio::test]
async fn an_audit_finds_what_was_broken_by_hand() {
    let house = House::new();
    let ids = [house.created_film(100).await, house.created_film(200).await];
    let [changed, _] = [house.file(ids[0], "video").await, house.file(ids[1], "video").await];
    audits_clean(&house).await;

    let mut content = house.store.content(&changed.key).unwrap().to_vec();
    content[50] ^= 1;
    house.store.put_foreign_object(PRIVATE, &changed.key.path(), content.into());
    house.store.put_foreign_object(PRIVATE, &strange_key(1).path(), Bytes::from_static(b"orphan"));
    let early = house.create([film(100), poster(10)]).await.asset.id;
    let early = house.file(early, "thumbnail").await;
    house.store.put_foreign_object(Visibility::Public, &early.key.path(), png(10).into());
    house.store.open_foreign_upload(PRIVATE, &strange_key(2).path());
    house.clock.advance(TimeSpan::from_hours(47));
    let report = house.app.audit(&AuditTerms::default()).await.unwrap();
    let mut found: Vec<_> = report.told.iter().map(|breach| (breach.invariant.name(), breach.key.clone())).collect();
    found.sort();
    let mut expected = vec![("I1", changed.key.path()), ("I2", strange_key(1).path()), ("I2", early.key.path())];
    expected.sort();
    assert_eq!((found, report.under_way), (expected, 1));
    house.clock.advance(TimeSpan::from_hours(1));
    let report = house.app.audit(&AuditTerms::default()).await.unwrap();
    assert!(report.told.iter().any(|breach| breach.invariant.name() == "I8" && breach.key == strange_key(2).path()));
    assert_eq!(report.under_way, 0);
    house.store.set_marker(PRIVATE, None);
    let report = house.app.audit(&AuditTerms::default()).await.unwrap();
    assert_eq!(report.told[0].invariant, Invariant::Bucket);
}

/// I9: what nobody will ever take up. Nothing else shows it: the row is as it should be, and so is the bucket.
#[tokio::test]
async fn a_row_without_a_time_is_a_breach() {
    let house = House::new();
    let waiting = house.create([film(100)]).await.asset.id;
    let published = house.created_film(100).await;
    let ending = house.created_film(200).await;
    house.store.fail_next(Operation::Abort, Failure::Before);
    house.app.delete_asset(&house.owner, &house.videos, ending).await.unwrap();
    house.settle().await;
    assert_eq!(house.state(ending, "video").await, StateName::Deleting);
    audits_clean(&house).await;
    let [waiting, published, ending] =
        [house.file(waiting, "video").await, house.file(published, "video").await, house.file(ending, "video").await];
    [&waiting, &published, &ending].into_iter().for_each(|file| house.catalog.lose_due_time(file.id));
    let report = house.app.audit(&AuditTerms::default()).await.unwrap();
    let mut found: Vec<_> = report.told.iter().map(|breach| (breach.invariant.name(), breach.key.clone())).collect();
    found.sort();
    let mut expected = vec![("I9", waiting.key.path()), ("I9", ending.key.path())];
    expected.sort();
    assert_eq!((found, report.breaches), (expected, 2), "nothing is owed to what is published");
}

/// What is being committed has an object before its row says so, and that is as it should be.
#[tokio::test]
async fn an_audit_leaves_what_is_under_way_in_peace() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    house.store.fail_next(Operation::Complete, Failure::AfterEffect);
    house.store.fail_next(Operation::Head, Failure::Before);
    drop(house.complete(id).await);
    assert_eq!(house.state(id, "video").await, StateName::Committing);
    audits_clean(&house).await;
    let published = house.created_film(100).await;
    house.store.fail_next(Operation::Delete, Failure::Before);
    house.app.delete_asset(&house.owner, &house.videos, published).await.unwrap();
    house.settle().await;
    let report = house.app.audit(&AuditTerms::default()).await.unwrap();
    assert_eq!((report.breaches, report.under_way), (0, 1));
    // An upload that nobody's compare-and-set remembers.
    let own: UploadId = house.store.open_upload(&strange_key(3), None).await.unwrap();
    assert!(!own.0.is_empty());
    audits_clean(&house).await;
}

/// By I8 alone, in key order: what is hidden for longer than this.
async fn hidden(house: &House, grace: TimeSpan) -> Vec<String> {
    let report = house.app.audit(&AuditTerms { below: None, grace }).await.unwrap();
    assert!(report.told.iter().all(|breach| breach.invariant == Invariant::I8), "{:?}", report.told);
    report.told.into_iter().map(|breach| breach.key).collect()
}

/// However short the grace: what is being opened, sent or committed is no breach.
#[tokio::test]
async fn hidden_parts_are_a_breach_from_the_age_that_is_asked_for() {
    let house = House::new();
    house.store.set_skew(TimeSpan::from_secs(50));
    house.create([film(100)]).await;
    house.store.fail_next(Operation::OpenUpload, Failure::AfterEffect);
    drop(house.try_create(upload_of([film(100)])).await);
    assert_eq!(house.files_in(StateName::Reserved).await.len(), 1);
    let committing = house.create([film(100)]).await.asset.id;
    house.send(committing, "video", &mp4(100)).await;
    house.store.fail_next(Operation::Complete, Failure::Before);
    drop(house.complete(committing).await);
    assert_eq!(house.state(committing, "video").await, StateName::Committing);
    assert_eq!(house.store.uploads().len(), 3);
    assert_eq!(hidden(&house, TimeSpan::ZERO).await, [""; 0]);

    let published = house.created_film(100).await;
    let mut broken = [house.file(published, "video").await.key.path(), strange_key(1).path()];
    broken.sort();
    // One of a file that lives, and one of nobody; nobody can bring anything to the former while it is empty.
    let strange = vec![strange_key(1).path()];
    let uploads: Vec<UploadId> = broken.iter().map(|path| house.store.open_foreign_upload(PRIVATE, path)).collect();
    assert_eq!(hidden(&house, TimeSpan::ZERO).await, strange, "though the store's clock is ahead");
    let second = &uploads[usize::from(broken[0] == strange[0])];
    let published_key = house.file(published, "video").await.key;
    house
        .store
        .put_part(&published_key, second, PartNumber::new(1).unwrap(), mp4(100).into())
        .expect("it takes a part");
    assert_eq!(hidden(&house, TimeSpan::ZERO).await, broken);
    let grace = TimeSpan::from_hours(1);
    assert_eq!(hidden(&house, grace).await, [""; 0]);
    house.clock.advance(grace + TimeSpan::from_secs(50));
    assert_eq!(hidden(&house, grace).await, broken);
    assert_eq!(hidden(&house, grace + TimeSpan::from_secs(1)).await, [""; 0]);
    // A RESERVED file ends by its deadline, and then all on its key goes.
    house.clock.advance(TimeSpan::from_hours(24 * 6));
    assert_eq!(hidden(&house, AuditTerms::default().grace).await, broken);
}

/// Lets the answers to HEAD come out of turn, and counts how many are awaited. *Rule*: none while a listing goes on, or an
/// answer that nobody waits for would hold a connection that the walk needs.
#[derive(Clone, Default)]
struct OutOfTurn {
    step: usize,
    asked: Arc<AtomicUsize>,
    awaited: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl AroundStore for OutOfTurn {
    async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        if call.operation == Operation::ListObjects {
            assert_eq!(self.awaited.load(Ordering::SeqCst), 0, "answers are awaited by nobody");
        }
        if call.operation != Operation::Head {
            return answer.await;
        }
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(self.awaited.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        for _ in 0..=asked * self.step % 41 {
            tokio::task::yield_now().await;
        }
        self.awaited.fetch_sub(1, Ordering::SeqCst);
        answer.await
    }
}

/// However many there are, sixteen at a time; and whatever is answered first, told by key.
#[tokio::test]
async fn objects_are_asked_for_side_by_side_and_told_in_order() {
    // More than a page of a listing.
    const OBJECTS: usize = 1_005;
    let house = House::new();
    house.app.look_around().await.unwrap();
    let mut paths: Vec<String> = (0..OBJECTS as u64).map(|n| strange_key(n).path()).collect();
    for path in &paths {
        house.store.put_foreign_object(PRIVATE, path, Bytes::from_static(b"orphan"));
    }
    paths.sort();
    for step in [1, 3, 7, 11, 23, 37] {
        let slow = OutOfTurn { step, ..OutOfTurn::default() };
        let store = Arc::new(Around::new(house.store.clone(), slow.clone()));
        let allowance = Allowance { open_uploads: 5, reserved_bytes: ByteCount::gib(2) };
        let app = app_over(house.catalog.clone(), store, house.clock.clone(), allowance, OwnerNaming::PlainWhereSafe);
        let report = app.audit(&AuditTerms::default()).await.unwrap();
        let told: Vec<&str> = report.told.iter().map(|breach| breach.key.as_str()).collect();
        assert_eq!((told.len(), report.breaches), (1_000, OBJECTS as u64));
        assert_eq!(told, paths[..told.len()]);
        let counted = [&slow.asked, &slow.awaited, &slow.most].map(|count| count.load(Ordering::SeqCst));
        assert_eq!(counted, [OBJECTS, 0, 16]);
    }
}

/// What a listing shows is not what lies there: the sample of a day reads it.
#[tokio::test]
async fn a_scrub_reads_what_is_published_page_by_page_and_by_chance() {
    let (house, pace) = (House::new(), Pace::per_second(ByteCount::gib(10)));
    let ids = [house.created_film(100).await, house.created_film(6 << 20).await, house.created_film(200).await];
    let mut keys = Vec::new();
    for id in ids {
        keys.push(house.file(id, "video").await.key);
        house.clock.advance(TimeSpan::from_hours(1));
    }
    house.create([film(100)]).await;
    let terms = ScrubTerms { below: None, after: None, most: ByteCount(1), pace };
    let (mut after, mut read, mut calls) = (None, 0, 0);
    loop {
        let report = house.app.scrub(&ScrubTerms { after, ..terms.clone() }).await.unwrap();
        assert!(report.damaged.is_empty() && report.files <= 1, "{report:?}");
        (read, calls) = (read + report.bytes, calls + 1);
        after = report.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((read, calls), ((6 << 20) + 300, 4), "each is a page, and the last page is empty");

    // One is gone and another lies there; HEAD of the third is as ever.
    house.store.lose_object(&keys[0]);
    house.store.put_foreign_object(PRIVATE, &keys[1].path(), mp4(100).into());
    let mut damaged: Vec<_> = keys[..2].iter().map(ObjectKey::path).collect();
    damaged.sort();
    for _ in 0..5 {
        let report = house.app.scrub_sample(pace).await.unwrap();
        let mut found: Vec<_> = report.damaged.into_iter().map(|damage| damage.key).collect();
        found.sort();
        assert_eq!((found, report.files), (damaged.clone(), 3), "each once, wherever it begins");
    }
    assert_eq!(house.app.damaged_files().len(), 2);
    // Whoever is deleted is damaged no more.
    house.app.delete_asset(&house.owner, &house.videos, ids[0]).await.unwrap();
    house.app.scrub_sample(pace).await.unwrap();
    assert_eq!(house.app.damaged_files().len(), 1);
}
