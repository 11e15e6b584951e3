//! An operator's word that catalog and buckets belong together after all.
//!
//! A restored catalog's epoch is raised over its markers'. A bucket is taken over only on a second word
//! ([`Consent::TakeBucket`]), and another installation's only by a catalog without a single file: whoever has files of
//! his own and meets another's bucket has the wrong bucket. *Invariant*: nothing in the store changes but the markers,
//! and what is in it and has no row is left to the operator from then on
//! ([`domain::reconcile::Kind::ForgottenObject`]).

use domain::marker::{Standing, judge};
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
    /// This catalog has files of its own, so the bucket is the wrong one.
    #[error("{0}; a catalog with files of its own never takes over another installation's bucket")]
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
        match (mismatch, consent) {
            (Mismatch::Rewound { .. }, Consent::Restored | Consent::TakeBucket) => {}
            (Mismatch::Foreign { .. }, _) if !empty => {
                return Err(AcceptError::WrongBucket(mismatch));
            }
            (_, Consent::Restored) => return Err(AcceptError::NeedsConsent(mismatch)),
            (_, Consent::TakeBucket) => {}
        }
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let from = self.load_installation(now).await?;
        let mut next = Installation { marked_at: Some(now), accepted_at: Some(now), ..from };
        let mut highest = from.epoch;
        for bucket in [Visibility::Private, Visibility::Public] {
            let marker = self.parts.store.find_marker(bucket).await.map_err(PortError::store)?;
            highest = highest.max(marker.map_or(Epoch::FIRST, |marker| marker.epoch));
            match judge(&from, marker.as_ref()) {
                Standing::Ours | Standing::Unmarked | Standing::Rewound { .. } | Standing::Vanished => {}
                // Two buckets of two other installations cannot both be taken for one.
                Standing::Foreign { marker } if !empty || (next.id != from.id && next.id != marker) => {
                    return Err(AcceptError::WrongBucket(Mismatch::Foreign { bucket, owner: marker }));
                }
                Standing::Foreign { marker } => next.id = marker,
            }
        }
        next.epoch = highest.next();
        match self.parts.catalog.replace_installation(&from, &next).await.map_err(PortError::catalog)? {
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
