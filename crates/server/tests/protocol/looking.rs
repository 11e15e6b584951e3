//! The look at the markers, while another server writes: catalog and markers are read one after the other, and between
//! two readings the epoch rises, or somebody restores the catalog.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use domain::{ByteCount, Epoch, OwnerNaming, StateName, TimeSpan, Visibility};
use server::app::{App, Breaker, Forgotten, Mismatch, PortError, ReconcileError, ReconcileTerms, Rehearsal};
use server::catalog::Allowance;
use server::catalog::memory::{Backup, MemoryCatalog};
use server::jobs::reap;
use server::store::around::{Around, AroundStore, Call};
use server::store::memory::Failure;
use server::store::operation::Operation;

use crate::ground::app_over;
use crate::house::{DESTROY, House, round};

/// What happens to the catalog before a marker is read.
enum Meanwhile {
    Nothing,
    /// Another server raises the epoch, in the catalog and in both markers.
    EpochRises,
    /// The same, and then an older catalog takes the place of this one.
    EpochRisesAndIsRestored(Box<Backup>),
}

/// Around the store of the server that looks.
struct Interrupted {
    other: App,
    catalog: Arc<MemoryCatalog>,
    plan: Arc<Mutex<VecDeque<Meanwhile>>>,
}

impl AroundStore for Interrupted {
    async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        if call.operation == Operation::FindMarker {
            let next = self.plan.lock().unwrap().pop_front().unwrap_or(Meanwhile::Nothing);
            if !matches!(next, Meanwhile::Nothing) {
                self.other.raise_epoch().await.unwrap();
            }
            if let Meanwhile::EpochRisesAndIsRestored(backup) = next {
                self.catalog.restore(*backup);
            }
        }
        answer.await
    }
}

/// A house with a second server, which is interrupted when it looks at the markers.
struct Scene {
    house: House,
    looking: App,
    plan: Arc<Mutex<VecDeque<Meanwhile>>>,
}

impl Scene {
    fn new() -> Self {
        let (house, plan) = (House::new(), Arc::default());
        let layer = Interrupted { other: house.app.clone(), catalog: house.catalog.clone(), plan: Arc::clone(&plan) };
        let store = Arc::new(Around::new(house.store.clone(), layer));
        let allowance = Allowance { open_uploads: 5, reserved_bytes: ByteCount::gib(2) };
        let (catalog, clock) = (house.catalog.clone(), house.clock.clone());
        let looking = app_over(catalog, store, clock, allowance, OwnerNaming::PlainWhereSafe);
        Self { house, looking, plan }
    }

    /// With a film that is being deleted, and an orphan that is a day old.
    async fn with_work() -> (Self, domain::AssetId) {
        let scene = Self::new();
        let house = &scene.house;
        let id = house.created_film(100).await;
        house.store.fail_next(Operation::Delete, Failure::Before);
        house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
        house.settle().await;
        let orphan = crate::house::strange_key(1).path();
        house.store.put_foreign_object(Visibility::Private, &orphan, bytes::Bytes::from_static(b"orphan"));
        house.clock.advance(TimeSpan::from_hours(25));
        assert_eq!((house.state(id, "video").await, house.store.objects().len()), (StateName::Deleting, 2));
        (scene, id)
    }

    fn plan(&self, plan: impl IntoIterator<Item = Meanwhile>) {
        *self.plan.lock().unwrap() = plan.into_iter().collect();
    }

    /// Whether everything that was planned has happened.
    fn was_interrupted(&self) -> bool {
        self.plan.lock().unwrap().is_empty()
    }

    async fn epoch(&self) -> Epoch {
        self.house.app.look_around().await.unwrap().installation.epoch
    }

    async fn reconcile(&self) -> Result<u64, ReconcileError> {
        let (breaker, rehearsal, forgotten) = (Breaker::Armed, Rehearsal::Real, Forgotten::Removed);
        let terms = ReconcileTerms { below: None, budget: 10, breaker, rehearsal, forgotten };
        self.looking.reconcile(terms).await.map(|report| report.done)
    }
}

