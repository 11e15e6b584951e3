//! What runs in browsers: installs, checks, builds and tests `web/`.
//!
//! npm does the work; this file says in which order, and with which Node.js. *Rule*: no package runs a script of its own
//! when it is installed, and none is installed that `web/package-lock.json` does not name.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{host, needs, process, run};

/// Installs the packages and builds everything, so that the next build of the binary has the web client in it.
///
/// # Errors
/// When npm cannot be started. What fails inside it is an exit code.
pub(crate) fn build_all() -> Result<u8> {
    install()?;
    first_failure(&[&["run", "check"], &["run", "build"]])
}

/// Builds the pages alone.
///
/// # Errors
/// When npm cannot be started, or fails; it has printed why.
pub(crate) fn build_pages() -> Result<()> {
    install()?;
    match first_failure(&[&["run", "build", "--workspace", "@landfall/app"]])? {
        0 => Ok(()),
        code => bail!("npm ended with {code}, see above"),
    }
}

/// Runs the tests that need no browser, those against the built binary among them.
///
/// # Errors
/// When the binary cannot be found, or npm not be started.
pub(crate) fn test_built() -> Result<u8> {
    let binary = run::find_test_build("landfall")?;
    process::status(npm(&["test"]).env("LANDFALL_BINARY", binary))
}

/// Runs the browser suite: the pages in Chromium, and the built binary with them in it.
///
/// # Errors
/// As [`test_built`].
pub(crate) fn browse_built() -> Result<u8> {
    let binary = run::find_test_build("landfall")?;
    process::status(npm(&["run", "e2e"]).env("LANDFALL_BINARY", binary))
}

/// Writes the types of the upload library anew from the committed OpenAPI document.
///
/// # Errors
/// When there is no Node.js and none can be installed.
pub(crate) fn write_types() -> Result<u8> {
    needs::node::install()?;
    process::status(&mut npm(&["run", "types", "--workspace", "@landfall/uploader"]))
}

/// Installs the packages of the lock file, unless they are there.
fn install() -> Result<()> {
    if is_installed(&folder()) {
        return Ok(());
    }
    match process::status(&mut npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))? {
        0 => Ok(()),
        code => bail!("npm ended with {code}, see above"),
    }
}

/// Whether the packages are those of the lock file: npm writes a copy of it when it has installed them.
fn is_installed(web: &Path) -> bool {
    let changed = |file: &str| web.join(file).metadata().and_then(|file| file.modified());
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Ok(installed), Ok(wanted)) => installed >= wanted,
        _ => false,
    }
}

/// Runs npm with each line of arguments, up to the first that fails.
fn first_failure(lines: &[&[&str]]) -> Result<u8> {
    for arguments in lines {
        let code = process::status(&mut npm(arguments))?;
        if code != 0 {
            return Ok(code);
        }
    }
    Ok(0)
}

/// On Unix a program is looked up on the path that it is given, not on ours.
fn npm(arguments: &[&str]) -> Command {
    let mut command = process::command("npm");
    command.current_dir(folder()).args(arguments).env("PATH", needs::node::search_path());
    command
}

fn folder() -> PathBuf {
    host::root().join("web")
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::Duration;

    use super::*;

    #[test]
    fn packages_are_installed_when_npm_says_so_after_the_lock_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(!is_installed(folder.path()));
        fs::write(path("package-lock.json"), "{}").unwrap();
        assert!(!is_installed(folder.path()));
        fs::create_dir(path("node_modules")).unwrap();
        let installed = File::create(path("node_modules/.package-lock.json")).unwrap();
        let wanted = path("package-lock.json").metadata().unwrap().modified().unwrap();
        for (time, is_current) in [(wanted, true), (wanted - Duration::from_secs(1), false)] {
            installed.set_modified(time).unwrap();
            assert_eq!(is_installed(folder.path()), is_current);
        }
    }
}
