//! The uploader gives up one file, and with it the asset that was made for it.
//!
//! Weaker than delete: what is being committed or is published stays, because a client that heard no answer to "done"
//! says "give it up" next.

use domain::change;
use domain::{Asset, AssetId, AssetStatus, Collection, Event, FileId, FileState, Necessity, OwnerId, Reason, decide};

use super::{App, DeleteError, MAX_RACES, PortError};
use crate::catalog::{Stamped, Written};

impl App {
    /// Ends a file that is still being sent. An asset that has no other goes with it; an optional role is withdrawn; a
    /// required one can be announced again. Does nothing to a file in any other state, and again is success.
    pub async fn cancel_file(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        file: FileId,
    ) -> Result<(), DeleteError> {
        for _ in 0..MAX_RACES {
            let Some(Stamped { now, value: asset }) = self.load_living(owner, of, id).await? else { return Ok(()) };
            let Some(file) = asset.pending().find(|pending| pending.id == file) else { return Ok(()) };
            if !matches!(file.state, FileState::Reserved | FileState::Uploading) {
                return Ok(());
            }
            let required = of.roles.get(&file.role).is_some_and(|rules| rules.necessity == Necessity::Required);
            let written = if is_alone(&asset) || !required {
                let change = if is_alone(&asset) {
                    change::delete(&asset, now)
                } else {
                    change::withdraw(&asset, &file.role, now)
                };
                let Ok(change) = change else { return Ok(()) };
                let written = self.apply(&change).await?;
                if written == Written::Done {
                    self.destroy_later(change.files.into_iter().map(|(_, file)| file));
                    self.publish_later(owner.shard(), id);
                }
                written
            } else {
                let Ok(decision) = decide(file, &Event::Ended(Reason::Withdrawn), now) else { return Ok(()) };
                let written = self.advance(file, &decision, &[]).await?;
                if written == Written::Done {
                    self.destroy_later([decision.next]);
                }
                written
            };
            if written == Written::Done {
                return Ok(());
            }
        }
        Err(PortError::Contended.into())
    }
}

/// Whether an asset is one file, and not published.
fn is_alone(asset: &Asset) -> bool {
    asset.status == AssetStatus::Uploading && asset.places.len() == 1
}
