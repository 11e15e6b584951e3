//! expire: an upload is ended if and only if its deadline has passed and none of its files is being committed.

use tokio_util::sync::CancellationToken;

use super::run::JobError;
use crate::app::{App, Breaker, ExpireReport, Rehearsal};

/// The nightly run, guarded by the breaker. Gives the number of uploads that ended.
pub(super) async fn run(app: &App, stop: &CancellationToken) -> Result<u64, JobError> {
    // Each asset ends in one transaction, so the run may be dropped anywhere.
    let report = tokio::select! {
        report = app.expire_assets(None, Breaker::Armed, Rehearsal::Real) => report?,
        () = stop.cancelled() => ExpireReport::default(),
    };
    tracing::info!(expired = report.expired, suspicious = report.suspicious, "expired what nobody finished");
    Ok(report.expired)
}
