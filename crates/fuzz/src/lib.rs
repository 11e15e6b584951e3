//! Fuzzing on the stable toolchain: targets, a corpus of seeds, and a driver that mutates them.
//!
//! A target is one function over bytes that panics when a law breaks. The driver is repeatable: same seed, same inputs.
//! It sees no coverage of code; a target says what kind of outcome it had, and inputs with a new kind are mutated
//! further. *Invariant*: an input that ever broke a target stays in its corpus, and every test run tries all of it.

mod driver;
mod targets;

pub use driver::{Crash, Report, run};
pub use targets::{TARGETS, Target};
