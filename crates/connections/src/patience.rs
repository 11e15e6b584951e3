//! How long a peer may still keep us waiting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::clock;
use crate::limits::Pace;

/// See [`Pace`].
pub(crate) struct Patience {
    pace: Pace,
    /// Left of `idle`.
    left: Duration,
    /// Left of `total`.
    total_left: Duration,
    /// The wait that is on, since when, and its end.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Patience {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, left: pace.idle, total_left: pace.total, waiting: None }
    }

    /// The peer lets us wait. Ready when it has done so for too long; else the task is woken then.
    pub(crate) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let longest = self.left.min(self.total_left);
        let (_, end) = self.waiting.get_or_insert_with(|| (clock::now(), Box::pin(sleep(longest))));
        end.as_mut().poll(cx)
    }

    /// Bytes moved.
    pub(crate) fn moved(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            let waited = clock::now().duration_since(since);
            self.left = self.left.saturating_sub(waited);
            self.total_left = self.total_left.saturating_sub(waited);
        }
        let earned =
            Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / self.pace.bytes_per_second.max(1));
        self.left = self.left.saturating_add(earned).min(self.pace.idle);
    }

    /// Another body begins: the peer has all its time again.
    pub(crate) fn begin(&mut self) {
        *self = Self::new(self.pace);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::advance;

    use super::*;

    const PACE: Pace = Pace { idle: Duration::from_secs(10), bytes_per_second: 100, total: Duration::from_secs(60) };

    /// Whether a peer that moves `bytes` every `pause` is cut off, and after how many seconds.
    async fn cut_off(pause: Duration, bytes: usize) -> Option<u64> {
        let mut patience = Patience::new(PACE);
        let begin = clock::now();
        for _ in 0..1_000 {
            let cut = tokio::time::timeout(pause, poll_fn(|cx| patience.poll_waiting(cx))).await.is_ok();
            if cut {
                return Some(begin.elapsed().as_secs());
            }
            patience.moved(bytes);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn silence_drips_and_endless_waits_are_cut_off() {
        let seconds = Duration::from_secs;
        assert_eq!(cut_off(seconds(100), 0).await, Some(10), "silence");
        // Each second gives back a hundredth of one: 9 of them use up 8.91 s.
        assert_eq!(cut_off(seconds(1), 1).await, Some(10), "a drip");
        assert_eq!(cut_off(seconds(1), 50).await, Some(19), "half the rate");
        assert_eq!(cut_off(seconds(1), 200).await, Some(60), "twice the rate, for as long as one body may take");
        assert_eq!(cut_off(Duration::from_millis(10), 1_000).await, None, "1,000 pauses of 10 ms are no wait");
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_wait_uses_nothing_up() {
        let mut patience = Patience::new(PACE);
        for _ in 0..100 {
            advance(Duration::from_secs(100)).await;
            patience.moved(1);
        }
        let waiting = poll_fn(|cx| patience.poll_waiting(cx));
        assert!(tokio::time::timeout(Duration::from_secs(9), waiting).await.is_err());
    }
}
