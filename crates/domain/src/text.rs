//! Text that people type: titles, descriptions, file names, metadata, fingerprints.
//!
//! Text lives in the catalog only; no object key, header or path is ever built from it unescaped. Each type is parsed
//! once at the edge and carries its bound in its type. What people read and search is kept composed (Unicode NFC), because
//! systems write the same name differently: macOS takes Korean syllables apart.

use std::fmt;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde::{Deserialize, Serialize};

/// Longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// Longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 5_000;
/// Longest file name, in bytes: what file systems allow for one name.
pub const MAX_FILE_NAME_BYTES: usize = 255;
/// Largest metadata object, in bytes of its JSON text.
pub const MAX_METADATA_BYTES: usize = 16 << 10;
/// Longest fingerprint, in bytes: room for a hash in any encoding, or Uppy's file id.
pub const MAX_FINGERPRINT_BYTES: usize = 256;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing, or white space only.
    #[error("must not be empty")]
    Empty,
    /// Over its bound.
    #[error("has {actual} {unit}; at most {limit} are allowed")]
    TooLong {
        /// How long it is.
        actual: usize,
        /// How long it may be.
        limit: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// NUL, CR, LF and their kind where one line is expected.
    #[error("must not contain control characters (NUL, CR, LF, ...)")]
    Control,
    /// A path where a name is expected.
    #[error("must be a name, not a path: leave out '/' and '\\', and '.' or '..' alone")]
    Path,
}

/// Composed: equal to whoever reads it, equal byte for byte.
pub fn composed(text: String) -> String {
    let nfc = const { ComposingNormalizerBorrowed::new_nfc() };
    if nfc.is_normalized(&text) { text } else { nfc.normalize(&text).into_owned() }
}

/// Kept as it came.
fn as_it_is(text: String) -> String {
    text
}

/// A text for comparing without regard to case, in every script: Unicode's caseless matching (The Unicode Standard, 3.13,
/// D145), composed again, so that a syllable or an accented letter is one character of it.
pub fn folded(text: &str) -> String {
    let apart = const { DecomposingNormalizerBorrowed::new_nfd() }.normalize(text);
    composed(CaseMapper::new().fold_string(&apart).into_owned())
}

/// What somebody looks for: part of a title, a description or a file name, without regard to case in any script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// Takes what was typed. `None` if that is nothing.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(folded(text))).filter(|text| !text.0.is_empty())
    }

    /// As [`folded`] writes it.
    pub fn as_folded(&self) -> &str {
        &self.0
    }

    /// Whether a text holds it.
    pub fn is_in(&self, text: &str) -> bool {
        folded(text).contains(&self.0)
    }
}

fn bounded(actual: usize, limit: usize, unit: &'static str) -> Result<(), InvalidText> {
    if actual > limit { Err(InvalidText::TooLong { actual, limit, unit }) } else { Ok(()) }
}

fn one_line(text: &str) -> Result<(), InvalidText> {
    if text.chars().any(char::is_control) { Err(InvalidText::Control) } else { Ok(()) }
}

fn parse_title(text: &str) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText::Empty);
    }
    bounded(text.chars().count(), MAX_TITLE_CHARS, "characters")?;
    one_line(text)
}

fn parse_description(text: &str) -> Result<(), InvalidText> {
    bounded(text.chars().count(), MAX_DESCRIPTION_CHARS, "characters")?;
    let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(forbidden) { Err(InvalidText::Control) } else { Ok(()) }
}

fn parse_file_name(text: &str) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText::Empty);
    }
    bounded(text.len(), MAX_FILE_NAME_BYTES, "bytes")?;
    one_line(text)?;
    if text.contains(['/', '\\']) || text == "." || text == ".." { Err(InvalidText::Path) } else { Ok(()) }
}

fn parse_metadata(json: &str) -> Result<(), InvalidText> {
    bounded(json.len(), MAX_METADATA_BYTES, "bytes of JSON")
}

