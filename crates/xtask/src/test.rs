//! `cargo xtask test`: the test command, for people and for CI.
//!
//! It installs what the tests need, then checks, builds and runs everything. It ends with 0 only if
//! every step passed. The tests run last, so their summary is what a reader sees first; each suite's
//! seconds stand below it.

use anyhow::Result;

use crate::steps::Steps;
use crate::stores::{Engine, Kept};
use crate::{check, generate, needs, process, run, simulate, suites, web};

/// Runs every step and gives the exit code; a failed test run keeps nextest's own code.
///
/// # Errors
/// Never at present; failures are exit codes.
pub(crate) fn run_all() -> Result<u8> {
    let mut steps = Steps::start();
    if !steps.run("needs", needs::install) {
        return Ok(steps.finish());
    }
    // It starts while the steps below compile.
    let mut ceph = None;
    let begun = steps.run("begin ceph", || {
        ceph = Some(Kept::begin(Engine::Ceph)?);
        Ok(0)
    });
    // Before the binary, which takes the pages in.
    let pages_built = steps.run("web", web::build_all);
    check::add_steps(&mut steps);
    let built = steps.run("build", || cargo(run::TEST_BUILD));
    if built {
        steps.run("generated docs", generate::check_built);
        steps.run("doc tests", || cargo(&["test", "--workspace", "--doc", "--locked"]));
        steps.run("simulation", simulate::run_built);
        if pages_built {
            steps.run("web tests", web::test_built);
            steps.run("browser", web::browse_built);
        }
        steps.run("tests", || suites::run(&mut process::cargo(TESTS)));
    }
    if let Some(ceph) = ceph.filter(|_| built && begun) {
        steps.run("tests on ceph", || run_tests_over(Engine::Ceph, ceph));
    }
    Ok(steps.finish())
}

/// Starts one store and runs only the tests over it. Installs nothing.
///
/// # Errors
/// When the store does not start.
pub(crate) fn run_over(engine: Engine) -> Result<u8> {
    let kept = Kept::begin(engine)?;
    run_tests_over(engine, kept)
}

/// The tests over a store are left out of every other run by `default-filter` in the nextest configuration.
fn run_tests_over(engine: Engine, mut kept: Kept) -> Result<u8> {
    let variables = kept.wait()?;
    let chosen = ["--ignore-default-filter", "--filterset", engine.tests()];
    let mut command = process::cargo(&[TESTS, &chosen[..]].concat());
    suites::run(command.envs(variables))
}

const TESTS: &[&str] = &["nextest", "run", "--workspace", "--locked"];

fn cargo(arguments: &[&str]) -> Result<u8> {
    process::status(&mut process::cargo(arguments))
}
