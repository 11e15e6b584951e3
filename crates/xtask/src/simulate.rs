//! `cargo xtask sim`: the simulator, built and started.
//!
//! No logic: the arguments are the simulator's own, and so is the exit code.

use std::path::PathBuf;

use anyhow::Result;

use crate::{process, run};

/// Seeds of every test run.
const SEEDS: &str = "10000";

/// Builds the simulator and runs it with these arguments.
///
/// # Errors
/// When the build fails, or the simulator cannot be started.
pub(crate) fn run(arguments: &[String]) -> Result<u8> {
    process::status(process::command(build()?).args(arguments))
}

/// The seeds of every test run, by the simulator of the test build.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_built() -> Result<u8> {
    process::status(process::command(run::find_test_build("sim")?).args(["--seeds", SEEDS]))
}

/// Builds the simulator and gives its path.
///
/// # Errors
/// When the build fails; cargo has printed why.
pub(crate) fn build() -> Result<PathBuf> {
    run::build(&["build", "--package", "sim", "--bin", "sim", "--locked"], "sim")
}
