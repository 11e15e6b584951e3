//! One compare-and-set: the only way the use cases write a file's next state or an asset's change.

use domain::{AssetId, Change, Decision, EventKind, File, OutboxEvent, OwnerId, Reason, Timestamp};

use super::{App, PortError};
use crate::catalog::{Purpose, Stamped, Written};
use crate::events::News;
use crate::telemetry;

impl App {
    /// Writes what was decided about a file, with the events that become true by it.
    pub(super) async fn advance(
        &self,
        file: &File,
        decision: &Decision,
        events: &[OutboxEvent],
    ) -> Result<Written, PortError> {
        if !decision.writes(file) {
            return Ok(Written::Done);
        }
        let next = &decision.next;
        let catalog = &*self.parts.catalog;
        let written = async || {
            let found = catalog.find_file(next.shard(), next.id).await?;
            Ok(found.value.as_ref() == Some(next))
        };
        let written = self.compare_and_set(|| catalog.advance(file, next, events), written).await?;
        if written == Written::Done && next.state.name() != file.state.name() {
            telemetry::transition(file.state.name(), next.state.name());
            tracing::info!(file = %file.id, asset = %file.asset, role = %file.role,
                from = %file.state.name(), to = %next.state.name(),
                reason = next.state.reason().map(Reason::code), "advanced");
        }
        if written == Written::Done
            && let Some(event) = events.first()
        {
            self.ring(&event.owner, News::Events);
        }
        Ok(written)
    }

    /// Writes the rejection of one file, tells its owner, and starts to remove what it left in the store.
    pub(super) async fn reject(
        &self,
        owner: &OwnerId,
        file: &File,
        decision: Decision,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Written, PortError> {
        let event = rejection(file.asset, owner, file, reason, now);
        let written = self.advance(file, &decision, &[event]).await?;
        if written == Written::Done {
            self.destroy_later([decision.next]);
        }
        Ok(written)
    }

    /// Writes a change of a whole asset.
    pub(super) async fn apply(&self, change: &Change) -> Result<Written, PortError> {
        let catalog = &*self.parts.catalog;
        let asset = &change.asset;
        let written = async || {
            let found = catalog.find_asset(asset.shard(), asset.id, Purpose::Decide).await?;
            Ok(found.value.as_ref() == Some(asset))
        };
        let written = self.compare_and_set(|| catalog.apply(change), written).await?;
        if written == Written::Done {
            tracing::info!(asset = %change.asset.id, status = change.asset.status.as_str(),
                files = change.files.len(), "changed");
            if let Some(event) = change.events.first() {
                self.ring(&event.owner, News::Events);
            }
        }
        Ok(written)
    }

    /// A file as it is now.
    pub(super) async fn reload(&self, file: &File) -> Result<Stamped<Option<File>>, PortError> {
        self.parts.catalog.find_file(file.shard(), file.id).await.map_err(PortError::catalog)
    }
}

/// The event that tells an owner of a rejected file.
pub(super) fn rejection(asset: AssetId, owner: &OwnerId, file: &File, reason: Reason, now: Timestamp) -> OutboxEvent {
    let kind = EventKind::AssetRejected { role: file.role.clone(), reason };
    OutboxEvent::new(asset, owner.clone(), kind, now)
}
