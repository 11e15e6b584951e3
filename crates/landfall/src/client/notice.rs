//! What is said besides the result, on standard error.

use std::io::Write as _;

/// A question; the answer stands on the same line.
pub(super) fn ask(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}
