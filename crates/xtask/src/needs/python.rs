//! boto3 and the AWS CLI, unmodified: the S3 clients that people really point at a store.
//!
//! They live in a virtual environment in the repository, `.tools/python`, at the exact versions of
//! `.config/test-python.txt`. `.cargo/config.toml` names the folder to every test as
//! `TEST_PYTHON`, so a test run without xtask finds them too.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{console, host, process};

const REQUIREMENTS: &str = ".config/test-python.txt";
const FOLDER: &str = ".tools/python";

/// Makes the virtual environment, unless it already holds exactly these requirements.
///
/// # Errors
/// When Python or pip fails; they have printed why.
pub(super) fn install() -> Result<()> {
    let requirements =
        fs::read_to_string(host::root().join(REQUIREMENTS)).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let folder = host::root().join(FOLDER);
    if is_current(&folder, &requirements) {
        return Ok(());
    }
    console::note(&format!("missing: {REQUIREMENTS} in {FOLDER}"));
    run("python3", &["-m", "venv", "--clear", FOLDER])?;
    let python = folder.join("bin/python");
    let pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
    let program = python.to_string_lossy();
    run(&program, &[&pip[..], &["--requirement", REQUIREMENTS]].concat())?;
    // Written last: an interrupted installation starts over.
    fs::write(stamp(&folder), requirements).context("cannot mark the installation as complete")
}

fn stamp(folder: &Path) -> PathBuf {
    folder.join("installed.txt")
}

fn is_current(folder: &Path, requirements: &str) -> bool {
    fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == requirements)
        && process::succeeds(process::command(folder.join("bin/python")).arg("--version"))
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let code = process::status(process::command(program).args(arguments))?;
    if code != 0 {
        bail!("{program} ended with {code}, see above");
    }
    Ok(())
}
