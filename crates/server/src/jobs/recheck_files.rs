//! recheck: a file is looked at again if and only if it is CLOSED and its next look is due; the record of a request is
//! forgotten if and only if it is older than [`crate::catalog::IDEMPOTENCY_KEPT`].

use domain::{FileId, StateName};
use tokio_util::sync::CancellationToken;

use super::run::JobError;
use crate::app::{App, PortError};

/// Rows read at a time.
const PAGE: u32 = 100;

/// One round. Gives the number of files that were looked at.
pub(super) async fn run(app: &App, stop: &CancellationToken) -> Result<u64, JobError> {
    let forgotten = app.catalog().forget_requests().await.map_err(PortError::Catalog)?;
    tracing::debug!(forgotten, "forgot old Idempotency-Keys");
    let mut looked = 0;
    let mut after: Option<FileId> = None;
    loop {
        let page = app.catalog().list_files(StateName::Closed, after, PAGE).await.map_err(PortError::Catalog)?.value;
        let Some(last) = page.last().map(|file| file.id) else { return Ok(looked) };
        if after.is_none() {
            app.require_calm_now().await?;
        }
        for file in &page {
            if stop.is_cancelled() {
                return Ok(looked);
            }
            looked += 1;
            if let Err(error) = app.recheck_file(file).await {
                tracing::warn!(file = %file.id, error = &error as &dyn std::error::Error, "not looked at; next round");
            }
        }
        after = Some(last);
    }
}
