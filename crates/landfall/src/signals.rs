//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

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

    /// Waits for an orderly end, unless a second signal wants it now.
    pub(crate) async fn allow(mut self, ending: impl Future<Output = ()>) {
        tokio::select! {
            () = ending => {}
            again = self.next() => {
                tracing::warn!("ended by a second signal; the next start finishes what was under way");
                std::process::exit(signalled(again.as_raw_value()));
            }
        }
    }
}
