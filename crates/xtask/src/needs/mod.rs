//! What the tests need beyond Rust, and how it gets here.
//!
//! Each kind of need is one file: Debian packages, cargo-nextest, Python packages, Node.js. A need that
//! is met costs a few milliseconds; one that cannot be met ends the run with the command to type.

mod debian;
mod nextest;
pub(crate) mod node;
mod python;

use anyhow::Result;

/// Makes sure that everything the tests need is there.
///
/// # Errors
/// When something is missing and cannot be installed from here. The message says what to do.
pub(crate) fn install() -> Result<u8> {
    debian::install()?;
    nextest::install()?;
    python::install()?;
    node::install()?;
    Ok(0)
}
