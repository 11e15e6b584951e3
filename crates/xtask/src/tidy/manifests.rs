//! Manifests: each dependency stands once, with its reason, and is used.

use super::tree::{Package, SourceFile, Tree};
use super::{Finding, code};

/// Where every version and every reason stands.
const WORKSPACE: &str = "Cargo.toml";

/// Packages whose library has another name than the package.
const LIBRARY_NAMES: &[(&str, &str)] = &[("md-5", "md5")];

/// One line of a table in a manifest.
struct Line<'text> {
    /// The table, without brackets.
    table: &'text str,
    /// Counted from 1.
    number: usize,
    text: &'text str,
}

impl Line<'_> {
    /// The key, without what follows a dot.
    fn name(&self) -> &str {
        let end = self.text.find(['.', '=', ' ']);
        self.text[..end.unwrap_or(self.text.len())].trim()
    }

    fn finding(&self, path: &str, rule: &'static str, advice: String) -> Finding {
        Finding { path: path.to_owned(), line: self.number, rule, advice }
    }
}

/// The lines that hold a key, each with its table.
fn lines(manifest: &str) -> Vec<Line<'_>> {
    let mut table = "";
    let mut lines = Vec::new();
    for (index, text) in manifest.lines().enumerate() {
        if let Some(name) = text.strip_prefix('[') {
            table = name.split(']').next().unwrap_or_default();
        } else if text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            lines.push(Line { table, number: index + 1, text });
        }
    }
    lines
}

/// The dependencies of the workspace that are not our own crates.
fn foreign(manifest: &str) -> Vec<Line<'_>> {
    lines(manifest)
        .into_iter()
        .filter(|line| line.table == "workspace.dependencies" && !line.text.contains("path ="))
        .collect()
}

/// Every dependency of the workspace carries its reason as a comment on its line.
pub(super) fn check_reasons(tree: &Tree) -> Vec<Finding> {
    let Some(manifest) = tree.find(WORKSPACE) else {
        return Vec::new();
    };
    let has_reason = |line: &Line<'_>| {
        line.text.split_once('#').is_some_and(|(_, reason)| reason.split_whitespace().next().is_some())
    };
    foreign(&manifest.text)
        .into_iter()
        .filter(|line| !has_reason(line))
        .map(|line| {
            let advice = format!("say why `{}` is there: `# reason`", line.name());
            line.finding(WORKSPACE, "dependency-reason", advice)
        })
        .collect()
}

/// Every dependency of the workspace is asked for by a crate.
pub(super) fn check_used_by_workspace(tree: &Tree) -> Vec<Finding> {
    let Some(manifest) = tree.find(WORKSPACE) else {
        return Vec::new();
    };
    let is_used = |name: &str| {
        tree.packages.iter().flat_map(|package| &package.dependencies).any(|dependency| dependency.name == name)
    };
    foreign(&manifest.text)
        .into_iter()
        .filter(|line| !is_used(line.name()))
        .map(|line| {
            let advice = format!("no crate uses `{}`: remove the line", line.name());
            line.finding(WORKSPACE, "dependency-unused", advice)
        })
        .collect()
}

/// What a crate asks for appears in its code. A dependency that is there only to switch on features
/// of another says so on its line: `# features: why`.
pub(super) fn check_used_by_crates(tree: &Tree) -> Vec<Finding> {
    tree.packages.iter().flat_map(|package| check_used_by_crate(tree, package)).collect()
}

fn check_used_by_crate(tree: &Tree, package: &Package) -> Vec<Finding> {
    let path = format!("{}/Cargo.toml", package.folder);
    let Some(manifest) = tree.find(&path) else {
        return Vec::new();
    };
    let folder = format!("{}/", package.folder);
    let is_used = |name: &str| {
        tree.files
            .iter()
            .filter(|file| file.path.starts_with(&folder))
            .any(|file| !code::find_words(&file.code, &library_name(name)).is_empty())
    };
    lines(&manifest.text)
        .into_iter()
        .filter(|line| line.table.ends_with("dependencies"))
        .filter(|line| !line.text.contains("# features: ") && !is_used(line.name()))
        .map(|line| {
            let advice = format!("the crate never names `{}`: remove the line, or say `# features: why`", line.name());
            line.finding(&path, "dependency-unused", advice)
        })
        .collect()
}

