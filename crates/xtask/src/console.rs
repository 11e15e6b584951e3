//! What xtask writes: results to standard output, progress to standard error.
//!
//! A closed pipe (`cargo xtask tidy | head`) is not an error here: what nobody reads is dropped.

use std::io::Write as _;

/// Writes one line of a result.
pub(crate) fn out(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes one line of progress, or an error.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
