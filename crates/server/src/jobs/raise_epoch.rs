//! raise-epoch: the epoch rises if and only if catalog and buckets belong together and its last rise is a period ago.

use super::run::JobError;
use crate::app::App;

/// One round. Raising it twice, by two servers, does no harm.
pub(super) async fn run(app: &App) -> Result<u64, JobError> {
    let epoch = app.raise_epoch().await?;
    tracing::debug!(epoch = epoch.0, "the epoch rose");
    Ok(1)
}
