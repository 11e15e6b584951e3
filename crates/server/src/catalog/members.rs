//! Which servers are alive, and share the work. For efficiency only: nothing breaks if two do the same.

use domain::TimeSpan;

use super::CatalogError;
use super::operation::capability;

capability! {
    /// Servers that are alive.
    pub trait Members {
        /// Says that `member` is alive for so long, and names all that are, itself included.
        async fn renew_member(&self, member: &str, life: TimeSpan) -> Result<Vec<String>, CatalogError>;

        /// Says that `member` goes: the others need not wait for it to lapse.
        async fn remove_member(&self, member: &str) -> Result<(), CatalogError>;
    }
}
