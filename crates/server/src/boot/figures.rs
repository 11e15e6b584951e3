//! Figures that nobody's request brings about: how many files there are in each state.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::telemetry::{self, Metrics};

/// How often: Prometheus usually asks every 15 s to 60 s.
pub(super) const EVERY: Duration = Duration::from_secs(15);

/// Keeps the figures fresh until told to stop.
pub(super) async fn keep(metrics: Metrics, app: App, every: Duration, stopping: CancellationToken) {
    loop {
        match app.catalog().count_files().await {
            Ok(counts) => telemetry::files(&counts),
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "files were not counted"),
        }
        metrics.fold();
        if tokio::time::timeout(every, stopping.cancelled()).await.is_ok() {
            return;
        }
    }
}
