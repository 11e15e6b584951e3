//! The events port: who listens hears at once that an owner has news.
//!
//! Not a record: the outbox is. Whoever misses a signal finds the event there by its position, and progress is told again.
//! A backend is correct if and only if it passes [`conformance`]. Duties of a backend: a listener hears what is told
//! about its owner from the moment it listens, in order, and nothing of others; telling never waits, whoever is slow;
//! what it keeps has a bound, and a listener that was too slow is told so. Duties of a listener: to look into the
//! outbox from time to time all the same, because another process may have written there.

pub mod conformance;
pub mod memory;

use domain::{AssetId, ByteCount, OwnerId, RoleName};
use tokio::sync::broadcast::{self, error::RecvError};

/// What happened just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// There are new events in the outbox.
    Events,
    /// This much of a file is in the store.
    Progress {
        /// Of which asset.
        asset: AssetId,
        /// Of which role's file.
        role: RoleName,
        /// What has arrived.
        arrived: ByteCount,
        /// The whole, where it is known.
        size: Option<ByteCount>,
    },
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something happened.
    News(News),
    /// More happened than is kept for one that is slow.
    Missed,
}

/// Tells news to whoever listens.
pub trait Events: Send + Sync + 'static {
    /// Tells everybody who listens to this owner.
    fn tell(&self, owner: &OwnerId, news: News);

    /// Listens to an owner from now on.
    fn listen(&self, owner: &OwnerId) -> Listener;
}

/// Somebody who listens to one owner.
pub struct Listener {
    signals: broadcast::Receiver<News>,
    /// Does what is to be done when nobody listens any more.
    _leave: Box<dyn Send + Sync>,
}

impl Listener {
    /// A listener over a channel; `leave` is dropped with it.
    pub fn new(signals: broadcast::Receiver<News>, leave: Box<dyn Send + Sync>) -> Self {
        Self { signals, _leave: leave }
    }

    /// Waits for news; `None` if there will be none any more. May be dropped and asked again: nothing is lost.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.signals.recv().await {
            Ok(news) => Some(Heard::News(news)),
            Err(RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}
