//! The answers of the catalog are lost: each write is settled by the same write again, and nothing happens twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::{ByteCount, OwnerNaming, StateName};
use server::app::{App, Completed, Completion};
use server::catalog::around::{Around, AroundCatalog};
use server::catalog::operation::Operation;
use server::catalog::{Allowance, AssetPatch, CatalogError, Figures as _};

use crate::ground::app_over;
use crate::house::{House, film, keyed, mp4, poster, upload_of};

/// Every call that writes.
const WRITES: [&str; 7] = ["reserve", "settle", "advance", "apply", "announce", "patch_asset", "replace_installation"];

/// Loses every other answer to a write, beginning with the first.
#[derive(Clone, Default)]
struct Deaf(Arc<Mutex<BTreeMap<&'static str, u32>>>);

impl AroundCatalog for Deaf {
    async fn around<T: Send>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> Result<T, CatalogError> {
        let answer = call.await?;
        if !WRITES.contains(&operation.name()) {
            return Ok(answer);
        }
        let mut heard = self.0.lock().unwrap();
        let calls = heard.entry(operation.name()).or_default();
        *calls += 1;
        if *calls % 2 == 1 { Err(CatalogError::Unknown("the connection was cut".into())) } else { Ok(answer) }
    }
}

/// A house, and its use cases over a catalog whose answers are lost.
fn deaf() -> (House, App, Deaf) {
    let (house, deaf) = (House::new(), Deaf::default());
    let catalog = Arc::new(Around::new(house.catalog.clone(), deaf.clone()));
    let allowance = Allowance { open_uploads: 1, reserved_bytes: ByteCount::mib(30) };
    let app = app_over(catalog, house.store.clone(), house.clock.clone(), allowance, OwnerNaming::PlainWhereSafe);
    (house, app, deaf)
}

#[tokio::test]
async fn an_upload_is_made_once_though_no_answer_is_heard_at_first() {
    let (house, app, deaf) = deaf();
    let (owner, videos) = (&house.owner, &house.videos);
    let mut upload = upload_of([film(100), poster(100)]);
    upload.idempotency = keyed("k", "body");
    let opened = app.create_asset(owner, videos, upload.clone()).await.unwrap();
    let id = opened.asset.id;
    assert_eq!(app.create_asset(owner, videos, upload).await.unwrap().asset.id, id, "settled, hence replayed");
    let usage = house.catalog.load_usage(owner).await.unwrap();
    assert_eq!((usage.open_uploads, usage.reserved_bytes), (1, ByteCount(200)), "counted once");

    let title = domain::Title::parse("New").unwrap();
    let patch = AssetPatch { title: Some(title), ..AssetPatch::default() };
    assert_eq!(app.patch_asset(owner, videos, id, &patch).await.unwrap().title.as_str(), "New");
    house.send(id, "video", &mp4(100)).await;
    house.send(id, "thumbnail", &crate::house::png(100)).await;
    let completed = app.complete_asset(owner, videos, id, &Completion::default()).await;
    assert!(matches!(completed, Ok(Completed::Created(_))), "{completed:?}");
    let (role, file) = poster(50);
    app.announce_file(owner, videos, id, &role, &file).await.unwrap();
    assert_eq!(house.catalog.load_usage(owner).await.unwrap().open_uploads, 1);
    app.delete_asset(owner, videos, id).await.unwrap();
    app.drain().await;
    assert_eq!(house.events().await, ["asset.created", "asset.deleted"], "each once");
    assert_eq!(house.catalog.load_usage(owner).await.unwrap(), domain::quota::Usage::default());
    assert!(house.row(id).await.files().all(|file| file.state.name() == StateName::Closed));
    assert_eq!(house.bucket(), (0, 0));

    let calls = deaf.0.lock().unwrap();
    for write in WRITES {
        assert!(calls.get(write).is_some_and(|calls| *calls >= 2), "{write} was never settled: {calls:?}");
    }
}

/// A catalog that never answers: the caller hears that it is not known, and the next request finds what was done.
#[tokio::test]
async fn what_cannot_be_settled_is_told_as_unknown() {
    struct Mute;
    impl AroundCatalog for Mute {
        async fn around<T: Send>(
            &self,
            operation: Operation,
            call: impl Future<Output = Result<T, CatalogError>> + Send,
        ) -> Result<T, CatalogError> {
            let answer = call.await?;
            let mute = operation.name() == "reserve";
            if mute { Err(CatalogError::Unknown("cut".into())) } else { Ok(answer) }
        }
    }
    let house = House::new();
    let catalog = Arc::new(Around::new(house.catalog.clone(), Mute));
    let allowance = Allowance { open_uploads: 1, reserved_bytes: ByteCount::mib(30) };
    let app = app_over(catalog, house.store.clone(), house.clock.clone(), allowance, OwnerNaming::PlainWhereSafe);
    let lost = app.create_asset(&house.owner, &house.videos, upload_of([film(100)])).await;
    let Err(server::app::CreateError::Port(server::app::PortError::Catalog(CatalogError::Unknown(_)))) = lost else {
        panic!("{lost:?}");
    };
    assert_eq!(house.catalog.load_usage(&house.owner).await.unwrap().open_uploads, 1, "it was written, once");
}
