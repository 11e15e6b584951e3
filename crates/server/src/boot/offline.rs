//! The server without its server: catalog and store in this process, for commands that run while nothing else does.

use super::BootError;
use super::foundation::Foundation;
use crate::app::App;
use crate::config::Config;

/// Catalog, store and use cases, with the folder's lock held. No request comes in and no job runs.
pub struct Offline(Foundation);

impl Offline {
    /// Takes the folder. The embedded store listens on a free port of its own, so that nothing else can be in its way.
    ///
    /// # Errors
    /// See [`BootError`]; a running server shows as [`super::FolderError::Held`].
    pub async fn start(config: &Config, purpose: &str) -> Result<Self, BootError> {
        let mut config = config.clone();
        config.store.listen.set_port(0);
        Foundation::lay(&config, purpose).await.map(Self)
    }

    /// The use cases.
    pub const fn app(&self) -> &App {
        &self.0.app
    }

    /// Closes catalog and store and lets go of the folder.
    pub async fn stop(self) {
        self.0.close().await;
    }
}
