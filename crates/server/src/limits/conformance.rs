//! What every limiter must do, as one suite: each case is one test per backend, made by
//! [`limits_conformance!`](crate::limits_conformance).
//!
//! Not a test of the arithmetic: `domain::rate` has its own laws. *Invariant*: a case waits by [`Harness::pass`] and
//! allows for a clock that also goes on by itself.

use async_trait::async_trait;
use domain::TimeSpan;
use domain::rate::{Admission, Rate};

use super::{Limits, RateLimitStanding};

/// A limiter of its own for one case, and a way to let time pass for it.
#[async_trait]
pub trait Harness: Send + Sync + Sized {
    /// Starts a limiter that remembers nobody.
    async fn start(rate: Rate) -> Self;

    /// The limiter under test.
    fn limits(&self) -> &dyn Limits;

    /// Lets at least this much time pass.
    async fn pass(&self, span: TimeSpan);

    /// Ends what `start` began.
    async fn stop(self);
}

/// Makes one `#[tokio::test]` of each case for a [`Harness`].
#[macro_export]
macro_rules! limits_conformance {
    ($harness:ty) => {
        $crate::limits_conformance!(@cases $harness:
            a_burst_is_admitted_and_then_refused,
            remaining_counts_down_to_nothing,
            waiting_as_told_is_enough,
            a_refused_request_does_not_count,
            what_costs_more_counts_more,
            owners_do_not_share,
            a_rested_owner_has_the_whole_burst,
            many_at_once_are_counted_one_by_one,
        );
    };
    (@cases $harness:ty: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let rate = $crate::limits::conformance::rate();
                let harness = <$harness as $crate::limits::conformance::Harness>::start(rate).await;
                $crate::limits::conformance::$case(&harness).await;
                $crate::limits::conformance::Harness::stop(harness).await;
            }
        )+
    };
}

/// Requests at once in every case.
const BURST: u32 = 5;

/// One request in 10 s and [`BURST`] at once: slow enough that a real clock does not disturb a case.
///
/// # Panics
/// Never: the numbers are in range.
pub fn rate() -> Rate {
    Rate::per_minute(6, BURST).expect("a rate")
}

async fn ask(harness: &impl Harness, name: &str) -> RateLimitStanding {
    ask_for(harness, name, 1).await
}

async fn ask_for(harness: &impl Harness, name: &str, cost: u32) -> RateLimitStanding {
    harness.limits().admit(name, cost).await.expect("a limiter that is up answers")
}

async fn use_up(harness: &impl Harness, name: &str) {
    for _ in 0..BURST {
        assert_eq!(ask(harness, name).await.admission, Admission::Admitted);
    }
}

fn wait_of(standing: RateLimitStanding) -> TimeSpan {
    match standing.admission {
        Admission::Refused(wait) => wait,
        Admission::Admitted => panic!("must be refused: {standing:?}"),
    }
}

/// The burst goes through; the next is told to wait no longer than an interval.
pub async fn a_burst_is_admitted_and_then_refused(harness: &impl Harness) {
    use_up(harness, "ann").await;
    let wait = wait_of(ask(harness, "ann").await);
    assert!(wait > TimeSpan::ZERO && wait <= TimeSpan::from_secs(10), "{wait:?}");
}

/// `remaining` says how many more go through, and `rate` what is allowed.
pub async fn remaining_counts_down_to_nothing(harness: &impl Harness) {
    for left in (0..BURST).rev() {
        let standing = ask(harness, "ann").await;
        assert_eq!((standing.remaining, standing.rate), (left, rate()));
    }
    assert_eq!(ask(harness, "ann").await.remaining, 0);
}

/// Whoever waits as long as told is admitted, once.
pub async fn waiting_as_told_is_enough(harness: &impl Harness) {
    use_up(harness, "ann").await;
    let wait = wait_of(ask(harness, "ann").await);
    harness.pass(wait).await;
    assert_eq!(ask(harness, "ann").await.admission, Admission::Admitted);
    wait_of(ask(harness, "ann").await);
}

/// Asking while refused makes the wait no longer.
pub async fn a_refused_request_does_not_count(harness: &impl Harness) {
    use_up(harness, "ann").await;
    let first = wait_of(ask(harness, "ann").await);
    for _ in 0..20 {
        wait_of(ask(harness, "ann").await);
    }
    assert!(wait_of(ask(harness, "ann").await) <= first);
}

/// A request counts as much as it costs, one that is refused costs nothing, and none costs more than everything.
pub async fn what_costs_more_counts_more(harness: &impl Harness) {
    assert_eq!(ask_for(harness, "ann", BURST - 2).await.remaining, 2);
    wait_of(ask_for(harness, "ann", 3).await);
    assert_eq!(ask_for(harness, "ann", 2).await.remaining, 0);
    assert_eq!(ask_for(harness, "bob", u32::MAX).await.remaining, 0);
}

/// One owner's haste is nobody else's.
pub async fn owners_do_not_share(harness: &impl Harness) {
    use_up(harness, "ann").await;
    wait_of(ask(harness, "ann").await);
    assert_eq!(ask(harness, "bob").await.remaining, BURST - 1);
    // Names that a careless key would mix up.
    assert_eq!(ask(harness, "ann:bob").await.remaining, BURST - 1);
    assert_eq!(ask(harness, "ANN").await.remaining, BURST - 1);
}

/// After `reset_after` everything is as if nothing had been.
pub async fn a_rested_owner_has_the_whole_burst(harness: &impl Harness) {
    use_up(harness, "ann").await;
    let reset = ask(harness, "ann").await.reset_after;
    assert!(reset <= rate().window(), "{reset:?}");
    harness.pass(reset).await;
    use_up(harness, "ann").await;
}

/// No more than the burst goes through, however many ask in the same moment.
pub async fn many_at_once_are_counted_one_by_one(harness: &impl Harness) {
    let answers = futures::future::join_all((0..40).map(|_| ask(harness, "ann"))).await;
    let admitted = answers.iter().filter(|standing| standing.admission == Admission::Admitted).count();
    assert_eq!(admitted, BURST as usize);
}
