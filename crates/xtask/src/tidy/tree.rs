//! What the rules look at: the files of the repository and the manifests of its crates.
//!
//! Files that git ignores do not count; files not yet added do, so that a rule speaks before the
//! commit.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::code::{self, Span};
use crate::{host, process};

/// The working tree.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Every text file.
    pub(super) files: Vec<SourceFile>,
    /// The path of every file, text or not.
    pub(super) paths: BTreeSet<String>,
    /// The crates of the workspace.
    pub(super) packages: Vec<Package>,
}

/// One text file.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub(super) path: String,
    /// The whole text.
    pub(super) text: String,
    /// For Rust: the text with comments and literals blanked, the same length. Otherwise empty.
    pub(super) code: String,
    /// For Rust: the lines of test modules. The whole file when its path says so.
    pub(super) tests: Vec<Span>,
}

/// One crate of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// Its name.
    pub(super) name: String,
    /// Its folder from the root of the repository.
    pub(super) folder: String,
    /// What its manifest asks for.
    pub(super) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependency tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    /// The dependency's package name.
    pub(super) name: String,
    /// Which table it stands in.
    pub(super) kind: Kind,
}

/// The tables a dependency can stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[dependencies]`.
    Normal,
    /// `[build-dependencies]`.
    Build,
    /// `[dev-dependencies]`: tests and benches only.
    Dev,
}

impl SourceFile {
    /// A file with this path and text.
    pub(super) fn new(path: &str, text: &str) -> Self {
        let is_rust = path.ends_with(".rs");
        let code = if is_rust { code::mask(text) } else { String::new() };
        let tests = if is_test_path(path) { vec![code::whole(text)] } else { code::test_modules(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// Whether a line, counted from 1, belongs to a test.
    pub(super) fn is_test_line(&self, line: usize) -> bool {
        self.tests.iter().any(|span| span.contains(line))
    }
}

/// Integration tests, benches, and modules that exist for tests alone.
fn is_test_path(path: &str) -> bool {
    let mut folders = path.split('/');
    path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
        || folders.any(|folder| folder == "tests" || folder == "benches")
}

impl Tree {
    /// Reads the working tree.
    ///
    /// # Errors
    /// When git or cargo cannot list it, or a file cannot be read.
    pub(super) fn load() -> Result<Self> {
        let mut tree = Self { packages: load_packages()?, ..Self::default() };
        for path in list_paths()? {
            let Ok(bytes) = fs::read(host::root().join(&path)) else {
                continue; // Deleted, but still known to git.
            };
            if let Ok(text) = String::from_utf8(bytes) {
                tree.files.push(SourceFile::new(&path, &text));
            }
            tree.paths.insert(path);
        }
        Ok(tree)
    }

    /// A tree of these files, for the tests of the rules.
    #[cfg(test)]
    pub(super) fn of(files: Vec<SourceFile>) -> Self {
        Self { paths: files.iter().map(|file| file.path.clone()).collect(), files, packages: Vec::new() }
    }

    /// The file at a path.
    pub(super) fn find(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn list_paths() -> Result<Vec<String>> {
    // CI may check out as another user than the one who owns the folder.
    let mut git = process::command("git");
    git.args(["-c", "safe.directory=*", "ls-files", "-z"]);
    git.args(["--cached", "--others", "--exclude-standard"]);
    let output = process::output(&mut git).context("tidy reads the files that git lists")?;
    Ok(output.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn load_packages() -> Result<Vec<Package>> {
    let output = process::output(&mut process::cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    parse_packages(&output)
}

/// Reads the answer of `cargo metadata --no-deps`.
fn parse_packages(metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata is not JSON")?;
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    packages
        .iter()
        .map(|package| {
            let manifest = package["manifest_path"].as_str().unwrap_or_default();
            let folder = manifest
                .strip_prefix(root)
                .and_then(|path| path.strip_suffix("/Cargo.toml"))
                .context("a crate lies outside the workspace")?;
            Ok(Package {
                name: package["name"].as_str().unwrap_or_default().to_owned(),
                folder: folder.trim_start_matches('/').to_owned(),
                dependencies: parse_dependencies(&package["dependencies"]),
            })
        })
        .collect()
}

fn parse_dependencies(list: &Value) -> Vec<Dependency> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|dependency| Dependency {
            name: dependency["name"].as_str().unwrap_or_default().to_owned(),
            kind: match dependency["kind"].as_str() {
                Some("dev") => Kind::Dev,
                Some("build") => Kind::Build,
                _ => Kind::Normal,
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_from_cargo_metadata() {
        let packages = parse_packages(
            r#"{"workspace_root": "/w", "packages": [{
                "name": "wire", "manifest_path": "/w/crates/wire/Cargo.toml",
                "dependencies": [{"name": "domain", "kind": null}, {"name": "insta", "kind": "dev"}]
            }]}"#,
        )
        .unwrap();
        let expected = Package {
            name: "wire".to_owned(),
            folder: "crates/wire".to_owned(),
            dependencies: vec![
                Dependency { name: "domain".to_owned(), kind: Kind::Normal },
                Dependency { name: "insta".to_owned(), kind: Kind::Dev },
            ],
        };
        assert_eq!(packages, [expected]);
    }

    #[test]
    fn the_real_tree_loads_and_holds_this_file() {
        let tree = Tree::load().unwrap();
        let file = tree.find("crates/xtask/src/tidy/tree.rs").unwrap();
        assert!(file.text.contains("the_real_tree_loads"));
        assert!(tree.packages.iter().any(|package| package.name == "xtask"));
    }

    #[test]
    fn test_code_is_known_by_path_or_by_attribute() {
        assert!(SourceFile::new("crates/a/tests/x.rs", "fn a() {}\n").is_test_line(1));
        assert!(SourceFile::new("crates/a/src/x/tests.rs", "fn a() {}\n").is_test_line(1));
        let file =
            SourceFile::new("crates/a/src/x.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n");
        let lines: Vec<_> = (1..=6).filter(|line| file.is_test_line(*line)).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
    }
}
