//! `cargo xtask model`: the exhaustive search over the protocol, and the page of the reference that it writes.
//!
//! The search itself is the crate `model`; this file only starts its binary.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{process, run};

/// The page of the reference that the binary writes.
pub(crate) const PAGE: &str = "docs/reference/model.md";

const BUILD: &[&str] = &["build", "--locked", "--package", "model", "--bin", "model"];

/// Searches everything, or one profile or ablation by its name, and prints what was found; 1 when an invariant broke or
/// an ablation was not caught.
///
/// # Errors
/// When the build fails.
pub(crate) fn run(arguments: &[String]) -> Result<u8> {
    process::status(process::command(build()?).args(arguments))
}

/// Builds the binary.
///
/// # Errors
/// When the build fails.
pub(crate) fn build() -> Result<PathBuf> {
    run::build(BUILD, "model")
}

/// What the binary says about the whole search.
///
/// # Errors
/// When an invariant breaks or an ablation is not caught.
pub(crate) fn page(binary: &Path) -> Result<String> {
    process::output(process::command(binary).arg("--page"))
}
