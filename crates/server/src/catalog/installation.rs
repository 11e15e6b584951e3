//! What a catalog knows about itself: its clock, its installation, and what doctor saw of the store.

use domain::{Installation, InstallationId, StoreProfile, Timestamp};

use super::operation::capability;
use super::{CatalogError, Stamped, Written};

capability! {
    /// What a catalog knows about itself.
    pub trait InstallationRecord {
        /// The one clock.
        async fn now(&self) -> Result<Timestamp, CatalogError>;

        /// What this catalog knows about itself. The first call makes it, with this id and the first epoch.
        async fn load_installation(&self, fresh: InstallationId) -> Result<Stamped<Installation>, CatalogError>;

        /// Compare-and-set of what the catalog knows about itself: stale if id or epoch are no longer those of `from`. The
        /// epoch rises with every write.
        async fn replace_installation(&self, from: &Installation, next: &Installation) -> Result<Written, CatalogError>;

        /// What doctor saw of the store, if it ever looked.
        async fn load_profile(&self) -> Result<Option<StoreProfile>, CatalogError>;

        /// Keeps what doctor saw, in the place of what it saw before.
        async fn store_profile(&self, profile: &StoreProfile) -> Result<(), CatalogError>;
    }
}
