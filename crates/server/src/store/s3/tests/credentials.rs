//! When credentials are read, kept and given up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use domain::{TimeSpan, Timestamp};

use super::super::credentials::SigningSource;
use crate::clock::{Clock, ManualClock};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

/// A source that gives what is in `next`, its clock, and how often it was asked.
struct Source {
    source: SigningSource,
    clock: Arc<ManualClock>,
    next: Arc<Mutex<Option<Credentials>>>,
    asked: Arc<AtomicUsize>,
}

fn temporary(id: &str, end: Option<i64>) -> Option<Credentials> {
    let end = end.map(|end| SystemTime::from(at(end)));
    Some(Credentials::new(id, "secret", Some("token".to_owned()), end, "test"))
}

fn source(first: Option<Credentials>) -> Source {
    let clock = Arc::new(ManualClock::new(at(1_000_000)));
    let next = Arc::new(Mutex::new(first));
    let asked = Arc::new(AtomicUsize::new(0));
    let (given, counted) = (Arc::clone(&next), Arc::clone(&asked));
    let provider = provide_credentials_fn(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let found = given.lock().expect("no test panicked here").clone();
        async move { found.ok_or_else(|| CredentialsError::not_loaded("none")) }
    });
    let source = SigningSource::new(SharedCredentialsProvider::new(provider), Arc::clone(&clock) as Arc<dyn Clock>);
    Source { source, clock, next, asked }
}

impl Source {
    async fn id(&self) -> Option<String> {
        self.source.current().await.ok().map(|found| found.credentials.access_key_id().to_owned())
    }

    fn stand(&self, second: i64, next: Option<Credentials>) {
        self.clock.set(at(second));
        *self.next.lock().expect("no test panicked here") = next;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn credentials_are_kept_until_shortly_before_they_end() {
    let source = source(temporary("first", Some(1_003_600)));
    let found = source.source.current().await.expect("credentials");
    assert_eq!(found.end, Some(at(1_003_600)));
    source.stand(1_003_299, temporary("second", Some(1_007_200)));
    assert_eq!((source.id().await.as_deref(), source.asked()), (Some("first"), 1));
    source.stand(1_003_300, temporary("second", Some(1_007_200)));
    assert_eq!((source.id().await.as_deref(), source.asked()), (Some("second"), 2));
}

#[tokio::test]
async fn old_credentials_serve_while_new_ones_cannot_be_had_but_never_past_their_end() {
    let source = source(temporary("first", Some(1_003_600)));
    source.id().await;
    source.stand(1_003_400, None);
    assert_eq!((source.id().await.as_deref(), source.asked()), (Some("first"), 2));
    // Not asked again at once.
    assert_eq!((source.id().await.as_deref(), source.asked()), (Some("first"), 2));
    source.stand(1_003_590, None);
    assert_eq!((source.id().await.as_deref(), source.asked()), (Some("first"), 3));
    source.stand(1_003_600, None);
    assert_eq!((source.id().await, source.asked()), (None, 4));
    source.stand(1_003_601, temporary("second", Some(1_007_200)));
    assert_eq!(source.id().await.as_deref(), Some("second"));
}

#[tokio::test]
async fn credentials_without_an_end_are_read_again_now_and_then() {
    let source = source(temporary("first", None));
    assert_eq!(source.source.current().await.expect("credentials").end, None);
    source.stand(1_000_599, temporary("rotated", None));
    assert_eq!(source.id().await.as_deref(), Some("first"));
    source.stand(1_000_600, temporary("rotated", None));
    assert_eq!(source.id().await.as_deref(), Some("rotated"));
}

/// Credentials end by the time that passes, whatever the clock says.
#[tokio::test]
async fn a_clock_that_was_set_back_keeps_no_credentials_longer() {
    for end in [Some(1_003_600), None] {
        let source = source(temporary("first", end));
        source.id().await;
        source.stand(1_000_000 - 6 * 3600, temporary("second", end));
        assert_eq!(source.id().await.as_deref(), Some("first"), "no time has passed");
        source.clock.advance(TimeSpan::from_hours(1));
        assert_eq!((source.id().await.as_deref(), source.asked()), (Some("second"), 2), "{end:?}");
    }
}

#[tokio::test]
async fn many_who_wait_cause_one_renewal() {
    let source = source(temporary("first", Some(1_003_600)));
    let all = futures::future::join_all((0..50).map(|_| source.id())).await;
    assert!(all.iter().all(|id| id.as_deref() == Some("first")));
    assert_eq!(source.asked(), 1);
}
