//! The layer table: which of our crates may use which.
//!
//! Data flows one way, `wire -> http -> app -> domain`. Between crates cargo enforces nothing but
//! the absence of cycles, so the table stands here. Dev-dependencies are exempt: a test may use
//! whatever shows the most.

use super::Finding;
use super::tree::{Kind, Package, Tree};

/// What a crate may depend on.
struct Layer {
    name: &'static str,
    /// Our own crates it may use.
    ours: &'static [&'static str],
    /// Packages it must not use, because they would bring what the crate never contains.
    never: &'static [&'static str],
}

/// Packages that touch the world. Pure crates use none of them.
const EFFECTS: &[&str] = &[
    "async-trait",
    "aws-config",
    "aws-sdk-s3",
    "axum",
    "getrandom",
    "http",
    "hyper",
    "hyper-util",
    "reqwest",
    "rustix",
    "sqlx",
    "tokio",
    "tokio-util",
    "tower",
    "tower-http",
];

const LAYERS: &[Layer] = &[
    Layer { name: "domain", ours: &[], never: EFFECTS },
    Layer { name: "signing", ours: &[], never: EFFECTS },
    Layer { name: "fuzz", ours: &["domain", "server", "signing", "uploader", "wire"], never: EFFECTS },
    Layer { name: "model", ours: &["domain"], never: EFFECTS },
    Layer { name: "wire", ours: &["domain"], never: EFFECTS },
    Layer { name: "connections", ours: &[], never: &["axum", "reqwest", "s3s", "sqlx"] },
    Layer { name: "localstore", ours: &["connections"], never: &["axum", "reqwest", "s3s-fs", "sqlx"] },
    Layer {
        name: "server",
        ours: &["connections", "domain", "localstore", "signing", "wire"],
        never: &["clap", "indicatif"],
    },
    Layer { name: "uploader", ours: &["domain", "wire"], never: &["aws-config", "aws-sdk-s3", "axum", "s3s", "sqlx"] },
    Layer {
        name: "landfall",
        ours: &["domain", "localstore", "server", "signing", "uploader", "wire"],
        never: &["axum", "sqlx"],
    },
    Layer {
        name: "sim",
        ours: &["domain", "server", "signing"],
        never: &["axum", "getrandom", "reqwest", "sqlx", "tokio"],
    },
    Layer { name: "xtask", ours: &[], never: EFFECTS },
];

/// Every crate stands in the table and keeps to it.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.packages.iter().flat_map(|package| check_package(tree, package)).collect()
}

fn check_package(tree: &Tree, package: &Package) -> Vec<Finding> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == package.name) else {
        let advice = "add the crate to the layer table in crates/xtask/src/tidy/layers.rs";
        return vec![finding(package, 1, advice.to_owned())];
    };
    let is_ours = |name: &str| tree.packages.iter().any(|package| package.name == name);
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != Kind::Dev)
        .filter_map(|dependency| {
            let name = dependency.name.as_str();
            let advice = if is_ours(name) && !layer.ours.contains(&name) {
                format!("`{}` must not use `{name}`: see the layer table", layer.name)
            } else if layer.never.contains(&name) {
                format!("`{}` never contains what `{name}` brings", layer.name)
            } else {
                return None;
            };
            Some(finding(package, line(tree, package, name), advice))
        })
        .collect()
}

/// The first line of the manifest that begins with the dependency's name, or 1.
fn line(tree: &Tree, package: &Package, name: &str) -> usize {
    let starts = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    tree.find(&format!("{}/Cargo.toml", package.folder))
        .and_then(|manifest| manifest.text.lines().position(starts))
        .map_or(1, |index| index + 1)
}

fn finding(package: &Package, line: usize, advice: String) -> Finding {
    Finding { path: format!("{}/Cargo.toml", package.folder), line, rule: "layer", advice }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Dependency, SourceFile};
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Kind)]) -> Package {
        Package {
            name: name.to_owned(),
            folder: format!("crates/{name}"),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: *kind })
                .collect(),
        }
    }

    fn tree(packages: Vec<Package>) -> Tree {
        let manifest = "[dependencies]\njiff.workspace = true\nwire.workspace = true\n";
        Tree { packages, ..Tree::of(vec![SourceFile::new("crates/domain/Cargo.toml", manifest)]) }
    }

    #[test]
    fn the_allowed_direction_passes() {
        let tree =
            tree(vec![package("domain", &[("jiff", Kind::Normal)]), package("wire", &[("domain", Kind::Normal)])]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn the_other_direction_is_found_at_its_line() {
        let tree = tree(vec![package("domain", &[("wire", Kind::Normal)]), package("wire", &[])]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 3);
        assert!(findings[0].advice.contains("must not use `wire`"));
    }

    #[test]
    fn tests_may_use_what_they_like_but_build_scripts_may_not() {
        let of = |kind| check(&tree(vec![package("domain", &[("tokio", kind)])])).len();
        assert_eq!(of(Kind::Dev), 0);
        assert_eq!(of(Kind::Build), 1);
        assert_eq!(of(Kind::Normal), 1);
    }

    #[test]
    fn a_crate_outside_the_table_is_found() {
        let findings = check(&tree(vec![package("newcomer", &[])]));
        assert!(findings[0].advice.contains("layer table"));
    }
}
