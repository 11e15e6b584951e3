//! The runner: what goes wrong with a row costs that row, what goes wrong with a port costs time, and nothing is forgotten.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::limits::{BACKOFF_MOST, STEP_GRACE, STRAY_LOOK_AFTER, UNREADABLE_DELAY};
use domain::{
    AssetId, AssetStatus, ByteCount, Event, File, FileState, Lane, MediaType, OwnerNaming, Reason, Slots, StateName,
    TimeSpan, UploadId, decide,
};
use server::app::{App, Rehearsal};
use server::catalog::around::AroundCatalog;
use server::catalog::{
    Allowance, CatalogError, DueWork as _, Members as _, Reserved, Rows as _, Verdict, Written, operation,
};
use server::jobs::{Job, Rest, Runner, Scheduled, Schedules, Tempo, reap};
use server::recurrence::Recurrence;
use server::store::around::{Around, AroundStore, Call};
use server::store::memory::Failure;
use server::store::operation::Operation;
use tokio_util::sync::CancellationToken;

use crate::ground::app_over;
use crate::house::{
    DESTROY, DRIVE, EXPIRE, House, RECHECK, film, mp4, new_file, png, poster, role, round, runner, upload_of,
};

const ALLOWANCE: Allowance = Allowance { open_uploads: 1_000, reserved_bytes: ByteCount::gib(100) };

/// Films that are DELETING because their first destruction failed.
async fn deleting(house: &House, count: usize) -> Vec<AssetId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = house.created_film(100).await;
        house.store.fail_next(Operation::Abort, Failure::Before);
        house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
        house.settle().await;
        assert_eq!(house.state(id, "video").await, StateName::Deleting);
        ids.push(id);
    }
    ids
}

async fn states(house: &House, ids: &[AssetId]) -> Vec<StateName> {
    let mut states = Vec::new();
    for id in ids {
        states.push(house.state(*id, "video").await);
    }
    states
}

/// What the rows of a lane say about their failures: how many in a row, and when they are due.
async fn attempts(house: &House, lane: Lane) -> Vec<u32> {
    let ahead = TimeSpan::from_hours(24 * 30);
    let rows = house.catalog.list_due_files(lane, Slots::ALL, ahead, 100).await.unwrap().value;
    rows.into_iter().map(|row| row.attempts).collect()
}

/// Panics at one call of an operation.
struct Trap {
    operation: Operation,
    at: u64,
    seen: AtomicU64,
}

impl AroundStore for Trap {
    async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        let trapped = call.operation == self.operation && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        assert!(!trapped, "a planted panic");
        answer.await
    }
}

fn trapped(house: &House, operation: Operation, at: u64) -> App {
    let trap = Trap { operation, at, seen: AtomicU64::new(0) };
    let store = Arc::new(Around::new(house.store.clone(), trap));
    app_over(house.catalog.clone(), store, house.clock.clone(), ALLOWANCE, OwnerNaming::PlainWhereSafe)
}

#[tokio::test]
async fn a_panic_costs_its_row_and_not_the_lane() {
    let house = House::new();
    let ids = deleting(&house, 3).await;
    let app = trapped(&house, Operation::Delete, 2);
    round(&app, DESTROY).await;
    let mut after = states(&house, &ids).await;
    after.sort();
    assert_eq!(after, [StateName::Deleting, StateName::Closed, StateName::Closed]);
    // It is not tried all day, and not given up.
    round(&app, DESTROY).await;
    assert_eq!(house.bucket().0, 1);
    house.clock.advance(UNREADABLE_DELAY);
    round(&app, DESTROY).await;
    assert_eq!((states(&house, &ids).await, house.bucket()), (vec![StateName::Closed; 3], (0, 0)));
}

