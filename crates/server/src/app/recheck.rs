//! T11: look again at closed files, because a PUT has no maximum duration and no margin is safe.

use domain::{Asset, AssetStatus, Effect, Event, File, Remains, decide};

use super::destroy::Destruction;
use super::{App, PortError};
use crate::catalog::Written;

/// What a look at a closed file led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recheck {
    /// Nothing there; look again later.
    Clean,
    /// Nothing there for the last time: the row is gone.
    Purged,
    /// Something had landed and was destroyed.
    Found,
}

impl App {
    /// Whether an asset that lives still points at this file, to tell its owner why it was rejected. Its row stays until
    /// the role is announced again or the asset ends; without it the asset would have no deadline and never expire.
    async fn is_shown(&self, file: &File) -> Result<bool, PortError> {
        let found = self.parts.catalog.find_asset(file.asset).await.map_err(PortError::catalog)?;
        let lives = |asset: &Asset| !matches!(asset.status, AssetStatus::Gone(_));
        Ok(found.value.filter(lives).is_some_and(|asset| asset.files().any(|shown| shown.id == file.id)))
    }

    /// Looks at a CLOSED file whose look is due.
    pub async fn recheck_file(&self, file: &File) -> Result<Recheck, PortError> {
        // In another bucket every look would be clean, and the last one purges the row.
        self.require_calm().await?;
        let remains = match self.look(file).await? {
            Destruction::Clean => Remains::Nothing,
            Destruction::Remaining => Remains::Something,
        };
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let Ok(decision) = decide(file, &Event::Rechecked(remains), now) else { return Ok(Recheck::Clean) };
        if decision.effect == Some(Effect::Purge) {
            if self.is_shown(file).await? {
                return Ok(Recheck::Clean);
            }
            let (Written::Done | Written::Stale) =
                self.parts.catalog.purge(file.id, file.fence).await.map_err(PortError::catalog)?;
            return Ok(Recheck::Purged);
        }
        let (Written::Done | Written::Stale) = self.advance(file, &decision, &[]).await?;
        match remains {
            Remains::Nothing => Ok(Recheck::Clean),
            Remains::Something => {
                tracing::warn!(file = %file.id, key = %file.key.path(), "something landed on a closed file");
                self.clear_store(file).await?;
                Ok(Recheck::Found)
            }
        }
    }

    /// Destroys what was found on a CLOSED file, due or not; its looks start over.
    pub(super) async fn destroy_again(&self, file: &File) -> Result<Destruction, PortError> {
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let Ok(decision) = decide(file, &Event::Rechecked(Remains::Something), now) else {
            return Ok(Destruction::Remaining);
        };
        let (Written::Done | Written::Stale) = self.advance(file, &decision, &[]).await?;
        self.clear_store(file).await
    }
}
