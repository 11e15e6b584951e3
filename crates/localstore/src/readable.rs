//! Text in answers' documents, such that every reader of XML can read it.

use std::borrow::Cow;

/// Carriage returns as references, because a reader would make line feeds of them, and U+FFFD for what XML 1.0 cannot
/// carry at all. Borrowed where nothing had to be changed.
pub(crate) fn readable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => plain.push_str("&#13;"),
            c if is_odd(c) => plain.push(char::REPLACEMENT_CHARACTER),
            c => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

/// Whether a character does not come through XML 1.0 as it is.
fn is_odd(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}
