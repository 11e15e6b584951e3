//! A catalog under test with its clock, and the steps that cases take with it.

use std::any::Any;
use std::sync::Arc;

use domain::change::{self, Change};
use domain::{
    Asset, AssetId, Event, File, FileId, FileState, OutboxEvent, Reason, Remains, Slots, TimeSpan, Timestamp, decide,
};

use super::samples;
use crate::catalog::{AssetQuery, Catalog, Purpose, Reservation, Reserved, Stamped, Written};
use crate::clock::{Clock, HostClock, ManualClock};

/// More than any case writes: lists asked for this much show everything.
pub(crate) const ALL: u32 = 100;

/// Whose assets there are, in shards of their own.
const OWNERS: [&str; 5] = ["mina", "juno", "abel", "42", "ghost"];

/// The time that a catalog goes by, as far as a case has a hand in it. It is never set, and it never goes back.
pub(crate) trait Hand: Clock {
    /// Lets time pass.
    fn pass(&self, span: TimeSpan);

    /// See [`Subject::moment`].
    fn moment(&self) -> TimeSpan;
}

impl Hand for ManualClock {
    fn pass(&self, span: TimeSpan) {
        self.advance(span);
    }

    fn moment(&self) -> TimeSpan {
        TimeSpan::from_micros(1)
    }
}

/// A clock that runs by itself, as a database server's does.
pub(crate) struct RunningClock {
    /// How far it is ahead of the host's, counted from 1970.
    ahead: ManualClock,
}

impl RunningClock {
    pub(crate) fn start() -> Self {
        Self { ahead: ManualClock::new(Timestamp::UNIX_EPOCH) }
    }
}

impl Clock for RunningClock {
    fn now(&self) -> Timestamp {
        HostClock.now() + self.ahead.now().duration_since(Timestamp::UNIX_EPOCH)
    }

    fn monotonic(&self) -> TimeSpan {
        HostClock.monotonic() + self.ahead.monotonic()
    }
}

impl Hand for RunningClock {
    fn pass(&self, span: TimeSpan) {
        self.ahead.advance(span);
    }

    fn moment(&self) -> TimeSpan {
        TimeSpan::from_secs(10)
    }
}

/// An empty catalog and the clock it goes by.
pub(crate) struct Subject {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) clock: Arc<dyn Hand>,
    /// What must live as long as the catalog: its folder, its server.
    _home: Box<dyn Any + Send>,
}

