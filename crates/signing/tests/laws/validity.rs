//! Lifetimes S3 takes.

use jiff::Timestamp;
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
