//! Why a server does not start, in one line, and what to do about it.

use std::net::SocketAddr;

use super::embedded::{CredentialsError, EmbeddedError};
use super::folder::FolderError;
use crate::auth::SecretFileError;
use crate::catalog::sqlite;
use crate::config::ConfigError;
use crate::store::layout::InvalidLayout;
use crate::store::signer::InvalidSigner;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// A setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The secret of the installation.
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    /// The address of the API.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] sqlite::OpenError),
    /// The embedded store.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// No HTTP client.
    #[error("TLS cannot be set up")]
    Tls(#[source] reqwest::Error),
}

/// What kind of trouble it is, for exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A setting is wrong.
    Settings,
    /// The data folder cannot be used, or is in use.
    Folder,
    /// An address cannot be listened on.
    Address,
}

impl From<InvalidLayout> for BootError {
    fn from(wrong: InvalidLayout) -> Self {
        Self::Config(ConfigError::relation("store", wrong))
    }
}

impl From<InvalidSigner> for BootError {
    fn from(wrong: InvalidSigner) -> Self {
        Self::Config(ConfigError::relation("store", wrong))
    }
}

impl BootError {
    /// What kind of trouble it is.
    pub const fn trouble(&self) -> Trouble {
        match self {
            Self::Config(_)
            | Self::Tls(_)
            | Self::Embedded(EmbeddedError::Bucket(localstore::BucketError::Name(_))) => Trouble::Settings,
            Self::Listen { .. } | Self::Embedded(EmbeddedError::Start(localstore::StartError::PortInUse(_))) => {
                Trouble::Address
            }
            Self::Embedded(EmbeddedError::Start(localstore::StartError::Listen { .. })) => Trouble::Address,
            Self::Folder(_) | Self::Secret(_) | Self::Catalog(_) | Self::Embedded(_) => Trouble::Folder,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Config(wrong) => wrong.hint(),
            Self::Folder(FolderError::Held { .. }) => {
                "stop that process first, or give this one a folder of its own with --data".into()
            }
            Self::Folder(FolderError::Unusable { .. }) => {
                "name a folder that this user may write to with --data, and check that its disk is not full".into()
            }
            Self::Secret(wrong) => wrong.hint(),
            Self::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
                "another program listens there; stop it, or choose another address with --listen (port 0 takes a free one)"
                    .into()
            }
            Self::Listen { .. } => {
                "choose an address of this machine with --listen; ports below 1024 need permission".into()
            }
            Self::Catalog(_) => "`landfall config` prints where the catalog file is; [catalog] sqlite moves it".into(),
            Self::Embedded(wrong) => wrong.hint(),
            Self::Tls(_) => "install CA certificates, such as the package ca-certificates".into(),
        }
    }
}

impl EmbeddedError {
    fn hint(&self) -> String {
        match self {
            Self::Credentials(wrong) => wrong.hint(),
            Self::Start(localstore::StartError::PortInUse(_) | localstore::StartError::Listen { .. }) => {
                "choose another address for the store with --store-listen (port 0 takes a free one)".into()
            }
            Self::Start(localstore::StartError::FolderInUse(_)) => {
                "a `landfall store serve` may be running there; stop it, or use it: [store] kind = \"s3\" with what `landfall store show` prints".into()
            }
            Self::Start(_) => "check the folder `store` in the data folder".into(),
            Self::Bucket(_) => "check [store] private_bucket and public_bucket".into(),
        }
    }
}

impl CredentialsError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Absent(_) => "no store has run there yet: start `landfall serve` first, or check --data".into(),
            Self::Io { .. } => "check who may read the file".into(),
            Self::Damaged(_) => {
                "restore it from a backup; or remove it while nothing runs, and a new access key is made".into()
            }
        }
    }
}

impl SecretFileError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Absent(_) => "nothing has run there yet: start `landfall serve` first, or check --data".into(),
            Self::Io { .. } => "check who may read the file".into(),
            Self::Damaged(_) => {
                "restore it from a backup; or remove it while nothing runs: a new one is made, and old tokens end"
                    .into()
            }
        }
    }
}
