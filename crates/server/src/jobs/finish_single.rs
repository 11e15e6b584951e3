//! finish-single: the store is asked for the part of an upload if and only if nobody will complete it, a part URL was
//! granted, and its next look is due.

use domain::{File, FileId};
use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::run::JobError;
use crate::app::{App, PortError};

/// Rows read at a time.
const PAGE: u32 = 100;
/// Uploads looked at at once: a Complete may hang for minutes, and the others should not wait for it.
const AT_ONCE: usize = 8;

/// Whether anything is due: a look that costs no lease, because this job runs often and mostly for nothing.
pub(super) async fn is_wanted(app: &App) -> Result<bool, PortError> {
    app.catalog().list_awaited(None, 1).await.map(|due| !due.value.is_empty()).map_err(PortError::Catalog)
}

/// One round. Gives the number of uploads that were looked at.
pub(super) async fn run(app: &App, stop: &CancellationToken) -> Result<u64, JobError> {
    let mut looked = 0;
    let mut after: Option<FileId> = None;
    loop {
        let page = app.catalog().list_awaited(after, PAGE).await.map_err(PortError::Catalog)?.value;
        let Some(last) = page.last().map(|file| file.id) else { return Ok(looked) };
        looked += page.len() as u64;
        let look = async |file: File| {
            if stop.is_cancelled() {
                return;
            }
            if let Err(error) = app.look_for_part(&file).await {
                tracing::warn!(file = %file.id, error = &error as &dyn std::error::Error, "not looked at; next round");
            }
        };
        stream::iter(page).for_each_concurrent(AT_ONCE, look).await;
        if stop.is_cancelled() {
            return Ok(looked);
        }
        after = Some(last);
    }
}
