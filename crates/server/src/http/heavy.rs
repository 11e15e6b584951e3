//! Work on large bodies, off the runtime's threads: while a processor is at one of them, other requests go on.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::problem::{self, Denial};

/// Bodies up to this size are worked on where they are: handing them over costs more than the millisecond they take.
const INLINE_BYTES: usize = 64 << 10;

/// Turns at the processors.
pub(super) struct Heavy(Arc<Semaphore>);

impl Default for Heavy {
    /// Half of the processors, so that the runtime's threads always have some to themselves.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new((processors / 2).max(1))))
    }
}

impl Heavy {
    /// Does work on a body of this size. It goes on if nobody waits for it any more, and keeps its turn until it is done.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Denial> {
        if bytes <= INLINE_BYTES {
            return Ok(work());
        }
        let turn = self.0.clone().acquire_owned().await.map_err(|_closed| problem::stopping())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_panicked| problem::internal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_work_leaves_the_runtime_and_small_work_stays() {
        let heavy = Heavy::default();
        let here = std::thread::current().id();
        let who = || std::thread::current().id();
        assert_eq!(heavy.run(INLINE_BYTES, who).await.unwrap(), here);
        assert_ne!(heavy.run(INLINE_BYTES + 1, who).await.unwrap(), here);
    }
}
