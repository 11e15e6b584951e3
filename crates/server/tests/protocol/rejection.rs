//! Files that are not what was announced: the file is removed in the same call, its companions are not touched.

use domain::{Reason, StateName};
use server::app::{AnnounceError, CompleteError, Completed, WithdrawError};
use server::catalog::Rows as _;
use server::store::Store;

use crate::house::{House, film, mp4, new_file, png, poster, role};

#[tokio::test]
async fn a_poster_that_is_html_costs_a_poster_and_not_the_film() {
    let house = House::new();
    let id = house.create([film(100), poster(30)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    house.send(id, "thumbnail", b"<!DOCTYPE html><script>alert()").await;
    let Err(CompleteError::Rejected { role: rejected, reason }) = house.complete(id).await else {
        panic!("not rejected")
    };
    assert_eq!((rejected, reason), (role("thumbnail"), Reason::ContentMismatch(Some(domain::Format::Html))));
    house.settle().await;
    assert_eq!(house.state(id, "video").await, StateName::Verified);
    assert_eq!(house.bucket(), (1, 0), "what fails is deleted in the same call");
    assert_eq!(house.events().await, ["asset.rejected"]);
    let again = house.complete(id).await;
    assert!(matches!(again, Err(CompleteError::Rejected { .. })), "final for that file");

    let poster = new_file(domain::MediaType::Png, 40);
    house.app.announce_file(&house.owner, &house.videos, id, &role("thumbnail"), &poster).await.unwrap();
    house.send(id, "thumbnail", &png(40)).await;
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
    assert_eq!(house.events().await, ["asset.rejected", "asset.created"]);
}

#[tokio::test]
async fn a_rejected_optional_role_can_be_withdrawn_instead() {
    let house = House::new();
    let id = house.create([film(100), poster(30)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    house.send(id, "thumbnail", b"<!DOCTYPE html><script>alert()").await;
    assert!(house.complete(id).await.is_err());
    house.app.withdraw_file(&house.owner, &house.videos, id, &role("thumbnail")).await.unwrap();
    house.settle().await;
    assert_eq!(house.row(id).await.status, domain::AssetStatus::Created);
    let required = house.app.withdraw_file(&house.owner, &house.videos, id, &role("video")).await;
    assert!(matches!(required, Err(WithdrawError::Required)));
}

#[tokio::test]
async fn an_upload_aborted_from_outside_is_a_rejection() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    let file = house.file(id, "video").await;
    house.store.abort(&file.key, file.upload()).await.unwrap();
    let Err(CompleteError::Rejected { reason, .. }) = house.complete(id).await else { panic!("not rejected") };
    assert_eq!(reason, Reason::UploadVanished);
    house.app.announce_file(&house.owner, &house.videos, id, &role("video"), &film(50).1).await.unwrap();
    house.send(id, "video", &mp4(50)).await;
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn a_role_on_its_way_is_not_pushed_aside() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    let second = house.app.announce_file(&house.owner, &house.videos, id, &role("video"), &film(50).1).await;
    assert!(matches!(second, Err(AnnounceError::Occupied)));
    let first = house.file(id, "video").await;
    let again = house.app.announce_file(&house.owner, &house.videos, id, &role("video"), &film(100).1).await;
    assert_eq!(again.unwrap().grants[&role("video")].len(), 1, "the same file again is the same announcement");
    assert_eq!(house.file(id, "video").await.key, first.key);
}

#[tokio::test]
async fn a_replacement_is_seen_only_when_it_is_verified() {
    let house = House::new();
    let id = house.created_film(100).await;
    let old = house.file(id, "video").await;
    house.app.announce_file(&house.owner, &house.videos, id, &role("video"), &film(200).1).await.unwrap();
    house.send(id, "video", &mp4(200)).await;
    let published = |asset: domain::Asset| asset.places[&role("video")].published.clone().unwrap();
    assert_eq!(published(house.row(id).await).id, old.id);
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
    house.settle().await;
    let new = published(house.row(id).await);
    assert_ne!(new.key, old.key);
    assert_eq!(house.store.objects().len(), 1, "the old object is gone");
    assert_eq!(
        house.catalog.find_file(old.shard(), old.id).await.unwrap().value.unwrap().state.name(),
        StateName::Closed
    );
    assert_eq!(house.events().await, ["asset.created"]);
}

#[tokio::test]
async fn a_rejected_replacement_leaves_the_published_file() {
    let house = House::new();
    let id = house.created_film(100).await;
    house.app.announce_file(&house.owner, &house.videos, id, &role("video"), &film(50).1).await.unwrap();
    house.send(id, "video", &png(50)).await;
    assert!(matches!(house.complete(id).await, Err(CompleteError::Rejected { .. })));
    house.settle().await;
    assert_eq!(house.bucket(), (1, 0));
    house.app.withdraw_file(&house.owner, &house.videos, id, &role("video")).await.unwrap();
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
}
