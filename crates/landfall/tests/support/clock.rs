//! The tests' only door to time and randomness, and the only place that waits.
//!
//! Nothing here sleeps for a fixed time: whoever waits, waits for a condition and says by when.

use std::time::{Duration, Instant};

/// A condition is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a thing may take that takes milliseconds on an idle machine. Generous, because two suites share two cores.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// How long a thing may take that waits for a job's lease of a dead process (60 s).
pub(crate) const A_LEASE: Duration = Duration::from_secs(120);

#[expect(clippy::disallowed_methods, reason = "the tests' door to time")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the tests' door to time")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Looks until there is something, and gives it.
pub(crate) async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = instant();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < within, "{what}: not within {within:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits for a future, and says what it was if it does not end.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(SOON, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {SOON:?}"),
    }
}

/// Numbers that follow from a seed (SplitMix64): a failed run can be repeated.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// A seed that differs from run to run, or the one a person gave.
    #[expect(clippy::disallowed_methods, reason = "a failed seed is given back by variable")]
    pub(crate) fn seed() -> u64 {
        let given = std::env::var("LANDFALL_TEST_SEED").ok();
        given.map_or_else(|| now().as_microsecond().unsigned_abs(), |text| text.parse().expect("a seed is a number"))
    }

    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound
    }
}
