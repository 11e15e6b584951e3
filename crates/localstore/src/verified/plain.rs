//! Answers' documents, made such that every reader of XML can read them.

use std::borrow::Cow;

use bytes::Bytes;

use crate::readable::readable;

/// An answer's document: carriage returns as references, because a reader would make line feeds of them, and U+FFFD for
/// what XML 1.0 cannot carry at all. GetObjectAttributes alone shows its ETag without quotes.
pub(super) fn answer(bytes: Bytes, asks_for_attributes: bool) -> Bytes {
    let text = std::str::from_utf8(&bytes).ok();
    let Some(text) = text.filter(|text| asks_for_attributes || matches!(readable(text), Cow::Owned(_))) else {
        return bytes;
    };
    let mut plain = readable(text).into_owned();
    if asks_for_attributes
        && let Some((before, rest)) = plain.split_once("<ETag>\"")
        && let Some((tag, after)) = rest.split_once("\"</ETag>")
    {
        plain = format!("{before}<ETag>{tag}</ETag>{after}");
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_characters_come_through_or_are_replaced() {
        let text = |text: &'static str| answer(Bytes::from(text), false);
        assert_eq!(text("<a>\r\n\t b</a>"), "<a>&#13;\n\t b</a>");
        assert_eq!(text("<a>\u{1}\u{ffff}é\u{10ffff}</a>"), "<a>\u{fffd}\u{fffd}é\u{10ffff}</a>");
        let tag = answer(Bytes::from_static(b"<A><ETag>\"ab-2\"</ETag></A>"), true);
        assert_eq!(tag, "<A><ETag>ab-2</ETag></A>");
    }
}
