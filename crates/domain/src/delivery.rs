//! Windows that keep signed read URLs byte-stable, so that browsers and CDNs can cache what they point at.
//!
//! A URL signed at any moment of a window is signed as if at its beginning; its life is stretched so that whoever gets
//! it at the window's end still has the promised time.

use jiff::{SignedDuration, Timestamp};

/// When a read URL counts as signed and how long it works from then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The signing time.
    pub signed_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The window `now` falls into: `signed_at` is `now` floored to `window`, and the URL works for at least `life`.
///
/// # Panics
/// If `window` is under a second: signing times have whole seconds.
pub fn window(now: Timestamp, window: SignedDuration, life: SignedDuration) -> Window {
    let step = window.as_secs();
    assert!(step >= 1, "a delivery window has at least a second");
    let start = now.as_second().div_euclid(step) * step;
    let signed_at = Timestamp::from_second(start).expect("a time floored by seconds is still a time");
    Window { signed_at, expires_at: signed_at + window + life }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn promises_hold_at_every_moment(now in 0i64..4_000_000_000, step in 1i64..7200, life in 1i64..86_400) {
            let (step, life) = (SignedDuration::from_secs(step), SignedDuration::from_secs(life));
            let now = Timestamp::from_second(now).unwrap();
            let found = window(now, step, life);
            prop_assert!(found.signed_at <= now && now < found.signed_at + step);
            prop_assert!(found.expires_at - life >= now);
            prop_assert_eq!(window(found.signed_at, step, life), found);
        }
    }
}
