//! finish-single: an upload that nobody completes is finished when its one part has arrived.
//!
//! Not a watch: whoever calls this has a reason to look, a job by its schedule or the store by a hint. The reason is not
//! believed. *Invariant*: nothing is frozen but what the store lists, and only of a file that is marked `auto`.

use domain::{Event, File, FileState, Visibility, decide};

use super::commit::Begin;
use super::{App, PortError};
use crate::catalog::{Stamped, Written};
use crate::store::list_parts;

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It has not arrived, or somebody else was faster: there is a next look, or nothing to look for.
    Waiting,
    /// It is frozen, and its commit was driven as far as it went.
    Taken,
    /// It can never be finished: too large, or its upload vanished.
    Rejected,
}

impl App {
    /// Looks whether the one part of a file that nobody completes has arrived, and goes on as `complete` would: freeze,
    /// commit, publish what is then whole.
    pub async fn look_for_part(&self, file: &File) -> Result<Arrival, PortError> {
        if file.state != FileState::Uploading || file.auto.is_none() {
            return Ok(Arrival::Waiting);
        }
        // In another bucket the upload would look vanished, and that ends a file.
        self.require_bucket().await?;
        let listed = list_parts(&*self.parts.store, &file.key, file.upload()).await.map_err(PortError::store)?;
        let found = self.parts.catalog.find_asset(file.asset).await.map_err(PortError::catalog)?;
        let Stamped { now, value: Some(asset) } = found else { return Ok(Arrival::Waiting) };
        let Some(listing) = listed else {
            self.end_vanished(&asset.owner, file, now).await?;
            return Ok(Arrival::Rejected);
        };
        let Ok(decision) = decide(file, &Event::Arrived(listing), now) else { return Ok(Arrival::Waiting) };
        if let Some(reason) = decision.next.state.reason() {
            return Ok(match self.reject(&asset.owner, file, decision, reason, now).await? {
                Written::Done => Arrival::Rejected,
                Written::Stale => Arrival::Waiting,
            });
        }
        let frozen = matches!(decision.next.state, FileState::Committing { .. });
        if self.advance(file, &decision, &[]).await? == Written::Stale || !frozen {
            return Ok(Arrival::Waiting);
        }
        self.commit_asset(&asset.owner, asset.id, Begin::WithComplete).await?;
        Ok(Arrival::Taken)
    }

    /// The store says that something arrived under a key. It may be wrong, late, or about something else: the rows say
    /// whether anybody waits for it, and the store itself is asked.
    pub async fn hear_of_arrival(&self, visibility: Visibility, key: &str) -> Result<Arrival, PortError> {
        let keyed = self.parts.catalog.list_keys(visibility, key, Some(key), 1).await.map_err(PortError::catalog)?;
        let Some(id) = keyed.value.first().map(|keyed| keyed.id) else { return Ok(Arrival::Waiting) };
        let found = self.parts.catalog.find_file(id).await.map_err(PortError::catalog)?;
        match found.value {
            Some(file) => self.look_for_part(&file).await,
            None => Ok(Arrival::Waiting),
        }
    }
}