fn parse_fingerprint(text: &str) -> Result<(), InvalidText> {
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    bounded(text.len(), MAX_FINGERPRINT_BYTES, "bytes")?;
    one_line(text)
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $form:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads the text, or says what is wrong with it.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidText> {
                let text = $form(text.into());
                $check(&text).map(|()| Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }
    };
}

text!(
    /// A title: one line, 1 to 200 characters, not only white space.
    Title,
    composed,
    parse_title
);
text!(
    /// A description: 0 to 5,000 characters, line breaks and tabs allowed.
    Description,
    composed,
    parse_description
);
text!(
    /// The name a file had on its owner's device: 1 to 255 bytes, no path, no control characters.
    FileName,
    composed,
    parse_file_name
);
text!(
    /// The caller's own JSON object, at most 16 KiB; kept as text, never looked into.
    Metadata,
    as_it_is,
    parse_metadata
);
text!(
    /// What a client knows a local file by, so that it finds its unfinished upload again.
    Fingerprint,
    as_it_is,
    parse_fingerprint
);

impl Title {
    /// In the place of a title that is not kept any more. Nobody can give it: it is empty.
    pub fn forgotten() -> Self {
        Self(String::new())
    }

    /// Whether it is not kept any more.
    pub fn is_forgotten(&self) -> bool {
        self.0.is_empty()
    }
}

impl Metadata {
    /// `{}`.
    pub fn empty() -> Self {
        Self("{}".to_owned())
    }
}

impl Description {
    /// No text.
    pub fn empty() -> Self {
        Self(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_keep_emoji_and_refuse_paths() {
        assert!(FileName::parse("휴가 영상 🎬.mp4").is_ok());
        for (text, wrong) in [
            ("a/b.mp4", InvalidText::Path),
            ("..\\b.mp4", InvalidText::Path),
            ("..", InvalidText::Path),
            ("a\0.mp4", InvalidText::Control),
            ("a\r\nSet-Cookie: x", InvalidText::Control),
            ("", InvalidText::Empty),
            ("   ", InvalidText::Empty),
        ] {
            assert_eq!(FileName::parse(text), Err(wrong), "{text:?}");
        }
        assert!(matches!(FileName::parse("x".repeat(4096)), Err(InvalidText::TooLong { actual: 4096, .. })));
    }

    #[test]
    fn titles_are_one_line_and_bounded_in_characters() {
        assert!(Title::parse("가".repeat(200)).is_ok());
        assert!(matches!(Title::parse("가".repeat(201)), Err(InvalidText::TooLong { .. })));
        assert_eq!(Title::parse("a\nb"), Err(InvalidText::Control));
        assert_eq!(Title::parse(" \t "), Err(InvalidText::Empty));
    }

    #[test]
    fn what_people_read_is_composed() {
        let apart = "\u{1112}\u{1172}\u{1100}\u{1161}"; // 휴가, as macOS names files
        assert_eq!(Title::parse(apart).unwrap().as_str(), "휴가");
        assert_eq!(FileName::parse(format!("{apart}.mp4")).unwrap().as_str(), "휴가.mp4");
        assert_eq!(Description::parse("cafe\u{301}").unwrap().as_str(), "café");
        assert!(Title::parse(apart.repeat(100)).is_ok(), "two hundred syllables, as one reads them");
        assert_eq!(Fingerprint::parse(apart).unwrap().as_str(), apart, "a program's own text is its own");
    }

    #[test]
    fn folding_forgets_case_in_every_script_and_nothing_else() {
        for (one, other) in [
            ("Ärzte", "ärzte"),
            ("A\u{308}RZTE", "ärzte"),
            ("МОСКВА", "москва"),
            ("ΟΔΟΣ", "οδος"),
            ("STRASSE", "straße"),
            ("휴가", "\u{1112}\u{1172}\u{1100}\u{1161}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert!(!folded("각").contains(&folded("가")), "a syllable is one character");
        assert_ne!(folded("ärzte"), folded("arzte"));
    }

    #[test]
    fn descriptions_may_have_lines() {
        assert!(Description::parse("one\ntwo\r\n\tthree").is_ok());
        assert_eq!(Description::parse("nul\0"), Err(InvalidText::Control));
    }
}
