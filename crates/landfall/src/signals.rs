//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.
//!
//! *Rule*: whoever has taken the signals over waits for them on a thread that does nothing else. Work may wait inside a
//! system call, for a mount that does not answer, and hears nothing while it does.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::exit::{Exit, Failure, signalled};

/// The signals that end a process.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes them over; from now on they no longer end the process by themselves.
    pub(crate) fn take() -> Result<Self, Failure> {
        let take = |kind| {
            signal(kind).map_err(|error| Failure::new(Exit::Failed, format!("cannot wait for signals: {error}")))
        };
        Ok(Self { interrupt: take(SignalKind::interrupt())?, terminate: take(SignalKind::terminate())? })
    }

    /// Waits for the next one and says which.
    pub(crate) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        }
    }

    /// Does work until it ends or a signal comes; the error is the signal. What was begun is then left as it is.
    pub(crate) async fn or<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, SignalKind> {
        unless(work, self.next()).await
    }

    /// Waits for an orderly end, unless a second signal wants it now.
    pub(crate) async fn allow(mut self, ending: impl Future<Output = ()> + Send + 'static) {
        if let Err(again) = self.or(ending).await {
            tracing::warn!("ended by a second signal; the next start finishes what was under way");
            std::process::exit(signalled(again.as_raw_value()));
        }
    }
}

/// Does work on another thread until it ends or something else comes.
async fn unless<T: Send + 'static, E>(
    work: impl Future<Output = T> + Send + 'static,
    coming: impl Future<Output = E>,
) -> Result<T, E> {
    let mut working = JoinSet::new();
    working.spawn(work);
    tokio::select! {
        Some(ended) = working.join_next() => match ended {
            Ok(ended) => Ok(ended),
            Err(died) => std::panic::resume_unwind(died.into_panic()),
        },
        come = coming => Err(come),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::unless;

    #[test]
    fn a_signal_is_heard_while_work_waits_inside_the_system() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        // Never answers while the test runs: what a dead mount does to whoever asks it.
        let (answer, mount) = sync_channel::<()>(0);
        let work = async move {
            begun.send(()).unwrap();
            mount.recv()
        };
        let ended = runtime.block_on(unless(work, has_begun));
        assert!(ended.is_err(), "what came while the work waited ends it");
        drop(answer);
        assert_eq!(runtime.block_on(unless(async { 7 }, std::future::pending::<()>())), Ok(7));
    }
}
