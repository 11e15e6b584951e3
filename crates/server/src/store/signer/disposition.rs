//! What a browser does with what it reads: show it, or save it under a name.
//!
//! The header is RFC 6266's, the escapes RFC 8187's. *Invariant*: whatever people call their files, the value is one
//! line of ASCII with balanced quotes.

use domain::FileName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a reader is to do with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Show it: what the object was stored with.
    Inline,
    /// Save it under this name.
    Attachment(FileName),
}

/// RFC 8187's `attr-char`: what stands unescaped in an extended parameter.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

impl Disposition {
    /// The `Content-Disposition` to ask the store for, where it is another than the stored one.
    pub(super) fn override_value(&self) -> Option<String> {
        match self {
            Self::Inline => None,
            Self::Attachment(name) => Some(attachment(name)),
        }
    }
}

/// Both spellings: `filename*` for every reader of today, `filename` for those that never learned it.
fn attachment(name: &FileName) -> String {
    let plain: String = name.as_str().chars().map(plain_char).collect();
    let extended = utf8_percent_encode(name.as_str(), ATTR_CHAR);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}")
}

/// `%` goes too: some readers undo escapes in the plain name.
fn plain_char(c: char) -> char {
    match c {
        '"' | '\\' | '%' => '_',
        ' '..='~' => c,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(name: &str) -> String {
        attachment(&FileName::parse(name).unwrap())
    }

    #[test]
    fn names_keep_their_letters_where_a_reader_can_take_them() {
        assert_eq!(value("clip 1.mp4"), "attachment; filename=\"clip 1.mp4\"; filename*=UTF-8''clip%201.mp4");
        assert_eq!(
            value("휴가 \"100%\".mp4"),
            "attachment; filename=\"__ _100__.mp4\"; filename*=UTF-8''%ED%9C%B4%EA%B0%80%20%22100%25%22.mp4"
        );
        assert_eq!(Disposition::Inline.override_value(), None);
    }

    proptest! {
        #[test]
        fn any_name_gives_one_safe_line(name in "[^/\\\\\\p{C}]{1,60}") {
            // As it is kept, which is composed.
            let Ok(name) = FileName::parse(&*name) else { return Err(TestCaseError::reject("no file name")) };
            let value = attachment(&name);
            prop_assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert_eq!(value.matches('"').count(), 2);
            let (_, extended) = value.split_once("UTF-8''").unwrap();
            let decoded = percent_encoding::percent_decode_str(extended).decode_utf8().unwrap();
            prop_assert_eq!(decoded, name.as_str());
        }
    }
}
