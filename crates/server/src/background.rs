//! The one door to work that outlives its request, and to waiting.
//!
//! Not a queue: what is lost with the process is found again by the jobs. *Invariant*: nobody in `app` starts a task or
//! waits for a length of time in another way, so that a simulation can drive both from a seed.

use std::any::Any;

use domain::TimeSpan;
use futures::future::BoxFuture;
use tokio_util::task::TaskTracker;

/// Runs work and lets time pass.
pub trait Background: Send + Sync + 'static {
    /// Runs work that nobody waits for to its end, or until the process ends.
    fn start(&self, work: BoxFuture<'static, ()>);

    /// Is over after this length of time; a negative one is over at once.
    fn pause(&self, length: TimeSpan) -> BoxFuture<'static, ()>;

    /// A duty panicked, and its row was put off. A simulation takes it for the finding that it is.
    fn caught(&self, panic: Box<dyn Any + Send>) {
        drop(panic);
    }

    /// Is over when everything that was started has ended.
    fn drain(&self) -> BoxFuture<'_, ()>;
}

/// The runtime this process runs on.
#[derive(Debug, Clone, Default)]
pub struct HostBackground(TaskTracker);

impl Background for HostBackground {
    fn start(&self, work: BoxFuture<'static, ()>) {
        self.0.spawn(work);
    }

    fn pause(&self, length: TimeSpan) -> BoxFuture<'static, ()> {
        let length = std::time::Duration::try_from(length).unwrap_or_default();
        Box::pin(tokio::time::sleep(length))
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        self.0.close();
        Box::pin(self.0.wait())
    }
}
