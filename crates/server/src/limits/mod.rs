//! The limits port: how often one owner may call.
//!
//! A backend is correct if and only if it passes [`conformance`]. Duties of a backend: one call is one request counted;
//! owners do not share anything; the memory it takes has a bound. Duties of a caller: one call for each request, and
//! no request refused because the limiter is down. What an owner may have unfinished is not here: that is the
//! catalog's allowance, which must be exact.

pub mod conformance;
pub mod memory;

use async_trait::async_trait;
use domain::rate::{Admission, Rate};
use domain::{OwnerId, TimeSpan};

/// Where an owner stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
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
    /// Counts a request of this owner and says where that puts it. A refused request does not count.
    async fn admit(&self, owner: &OwnerId) -> Result<Standing, LimitsError>;
}
