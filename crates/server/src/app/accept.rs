//! An operator's word that catalog and buckets belong together after all.
//!
//! A restored catalog's epoch is raised over its markers'. A bucket is taken over only on a second word
//! ([`Consent::TakeBucket`]), and another installation's only by a catalog without a single file, and with no bucket of a
//! third: whoever has files of his own and meets another's bucket has the wrong bucket. Each bucket is judged by itself;
//! what is wrong with one is not agreed to for the other. *Invariant*: nothing in the store changes but the markers,
//! and what is in it and has no row is left to the operator from then on
//! ([`domain::reconcile::Kind::ForgottenObject`]).

use std::collections::BTreeMap;

use domain::marker::{BucketCheck, judge};
use domain::{Epoch, Installation, Visibility};

use super::guard::Mismatch;
use super::{App, PortError};
use crate::catalog::Written;

/// What an operator agrees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// That the catalog is an older one.
    Restored,
    /// That, and that the buckets are this installation's from now on.
    TakeBucket,
}

impl Consent {
    /// Whether a bucket that does not carry this installation's marker may be marked as its own.
    const fn covers(self, mismatch: Mismatch) -> Result<(), AcceptError> {
        match self {
            Self::Restored => Err(AcceptError::NeedsConsent(mismatch)),
            Self::TakeBucket => Ok(()),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// What was wrong; `None` if nothing was, and then nothing was written.
    pub mismatch: Option<Mismatch>,
    /// What the catalog knows about itself now.
    pub installation: Installation,
}

/// Why it was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It needs [`Consent::TakeBucket`].
    #[error("{0}")]
    NeedsConsent(Mismatch),
    /// This catalog has files of its own, or the other bucket is not that installation's, so the bucket is the wrong one.
    #[error("{0}; only a catalog without files takes over another installation's buckets, and only both together")]
    WrongBucket(Mismatch),
    /// Somebody else changed the same at the same moment.
    #[error("another server wrote its epoch at the same moment; nothing was accepted")]
    Raced,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// Accepts what [`App::look_around`] refuses.
    ///
    /// # Errors
    /// See [`AcceptError`]. Nothing is written then, unless a port failed after the catalog was: repeating finishes it.
    pub async fn accept_restore(&self, consent: Consent) -> Result<Accepted, AcceptError> {
        let seen = self.look_around().await?;
        let Some(mismatch) = seen.mismatch else {
            return Ok(Accepted { mismatch: None, installation: seen.installation });
        };
        let empty = self.is_catalog_empty().await?;
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let from = self.load_installation(now).await?;
        let mut markers = BTreeMap::new();
        for bucket in [Visibility::Private, Visibility::Public] {
            markers.insert(bucket, self.parts.store.find_marker(bucket).await.map_err(PortError::store)?);
        }
        let mut next = Installation { marked_at: Some(now), accepted_at: Some(now), ..from };
        for (&bucket, marker) in &markers {
            match judge(&from, marker.as_ref()) {
                BucketCheck::Ours | BucketCheck::Rewound { .. } => {}
                BucketCheck::Unmarked | BucketCheck::Vanished => {
                    let vanished = Mismatch::Vanished { bucket };
                    consent.covers(if mismatch.bucket() == bucket { mismatch } else { vanished })?;
                }
                BucketCheck::Foreign { marker: owner } => {
                    let foreign = Mismatch::Foreign { bucket, owner };
                    if !empty || markers.values().flatten().any(|marker| marker.installation != owner) {
                        return Err(AcceptError::WrongBucket(foreign));
                    }
                    consent.covers(foreign)?;
                    next.id = owner;
                }
            }
        }
        let highest = markers.values().flatten().map(|marker| marker.epoch).fold(from.epoch, Epoch::max);
        next.epoch = highest.next();
        match self.replace_installation(&from, &next).await? {
            Written::Done => {}
            Written::Stale => return Err(AcceptError::Raced),
        }
        self.write_markers(&next).await?;
        tracing::warn!(was = %mismatch, installation = %next.id, epoch = next.epoch.0,
            "an operator accepted catalog and buckets as belonging together");
        self.look_around().await?;
        Ok(Accepted { mismatch: Some(mismatch), installation: next })
    }
}