/// One, or one after another: each time it is seen that the catalog has moved, and looked again.
fn races() -> Vec<Vec<Meanwhile>> {
    use Meanwhile::{EpochRises as Rises, Nothing};
    vec![
        vec![Rises],
        vec![Nothing, Rises],
        vec![Rises, Rises],
        vec![Rises, Nothing, Rises],
        vec![Nothing, Rises, Rises, Nothing, Nothing, Rises],
    ]
}

#[tokio::test]
async fn an_epoch_that_rises_under_a_look_is_no_mismatch() {
    for (n, race) in races().into_iter().enumerate() {
        let scene = Scene::new();
        // The first look of all marks the buckets, and raises the epoch by itself.
        scene.epoch().await;
        let before = scene.epoch().await;
        let rises = race.iter().filter(|meanwhile| matches!(meanwhile, Meanwhile::EpochRises)).count();
        scene.plan(race);
        let seen = scene.looking.look_around().await.unwrap();
        assert_eq!((seen.mismatch, scene.was_interrupted()), (None, true), "race {n}");
        let after = (0..rises).fold(before, |epoch, _| epoch.next());
        assert_eq!((scene.epoch().await, seen.installation.epoch), (after, after), "race {n}");
    }
}

#[tokio::test]
async fn what_destroys_goes_on_under_a_rising_epoch() {
    for race in races() {
        let (scene, id) = Scene::with_work().await;
        scene.plan(race);
        round(&scene.looking, DESTROY).await;
        assert_eq!(scene.house.state(id, "video").await, StateName::Closed);
        scene.plan([Meanwhile::EpochRises]);
        assert_eq!(scene.reconcile().await.unwrap(), 1);
        assert_eq!((scene.house.bucket(), scene.was_interrupted()), ((0, 0), true));
    }
}

/// The catalog has moved as well, but back: the second look must find the mismatch that it caused, and nothing may go.
#[tokio::test]
async fn a_catalog_that_is_restored_under_a_look_destroys_nothing() {
    for readings in 0..2 {
        for act in ["look", "destroy", "reap", "reconcile"] {
            let (scene, id) = Scene::with_work().await;
            let (backup, old) = (scene.house.catalog.backup(), scene.epoch().await);
            scene.house.app.raise_epoch().await.unwrap();
            let quiet = (0..readings).map(|_| Meanwhile::Nothing);
            scene.plan(quiet.chain([Meanwhile::EpochRisesAndIsRestored(Box::new(backup))]));
            let refused = match act {
                "look" => scene.looking.look_around().await.unwrap().mismatch.map(PortError::Bucket),
                "destroy" => {
                    round(&scene.looking, DESTROY).await;
                    scene.looking.outlook().await.unwrap().mismatch.map(PortError::Bucket)
                }
                "reap" => reap(&scene.looking, None, Rehearsal::Real).await.err().map(|error| match error {
                    server::jobs::JobError::Port(port)
                    | server::jobs::JobError::Expire(server::app::ExpireError::Port(port)) => port,
                    other => panic!("{other}"),
                }),
                _ => scene.reconcile().await.err().map(|error| match error {
                    ReconcileError::Port(port) => port,
                    other => panic!("{other}"),
                }),
            };
            let Some(PortError::Bucket(Mismatch::Rewound { marker, catalog, .. })) = refused else {
                panic!("{act} was not refused: {refused:?}")
            };
            assert_eq!((catalog, marker), (old, old.next().next()), "{act}");
            assert!(scene.was_interrupted(), "{act}");
            assert_eq!(scene.house.state(id, "video").await, StateName::Deleting, "{act}");
            assert_eq!(scene.house.bucket(), (2, 0), "{act}");
        }
    }
}
