//! The limits port: how often somebody may call.
//!
//! Who that is, is a name: an owner's id, or a peer's address. One limiter counts names of one kind. A backend is correct
//! if and only if it passes [`conformance`]. Duties of a backend: one call is one request counted, at its cost; names do
//! not share anything; the memory it takes has a bound. Duties of a caller: no request refused because the limiter is
//! down. What an owner may have unfinished is not here: that is the catalog's allowance, which must be exact.

pub mod conformance;
pub mod memory;

use async_trait::async_trait;
use domain::TimeSpan;
use domain::rate::{Admission, Rate};

/// Where somebody stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitStanding {
    /// Whether this request may go on, and if not, when it may.
    pub admission: Admission,
    /// Requests left right now.
    pub remaining: u32,
    /// When the whole burst is available again.
    pub reset_after: TimeSpan,
    /// What is allowed.
    pub rate: Rate,
}

/// Why the limiter cannot tell.
#[derive(Debug, thiserror::Error)]
pub enum LimitsError {
    /// It cannot be reached. The request may or may not have been counted.
    #[error("the limiter is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Knows who calls too often.
#[async_trait]
pub trait Limits: Send + Sync + 'static {
    /// Counts a request under this name as `cost` requests (at least one, at most the burst), and says where that puts
    /// it. A refused request does not count.
    async fn admit(&self, name: &str, cost: u32) -> Result<RateLimitStanding, LimitsError>;
}
