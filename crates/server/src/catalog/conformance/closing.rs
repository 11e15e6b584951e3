//! The end.

use domain::change;
use domain::{Fence, Lane, Slots, TimeSpan};

use super::Subject;
use super::samples::{claim, pending};
use crate::catalog::{AssetPatch, CatalogError, Postponement, Purpose, Schedule};

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
    assert_unavailable(catalog.find_asset(asset.shard(), asset.id, Purpose::Decide).await);
    assert_unavailable(catalog.find_asset_anywhere(asset.id).await);
    assert_unavailable(catalog.load_usage(&asset.owner).await);
    assert_unavailable(catalog.recount_usage(None, 1).await);
    assert_unavailable(catalog.list_assets(&subject.query("mina")).await);
    assert_unavailable(catalog.patch_asset(asset.shard(), asset.id, asset.revision, &AssetPatch::default()).await);
    assert_unavailable(catalog.find_file(file.shard(), file.id).await);
    assert_unavailable(catalog.advance(&file, &next, &[]).await);
    assert_unavailable(catalog.apply(&delete).await);
    assert_unavailable(catalog.purge(file.shard(), file.id, file.fence).await);
    let installation = crate::catalog::conformance::installing::made_up(1);
    let next = domain::Installation { epoch: installation.epoch.next(), ..installation };
    assert_unavailable(catalog.load_installation(installation.id).await);
    assert_unavailable(catalog.replace_installation(&installation, &next).await);
    assert_unavailable(catalog.list_keys(file.key.visibility(), "", None, 1).await);
    let orphan = domain::reconcile::orphan(&file.key, None, None, asset.created_at, &[0; 10]);
    assert_unavailable(catalog.adopt_orphan(&orphan).await);
    assert_unavailable(catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, 1).await);
    assert_unavailable(catalog.list_due_assets(Slots::ALL, None, None, 1).await);
    let put_off = Postponement {
        lane: Lane::Drive,
        id: file.id.to_string(),
        fence: file.fence,
        due_at: Some(asset.created_at),
        attempts: 1,
    };
    assert_unavailable(catalog.postpone(&[put_off]).await);
    assert_unavailable(catalog.measure_backlog(Lane::Drive).await);
    assert_unavailable(catalog.renew_member("a", TimeSpan::from_secs(1)).await);
    assert_unavailable(catalog.remove_member("a").await);
    assert_unavailable(catalog.find_schedule("expire").await);
    let schedule = Schedule {
        name: "expire".to_owned(),
        revision: Fence::default(),
        due_at: asset.created_at,
        attempts: 0,
        run: None,
    };
    assert_unavailable(catalog.write_schedule(&schedule).await);
    assert_unavailable(catalog.list_events(0, 1).await);
    assert_unavailable(catalog.count_files().await);
    assert_unavailable(catalog.load_profile().await);
}
