//! The end.

use domain::change;

use super::Subject;
use super::samples::{claim, pending};
use crate::catalog::{AssetPatch, CatalogError};

fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, CatalogError>) {
    assert!(matches!(answer, Err(CatalogError::Unavailable(_))), "{answer:?}");
}

pub(crate) async fn closed_catalogs_are_unavailable(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = pending(&asset, "video").clone();
    let reservation = subject.reservation("mina", &["video"]);
    let delete = change::delete(&asset, subject.now()).unwrap();
    let (_, next) = delete.files[0].clone();
    let catalog = subject.catalog.as_ref();
    catalog.close().await;
    catalog.close().await;

    assert_unavailable(catalog.now().await);
    assert_unavailable(catalog.reserve(&reservation).await);
    assert_unavailable(catalog.settle(&asset.owner, &claim("k", "body")).await);
    assert_unavailable(catalog.find_asset(asset.id).await);
    assert_unavailable(catalog.list_assets(&subject.query("mina")).await);
    assert_unavailable(catalog.patch_asset(asset.id, asset.revision, &AssetPatch::default()).await);
    assert_unavailable(catalog.find_file(file.id).await);
    assert_unavailable(catalog.advance(file.fence, &next, &[]).await);
    assert_unavailable(catalog.apply(&delete).await);
    assert_unavailable(catalog.list_files(file.state.name(), None, 1).await);
    assert_unavailable(catalog.list_expirable(None, None, 1).await);
    assert_unavailable(catalog.purge(file.id, file.fence).await);
    let installation = crate::catalog::conformance::installing::made_up(1);
    let next = domain::Installation { epoch: installation.epoch.next(), ..installation };
    assert_unavailable(catalog.load_installation(installation.id).await);
    assert_unavailable(catalog.replace_installation(&installation, &next).await);
    assert_unavailable(catalog.list_keys(file.key.visibility(), "", None, 1).await);
    let orphan = domain::reconcile::orphan(&file.key, None, None, asset.created_at, &[0; 10]);
    assert_unavailable(catalog.adopt_orphan(&orphan).await);
    assert_unavailable(catalog.take_lease("expire", "a", domain::TimeSpan::from_secs(1)).await);
    assert_unavailable(catalog.release_lease("expire", "a").await);
    assert_unavailable(catalog.list_events(0, 1).await);
    assert_unavailable(catalog.count_files().await);
    assert_unavailable(catalog.load_profile().await);
}
