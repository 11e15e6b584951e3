//! `cargo xtask sim`: the simulator, built and started.
//!
//! No logic: the arguments are the simulator's own, and so is the exit code.

use std::path::PathBuf;

use anyhow::Result;

use crate::{console, process, run};

/// Seeds of every test run.
const SEEDS: &str = "10000";
/// Hexadecimal digits of a commit that name its first seed: 2^48 of them, so no two commits are likely to share any.
const DIGITS: usize = 12;

/// Builds the simulator and runs it with these arguments.
///
/// # Errors
/// When the build fails, or the simulator cannot be started.
pub(crate) fn run(arguments: &[String]) -> Result<u8> {
    process::status(process::command(build()?).args(arguments))
}

/// The kept seeds and those of this commit, by the simulator of the test build: other seeds with every commit, the same ones
/// with the same commit.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_built() -> Result<u8> {
    let first = first_seed(process::output(process::command("git").args(["rev-parse", "HEAD"])).as_deref().ok());
    console::note(&format!("the seeds of this commit; again: cargo xtask sim --first {first} --seeds {SEEDS}"));
    let mut simulator = process::command(run::find_test_build("sim")?);
    process::status(simulator.args(["--first", &first.to_string(), "--seeds", SEEDS]))
}

/// The first seed of a commit; 0 where there is none, as in an unpacked archive.
fn first_seed(commit: Option<&str>) -> u64 {
    commit.and_then(|name| u64::from_str_radix(name.get(..DIGITS)?, 16).ok()).unwrap_or(0)
}

/// Builds the simulator and gives its path.
///
/// # Errors
/// When the build fails; cargo has printed why.
pub(crate) fn build() -> Result<PathBuf> {
    run::build(&["build", "--package", "sim", "--bin", "sim", "--locked"], "sim")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_commit_has_seeds_of_its_own() {
        let [one, other] = ["0f3887b5d0a1c0ffee", "121a4a5fffffffffff"].map(|name| first_seed(Some(name)));
        assert_eq!((one, other), (0x0f38_87b5_d0a1, 0x121a_4a5f_ffff));
        assert_eq!((first_seed(None), first_seed(Some("fatal: no commit"))), (0, 0));
    }
}
