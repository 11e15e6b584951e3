//! destroy: a file is destroyed and closed if and only if it is DELETING.

use domain::{FileId, StateName};
use tokio_util::sync::CancellationToken;

use super::run::JobError;
use crate::app::{App, PortError};

/// Rows read at a time.
const PAGE: u32 = 100;

/// One round. Gives the number of files that were taken up.
pub(super) async fn run(app: &App, stop: &CancellationToken) -> Result<u64, JobError> {
    let mut taken = 0;
    let mut after: Option<FileId> = None;
    loop {
        let page = app.catalog().list_files(StateName::Deleting, after, PAGE).await.map_err(PortError::Catalog)?.value;
        let Some(last) = page.last().map(|file| file.id) else { return Ok(taken) };
        if after.is_none() {
            app.require_calm_now().await?;
        }
        for file in &page {
            if stop.is_cancelled() {
                return Ok(taken);
            }
            taken += 1;
            if let Err(error) = app.destroy_file(file).await {
                tracing::warn!(file = %file.id, error = &error as &dyn std::error::Error, "not destroyed; next round");
            }
        }
        after = Some(last);
    }
}
