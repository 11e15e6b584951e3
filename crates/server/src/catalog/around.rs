//! Any catalog, with something around each of its calls: a stopwatch, a fail point, a simulated fault.
//!
//! What happens around a call is an [`AroundCatalog`]; the delegation itself comes from each capability's declaration
//! ([`super::operation`]).

use std::sync::Arc;

use async_trait::async_trait;

use super::operation::Operation;
use super::{Catalog, CatalogError};

/// What happens around a call.
pub trait AroundCatalog: Send + Sync + 'static {
    /// Makes the call, or does not. `call` has no effect until it is polled: leaving it unpolled is a fault before the
    /// effect ([`CatalogError::Unavailable`]); awaiting it and answering [`CatalogError::Unknown`] is an answer lost after
    /// the effect. Nothing else may be answered than what the call said, or one of these.
    fn around<T: Send>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, CatalogError>> + Send,
    ) -> impl Future<Output = Result<T, CatalogError>> + Send;
}

/// A catalog with an [`AroundCatalog`] around each call.
pub struct Around<A> {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) layer: A,
}

impl<A: AroundCatalog> Around<A> {
    /// Puts `layer` around every call of `catalog`.
    pub fn new(catalog: Arc<dyn Catalog>, layer: A) -> Self {
        Self { catalog, layer }
    }
}

#[async_trait]
impl<A: AroundCatalog> Catalog for Around<A> {
    async fn close(&self) {
        self.catalog.close().await;
    }
}
