//! Lifetimes S3 takes, and windows that keep URLs equal.

use jiff::Timestamp;
use proptest::prelude::*;
use signing::{EXPIRES_SECONDS_MAX, PresignError, Validity};

#[test]
fn lifetimes_outside_one_second_to_seven_days_are_refused() {
    let at = Timestamp::UNIX_EPOCH;
    for seconds in [0, EXPIRES_SECONDS_MAX + 1, u32::MAX] {
        assert_eq!(Validity::starting(at, seconds), Err(PresignError::Expires { seconds }));
    }
    for seconds in [1, 604_800] {
        let validity = Validity::starting(at, seconds).expect("legal");
        assert_eq!(validity.expires_seconds(), seconds);
        assert_eq!(validity.ends_at().as_second(), i64::from(seconds));
    }
}

#[test]
fn times_before_1970_are_refused_and_the_last_is_not() {
    let refused = Validity::starting(Timestamp::new(-1, 0).expect("in range"), 60);
    assert_eq!(refused, Err(PresignError::TimeBeforeEpoch));
    let last = Validity::starting(Timestamp::MAX, 60).expect("legal");
    assert_eq!(last.ends_at(), Timestamp::MAX);
}

#[test]
fn parts_of_a_second_are_cut() -> Result<(), Box<dyn std::error::Error>> {
    let late = Validity::starting("2026-01-02T03:04:05.999999999Z".parse()?, 60)?;
    assert_eq!(late, Validity::starting("2026-01-02T03:04:05Z".parse()?, 60)?);
    Ok(())
}

#[test]
fn windows_not_shorter_than_the_life_are_refused() {
    for (window_seconds, expires_seconds) in [(0, 60), (60, 60), (61, 60)] {
        let refused = Validity::windowed(Timestamp::UNIX_EPOCH, window_seconds, expires_seconds);
        assert_eq!(refused, Err(PresignError::Window { window_seconds, expires_seconds }));
    }
}

proptest! {
    #[test]
    fn a_window_gives_one_time_that_has_enough_life_left(
        second in 0..4_000_000_000_i64,
        window_seconds in 1..EXPIRES_SECONDS_MAX,
        extra in 1..1000_u32,
        offset in 0..u32::MAX,
    ) {
        let expires_seconds = (window_seconds + extra).min(EXPIRES_SECONDS_MAX);
        prop_assume!(window_seconds < expires_seconds);
        let window = i64::from(window_seconds);
        let now = Timestamp::from_second(second)?;
        let validity = Validity::windowed(now, window_seconds, expires_seconds)?;
        let start = validity.at().as_second();
        prop_assert_eq!(start % window, 0);
        prop_assert!(start <= second && second < start + window);
        let left = validity.ends_at().duration_since(now).as_secs();
        prop_assert!(left > i64::from(expires_seconds - window_seconds));

        let elsewhere = Timestamp::from_second(start + i64::from(offset) % window)?;
        prop_assert_eq!(Validity::windowed(elsewhere, window_seconds, expires_seconds)?, validity);
    }
}
