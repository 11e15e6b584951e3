//! The store fails at every call, before or after its effect: whatever it was, the jobs bring every file to an end.

use domain::{AssetStatus, CompleteAnswer, Reason, StateName, TimeSpan};
use server::app::{CompleteError, Completed};
use server::store::memory::{Failure, SecondComplete};
use server::store::operation::Operation;

use crate::house::{House, film, mp4, upload_of};

const OPERATIONS: [Operation; 9] = [
    Operation::OpenUpload,
    Operation::ListParts,
    Operation::Complete,
    Operation::Head,
    Operation::Read,
    Operation::Abort,
    Operation::Delete,
    Operation::ListUploads,
    Operation::SigningCredentials,
];

/// Creates, sends, completes, as a client that tries again does; then lets the jobs run.
async fn stubborn_upload(house: &House) -> domain::AssetId {
    let mut attempts = 0;
    let id = loop {
        match house.try_create(upload_of([film(100)])).await {
            Ok(opened) => break opened.asset.id,
            Err(error) => {
                attempts += 1;
                assert!(attempts < 3, "one failure, one retry: {error:?}");
            }
        }
    };
    house.send(id, "video", &mp4(100)).await;
    for _ in 0..3 {
        if let Ok(Completed::Created(_)) = house.complete(id).await {
            break;
        }
        house.run_jobs().await;
    }
    id
}

#[tokio::test]
async fn any_single_failure_of_the_store_is_survived() {
    for second in [SecondComplete::Succeeds, SecondComplete::NoSuchUpload, SecondComplete::AccessDenied] {
        for operation in OPERATIONS {
            for failure in [Failure::Before, Failure::AfterEffect] {
                let house = House::with_second_complete(second);
                house.store.fail_next(operation, failure);
                let id = stubborn_upload(&house).await;
                let story = format!("{second:?} {operation:?} {failure:?}");
                assert_eq!(house.row(id).await.status, AssetStatus::Created, "{story}");
                assert_eq!(house.store.objects().len(), 1, "{story}");
                assert_eq!(house.events().await, ["asset.created"], "{story}");

                house.store.fail_next(operation, failure);
                house.app.delete_asset(&house.owner, &house.videos, id).await.unwrap();
                // At most two failures are planned by now, so the third round meets none.
                for _ in 0..3 {
                    house.run_jobs().await;
                }
                assert_eq!(house.store.objects().len(), 0, "{story}");
                assert_eq!(house.state(id, "video").await, StateName::Closed, "{story}");
            }
        }
    }
}

#[tokio::test]
async fn a_refused_part_is_listed_again() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    for _ in 0..5 {
        house.store.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::InvalidPart));
    }
    assert!(matches!(house.complete(id).await, Ok(Completed::Created(_))));
}

#[tokio::test]
async fn a_store_that_never_takes_the_parts_ends_in_a_rejection() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    for _ in 0..6 {
        house.store.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::InvalidPart));
    }
    let Err(CompleteError::Rejected { reason, .. }) = house.complete(id).await else { panic!("not rejected") };
    assert_eq!(reason, Reason::PartsChanged);
    house.settle().await;
    assert_eq!(house.bucket(), (0, 0));
}

#[tokio::test]
async fn a_refused_complete_is_aborted_once_and_rejected() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    let refused = Failure::Answer(CompleteAnswer::Refused(Reason::ChecksumMismatch));
    house.store.fail_next(Operation::Complete, refused);
    let Err(CompleteError::Rejected { reason, .. }) = house.complete(id).await else { panic!("not rejected") };
    assert_eq!(reason, Reason::ChecksumMismatch);
    house.settle().await;
    assert_eq!((house.bucket(), house.events().await), ((0, 0), vec!["asset.rejected"]));
}

#[tokio::test]
async fn an_upload_that_vanished_in_mid_commit_is_judged_after_ten_minutes() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    house.store.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::NoSuchUpload));
    assert!(matches!(house.complete(id).await, Ok(Completed::StillCommitting(_))));
    house.clock.advance(TimeSpan::from_mins(9));
    house.store.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::NoSuchUpload));
    house.run_jobs().await;
    assert_eq!(house.state(id, "video").await, StateName::Committing);
    house.clock.advance(TimeSpan::from_mins(1));
    house.store.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::NoSuchUpload));
    house.run_jobs().await;
    assert_eq!(house.file(id, "video").await.state.reason(), Some(Reason::UploadVanished));
}

#[tokio::test]
async fn a_store_that_hangs_keeps_the_commit_and_the_job_finishes_it() {
    let house = House::new();
    let id = house.create([film(100)]).await.asset.id;
    house.send(id, "video", &mp4(100)).await;
    house.store.fail_next(Operation::Complete, Failure::Before);
    assert!(matches!(house.complete(id).await, Ok(Completed::StillCommitting(_))));
    assert_eq!(house.state(id, "video").await, StateName::Committing);
    house.clock.advance(TimeSpan::from_hours(1000));
    let report =
        house.app.expire_assets(None, server::app::Breaker::Overridden, server::app::Rehearsal::Real).await.unwrap();
    assert_eq!(report.expired, 0, "committing never expires");
    house.run_jobs().await;
    assert_eq!(house.row(id).await.status, AssetStatus::Created);
}
