//! T11: look again at closed files, because a PUT has no maximum duration and no margin is safe.

use domain::{Asset, AssetStatus, Effect, Event, File, Remains, Timestamp, decide};

use super::destroy::Destruction;
use super::settle::settle;
use super::{App, PortError};
use crate::catalog::{Purpose, Written};
use crate::store::list_parts;

/// What a look at a closed file led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recheck {
    /// Nothing there; look again later.
    Clean,
    /// Nothing there for the last time, but an asset that lives still shows why the file was rejected.
    Shown,
    /// Nothing there for the last time: the row is gone.
    Purged,
    /// Something had landed and was destroyed.
    Found,
}

/// Whether a clean look would be the last: then nobody will know the upload id any more.
fn is_last(file: &File, now: Timestamp) -> bool {
    decide(file, &Event::Rechecked(Remains::Nothing), now).is_ok_and(|next| next.effect == Some(Effect::Purge))
}

impl App {
    /// Whether an asset that lives still points at this file, to tell its owner why it was rejected. Its row stays until
    /// the role is announced again or the asset ends; without it the asset would have no deadline and never expire.
    async fn is_shown(&self, file: &File) -> Result<bool, PortError> {
        let found = self.parts.catalog.find_asset(file.shard(), file.asset, Purpose::Decide).await;
        let found = found.map_err(PortError::catalog)?;
        let lives = |asset: &Asset| !matches!(asset.status, AssetStatus::Gone(_));
        Ok(found.value.filter(lives).is_some_and(|asset| asset.files().any(|shown| shown.id == file.id)))
    }

    /// Looks at a CLOSED file.
    pub async fn recheck_file(&self, file: &File) -> Result<Recheck, PortError> {
        Ok(self.recheck_files(std::slice::from_ref(file)).await?[0])
    }

    /// The same for files of one asset in one bucket. Gives what came of each.
    pub async fn recheck_files(&self, files: &[File]) -> Result<Vec<Recheck>, PortError> {
        // In another bucket every look would be clean, and the last one purges the row.
        self.require_calm().await?;
        let remaining = self.look(files).await?;
        let (mut outcomes, mut found) = (Vec::new(), Vec::new());
        for (place, file) in files.iter().enumerate() {
            let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
            let remains = match remaining.of(place) {
                Destruction::Clean if is_last(file, now) && self.has_parts(file).await? => Remains::Something,
                Destruction::Clean => Remains::Nothing,
                Destruction::Remaining => Remains::Something,
            };
            let outcome = self.write_look(file, remains, now).await?;
            if outcome == Recheck::Found {
                tracing::warn!(file = %file.id, key = %file.key.path(), "something landed on a closed file");
                found.push(file.clone());
            }
            outcomes.push(outcome);
        }
        if !found.is_empty() {
            self.clear_store(&found).await?;
        }
        Ok(outcomes)
    }

    /// Whether its own upload id still finds something, which listings may leave out: a part that came after the Abort.
    async fn has_parts(&self, file: &File) -> Result<bool, PortError> {
        let Some(upload) = &file.upload_id else { return Ok(false) };
        Ok(list_parts(&*self.parts.store, &file.key, upload).await.map_err(PortError::store)?.is_some())
    }

    /// Writes what a look found; destroying it is left to the caller.
    async fn write_look(&self, file: &File, remains: Remains, now: Timestamp) -> Result<Recheck, PortError> {
        let Ok(decision) = decide(file, &Event::Rechecked(remains), now) else { return Ok(Recheck::Clean) };
        if decision.effect == Some(Effect::Purge) {
            if self.is_shown(file).await? {
                return Ok(Recheck::Shown);
            }
            let (Written::Done | Written::Stale) =
                settle(|| self.parts.catalog.purge(file.shard(), file.id, file.fence))
                    .await
                    .map_err(PortError::catalog)?
                    .answer;
            return Ok(Recheck::Purged);
        }
        let (Written::Done | Written::Stale) = self.advance(file, &decision, &[]).await?;
        Ok(match remains {
            Remains::Nothing => Recheck::Clean,
            Remains::Something => Recheck::Found,
        })
    }

    /// Destroys what was found on a CLOSED file, due or not; its looks start over.
    pub(super) async fn destroy_again(&self, file: &File) -> Result<Destruction, PortError> {
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        self.write_look(file, Remains::Something, now).await?;
        Ok(self.clear_store(std::slice::from_ref(file)).await?[0])
    }
}
