//! The look at the host's files, off the runtime's threads, because a disk may hang.
//!
//! *Invariant*: one look is under way at most, however many ask and however long the disk takes.

use std::sync::Mutex as Held;
use std::sync::{Arc, PoisonError};

use tokio::sync::Mutex;
use tokio::time::timeout;
use wire::FieldProblem;

use crate::clock::Stopwatch;
use crate::http::bounds::{HOST_WELL_SECONDS, PROBE_TIME};
use crate::vitals::{Ailment, Vitals};

use super::ready::ReadyReport;

/// What the last look found.
#[derive(Default)]
pub(super) struct HostLook {
    looking: Arc<Mutex<()>>,
    /// When nothing failed, and what was worth a warning. A look writes through to the disk, so a good one counts for some
    /// seconds; a bad one is repeated each time, so that it is soon known to be over.
    well: Held<Option<(Stopwatch, Vec<FieldProblem>)>>,
}

impl HostLook {
    pub(super) async fn look(&self, vitals: &Vitals) -> ReadyReport {
        let recent = match &*self.well.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((since, warnings)) if since.elapsed_seconds() < HOST_WELL_SECONDS => Some(warnings.clone()),
            Some(_) | None => None,
        };
        if let Some(warnings) = recent {
            return ReadyReport { failing: Vec::new(), warnings };
        }
        let Ok(turn) = self.looking.clone().try_lock_owned() else { return hangs() };
        let vitals = vitals.clone();
        let look = tokio::task::spawn_blocking(move || {
            let found = vitals.look();
            drop(turn);
            found
        });
        let Ok(Ok(found)) = timeout(PROBE_TIME, look).await else { return hangs() };
        let told = |ailment: Ailment| FieldProblem { field: ailment.part.to_owned(), detail: ailment.detail };
        let (failing, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(|ailment| ailment.disables);
        let warnings: Vec<_> = warnings.into_iter().map(told).collect();
        let well = failing.is_empty().then(|| (Stopwatch::start(), warnings.clone()));
        *self.well.lock().unwrap_or_else(PoisonError::into_inner) = well;
        ReadyReport { failing: failing.into_iter().map(told).collect(), warnings }
    }
}

/// A disk that does not answer.
fn hangs() -> ReadyReport {
    let detail = "hangs: see its disk".to_owned();
    ReadyReport { failing: vec![FieldProblem { field: "data_folder".to_owned(), detail }], warnings: Vec::new() }
}
