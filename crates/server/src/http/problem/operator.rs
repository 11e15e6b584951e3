//! What an administrator is told: the part of [`super`] that names buckets, epochs and clocks, which nobody else is shown.

use wire::ErrorCode;

use super::{Denial, port};
use crate::app::{AcceptError, ExpireError, PortError, ReconcileError};
use crate::jobs::JobError;

/// The same for an operator, who is told what is wrong with the bucket or the clock.
fn port_of_operator(error: &PortError) -> Denial {
    match error {
        PortError::Bucket(mismatch) => {
            Denial::new(ErrorCode::StoreUnavailable, format!("{mismatch}; {}", mismatch.hint()))
        }
        PortError::Skew(skew) => Denial::new(ErrorCode::StoreUnavailable, format!("{skew}; set the clocks right")),
        PortError::Catalog(_) | PortError::Store(_) | PortError::Presign(_) | PortError::Contended => port(error),
    }
}

/// A restored catalog or a bucket was not accepted.
pub fn accept_restore(error: &AcceptError) -> Denial {
    match error {
        AcceptError::NeedsConsent(mismatch) | AcceptError::WrongBucket(mismatch) => {
            Denial::new(ErrorCode::Conflict, format!("{error}; {}", mismatch.hint()))
        }
        AcceptError::Raced => Denial::new(ErrorCode::Conflict, format!("{error}; try again")),
        AcceptError::Port(error) => port_of_operator(error),
    }
}

/// Buckets and catalog could not be compared to the end.
pub fn reconcile(error: &ReconcileError) -> Denial {
    match error {
        ReconcileError::Port(error) => port_of_operator(error),
        ReconcileError::Implausible { .. } | ReconcileError::Restored => {
            Denial::new(ErrorCode::Conflict, error.to_string())
        }
    }
}

/// The invariants could not be looked at.
pub fn audit(error: &PortError) -> Denial {
    port_of_operator(error)
}

/// A run of expire and destroy ended early.
pub fn reap(error: &JobError) -> Denial {
    match error {
        JobError::Port(error) | JobError::Expire(ExpireError::Port(error)) => port_of_operator(error),
        JobError::Reconcile(error) => reconcile(error),
        JobError::Expire(error @ ExpireError::Unsettled { .. }) => Denial::new(ErrorCode::Conflict, error.to_string()),
        JobError::Expire(ExpireError::Implausible { would_expire, unfinished }) => Denial::new(
            ErrorCode::Conflict,
            format!("refused to expire {would_expire} of {unfinished} unfinished uploads in one run; check the clock"),
        ),
    }
}
