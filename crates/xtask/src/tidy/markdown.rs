//! Pages for people: links lead somewhere, the map stays short, decisions have one shape.

use super::tree::{SourceFile, Tree};
use super::{Finding, code};

/// The map of the project: six pages of about 500 words.
const ARCHITECTURE: &str = "ARCHITECTURE.md";
const ARCHITECTURE_WORDS: usize = 6 * 500;

/// One decision a page.
const DECISIONS: &str = "docs/decisions/";
const DECISION_WORDS: usize = 600;
const DECISION_HEADINGS: &[&str] = &["## Context", "## Decision", "## Consequences", "## Rejected"];

/// The map and the decisions keep their length.
pub(super) fn check_length(file: &SourceFile) -> Vec<Finding> {
    let limit = if file.path == ARCHITECTURE {
        ARCHITECTURE_WORDS
    } else if is_decision(&file.path) {
        DECISION_WORDS
    } else {
        return Vec::new();
    };
    let words = file.text.split_whitespace().count();
    if words <= limit {
        return Vec::new();
    }
    let advice = format!("shorten it: {words} words, the limit is {limit}");
    vec![finding(&file.path, 1, "page-length", advice)]
}

/// A decision tells its context, what was decided, what follows, and what was rejected, in order.
pub(super) fn check_decision(file: &SourceFile) -> Vec<Finding> {
    if !is_decision(&file.path) {
        return Vec::new();
    }
    let headings: Vec<_> = file.text.lines().filter(|line| line.starts_with("## ")).collect();
    if headings == DECISION_HEADINGS {
        return Vec::new();
    }
    let advice = format!("its headings are: {}", DECISION_HEADINGS.join(", "));
    vec![finding(&file.path, 1, "decision", advice)]
}

/// The index names every decision.
pub(super) fn check_decision_index(tree: &Tree) -> Vec<Finding> {
    let index = tree.find(&format!("{DECISIONS}README.md")).map_or("", |file| file.text.as_str());
    tree.files
        .iter()
        .filter(|file| is_decision(&file.path))
        .filter_map(|file| {
            let name = file.path.strip_prefix(DECISIONS)?;
            let advice = format!("add a link to {DECISIONS}README.md");
            let is_named = index.contains(&format!("]({name})"));
            (!is_named).then(|| finding(&file.path, 1, "decision", advice))
        })
        .collect()
}

fn is_decision(path: &str) -> bool {
    path.strip_prefix(DECISIONS).is_some_and(|name| name.starts_with(|first: char| first.is_ascii_digit()))
}

/// Links to files of this repository lead to files that are there.
pub(super) fn check_links(tree: &Tree) -> Vec<Finding> {
    tree.files
        .iter()
        .filter(|file| file.path.ends_with(".md"))
        .flat_map(|file| {
            links(&file.text).into_iter().filter(|(_, target)| !exists(tree, &file.path, target)).map(
                |(line, target)| {
                    let advice = format!("`{target}` leads nowhere");
                    finding(&file.path, line, "link", advice)
                },
            )
        })
        .collect()
}

/// The targets of inline links and pictures, with their lines. Code is skipped.
fn links(text: &str) -> Vec<(usize, String)> {
    let prose = without_code(text);
    prose
        .match_indices("](")
        .filter_map(|(at, opening)| {
            let start = at + opening.len();
            let end = start + prose[start..].find(')')?;
            let target = prose[start..end].split_whitespace().next()?;
            Some((code::line_of(&prose, at), target.to_owned()))
        })
        .collect()
}

/// The text with fenced blocks and inline code blanked, line by line.
fn without_code(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::with_capacity(text.len());
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let plain = line.split('`').step_by(2);
            prose.push_str(&plain.collect::<Vec<_>>().join(" "));
        }
        prose.push('\n');
    }
    prose
}

fn exists(tree: &Tree, page: &str, target: &str) -> bool {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let path = resolve(page, path);
    let folder = format!("{path}/");
    path.is_empty() || tree.paths.contains(&path) || tree.paths.iter().any(|known| known.starts_with(&folder))
}

/// A link's path from the root of the repository.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn finding(path: &str, line: usize, rule: &'static str, advice: String) -> Finding {
    Finding { path: path.to_owned(), line, rule, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_stays_short() {
        let page = |words: usize| SourceFile::new(ARCHITECTURE, &"word ".repeat(words));
        assert_eq!(check_length(&page(ARCHITECTURE_WORDS)), []);
        assert_eq!(check_length(&page(ARCHITECTURE_WORDS + 1)).len(), 1);
        let other = SourceFile::new("docs/long.md", &"word ".repeat(ARCHITECTURE_WORDS + 1));
        assert_eq!(check_length(&other), []);
    }

    #[test]
    fn a_decision_has_its_headings_in_order() {
        let good = DECISION_HEADINGS.join("\n\ntext\n\n");
        let path = "docs/decisions/0001-x.md";
        assert_eq!(check_decision(&SourceFile::new(path, &good)), []);
        let bad = SourceFile::new(path, "## Decision\n## Context\n");
        assert_eq!(check_decision(&bad).len(), 1);
        let index = SourceFile::new("docs/decisions/README.md", "");
        assert_eq!(check_decision(&index), []);
    }

    #[test]
    fn the_index_names_every_decision() {
        let tree = |index: &str| {
            Tree::of(vec![
                SourceFile::new("docs/decisions/README.md", index),
                SourceFile::new("docs/decisions/0001-x.md", ""),
            ])
        };
        assert_eq!(check_decision_index(&tree("[x](0001-x.md)")), []);
        assert_eq!(check_decision_index(&tree("")).len(), 1);
    }

    #[test]
    fn links_lead_somewhere() {
        let tree = |text: &str| Tree::of(vec![SourceFile::new("docs/a.md", text), SourceFile::new("README.md", "")]);
        for good in [
            "[x](../README.md)",
            "[x](/README.md#part)",
            "[x](#here) [y](https://example.org/z)",
            "[x](.) [y](../docs/)",
            "`[x](gone.md)`",
            "```\n[x](gone.md)\n```",
        ] {
            assert_eq!(check_links(&tree(good)), [], "{good}");
        }
        for bad in ["[x](gone.md)", "a\n![x](../docs/gone.png \"title\")"] {
            assert_eq!(check_links(&tree(bad)).len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_broken_link_has_its_line() {
        assert_eq!(links("a\n`b`\n[x](y)\n"), [(3, "y".to_owned())]);
    }
}
