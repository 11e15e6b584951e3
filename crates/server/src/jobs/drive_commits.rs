//! drive-commits: a file is driven if and only if it is COMMITTING, or VERIFIED in an asset that waits for publication.

use domain::{AssetId, File, FileId, StateName};
use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::run::JobError;
use crate::app::{App, PortError};

/// Rows read at a time.
const PAGE: u32 = 100;
/// Assets driven at once: a Complete may hang for minutes, and the others should not wait for it.
const AT_ONCE: usize = 8;

/// One round. Gives the number of assets that were driven.
pub(super) async fn run(app: &App, stop: &CancellationToken) -> Result<u64, JobError> {
    let mut driven = 0;
    for state in [StateName::Committing, StateName::Verified] {
        let mut after: Option<FileId> = None;
        loop {
            let page = app.catalog().list_files(state, after, PAGE).await.map_err(PortError::Catalog)?.value;
            let Some(last) = page.last().map(|file| file.id) else { break };
            let mut assets: Vec<_> = page.iter().map(|file: &File| file.asset).collect();
            assets.sort_unstable();
            assets.dedup();
            driven += assets.len() as u64;
            // One asset whose bucket answers 403, or does not answer, must not keep the others from being driven.
            let drive = async |asset: AssetId| {
                if stop.is_cancelled() {
                    return;
                }
                if let Err(error) = app.resume_commit(asset).await {
                    tracing::warn!(%asset, error = &error as &dyn std::error::Error, "commit not driven; next round");
                }
            };
            stream::iter(assets).for_each_concurrent(AT_ONCE, drive).await;
            if stop.is_cancelled() {
                return Ok(driven);
            }
            after = Some(last);
        }
    }
    Ok(driven)
}
