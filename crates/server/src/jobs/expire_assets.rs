//! expire: an upload is ended if and only if its deadline has passed and none of its files is being committed.

use super::run::JobError;
use crate::app::{App, Breaker, Rehearsal};

/// The nightly run, guarded by the breaker. Gives the number of uploads that ended.
pub(super) async fn run(app: &App) -> Result<u64, JobError> {
    let report = app.expire_assets(None, Breaker::Armed, Rehearsal::Real).await?;
    tracing::info!(expired = report.expired, suspicious = report.suspicious, "expired what nobody finished");
    Ok(report.expired)
}
