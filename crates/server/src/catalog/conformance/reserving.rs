//! T1 and Idempotency-Keys.

use tokio::task::JoinSet;

use super::Subject;
use super::samples::{claim, owner};
use crate::catalog::{IDEMPOTENCY_KEPT, IDEMPOTENCY_LEASE, IdempotencyClaim, Reservation, Reserved};

/// A reservation by "mina" that came with a key.
fn keyed(subject: &Subject, claim: IdempotencyClaim) -> Reservation {
    Reservation { idempotency: Some(claim), ..subject.reservation("mina", &["video"]) }
}

/// Reserves another asset with the same claim.
async fn again(subject: &Subject, claim: IdempotencyClaim) -> Reserved {
    let reservation = keyed(subject, claim);
    let answer = subject.catalog.reserve(&reservation).await.unwrap();
    let written = subject.find_asset(reservation.asset.id).await.value.is_some();
    assert_eq!(written, answer == Reserved::Fresh, "only a fresh reservation is written");
    answer
}

pub(crate) async fn reserve_writes_asset_files_and_places(subject: Subject) {
    let reservation = subject.reservation("mina", &["video", "thumbnail", "preview"]);
    assert_eq!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
    assert_eq!(subject.asset(reservation.asset.id).await, reservation.asset);
    for file in reservation.asset.pending() {
        assert_eq!(&subject.file(file.id).await, file);
    }
    assert_eq!(subject.events().await, []);
}

pub(crate) async fn reserve_without_a_key_repeats_nothing(subject: Subject) {
    let first = subject.reserved("mina", &["video"]).await;
    let second = subject.reserved("mina", &["video"]).await;
    assert_eq!(subject.listed(&subject.query("mina")).await, [second.id, first.id]);
}

pub(crate) async fn reserve_again_while_running_is_in_progress(subject: Subject) {
    subject.reserve(&keyed(&subject, claim("k", "body"))).await;
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::InProgress);
}

pub(crate) async fn reserve_again_once_settled_replays(subject: Subject) {
    let first = subject.reserve(&keyed(&subject, claim("k", "body"))).await;
    subject.catalog.settle(&first.owner, &claim("k", "body")).await.unwrap();
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::Replay(first.id));
    subject.wait(IDEMPOTENCY_LEASE * 2);
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::Replay(first.id));
}

pub(crate) async fn reserve_with_another_body_is_refused(subject: Subject) {
    let first = subject.reserve(&keyed(&subject, claim("k", "body"))).await;
    assert_eq!(again(&subject, claim("k", "other")).await, Reserved::KeyReused);
    subject.catalog.settle(&first.owner, &claim("k", "body")).await.unwrap();
    assert_eq!(again(&subject, claim("k", "other")).await, Reserved::KeyReused);
}

pub(crate) async fn reserve_again_after_silence_resumes(subject: Subject) {
    let reservation = keyed(&subject, claim("k", "body"));
    assert_eq!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
    for _ in 0..2 {
        subject.wait(IDEMPOTENCY_LEASE - subject.moment());
        assert_eq!(again(&subject, claim("k", "body")).await, Reserved::InProgress);
        subject.wait(subject.moment() * 2);
        assert_eq!(again(&subject, claim("k", "body")).await, Reserved::Resume(reservation.asset.id));
        assert_eq!(again(&subject, claim("k", "body")).await, Reserved::InProgress, "the lease is taken over");
    }
}

pub(crate) async fn reserve_resumed_can_settle(subject: Subject) {
    let first = subject.reserve(&keyed(&subject, claim("k", "body"))).await;
    subject.wait(IDEMPOTENCY_LEASE);
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::Resume(first.id));
    subject.catalog.settle(&first.owner, &claim("k", "body")).await.unwrap();
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::Replay(first.id));
}

pub(crate) async fn reserve_keys_are_scoped_to_owner_and_route(subject: Subject) {
    subject.reserve(&keyed(&subject, claim("k", "body"))).await;
    let other_route = IdempotencyClaim { route: "create_asset images".to_owned(), ..claim("k", "body") };
    assert_eq!(again(&subject, other_route).await, Reserved::Fresh);
    assert_eq!(again(&subject, claim("K", "body")).await, Reserved::Fresh);
    let other_owner = Reservation { idempotency: Some(claim("k", "body")), ..subject.reservation("juno", &["video"]) };
    assert_eq!(subject.catalog.reserve(&other_owner).await.unwrap(), Reserved::Fresh);
}

pub(crate) async fn reserve_forgets_keys_after_their_time(subject: Subject) {
    let reservation = keyed(&subject, claim("k", "body"));
    assert_eq!(subject.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
    subject.catalog.settle(&reservation.asset.owner, &claim("k", "body")).await.unwrap();
    subject.wait(IDEMPOTENCY_KEPT - subject.moment());
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::Replay(reservation.asset.id));
    subject.wait(subject.moment() * 2);
    let second = subject.reserve(&keyed(&subject, claim("k", "other"))).await;
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::KeyReused);
    assert_eq!(again(&subject, claim("k", "other")).await, Reserved::InProgress, "the new record is not settled");
    subject.catalog.settle(&second.owner, &claim("k", "other")).await.unwrap();
    assert_eq!(again(&subject, claim("k", "other")).await, Reserved::Replay(second.id));
}

pub(crate) async fn reserve_races_for_one_key_have_one_winner(subject: Subject) {
    let mut racers = JoinSet::new();
    for _ in 0..8 {
        let (catalog, reservation) = (subject.catalog.clone(), keyed(&subject, claim("k", "body")));
        racers.spawn(async move { catalog.reserve(&reservation).await.unwrap() });
    }
    let mut answers = racers.join_all().await;
    let fresh = answers.iter().position(|answer| *answer == Reserved::Fresh).unwrap();
    answers.remove(fresh);
    assert_eq!(answers, vec![Reserved::InProgress; 7]);
    assert_eq!(subject.listed(&subject.query("mina")).await.len(), 1);
}

pub(crate) async fn settle_without_a_record_does_nothing(subject: Subject) {
    subject.catalog.settle(&owner("mina"), &claim("k", "body")).await.unwrap();
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::Fresh);
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::InProgress);
}

pub(crate) async fn settle_of_another_body_does_nothing(subject: Subject) {
    let first = subject.reserve(&keyed(&subject, claim("k", "body"))).await;
    subject.catalog.settle(&first.owner, &claim("k", "other")).await.unwrap();
    subject.catalog.settle(&owner("juno"), &claim("k", "body")).await.unwrap();
    assert_eq!(again(&subject, claim("k", "body")).await, Reserved::InProgress);
}
