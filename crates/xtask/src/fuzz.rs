//! `cargo xtask fuzz`: long runs of the fuzz targets. Short ones are ordinary tests.
//!
//! Targets, corpus and driver are the crate `fuzz`; this file only starts its binary.

use anyhow::Result;

use crate::{process, run};

const BUILD: &[&str] = &["build", "--locked", "--package", "fuzz", "--bin", "fuzz"];

/// Fuzzes as long as the arguments say; 1 when a target broke.
///
/// # Errors
/// When the build fails.
pub(crate) fn run(arguments: &[String]) -> Result<u8> {
    process::status(process::command(run::build(BUILD, "fuzz")?).args(arguments))
}
