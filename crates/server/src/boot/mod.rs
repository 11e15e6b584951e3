//! Puts the pieces together, and takes them apart again without losing anything.
//!
//! [`Landfall::start`] is the whole server in this process; [`Offline`] is catalog and store without it; [`RunningStore`]
//! is the embedded store alone; [`Consultation`] is the store for doctor. *Invariant*: concrete backends are
//! named in `foundation` and `offline` for whoever serves and in `consulting` for doctor, and nowhere outside of `boot`;
//! whatever a configuration can get wrong is found before anything listens.

mod consulting;
mod embedded;
mod error;
mod figures;
mod folder;
mod foundation;
mod hints;
mod offline;
mod ports;
mod running;
mod store_settings;

pub use consulting::{Consultation, KeepError, Kept};
#[cfg(test)]
pub(crate) use embedded::behaviour as embedded_behaviour;
pub use embedded::{CredentialsError, EmbeddedError, RunningStore, StoreCredentials};
pub use error::{BootError, Trouble};
pub use folder::{DataFolder, FolderError, FolderLock, Holder, RunAddresses, RunFile, RunFileOf};
pub use foundation::existing_authenticator;
pub use offline::Offline;
pub use running::{Addresses, Landfall, Running};
