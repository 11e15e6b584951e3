//! How long a file and a function may be.
//!
//! The limits are hard: a file or function that outgrows them has found its second subject. Aim well
//! below them.

use super::tree::SourceFile;
use super::{Finding, code};

/// Lines of a Rust file, tests included.
const FILE_LINES: usize = 600;

/// Lines of a function from `fn` to its closing brace, tests included.
const FUNCTION_LINES: usize = 100;

/// A Rust file keeps the limit.
pub(super) fn check_file(file: &SourceFile) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if !file.path.ends_with(".rs") || lines <= FILE_LINES {
        return Vec::new();
    }
    vec![Finding {
        path: file.path.clone(),
        line: FILE_LINES + 1,
        rule: "file-length",
        advice: format!("split it by subject: {lines} lines, the limit is {FILE_LINES}"),
    }]
}

/// Every function keeps the limit.
pub(super) fn check_functions(file: &SourceFile) -> Vec<Finding> {
    code::functions(&file.code)
        .into_iter()
        .filter_map(|function| {
            let lines = function.span.last - function.span.first + 1;
            (lines > FUNCTION_LINES).then(|| Finding {
                path: file.path.clone(),
                line: function.span.first,
                rule: "function-length",
                advice: format!("split `{}`: {lines} lines, the limit is {FUNCTION_LINES}", function.name),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function_of(lines: usize) -> SourceFile {
        let body = "    step(\"}\"); // }\n".repeat(lines - 2);
        SourceFile::new("a.rs", &format!("fn long() {{\n{body}}}\nfn short() {{}}\n"))
    }

    #[test]
    fn a_file_may_have_exactly_the_limit() {
        let lines = |count: usize| SourceFile::new("a.rs", &"\n".repeat(count));
        assert_eq!(check_file(&lines(FILE_LINES)), []);
        assert_eq!(check_file(&lines(FILE_LINES + 1)).len(), 1);
    }

    #[test]
    fn only_rust_files_are_measured() {
        let page = SourceFile::new("Cargo.lock", &"\n".repeat(FILE_LINES + 1));
        assert_eq!(check_file(&page), []);
    }

    #[test]
    fn a_function_may_have_exactly_the_limit() {
        assert_eq!(check_functions(&function_of(FUNCTION_LINES)), []);
        let findings = check_functions(&function_of(FUNCTION_LINES + 1));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].advice.contains("`long`: 101 lines"));
    }
}
