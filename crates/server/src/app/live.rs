//! What is told to whoever listens right now: that an owner has new events, and how far an upload has come.
//!
//! Not a record: the outbox is. Whoever misses a signal finds the event by its position, and progress is told again.
//! *Invariant*: signals are bounded in number ([`KEPT`]), and sending one never waits.

use domain::{AssetId, ByteCount, OutboxEvent, OwnerId, RoleName};
use tokio::sync::broadcast;

use super::{App, PortError};

/// Signals kept for a listener that is slow. Each has about 200 bytes; one that misses some looks into the outbox.
const KEPT: usize = 1024;

/// Something happened just now in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// To whose asset.
    pub owner: OwnerId,
    /// What.
    pub news: News,
}

/// What happened.
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

/// Sends signals to all listeners.
#[derive(Debug, Clone)]
pub(super) struct Bell(broadcast::Sender<Signal>);

impl Default for Bell {
    fn default() -> Self {
        Self(broadcast::channel(KEPT).0)
    }
}

impl App {
    /// Hears every signal from now on. A listener that is told it lagged looks into the outbox.
    pub fn listen(&self) -> broadcast::Receiver<Signal> {
        self.bell.0.subscribe()
    }

    /// The events of an owner's assets after a position, in the order they were committed, at most `limit`.
    pub async fn list_events(
        &self,
        owner: &OwnerId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, OutboxEvent)>, PortError> {
        self.parts.catalog.list_owner_events(owner, after, limit).await.map_err(PortError::catalog)
    }

    /// The position of the last event there is.
    pub async fn last_event_position(&self) -> Result<u64, PortError> {
        self.parts.catalog.last_event_position().await.map_err(PortError::catalog)
    }

    pub(super) fn ring(&self, owner: &OwnerId, news: News) {
        // Nobody listening is no failure.
        let _ = self.bell.0.send(Signal { owner: owner.clone(), news });
    }
}