fn library_name(package: &str) -> String {
    LIBRARY_NAMES
        .iter()
        .find(|(name, _)| *name == package)
        .map_or_else(|| package.replace('-', "_"), |(_, name)| (*name).to_owned())
}

/// Crates inherit versions, lints and package facts from the workspace.
pub(super) fn check_inheritance(file: &SourceFile) -> Vec<Finding> {
    if !file.path.starts_with("crates/") || !file.path.ends_with("/Cargo.toml") {
        return Vec::new();
    }
    let lines = lines(&file.text);
    let mut findings: Vec<_> = lines
        .iter()
        .filter(|line| line.table.ends_with("dependencies"))
        .filter(|line| !line.text.contains("workspace = true"))
        .map(|line| {
            let advice = format!("write `{}.workspace = true`", line.name());
            line.finding(&file.path, "inherit", advice)
        })
        .collect();
    for (table, key) in [
        ("package", "version.workspace = true"),
        ("package", "edition.workspace = true"),
        ("package", "rust-version.workspace = true"),
        ("package", "license.workspace = true"),
        ("package", "publish.workspace = true"),
        ("lints", "workspace = true"),
    ] {
        let is_there = |line: &Line<'_>| line.table == table && line.text.starts_with(key);
        if !lines.iter().any(is_there) {
            findings.push(Finding {
                path: file.path.clone(),
                line: 1,
                rule: "inherit",
                advice: format!("add `{key}` to [{table}]"),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Dependency, Kind};
    use super::*;

    fn workspace(dependencies: &str) -> Tree {
        let text = format!("[workspace.dependencies]\n{dependencies}\n[profile.dev]\ndebug = 1\n");
        let manifest = "[dependencies]\njiff.workspace = true\nmd-5.workspace = true\n";
        Tree {
            packages: vec![Package {
                name: "a".to_owned(),
                folder: "crates/a".to_owned(),
                dependencies: vec![Dependency { name: "jiff".to_owned(), kind: Kind::Normal }],
            }],
            ..Tree::of(vec![
                SourceFile::new(WORKSPACE, &text),
                SourceFile::new("crates/a/Cargo.toml", manifest),
                SourceFile::new("crates/a/src/lib.rs", "use md5::Md5; // jiff\n"),
            ])
        }
    }

    #[test]
    fn every_dependency_has_a_reason() {
        let count = |text| check_reasons(&workspace(text)).len();
        assert_eq!(count("jiff = \"1\" # time"), 0);
        assert_eq!(count("a = { path = \"crates/a\" }"), 0);
        assert_eq!(count("jiff = \"1\""), 1);
        assert_eq!(count("jiff = \"1\" #"), 1);
    }

    #[test]
    fn every_dependency_is_asked_for() {
        let findings = check_used_by_workspace(&workspace("jiff = \"1\"\nurl = \"2\""));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 3);
    }

    #[test]
    fn every_dependency_of_a_crate_is_named_in_code() {
        let findings = check_used_by_crates(&workspace(""));
        assert_eq!(findings.len(), 1, "md-5 is used as md5, jiff in a comment only");
        assert!(findings[0].advice.contains("`jiff`"));
    }

    const COMPLETE: &str = "[package]\nname = \"a\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
        publish.workspace = true\n[lints]\nworkspace = true\n";

    #[test]
    fn a_complete_manifest_passes() {
        let text = format!("{COMPLETE}[dependencies]\ntokio = {{ workspace = true }}\n");
        assert_eq!(check_inheritance(&SourceFile::new("crates/a/Cargo.toml", &text)), []);
    }

    #[test]
    fn versions_and_lints_are_inherited() {
        let text = format!("{COMPLETE}[dev-dependencies]\ntokio = \"1\"\n");
        let file = SourceFile::new("crates/a/Cargo.toml", &text);
        assert_eq!(check_inheritance(&file).len(), 1);
        let file = SourceFile::new("crates/a/Cargo.toml", "[package]\nname = \"a\"\n");
        assert_eq!(check_inheritance(&file).len(), 6);
    }
}