#[tokio::test]
async fn an_unreadable_row_costs_itself_in_every_lane() {
    let house = House::new();
    let ids = deleting(&house, 3).await;
    let spoilt = house.file(ids[1], "video").await.id;
    house.catalog.spoil(&spoilt.to_string());
    round(&house.app, DESTROY).await;
    let [first, second, third] = states(&house, &ids).await[..] else { panic!("three films") };
    assert_eq!((first, second, third), (StateName::Closed, StateName::Deleting, StateName::Closed));
    let closed = house.file(ids[0], "video").await.id;
    house.catalog.spoil(&closed.to_string());
    house.clock.advance(TimeSpan::from_hours(1));
    let before = house.file(ids[2], "video").await.fence;
    round(&house.app, RECHECK).await;
    assert!(house.file(ids[2], "video").await.fence > before, "its neighbour is looked at");
    assert_eq!(attempts(&house, Lane::Destroy).await, [1]);
}

/// The night's own run: judged once, written down, and then row by row.
async fn night(house: &House) {
    round(&house.app, Job::Scheduled(Scheduled::Expire)).await;
    round(&house.app, EXPIRE).await;
}

#[tokio::test]
async fn a_failing_head_does_not_end_the_night() {
    let house = House::new();
    for _ in 0..3 {
        house.create([film(100)]).await;
    }
    house.live(TimeSpan::from_hours(60)).await;
    house.store.fail_next(Operation::Head, Failure::Before);
    night(&house).await;
    assert_eq!(house.files_in(StateName::Uploading).await.len(), 1, "two of three ended");
    house.clock.advance(BACKOFF_MOST);
    round(&house.app, EXPIRE).await;
    assert_eq!(house.files_in(StateName::Uploading).await, []);
}

/// Films whose commit is left to the drive lane.
async fn committing(house: &House, count: usize) -> Vec<AssetId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = house.create([film(100)]).await.asset.id;
        house.send(id, "video", &mp4(100)).await;
        house.store.fail_next(Operation::Complete, Failure::Before);
        drop(house.complete(id).await);
        assert_eq!(house.state(id, "video").await, StateName::Committing);
        ids.push(id);
    }
    ids
}

#[tokio::test]
async fn a_silent_port_pauses_the_lane_and_no_row_is_at_fault() {
    let house = House::new();
    let ids = committing(&house, 5).await;
    let (runner, stop) = (runner(&house.app), CancellationToken::new());
    house.store.take_bucket(domain::Visibility::Private);
    for _ in 0..3 {
        assert_eq!(runner.round(DRIVE, &stop).await, Rest::Paused);
        assert_eq!(attempts(&house, Lane::Drive).await, [0; 5], "nothing is written");
    }
    let heads = house.store.calls(Operation::Head);
    assert_eq!(runner.round(DRIVE, &stop).await, Rest::Paused);
    assert_eq!(house.store.calls(Operation::Head), heads, "a paused lane asks the port, and takes no row in hand");
    house.store.return_bucket(domain::Visibility::Private);
    runner.round(DRIVE, &stop).await;
    assert_eq!(states(&house, &ids).await, [StateName::Created; 5]);
}

/// Also where the files of an asset fail together.
#[tokio::test]
async fn a_silent_port_is_noticed_by_assets_of_two_files() {
    let house = House::new();
    for _ in 0..5 {
        let id = house.create([film(100), poster(100)]).await.asset.id;
        house.send(id, "video", &mp4(100)).await;
        house.send(id, "thumbnail", &png(100)).await;
        house.store.fail_next(Operation::Complete, Failure::Before);
        drop(house.complete(id).await);
        assert_eq!(house.state(id, "video").await, StateName::Committing);
    }
    house.store.take_bucket(domain::Visibility::Private);
    assert_eq!(round(&house.app, DRIVE).await, Rest::Paused);
    assert_eq!(attempts(&house, Lane::Drive).await, [0; 10], "nothing is written");
}

/// A server that ran six hours ahead has put off for six hours what somebody waits for.
#[tokio::test]
async fn a_commit_does_not_wait_for_a_clock_that_was_set_back() {
    let house = House::new();
    let right = house.clock_now();
    house.clock.set(right + TimeSpan::from_hours(6));
    let ids = committing(&house, 1).await;
    house.clock.set(right);
    let (runner, stop) = (runner(&house.app), CancellationToken::new());
    runner.round(DRIVE, &stop).await;
    house.clock.advance(STEP_GRACE);
    runner.round(DRIVE, &stop).await;
    assert_eq!(states(&house, &ids).await, [StateName::Created]);
}

