//! What a text must begin with, and what it must not hold.
//!
//! The words this file looks for are put together from pieces, so that it does not find itself.

use super::tree::SourceFile;
use super::{Finding, code};

/// Marks of unfinished work, in any text.
const UNFINISHED_WORDS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// The same in code: what panics instead of working, tests that are skipped, prints left behind.
const UNFINISHED_CODE: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// Folders of somebody's machine.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Settings that name a registry. Which one is used is the machine's business.
const REGISTRY_SETTINGS: &[&str] =
    &[concat!("index", "-url"), concat!("replace", "-with"), concat!("npm_config", "_registry")];

/// The public registries, as lock files write them.
const PUBLIC_REGISTRIES: &[&str] =
    &["registry+https://github.com/rust-lang/crates.io-index", "https://registry.npmjs.org/"];

/// Every Rust file opens with what it is, what it is not, and the rule it keeps.
pub(super) fn check_header(file: &SourceFile) -> Vec<Finding> {
    let first = file.text.lines().find(|line| !line.trim().is_empty());
    if !file.path.ends_with(".rs") || first.is_some_and(|line| line.starts_with("//!")) {
        return Vec::new();
    }
    let advice = "open with `//!`: what it is, what it is not, the rule it keeps";
    vec![finding(file, 1, "header", advice.to_owned())]
}

/// Nothing unfinished is committed.
pub(super) fn check_unfinished(file: &SourceFile) -> Vec<Finding> {
    let in_text = find_all(&file.text, UNFINISHED_WORDS);
    let in_code = find_all(&file.code, UNFINISHED_CODE);
    in_text
        .into_iter()
        .chain(in_code)
        .map(|(line, word)| {
            let advice = format!("`{word}`: finish it, or open an issue and remove the mark");
            finding(file, line, "unfinished", advice)
        })
        .collect()
}

/// No text names a folder of the machine it was written on.
pub(super) fn check_machine_paths(file: &SourceFile) -> Vec<Finding> {
    let continues_a_path = |at: usize| {
        let before = file.text[..at].chars().next_back();
        before.is_some_and(|before| before.is_alphanumeric() || "._-/}>$*".contains(before))
    };
    MACHINE_PATHS
        .iter()
        .flat_map(|folder| file.text.match_indices(folder))
        .filter(|(at, _)| !continues_a_path(*at))
        .map(|(at, folder)| {
            let advice = format!("`{folder}` exists on one machine only: make the path relative");
            finding(file, code::line_of(&file.text, at), "machine-path", advice)
        })
        .collect()
}

/// No text chooses a registry, and lock files name public ones only.
pub(super) fn check_registries(file: &SourceFile) -> Vec<Finding> {
    let advice = "which registry is used is the machine's business: remove it";
    let mut findings: Vec<_> = find_all(&file.text, REGISTRY_SETTINGS)
        .into_iter()
        .map(|(line, _)| finding(file, line, "registry", advice.to_owned()))
        .collect();
    if file.path.ends_with("Cargo.lock") || file.path.ends_with("package-lock.json") {
        let foreign = file
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| is_foreign(line))
            .map(|(index, _)| finding(file, index + 1, "registry", advice.to_owned()));
        findings.extend(foreign);
    }
    findings
}

/// Whether a line of a lock file names a source that is not a public registry. npm also writes where a workspace's own
/// package lies: a folder, so it has no `://`.
fn is_foreign(line: &str) -> bool {
    let line = line.trim();
    let remote = |source: &&str| source.contains("://");
    let source = line.strip_prefix("source = \"").or_else(|| line.strip_prefix("\"resolved\": \"").filter(remote));
    source.is_some_and(|source| !PUBLIC_REGISTRIES.iter().any(|registry| source.starts_with(registry)))
}

fn find_all(text: &str, words: &[&'static str]) -> Vec<(usize, &'static str)> {
    words
        .iter()
        .flat_map(|word| code::find_words(text, word).into_iter().map(move |at| (code::line_of(text, at), *word)))
        .collect()
}

fn finding(file: &SourceFile, line: usize, rule: &'static str, advice: String) -> Finding {
    Finding { path: file.path.clone(), line, rule, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&SourceFile) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&SourceFile::new(path, text)).len()
    }

    #[test]
    fn rust_files_open_with_a_header() {
        assert_eq!(count(check_header, "a.rs", "\n//! A.\nfn a() {}\n"), 0);
        assert_eq!(count(check_header, "a.rs", "// A.\nfn a() {}\n"), 1);
        assert_eq!(count(check_header, "a.rs", ""), 1);
        assert_eq!(count(check_header, "a.md", "text"), 0);
    }

    #[test]
    fn unfinished_work_is_found() {
        for word in UNFINISHED_WORDS {
            assert_eq!(count(check_unfinished, "a.md", &format!("{word}: later")), 1);
            assert_eq!(count(check_unfinished, "a.rs", &format!("// {word} x")), 1);
        }
        for word in ["todo!()", "unimplemented!()", "dbg!(x)", "#[ignore]\nfn a() {}"] {
            assert_eq!(count(check_unfinished, "a.rs", word), 1, "{word}");
        }
    }

    #[test]
    fn finished_work_is_not() {
        let text = "// mktemp XXXXXX, to-do lists\nlet todo = \"todo!()\";\n";
        assert_eq!(count(check_unfinished, "a.rs", text), 0);
    }

    #[test]
    fn machine_paths_are_found() {
        for folder in MACHINE_PATHS {
            assert_eq!(count(check_machine_paths, "a.md", &format!("see {folder}x")), 1);
            assert_eq!(count(check_machine_paths, "a.md", &format!("a{folder}x")), 0);
            assert_eq!(count(check_machine_paths, "a.md", &format!("$HOME{folder}x")), 0);
        }
    }

    #[test]
    fn registries_are_the_machines_business() {
        let setting = format!("--{} https://host/simple", REGISTRY_SETTINGS[0]);
        assert_eq!(count(check_registries, ".config/pip.conf", &setting), 1);
        let public = format!("source = \"{}\"\n", PUBLIC_REGISTRIES[0]);
        assert_eq!(count(check_registries, "Cargo.lock", &public), 0);
        let foreign = "source = \"sparse+https://host/index/\"\n";
        assert_eq!(count(check_registries, "Cargo.lock", foreign), 1);
        let foreign = "\"resolved\": \"https://host/a.tgz\",\n";
        assert_eq!(count(check_registries, "web/package-lock.json", foreign), 1);
        let own = "\"resolved\": \"packages/uploader\",\n";
        assert_eq!(count(check_registries, "web/package-lock.json", own), 0);
    }
}
