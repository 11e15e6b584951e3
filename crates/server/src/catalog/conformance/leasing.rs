//! Leases: one runner at a time, by and large.

use domain::TimeSpan;
use tokio::task::JoinSet;

use super::Subject;

const LIFE: TimeSpan = TimeSpan::from_secs(30);
const INSTANT: TimeSpan = TimeSpan::from_micros(1);

async fn take(subject: &Subject, name: &str, holder: &str) -> bool {
    subject.catalog.take_lease(name, holder, LIFE).await.unwrap()
}

pub(crate) async fn lease_is_taken_by_one(subject: Subject) {
    assert!(take(&subject, "expire", "a").await);
    assert!(!take(&subject, "expire", "b").await);
    subject.wait(LIFE - INSTANT);
    assert!(!take(&subject, "expire", "b").await);
}

pub(crate) async fn lease_is_renewed_by_its_holder(subject: Subject) {
    for _ in 0..3 {
        assert!(take(&subject, "expire", "a").await);
        subject.wait(LIFE - INSTANT);
        assert!(!take(&subject, "expire", "b").await);
    }
}

pub(crate) async fn lease_lapses(subject: Subject) {
    assert!(take(&subject, "expire", "a").await);
    subject.wait(LIFE);
    assert!(take(&subject, "expire", "b").await);
    assert!(!take(&subject, "expire", "a").await);
}

pub(crate) async fn lease_is_given_back_by_its_holder_only(subject: Subject) {
    subject.catalog.release_lease("expire", "a").await.unwrap();
    assert!(take(&subject, "expire", "a").await);
    subject.catalog.release_lease("expire", "b").await.unwrap();
    assert!(!take(&subject, "expire", "b").await);
    subject.catalog.release_lease("expire", "a").await.unwrap();
    assert!(take(&subject, "expire", "b").await);
}

pub(crate) async fn leases_have_names(subject: Subject) {
    assert!(take(&subject, "expire", "a").await);
    assert!(take(&subject, "destroy", "b").await);
    subject.catalog.release_lease("destroy", "a").await.unwrap();
    assert!(!take(&subject, "expire", "b").await);
    assert!(!take(&subject, "destroy", "a").await);
}

pub(crate) async fn lease_has_one_winner(subject: Subject) {
    let mut racers = JoinSet::new();
    for number in 0..8 {
        let catalog = subject.catalog.clone();
        racers.spawn(async move { catalog.take_lease("expire", &format!("runner {number}"), LIFE).await.unwrap() });
    }
    let winners = racers.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(winners, 1);
}