impl Subject {
    pub(crate) fn new(catalog: Arc<dyn Catalog>, clock: Arc<dyn Hand>, home: impl Any + Send) -> Self {
        Self { catalog, clock, _home: Box::new(home) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait(&self, span: TimeSpan) {
        self.clock.pass(span);
    }

    /// Waits for a time that has not come yet.
    pub(crate) fn wait_until(&self, then: Timestamp) {
        self.wait(then.duration_since(self.now()).max(TimeSpan::ZERO));
    }

    /// A span in which a case makes a few calls, and nothing else happens.
    pub(crate) fn moment(&self) -> TimeSpan {
        self.clock.moment()
    }

    /// Whether the catalog has just said this time.
    pub(crate) fn is_now(&self, told: Timestamp) -> bool {
        let age = self.now().duration_since(told);
        (TimeSpan::ZERO..self.moment()).contains(&age)
    }

    /// A reservation made now.
    pub(crate) fn reservation(&self, owner: &str, roles: &[&str]) -> Reservation {
        samples::reservation(owner, roles, self.now())
    }

    /// Reserves an asset, and moves the clock so that the next one is newer.
    pub(crate) async fn reserve(&self, reservation: &Reservation) -> Asset {
        assert_eq!(self.catalog.reserve(reservation).await.unwrap(), Reserved::Fresh);
        self.wait(TimeSpan::from_millis(1));
        reservation.asset.clone()
    }

    /// A fresh UPLOADING asset.
    pub(crate) async fn reserved(&self, owner: &str, roles: &[&str]) -> Asset {
        self.reserve(&self.reservation(owner, roles)).await
    }

    /// A fresh CREATED asset.
    pub(crate) async fn created(&self, owner: &str, roles: &[&str]) -> Asset {
        let asset = self.reserved(owner, roles).await;
        self.verify_pending(asset.id).await;
        self.publish(asset.id).await
    }

    /// An asset of one of the suite's owners.
    pub(crate) async fn find_asset(&self, id: AssetId) -> Stamped<Option<Asset>> {
        let of = async |owner: &str| {
            self.catalog.find_asset(samples::owner(owner).shard(), id, Purpose::Decide).await.unwrap()
        };
        let mut last = of(OWNERS[0]).await;
        for owner in &OWNERS[1..] {
            let read = of(owner).await;
            assert!(read.value.is_none() || last.value.is_none(), "an asset is in one shard");
            if last.value.is_none() {
                last = read;
            }
        }
        last
    }

    /// A file of one of the suite's owners.
    pub(crate) async fn find_file(&self, id: FileId) -> Stamped<Option<File>> {
        let mut last = self.catalog.find_file(samples::owner(OWNERS[0]).shard(), id).await.unwrap();
        for owner in &OWNERS[1..] {
            let read = self.catalog.find_file(samples::owner(owner).shard(), id).await.unwrap();
            assert!(read.value.is_none() || last.value.is_none(), "a file is in one shard");
            if last.value.is_none() {
                last = read;
            }
        }
        last
    }

    pub(crate) async fn asset(&self, id: AssetId) -> Asset {
        self.find_asset(id).await.value.unwrap()
    }

    pub(crate) async fn file(&self, id: FileId) -> File {
        self.find_file(id).await.value.unwrap()
    }

    /// Lets a file take a step, as the server would.
    pub(crate) async fn step(&self, id: FileId, event: Event) -> File {
        let read = self.find_file(id).await;
        let file = read.value.unwrap();
        let next = decide(&file, &event, read.now).unwrap().next;
        assert_eq!(self.catalog.advance(&file, &next, &[]).await.unwrap(), Written::Done);
        next
    }

    pub(crate) async fn open(&self, id: FileId) -> File {
        let file = self.file(id).await;
        self.step(id, samples::opened(&file)).await
    }

    pub(crate) async fn commit(&self, id: FileId) -> File {
        let file = self.open(id).await;
        self.step(id, samples::frozen(&file)).await
    }

    pub(crate) async fn verify(&self, id: FileId) -> File {
        let file = self.commit(id).await;
        self.step(id, samples::right(&file)).await
    }

    /// Brings every pending file of an asset to VERIFIED.
    pub(crate) async fn verify_pending(&self, id: AssetId) {
        for file in self.asset(id).await.pending() {
            self.verify(file.id).await;
        }
    }

    /// Ends a file as verification would.
    pub(crate) async fn reject(&self, id: FileId) -> File {
        self.step(id, Event::Ended(Reason::ContentMismatch(None))).await
    }

    /// Closes a file that is DELETING.
    pub(crate) async fn close(&self, id: FileId) -> File {
        self.step(id, Event::Destroyed).await
    }

    /// Looks at a closed file again and again until it may be purged.
    pub(crate) async fn recheck_to_the_end(&self, id: FileId) -> File {
        loop {
            let file = self.file(id).await;
            let FileState::Closed { recheck_at, .. } = &file.state else { panic!("{} is not closed", file.id) };
            self.wait_until(*recheck_at);
            let decision = decide(&file, &Event::Rechecked(Remains::Nothing), self.now()).unwrap();
            if !decision.writes(&file) {
                return file;
            }
            assert_eq!(self.catalog.advance(&file, &decision.next, &[]).await.unwrap(), Written::Done);
        }
    }

    pub(crate) async fn apply(&self, change: &Change) -> Asset {
        assert_eq!(self.catalog.apply(change).await.unwrap(), Written::Done);
        change.asset.clone()
    }

    pub(crate) async fn publish(&self, id: AssetId) -> Asset {
        let asset = self.asset(id).await;
        self.apply(&change::publish(&asset, self.now()).unwrap()).await
    }

    pub(crate) async fn delete(&self, id: AssetId) -> Asset {
        let asset = self.asset(id).await;
        self.apply(&change::delete(&asset, self.now()).unwrap()).await
    }

    /// Announces another file of 20 MiB for a role.
    pub(crate) async fn announce(&self, id: AssetId, role: &str) -> File {
        let asset = self.asset(id).await;
        let file = samples::file(&asset, role, domain::ByteCount::mib(20), self.now());
        let change = change::announce(&asset, file).unwrap();
        self.apply(&change).await;
        change.announced.expect("what was announced")
    }

    /// What an owner sees, everything at once.
    pub(crate) fn query(&self, owner: &str) -> AssetQuery {
        AssetQuery {
            owner: samples::owner(owner),
            collection: samples::collection("videos"),
            status: None,
            contains: None,
            fingerprint: None,
            before: None,
            limit: ALL,
            look_at: ALL,
        }
    }

    pub(crate) async fn listed(&self, query: &AssetQuery) -> Vec<AssetId> {
        self.catalog.list_assets(query).await.unwrap().value.assets.into_iter().map(|asset| asset.id).collect()
    }

    pub(crate) async fn expirable(&self) -> Vec<AssetId> {
        let read = self.catalog.list_due_assets(Slots::ALL, None, None, ALL).await.unwrap();
        read.value.into_iter().map(|row| row.row.unwrap().id).collect()
    }

    /// Every event there is.
    pub(crate) async fn events(&self) -> Vec<OutboxEvent> {
        self.catalog.list_events(0, ALL).await.unwrap().into_iter().map(|(_, event)| event).collect()
    }
}
