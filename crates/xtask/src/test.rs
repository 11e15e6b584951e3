//! `cargo xtask test`: the test command, for people and for CI.
//!
//! It installs what the tests need, then checks, builds and runs everything. It ends with 0 only if
//! every step passed. The tests run last, so their summary is what a reader sees first.

use anyhow::Result;

use crate::steps::Steps;
use crate::{check, generate, needs, process, run};

/// Runs every step and gives the exit code; a failed test run keeps nextest's own code.
///
/// # Errors
/// Never at present; failures are exit codes.
pub(crate) fn run_all() -> Result<u8> {
    let mut steps = Steps::start();
    if !steps.run("needs", needs::install) {
        return Ok(steps.finish());
    }
    check::add_steps(&mut steps);
    let built = steps.run("build", || cargo(run::TEST_BUILD));
    if built {
        steps.run("generated docs", generate::check_built);
        steps.run("doc tests", || cargo(&["test", "--workspace", "--doc", "--locked"]));
        steps.run("tests", || cargo(&["nextest", "run", "--workspace", "--locked"]));
    }
    Ok(steps.finish())
}

fn cargo(arguments: &[&str]) -> Result<u8> {
    process::status(&mut process::cargo(arguments))
}