#[tokio::test]
async fn five_failures_while_the_port_answers_are_the_rows_own() {
    let house = House::new();
    let ids = committing(&house, 5).await;
    (0..5).for_each(|_| house.store.fail_next(Operation::Head, Failure::Before));
    assert_ne!(round(&house.app, DRIVE).await, Rest::Paused);
    assert_eq!(attempts(&house, Lane::Drive).await, [1; 5]);
    round(&house.app, DRIVE).await;
    assert_eq!(states(&house, &ids).await, [StateName::Created; 5]);
}

#[tokio::test]
async fn what_fails_again_is_tried_ever_more_rarely_but_within_ten_minutes() {
    let house = House::new();
    let [id] = deleting(&house, 1).await[..] else { panic!("one film") };
    house.clock.advance(STEP_GRACE);
    let (runner, stop) = (runner(&house.app), CancellationToken::new());
    let mut waits = Vec::new();
    for attempt in 1..=12 {
        house.store.fail_next(Operation::Abort, Failure::Before);
        runner.round(DESTROY, &stop).await;
        assert_eq!(attempts(&house, Lane::Destroy).await, [attempt]);
        let due_at = house.file(id, "video").await.due_at.unwrap();
        waits.push(due_at.duration_since(house.clock_now()));
        house.clock.set(due_at - TimeSpan::from_millis(1));
        assert_eq!(runner.round(DESTROY, &stop).await, Rest::Idle, "not before its time");
        house.clock.set(due_at);
    }
    assert!(waits.iter().all(|wait| *wait <= BACKOFF_MOST), "{waits:?}");
    assert!(waits[11] > waits[3] && waits[3] > waits[0], "{waits:?}");
    runner.round(DESTROY, &stop).await;
    assert_eq!(house.state(id, "video").await, StateName::Closed);
}

/// Calls of the store that are about files: not the guard's.
fn calls(house: &House) -> BTreeMap<&'static str, u64> {
    let guard = [Operation::FindMarker, Operation::WriteMarker, Operation::StoreTime];
    let counted = Operation::ALL.iter().filter(|operation| !guard.contains(operation));
    counted.map(|operation| (operation.name(), house.store.calls(*operation))).filter(|(_, calls)| *calls > 0).collect()
}

