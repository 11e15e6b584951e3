//! The shape of a port's list of calls: one line for each gives the enum, its names and its order.
//!
//! Not a list itself: those are `catalog::operation` and `store::operation`. *Rule*: a call has one name, for metrics,
//! logs, planned failures and fail points.

/// Makes `enum Operation` for a port. `Variant = "name" is method` stands for one call.
macro_rules! operations {
    ($port:literal: $($variant:ident = $name:literal is $method:literal),+ $(,)?) => {
        #[doc = concat!("A call of [`super::", $port, "`].")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $(#[doc = concat!("[`super::", $port, "::", $method, "`]")] $variant,)+
        }

        impl Operation {
            /// Every call there is, in the order of the port.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The label in metrics, the word in logs and in the names of fail points.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

pub(crate) use operations;
