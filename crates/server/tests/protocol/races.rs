//! Two at once: the catalog lets one in, and the other finds what the first did.

use domain::{AssetStatus, Reason};
use server::app::{CompleteError, Completed, FindError};
use server::store::memory::SecondComplete;

use crate::house::{House, film, mp4};

#[tokio::test]
async fn two_completes_at_once_publish_once_whatever_the_store_says_to_the_second() {
    for second in [SecondComplete::Succeeds, SecondComplete::NoSuchUpload, SecondComplete::AccessDenied] {
        let house = House::with_second_complete(second);
        let id = house.create([film(100)]).await.asset.id;
        house.send(id, "video", &mp4(100)).await;
        let outcomes = tokio::join!(house.complete(id), house.complete(id), house.complete(id));
        for outcome in <[_; 3]>::from(outcomes) {
            assert!(matches!(outcome, Ok(Completed::Created(_) | Completed::StillCommitting(_))), "{second:?}");
        }
        house.settle().await;
        house.run_jobs().await;
        assert_eq!(house.row(id).await.status, AssetStatus::Created, "{second:?}");
        assert_eq!(house.events().await, ["asset.created"]);
        assert_eq!(house.bucket(), (1, 0));
    }
}

#[tokio::test]
async fn deleting_while_completing_ends_with_nothing_left() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    let delete = house.app.delete_asset(&house.owner, &house.videos, id);
    let (completed, deleted) = tokio::join!(house.complete(id), delete);
    deleted.unwrap();
    let told =
        matches!(completed, Ok(Completed::Created(_)) | Err(CompleteError::Find(FindError::Gone(Reason::Deleted))));
    assert!(told, "the owner hears of one of the two");
    house.settle().await;
    house.run_jobs().await;
    assert_eq!(house.row(id).await.status, AssetStatus::Gone(Reason::Deleted));
    assert_eq!(house.bucket(), (0, 0));
}

#[tokio::test]
async fn two_runs_of_the_jobs_at_once_are_harmless() {
    let house = House::new();
    for _ in 0..5 {
        let id = house.create([film(100)]).await.asset.id;
        house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
    }
    tokio::join!(house.run_jobs(), house.run_jobs(), house.settle());
    assert_eq!(house.bucket(), (0, 0));
}
