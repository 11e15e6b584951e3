//! The one door to time: how long a peer was waited for.

use tokio::time::Instant;

/// A moment on the runtime's clock.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate where a clock is read")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
