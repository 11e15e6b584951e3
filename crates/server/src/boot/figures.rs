//! Figures that nobody's request brings about: how many files and assets there are in each state, what waits in each lane,
//! and a sample each five seconds of how the server fares.

use std::sync::Arc;
use std::time::Duration;

use domain::{Lane, TimeSpan};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::catalog::{Backlog, CatalogError, Stamped};
use crate::clock::Clock;
use crate::telemetry::{self, Counts, Metrics, Overview, SAMPLE_EVERY};

/// How often: Prometheus usually asks every 15 s to 60 s.
pub(super) const EVERY: Duration = Duration::from_secs(15);

/// Keeps the figures fresh until told to stop.
pub(super) async fn keep(
    metrics: Metrics,
    overview: Arc<Overview>,
    app: App,
    every: Duration,
    stopping: CancellationToken,
) {
    loop {
        match count(&app).await {
            Ok(counts) => {
                telemetry::files(&counts.files);
                overview.counted(counts);
            }
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "files were not counted"),
        }
        for lane in Lane::ALL {
            match app.catalog().measure_backlog(lane).await {
                Ok(Stamped { now, value: Backlog { due, oldest } }) => {
                    let late = oldest.map_or(TimeSpan::ZERO, |oldest| now.duration_since(oldest));
                    telemetry::backlog(lane, due, late);
                }
                Err(error) => tracing::debug!(%lane, error = &error as &dyn std::error::Error, "not measured"),
            }
        }
        metrics.fold();
        if tokio::time::timeout(every, stopping.cancelled()).await.is_ok() {
            return;
        }
    }
}

async fn count(app: &App) -> Result<Counts, CatalogError> {
    let (files, assets) = (app.catalog().count_files().await?, app.catalog().count_assets().await?);
    Ok(Counts { files, assets })
}

/// Takes samples until told to stop.
pub(super) async fn sample(overview: Arc<Overview>, clock: Arc<dyn Clock>, stopping: CancellationToken) {
    while tokio::time::timeout(SAMPLE_EVERY, stopping.cancelled()).await.is_err() {
        overview.sample(clock.now());
    }
}
