//! The calls of the port by name: for metrics, logs, planned failures and fail points.
//!
//! `close` is not among them: it has no answer that could be lost. *Rule*: a call's name is its method's.

use super::{due_work, figures, installation, members, outbox, rows};

/// A call of one of the capabilities of [`super::Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(&'static str);

impl Operation {
    /// Of a capability's method. Only `capability!` makes one.
    pub(super) const fn of(method: &'static str) -> Self {
        Self(method)
    }

    /// Every call there is, in the order of the port.
    pub fn all() -> impl Iterator<Item = Self> {
        let capabilities =
            [rows::CALLS, due_work::CALLS, outbox::CALLS, members::CALLS, installation::CALLS, figures::CALLS];
        capabilities.into_iter().flatten().copied()
    }

    /// The label in metrics, the word in logs and in the names of fail points.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Declares a capability: the trait as it stands, its calls by name, and the delegation with something around each
/// call. *Invariant*: every method passes through [`super::around::AroundCatalog::around`] exactly once, and arguments
/// reach the catalog as they came.
macro_rules! capability {
    (
        $(#[$about:meta])*
        pub trait $capability:ident {
            $(
                $(#[$doc:meta])*
                async fn $method:ident(
                    &$this:ident $(, $argument:ident: $kind:ty)* $(,)?
                ) -> Result<$answer:ty, CatalogError>;
            )+
        }
    ) => {
        $(#[$about])*
        #[async_trait::async_trait]
        pub trait $capability: Send + Sync + 'static {
            $(
                $(#[$doc])*
                async fn $method(&$this, $($argument: $kind),*) -> Result<$answer, CatalogError>;
            )+
        }

        /// The capability's calls.
        pub(super) const CALLS: &[super::operation::Operation] =
            &[$(super::operation::Operation::of(stringify!($method))),+];

        #[async_trait::async_trait]
        impl<A: super::around::AroundCatalog> $capability for super::around::Around<A> {
            $(
                async fn $method(&$this, $($argument: $kind),*) -> Result<$answer, CatalogError> {
                    let operation = super::operation::Operation::of(stringify!($method));
                    $this.layer.around(operation, $this.catalog.$method($($argument),*)).await
                }
            )+
        }
    };
}

pub(super) use capability;
