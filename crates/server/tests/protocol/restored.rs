//! A catalog that is restored, and accepted, while reconcile walks.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use domain::{ByteCount, OwnerNaming, TimeSpan, Visibility};
use server::app::{App, Consent, ReconcileError};
use server::catalog::Allowance;
use server::catalog::memory::{Backup, MemoryCatalog};
use server::store::around::{Around, AroundStore, Call};
use server::store::operation::Operation;

use crate::ground::app_over;
use crate::house::{House, strange_key};
use crate::reconcile::DAILY;

/// Restores a backup and accepts it, once, as soon as a bucket is listed.
struct Restoring {
    operator: App,
    catalog: Arc<MemoryCatalog>,
    backup: Mutex<Option<Backup>>,
}

impl AroundStore for Restoring {
    async fn around<T: Send>(&self, call: Call<T>, answer: impl Future<Output = T> + Send) -> T {
        let backup = (call.operation == Operation::ListObjects).then(|| self.backup.lock().unwrap().take()).flatten();
        if let Some(backup) = backup {
            self.catalog.restore(backup);
            self.operator.accept_restore(Consent::Restored).await.unwrap();
        }
        answer.await
    }
}

/// What the run saw before was judged as if nothing had been forgotten.
#[tokio::test]
async fn what_a_run_began_to_judge_before_a_restore_is_left_alone() {
    let house = House::new();
    house.created_film(100).await;
    let backup = house.catalog.backup();
    house.clock.advance(TimeSpan::from_hours(1));
    let forgotten = house.created_film(200).await;
    let kept = house.file(forgotten, "video").await.key;
    house.app.raise_epoch().await.unwrap();
    house.clock.advance(TimeSpan::from_hours(25));
    let orphan = strange_key(1).path();
    house.store.put_foreign_object(Visibility::Private, &orphan, Bytes::from_static(b"orphan"));
    house.clock.advance(TimeSpan::from_hours(25));

    let backup = Mutex::new(Some(backup));
    let layer = Restoring { operator: house.app.clone(), catalog: house.catalog.clone(), backup };
    let store = Arc::new(Around::new(house.store.clone(), layer));
    let allowance = Allowance { open_uploads: 5, reserved_bytes: ByteCount::gib(2) };
    let (catalog, clock) = (house.catalog.clone(), house.clock.clone());
    let walking = app_over(catalog, store, clock, allowance, OwnerNaming::PlainWhereSafe);
    let before = house.store.objects();
    let refused = walking.reconcile(DAILY).await;
    assert!(matches!(refused, Err(ReconcileError::Restored)), "{refused:?}");
    assert_eq!(house.store.objects(), before);
    // The next run knows of the restore. What came before it may have been forgotten.
    walking.reconcile(DAILY).await.unwrap();
    assert!(house.store.content(&kept).is_some());
    assert_eq!(house.store.objects(), before);
}
