//! Looks at the configured store from outside and inside: may we do what we must, can nobody else do what only we may,
//! and what does it do where stores differ.
//!
//! Not a conformance suite: that one tests our backend over a store of its own, this one tests an installation's store,
//! beside everything that is in it. *Invariant*: a run touches nothing but keys under `.landfall-doctor/{run}/` inside the
//! store's prefix, which no file can have, and [`examine`] takes them away again whatever it found. What it did not make
//! itself it never removes, not even what a killed run left: that is told. Doctor changes no setting of a bucket;
//! [`set_up`] does, and nothing else.

mod answer;
mod checksums;
mod commits;
mod cors;
mod finding;
mod fix;
mod leftovers;
mod patient;
mod public;
mod reach;
mod refusal;
mod rights;
mod settings;
mod setup;
#[cfg(test)]
mod tests;
mod urls;

use domain::{StoreBehaviour, StoreProfile, TimeSpan, Visibility};
use serde::Serialize;

pub use finding::{Finding, Status};
pub use fix::{Fix, template};
pub use patient::{Forgotten, NoPatient, Patient, Terms};
pub use setup::{Change, Mode, Outcome, set_up};

/// Both buckets, in the order of a report.
const BUCKETS: [Visibility; 2] = [Visibility::Private, Visibility::Public];

/// Days an unfinished upload must be left alone by the bucket: as long as ours may take, and two days more, because S3
/// counts from midnight to midnight and both sides' jobs may be late. Never less than nine.
fn spared_days(max_age: TimeSpan) -> i32 {
    const LEAST: i64 = 9;
    let days = (max_age.as_hours() + 23) / 24 + 2;
    i32::try_from(days.max(LEAST)).unwrap_or(i32::MAX)
}

/// Everything that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Which store, as [`StoreProfile::store`] names it.
    pub store: String,
    /// What was found, in the order of examination.
    pub findings: Vec<Finding>,
    /// What the store was seen to do, if it could be seen.
    pub behaviour: Option<StoreBehaviour>,
}

impl Report {
    /// The worst of all findings.
    pub fn worst(&self) -> Status {
        self.findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok)
    }

    /// What the catalog is to keep of it.
    pub fn profile(&self, patient: &Patient) -> Option<StoreProfile> {
        let behaviour = self.behaviour.clone()?;
        Some(StoreProfile { store: self.store.clone(), seen_at: patient.clock.now(), behaviour })
    }
}

/// Examines the store. It takes some seconds, and cleans up after itself also when a probe fails.
pub async fn examine(patient: &Patient) -> Report {
    let mut report = Report { store: patient.identity.clone(), findings: Vec::new(), behaviour: None };
    let findings = &mut report.findings;
    let reached = reach::examine(patient, findings).await;
    // What cannot be reached says nothing about the rest.
    if reached {
        rights::examine(patient, findings).await;
        public::examine(patient, findings).await;
        urls::examine(patient, findings).await;
        cors::examine(patient, findings).await;
        settings::examine(patient, findings).await;
        report.behaviour = commits::examine(patient, findings).await;
        if let Some(behaviour) = &mut report.behaviour {
            behaviour.checksums = Some(checksums::examine(patient, findings).await);
        }
        leftovers::examine(patient, findings).await;
        patient.sweep(findings).await;
    }
    report
}