/// What was called between two counts.
fn made(before: &BTreeMap<&'static str, u64>, after: &BTreeMap<&'static str, u64>) -> Vec<(&'static str, u64)> {
    let more = |(name, count): (&&'static str, &u64)| (*name, count - before.get(name).copied().unwrap_or_default());
    after.iter().map(more).filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn an_asset_of_one_file_costs_the_store_one_call_then_four_then_two() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.live(TimeSpan::from_hours(60)).await;
    let mut counts = vec![calls(&house)];
    night(&house).await;
    counts.push(calls(&house));
    assert_eq!(house.row(id).await.status, AssetStatus::Gone(Reason::Abandoned));
    round(&house.app, DESTROY).await;
    counts.push(calls(&house));
    assert_eq!(house.state(id, "video").await, StateName::Closed);
    house.clock.advance(TimeSpan::from_hours(1));
    round(&house.app, RECHECK).await;
    counts.push(calls(&house));
    let steps: Vec<_> = counts.windows(2).map(|two| made(&two[0], &two[1])).collect();
    assert_eq!(steps[0], [("head", 1)]);
    assert_eq!(steps[1], [("abort", 1), ("delete", 1), ("list_objects", 1), ("list_open_uploads", 1)]);
    assert_eq!(steps[2], [("list_objects", 1), ("list_open_uploads", 1)]);
}

/// Files of one asset in one bucket share their listings.
#[tokio::test]
async fn an_asset_is_destroyed_as_one() {
    let house = House::new();
    let preview = (role("preview"), new_file(MediaType::Mp4, 10));
    house.create([film(100), poster(10), preview]).await;
    house.live(TimeSpan::from_hours(60)).await;
    night(&house).await;
    let before = calls(&house);
    round(&house.app, DESTROY).await;
    assert_eq!(house.files_in(StateName::Closed).await.len(), 3);
    let expected = [("abort", 3), ("delete", 3), ("list_objects", 2), ("list_open_uploads", 2)];
    assert_eq!(made(&before, &calls(&house)), expected, "one film, and two pictures that share a bucket");
}

fn by_night(app: &App) -> Runner {
    let nightly = Recurrence::parse("0 1 * * *", Some("UTC")).unwrap();
    let schedules = Schedules { expire: nightly.clone(), reconcile: nightly };
    Runner::new(app.clone(), "one".to_owned(), schedules, Tempo::default())
}

/// Whoever was switched off at one o'clock does it when he is back, once.
#[tokio::test]
async fn a_missed_night_is_made_up_for() {
    let house = House::new();
    let (runner, stop) = (by_night(&house.app), CancellationToken::new());
    let open = Job::Scheduled(Scheduled::Expire);
    let run = async || house.catalog.find_schedule("expire").await.unwrap().value.and_then(|schedule| schedule.run);
    while runner.round(open, &stop).await == Rest::None {}
    let first = run().await.unwrap();
    house.create([film(100)]).await;
    runner.round(open, &stop).await;
    assert_eq!(run().await, Some(first), "not before its time");
    // Nights without this runner, and one without a server. After such a leap nothing is ended for an hour.
    house.live(TimeSpan::from_hours(47)).await;
    house.clock.advance(TimeSpan::from_hours(20));
    let runner = by_night(&house.app);
    house.app.raise_epoch().await.unwrap();
    runner.round(open, &stop).await;
    assert_eq!(run().await, Some(first), "the clock may be wrong");
    house.live(TimeSpan::from_hours(1)).await;
    runner.round(open, &stop).await;
    let second = run().await.unwrap();
    assert_eq!((second.as_of, second.verdict), (house.clock_now(), Verdict::Go));
    runner.round(EXPIRE, &stop).await;
    assert_eq!(house.files_in(StateName::Uploading).await, []);
    runner.round(open, &stop).await;
    assert_eq!(run().await, Some(second), "once");
}

/// The copy of a catalog that was made before a start is known for what it is, however short before.
#[tokio::test]
async fn each_start_raises_the_epoch() {
    let house = House::new();
    let (raise, stop) = (Job::Scheduled(Scheduled::RaiseEpoch), CancellationToken::new());
    let epoch = async || house.app.look_around().await.unwrap().installation.epoch.0;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let runner = by_night(&house.app);
        while runner.round(raise, &stop).await == Rest::None {}
        seen.push(epoch().await);
        runner.round(raise, &stop).await;
        assert_eq!(epoch().await, seen[seen.len() - 1], "not before its time");
    }
    assert!(seen.is_sorted_by(|before, after| before < after), "{seen:?}");
}

/// A run that the breaker refused is refused for every server, until the next night or an operator's word.
#[tokio::test]
async fn a_refused_run_is_refused_for_all() {
    let house = House::new();
    for owner in 0..140 {
        let owner = domain::OwnerId::parse(&format!("owner-{owner}")).unwrap();
        for _ in 0..4 {
            house.app.create_asset(&owner, &house.videos, upload_of([film(100), poster(10)])).await.unwrap();
        }
    }
    house.live(TimeSpan::from_hours(24 * 8)).await;
    night(&house).await;
    let run = house.catalog.find_schedule("expire").await.unwrap().value.unwrap().run.unwrap();
    assert_eq!((run.verdict, house.bucket()), (Verdict::Refused, (0, 1_120)));
    assert_eq!(reap(&house.app, None, Rehearsal::Real).await.unwrap().expire.expired, 560);
}

/// Counts the pages that were read.
struct Pages(Arc<AtomicU64>);

