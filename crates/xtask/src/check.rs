//! `cargo xtask check`: what can be said about the code without running it.
//!
//! The same steps open `cargo xtask test`.

use anyhow::Result;

use crate::steps::Steps;
use crate::{process, tidy};

/// Runs the steps and gives the exit code.
///
/// # Errors
/// Never at present; failures are exit codes.
pub(crate) fn run() -> Result<u8> {
    let mut steps = Steps::start();
    add_steps(&mut steps);
    Ok(steps.finish())
}

/// Formatting, tidy and clippy, the quick ones first.
pub(crate) fn add_steps(steps: &mut Steps) {
    steps.run("format", || process::status(&mut process::cargo(&["fmt", "--all", "--check"])));
    steps.run("tidy", tidy::run);
    steps.run("clippy", || {
        process::status(&mut process::cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "--deny",
            "warnings",
        ]))
    });
}
