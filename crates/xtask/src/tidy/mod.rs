//! `cargo xtask tidy`: the rules of this repository that the compiler does not know.
//!
//! One rule is one small function from text to findings, tested on text that keeps it and text that
//! breaks it. Rules read the working tree and change nothing. Whether the generated reference is
//! fresh needs a built binary, so that is `cargo xtask gen --check`, run by `cargo xtask test`.

mod bans;
mod code;
mod layers;
mod lengths;
mod manifests;
mod markdown;
mod names;
mod text;
mod tree;

use std::fmt;

use anyhow::Result;

use crate::console;
use tree::{SourceFile, Tree};

/// One thing to change.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Path from the root of the repository.
    path: String,
    /// Line, counted from 1.
    line: usize,
    /// The rule's short name.
    rule: &'static str,
    /// What to do.
    advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, advice } = self;
        write!(formatter, "{path}:{line}: {rule}: {advice}")
    }
}

/// Rules that look at one file.
const FILE_RULES: &[fn(&SourceFile) -> Vec<Finding>] = &[
    bans::check_words,
    lengths::check_file,
    lengths::check_functions,
    names::check_file_name,
    names::check_function_names,
    names::check_glossary,
    manifests::check_inheritance,
    text::check_header,
    text::check_unfinished,
    text::check_machine_paths,
    text::check_registries,
    markdown::check_length,
    markdown::check_decision,
];

/// Rules that look at the whole.
const TREE_RULES: &[fn(&Tree) -> Vec<Finding>] = &[
    layers::check,
    manifests::check_reasons,
    manifests::check_used_by_workspace,
    manifests::check_used_by_crates,
    markdown::check_links,
    markdown::check_decision_index,
];

/// Prints what breaks a rule; 1 when something does.
///
/// # Errors
/// When the tree cannot be read.
pub(crate) fn run() -> Result<u8> {
    let tree = Tree::load()?;
    let findings = check(&tree);
    for finding in &findings {
        console::out(&finding.to_string());
    }
    let files = tree.files.len();
    console::note(&format!("tidy: {files} files, {} findings", findings.len()));
    Ok(u8::from(!findings.is_empty()))
}

fn check(tree: &Tree) -> Vec<Finding> {
    let of_files = tree.files.iter().flat_map(|file| FILE_RULES.iter().flat_map(move |rule| rule(file)));
    let of_tree = TREE_RULES.iter().flat_map(|rule| rule(tree));
    let mut findings: Vec<_> = of_files.chain(of_tree).collect();
    findings.sort();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_like_a_compiler_message() {
        let finding = Finding { path: "a.rs".to_owned(), line: 3, rule: "rule", advice: "do this".to_owned() };
        assert_eq!(finding.to_string(), "a.rs:3: rule: do this");
    }

    #[test]
    fn findings_come_sorted_by_place() {
        let tree = Tree::of(vec![
            SourceFile::new("crates/b/src/utils.rs", "//! B.\n"),
            SourceFile::new("crates/a/src/x.rs", "fn get_x() {}\n"),
        ]);
        let places: Vec<_> = check(&tree).iter().map(|finding| format!("{}:{}", finding.path, finding.rule)).collect();
        assert_eq!(
            places,
            ["crates/a/src/x.rs:function-name", "crates/a/src/x.rs:header", "crates/b/src/utils.rs:file-name"]
        );
    }
}
