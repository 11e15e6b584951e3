//! reconcile: a bucket is compared with the catalog if and only if its daily time has come.

use tokio_util::sync::CancellationToken;

use super::run::JobError;
use crate::app::{App, Breaker, Forgotten, ReconcileTerms, Rehearsal};

/// The daily run, guarded by the breaker and within its budget. Gives the number of findings. When told to stop it drops
/// the run where it is, which is as a crash there: the next one finds the rest.
pub(super) async fn run(app: &App, stop: &CancellationToken) -> Result<u64, JobError> {
    let terms = ReconcileTerms {
        below: None,
        budget: app.settings().reconcile_budget,
        breaker: Breaker::Armed,
        rehearsal: Rehearsal::Real,
        forgotten: Forgotten::Kept,
    };
    let report = tokio::select! {
        report = app.reconcile(terms) => report?,
        () = stop.cancelled() => return Ok(0),
    };
    let found = report.totals.values().map(|total| total.count).sum();
    tracing::info!(
        objects = report.objects,
        uploads = report.uploads,
        rows = report.rows,
        found,
        done = report.done,
        lost = report.lost(),
        "reconciled buckets and catalog"
    );
    Ok(found)
}
