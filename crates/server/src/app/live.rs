//! What is told to whoever listens right now, and what listeners read: an owner's events, by position.

use domain::{OutboxEvent, OwnerId};

use super::{App, PortError};
use crate::events::{Listener, News};

impl App {
    /// Hears every signal about an owner from now on.
    pub fn listen(&self, owner: &OwnerId) -> Listener {
        self.parts.events.listen(owner)
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
        self.parts.events.tell(owner, news);
    }
}