impl AroundCatalog for Pages {
    async fn around<T: Send>(
        &self,
        operation: operation::Operation,
        call: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        if operation.name() == "list_due_assets" {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        call.await
    }
}

/// Each asset is on one page of the judgement and on one of the run: twice as many cost twice as much.
#[tokio::test]
async fn expiry_is_linear() {
    let house = House::new();
    for owner in 0..90 {
        let owner = domain::OwnerId::parse(&format!("owner-{owner}")).unwrap();
        for _ in 0..5 {
            house.app.create_asset(&owner, &house.videos, upload_of([film(100)])).await.unwrap();
        }
    }
    house.live(TimeSpan::from_hours(60)).await;
    let pages = Arc::new(AtomicU64::new(0));
    let counted = server::catalog::around::Around::new(house.catalog.clone(), Pages(pages.clone()));
    let (store, clock) = (house.store.clone(), house.clock.clone());
    let app = app_over(Arc::new(counted), store, clock, ALLOWANCE, OwnerNaming::PlainWhereSafe);
    round(&app, Job::Scheduled(Scheduled::Expire)).await;
    assert_eq!(pages.swap(0, Ordering::SeqCst), 3, "450 assets, 200 on a page");
    round(&app, EXPIRE).await;
    assert_eq!(house.files_in(StateName::Uploading).await, []);
    assert_eq!(pages.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn requests_are_forgotten_in_bulk() {
    let house = House::new();
    let claim = |n: u32| server::catalog::IdempotencyClaim {
        route: "create_asset videos".to_owned(),
        key: format!("key {n}"),
        body: "body".to_owned(),
    };
    let asset = house.create([film(100)]).await.asset;
    for n in 0..2_500 {
        let mut asset = domain::Asset { id: AssetId::new(house.clock_now(), &bits(n)), ..asset.clone() };
        let place = asset.places.values_mut().next().unwrap();
        let file = place.pending.as_mut().unwrap();
        let parts = file.key.file_key();
        let (owner, collection, role) =
            (parts.owner_segment().to_owned(), parts.collection().clone(), file.role.clone());
        let nonce = u128::from(n + 1_000_000).to_be_bytes();
        let key = domain::FileKey::new(owner, collection, asset.id, role, MediaType::Mp4, nonce);
        *file = File {
            id: domain::FileId::new(house.clock_now(), &bits(n)),
            asset: asset.id,
            key: domain::ObjectKey::new(file.key.visibility(), key),
            upload_id: None,
            url_not_after: None,
            fence: domain::Fence::default(),
            state: FileState::Reserved,
            ..file.clone()
        };
        asset.revision = domain::Fence::default();
        let reservation = server::catalog::Reservation { asset, idempotency: Some(claim(n)), allowance: generous() };
        assert_eq!(house.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
    }
    house.clock.advance(TimeSpan::from_hours(24 * 8));
    round(&house.app, Job::Scheduled(Scheduled::ForgetRequests)).await;
    assert_eq!(house.catalog.forget_requests().await.unwrap(), 0, "one round forgot all of them");
}

fn generous() -> Allowance {
    Allowance { open_uploads: u32::MAX, reserved_bytes: ByteCount(u64::MAX) }
}

fn bits(n: u32) -> [u8; 10] {
    let mut bits = [1; 10];
    bits[6..].copy_from_slice(&n.to_be_bytes());
    bits
}

/// A request died between CreateMultipartUpload and its row.
#[tokio::test]
async fn what_was_opened_and_never_written_is_closed_after_ten_minutes() {
    let house = House::new();
    house.store.fail_next(Operation::OpenUpload, Failure::AfterEffect);
    house.try_create(upload_of([film(100)])).await.unwrap_err();
    let [reserved] = &house.files_in(StateName::Reserved).await[..] else { panic!("one is reserved") };
    assert_eq!(house.bucket(), (0, 1));
    house.clock.advance(STRAY_LOOK_AFTER - STEP_GRACE - TimeSpan::from_secs(1));
    round(&house.app, DRIVE).await;
    assert_eq!(house.bucket(), (0, 1), "a request may still be at it");
    house.clock.advance(STEP_GRACE + TimeSpan::from_secs(1));
    round(&house.app, DRIVE).await;
    assert_eq!(house.bucket(), (0, 0));
    // The request was not dead, and writes now what it opened: it loses, and its row stays open to the next.
    let late = decide(reserved, &Event::Opened(UploadId("late".to_owned())), house.clock_now()).unwrap().next;
    assert_eq!(house.catalog.advance(reserved, &late, &[]).await.unwrap(), Written::Stale);
    // The look after that finds nothing, and nothing more is owed.
    house.clock.advance(STRAY_LOOK_AFTER);
    round(&house.app, DRIVE).await;
    assert_eq!(house.files_in(StateName::Reserved).await[0].due_at, None);
}

#[tokio::test]
async fn a_second_upload_beside_a_live_one_is_closed_by_the_same_look() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    let file = house.file(id, "video").await;
    house.store.open_foreign_upload(file.key.visibility(), &file.key.path());
    assert_eq!(house.bucket(), (0, 2));
    house.clock.advance(STRAY_LOOK_AFTER);
    round(&house.app, DRIVE).await;
    assert_eq!(house.bucket(), (0, 1));
    house.send(id, "video", &mp4(100)).await;
    assert!(house.complete(id).await.is_ok(), "the live one is untouched");
}

/// What is verified and waits for its companions is looked at no more, until a withdrawal wakes it.
#[tokio::test]
async fn a_verified_file_waits_without_being_asked() {
    let house = House::new();
    let id = house.create([film(100), poster(10)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    let video = server::app::Scope::Role(role("video"));
    let done = server::app::Completion { scope: video, ..Default::default() };
    drop(house.app.complete_asset(&house.owner, &house.videos, id, &done).await);
    assert_eq!(house.state(id, "video").await, StateName::Verified);
    round(&house.app, DRIVE).await;
    assert_eq!(house.file(id, "video").await.due_at, None);
    house.app.withdraw_file(&house.owner, &house.videos, id, &role("thumbnail")).await.unwrap();
    assert!(house.file(id, "video").await.due_at.is_some());
    house.settle().await;
    round(&house.app, DRIVE).await;
    assert_eq!(house.state(id, "video").await, StateName::Created);
}

#[tokio::test]
async fn two_servers_share_the_slots_and_one_takes_over_the_others() {
    let house = House::new();
    let stop = CancellationToken::new();
    let in_january = Recurrence::parse("0 1 1 1 *", Some("UTC")).unwrap();
    let server = |name: &str| {
        let schedules = Schedules { expire: in_january.clone(), reconcile: in_january.clone() };
        Runner::new(house.app.clone(), name.to_owned(), schedules, Tempo::default())
    };
    let (one, two) = (server("one"), server("two"));
    let mut ids = Vec::new();
    for n in 0..24 {
        let owner = domain::OwnerId::parse(&format!("owner-{n}")).unwrap();
        let id = house.app.create_asset(&owner, &house.videos, upload_of([film(100)])).await.unwrap().asset.id;
        house.store.fail_next(Operation::Abort, Failure::Before);
        house.app.delete_asset(&owner, &house.videos, id).await.unwrap();
        house.settle().await;
        ids.push(id);
    }
    for _ in 0..2 {
        one.round(Job::Membership, &stop).await;
        two.round(Job::Membership, &stop).await;
    }
    house.clock.advance(STEP_GRACE);
    while one.round(DESTROY, &stop).await == Rest::None {}
    let left = house.files_in(StateName::Deleting).await.len();
    assert!(0 < left && left < 24, "{left} are the other's");
    // The other fell silent.
    house.clock.advance(TimeSpan::from_secs(61));
    one.round(Job::Membership, &stop).await;
    while one.round(DESTROY, &stop).await == Rest::None {}
    assert_eq!(house.files_in(StateName::Deleting).await, []);
    assert_eq!(house.catalog.renew_member("one", TimeSpan::from_secs(1)).await.unwrap(), ["one"]);
}
