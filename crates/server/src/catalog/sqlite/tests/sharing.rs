//! Two handles on one file, as two processes have them: each with its own connections and locks.

use tokio::task::JoinSet;

use super::{Home, assert_sound};
use crate::catalog::conformance::owing;
use crate::catalog::conformance::samples::{opened, pending};
use crate::catalog::{Reserved, Rows as _, Written};

const ROUNDS: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_write_one_file() {
    let home = Home::new();
    let handles = [home.open().await, home.open().await];
    let subjects = [home.subject(&handles[0]), home.subject(&handles[1])];
    let mut writers = JoinSet::new();
    for (handle, owner) in [(0, "mina"), (1, "juno")] {
        for _ in 0..ROUNDS {
            let (catalog, reservation) = (handles[handle].clone(), subjects[handle].reservation(owner, &["video"]));
            writers.spawn(async move { catalog.reserve(&reservation).await.unwrap() });
        }
    }
    assert_eq!(writers.join_all().await, vec![Reserved::Fresh; 2 * ROUNDS]);
    for (subject, owner) in [(&subjects[1], "mina"), (&subjects[0], "juno")] {
        assert_eq!(subject.listed(&subject.query(owner)).await.len(), ROUNDS, "each sees what the other wrote");
    }
    assert_sound(&handles[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_agree_on_one_winner() {
    let home = Home::new();
    let handles = [home.open().await, home.open().await];
    let subject = home.subject(&handles[0]);
    for _ in 0..ROUNDS {
        let asset = subject.reserved("mina", &["video"]).await;
        let file = pending(&asset, "video");
        let next = domain::decide(file, &opened(file), subject.now()).unwrap().next;
        let (one, two) = tokio::join!(handles[0].advance(file, &next, &[]), handles[1].advance(file, &next, &[]));
        let came = [one.unwrap(), two.unwrap()];
        assert!(came.contains(&Written::Done) && came.contains(&Written::Stale), "{came:?}");
    }
}

#[tokio::test]
async fn a_member_of_a_clock_that_was_set_back_lapses() {
    let home = Home::new();
    let catalog = home.open().await;
    owing::a_member_of_a_clock_that_was_set_back_lapses(home.subject(&catalog), &home.clock).await;
}
