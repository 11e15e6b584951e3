//! Dropping a call mid-way leaves all of its writes or none, and a writer that works.

use std::pin::pin;
use std::task::Poll;

use domain::change;

use super::{Home, assert_sound};
use crate::catalog::{Catalog as _, Figures as _, Outbox as _, Reserved, Rows as _, Written};

/// Polls a future at most `polls` times, then drops it. `None` if it was not ready by then.
async fn drop_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// How often each call is tried. How many polls a call needs varies with the threads, so the rounds go through all
/// numbers up to [`MOST_POLLS`] several times.
const ROUNDS: usize = 160;
const MOST_POLLS: usize = 40;

/// Some calls were dropped after they had begun, and some ended, or the test shows nothing.
fn assert_both(dropped: usize) {
    assert!((ROUNDS / MOST_POLLS * 3..ROUNDS).contains(&dropped), "{dropped} of {ROUNDS} calls were dropped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_reservation_is_whole_or_absent() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let mut dropped = 0;
    for round in 0..ROUNDS {
        let polls = round % MOST_POLLS;
        let reservation = subject.reservation("mina", &["video", "thumbnail"]);
        let ended = drop_after(polls, catalog.reserve(&reservation)).await;
        // The next write waits for whatever the dropped one left to do.
        subject.reserved("juno", &["video"]).await;
        let found = catalog.find_asset_anywhere(reservation.asset.id).await.unwrap().value;
        match (ended, found) {
            (Some(came), found) => {
                assert_eq!((came.unwrap(), found), (Reserved::Fresh, Some(reservation.asset)));
                continue;
            }
            (None, Some(asset)) => assert_eq!(asset, reservation.asset, "after {polls} polls"),
            (None, None) => {
                for file in reservation.asset.pending() {
                    assert_eq!(
                        catalog.find_file(file.shard(), file.id).await.unwrap().value,
                        None,
                        "after {polls} polls"
                    );
                }
            }
        }
        dropped += 1;
    }
    assert_both(dropped);
    assert_sound(&catalog).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_publication_is_whole_or_absent() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let mut dropped = 0;
    for round in 0..ROUNDS {
        let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
        subject.verify_pending(asset.id).await;
        let before = subject.asset(asset.id).await;
        let events = catalog.list_events(0, 1_000).await.unwrap().len();
        let change = change::publish(&before, subject.now()).unwrap();
        let ended = drop_after(round % MOST_POLLS, catalog.apply(&change)).await;
        // The next write waits for whatever the dropped one left to do.
        subject.reserved("juno", &["video"]).await;

        let after = subject.asset(asset.id).await;
        let told = catalog.list_events(0, 1_000).await.unwrap().len() - events;
        let (absent, whole) = (after == before && told == 0, after == change.asset && told == 1);
        match ended {
            Some(came) => assert!(came.unwrap() == Written::Done && whole),
            None => {
                assert!(absent || whole, "round {round}");
                dropped += 1;
            }
        }
    }
    assert_both(dropped);
    assert_sound(&catalog).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_is_under_way() {
    let home = Home::new();
    let catalog = home.open().await;
    let reservation = home.subject(&catalog).reservation("mina", &["video"]);
    let lock = catalog.begin().await.unwrap();
    let closing = async {
        drop(lock);
        catalog.close().await;
    };
    let (answer, ()) = tokio::join!(catalog.reserve(&reservation), closing);
    let reopened = home.open().await;
    let found = reopened.find_asset_anywhere(reservation.asset.id).await.unwrap().value;
    assert_eq!(found.is_some(), answer.is_ok(), "what was answered is what is there");
}
