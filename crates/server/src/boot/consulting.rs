//! The configured store, to be examined or set up by a command, beside whatever runs.
//!
//! Not a server: nothing but a store of our own listens, and no job runs. *Invariant*: the catalog is written only while
//! this process holds the folder's lock.

use std::sync::Arc;

use domain::StoreProfile;

use super::embedded::{Embedded, EmbeddedAddress, EmbeddedError};
use super::folder::{DataFolder, FolderError, FolderLock, Holder, RunFileOf};
use super::{BootError, StoreCredentials, store_settings};
use crate::catalog::sqlite::SqliteCatalog;
use crate::catalog::{Catalog as _, CatalogError, InstallationRecord as _};
use crate::clock::HostClock;
use crate::config::{Config, StoreKind};
use crate::doctor::{Forgotten, NoPatient, Patient, Terms};
use crate::entropy::HostEntropy;

/// A store under examination.
pub struct Consultation {
    patient: Patient,
    kind: StoreKind,
    config: Config,
    /// The lock, or who has it.
    lock: Result<FolderLock, Holder>,
    /// The embedded store, if nobody else runs it.
    embedded: Option<Embedded>,
}

/// What became of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The next start of the server uses it.
    Stored,
    /// The embedded store's profile is known without looking.
    Known,
    /// A running process has the catalog.
    InUse(Holder),
}

impl Consultation {
    /// Makes the clients, and starts the embedded store on a free port if it is configured and not running.
    ///
    /// # Errors
    /// See [`BootError`].
    pub async fn start(config: &Config, purpose: &str, origins: Vec<String>) -> Result<Self, BootError> {
        let folder = DataFolder::new(&config.server.data);
        folder.make()?;
        let lock = match folder.lock(purpose) {
            Ok(lock) => Ok(lock),
            Err(FolderError::Held { holder, .. }) => Err(holder),
            Err(unusable) => return Err(unusable.into()),
        };
        let kind = config.store.kind;
        let (address, embedded) = match (kind, running_store(&folder, &lock)) {
            (StoreKind::S3, _) => (None, None),
            (StoreKind::Embedded, Some(endpoint)) => {
                let credentials = StoreCredentials::load(&folder).map_err(EmbeddedError::from)?;
                (Some(EmbeddedAddress { endpoint, credentials }), None)
            }
            (StoreKind::Embedded, None) => {
                let mut config = config.clone();
                config.store.listen.set_port(0);
                let embedded = Embedded::start(&config, &HostEntropy, None).await?;
                (Some(embedded.address()), Some(embedded))
            }
        };
        let (settings, signer) = store_settings::of(config, address.as_ref())?;
        let forgotten = match kind {
            StoreKind::Embedded => Forgotten::Reconcile,
            StoreKind::S3 => Forgotten::AlsoTheBucket,
        };
        let terms = Terms { origins, max_age: config.uploads.max_age, forgotten };
        let patient = Patient::meet(settings, signer, terms, Arc::new(HostClock), &HostEntropy).await?;
        Ok(Self { patient, kind, config: config.clone(), lock, embedded })
    }

    /// The store.
    pub const fn patient(&self) -> &Patient {
        &self.patient
    }

    /// Puts what was seen into the catalog, where the server finds it at its next start.
    ///
    /// # Errors
    /// If the catalog cannot be opened or written.
    pub async fn keep(&self, profile: &StoreProfile) -> Result<Kept, KeepError> {
        match (self.kind, &self.lock) {
            (StoreKind::Embedded, _) => Ok(Kept::Known),
            (StoreKind::S3, Err(holder)) => Ok(Kept::InUse(holder.clone())),
            (StoreKind::S3, Ok(_)) => {
                let catalog = SqliteCatalog::open(&self.config.sqlite_file(), Arc::new(HostClock)).await;
                let catalog = catalog.map_err(|error| KeepError::Open(BootError::from(error)))?;
                let stored = catalog.store_profile(profile).await;
                catalog.close().await;
                stored.map_err(KeepError::Write)?;
                Ok(Kept::Stored)
            }
        }
    }

    /// Stops what was started, and lets go of the folder.
    pub async fn stop(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
        drop(self.lock);
    }
}

/// Why a profile could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The catalog cannot be opened.
    #[error(transparent)]
    Open(BootError),
    /// The catalog cannot be written.
    #[error(transparent)]
    Write(CatalogError),
}

/// Where a running process serves this folder's embedded store. What a dead server has left does not count: while one
/// lives, it has the lock.
fn running_store(folder: &DataFolder, lock: &Result<FolderLock, Holder>) -> Option<String> {
    let of_server = lock.as_ref().err().and_then(|_| folder.find_running(RunFileOf::Server));
    let of_store = || folder.find_running(RunFileOf::Store).and_then(|run| run.addresses.store);
    of_server.and_then(|run| run.addresses.store).or_else(of_store)
}

impl From<NoPatient> for BootError {
    fn from(wrong: NoPatient) -> Self {
        match wrong {
            NoPatient::Layout(wrong) => wrong.into(),
            NoPatient::Signer(wrong) => wrong.into(),
            NoPatient::Tls(wrong) => Self::Tls(wrong),
        }
    }
}
