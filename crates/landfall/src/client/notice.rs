//! What is said besides the result, on standard error.

use std::io::Write as _;

use crate::console;

/// A question; the answer stands on the same line.
pub(super) fn ask(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{}", console::lines(text)).and_then(|()| stderr.flush());
}
