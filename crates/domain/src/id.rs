//! Identifiers: a prefix that says what is named, then a UUIDv7 in sortable base32.
//!
//! Ids sort by the time they were made, so that "newest first" is an index scan. They are made from a time and random
//! bits that the caller supplies; nothing here reads a clock.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_DNSSEC;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Characters of the body: 128 bits, five to a character.
const BODY_CHARS: usize = 26;

/// Random bits of one id; UUIDv7 uses 74 of these 80.
pub type IdEntropy = [u8; 10];

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not an id: {flaw}")]
pub struct InvalidId {
    flaw: Flaw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    #[error("it must begin with {0}_")]
    Prefix(&'static str),
    #[error("after {0}_ come {BODY_CHARS} characters, here {1}")]
    Length(&'static str, usize),
    #[error("{0:?} is none of its characters: 0 to 9 and a to v, in lower case")]
    Character(char),
    #[error("no id ends with {0:?}")]
    End(char),
}

fn body_of(at: Timestamp, entropy: &IdEntropy) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).expect("ids are made after 1970");
    uuid::Builder::from_unix_timestamp_millis(millis, entropy).into_uuid()
}

fn parse_body(text: &str, prefix: &'static str) -> Result<Uuid, InvalidId> {
    let flawed = |flaw| InvalidId { flaw };
    let body = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    let body = body.ok_or(flawed(Flaw::Prefix(prefix)))?;
    if let Some(foreign) = body.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='v')) {
        return Err(flawed(Flaw::Character(foreign)));
    }
    if body.len() != BODY_CHARS {
        return Err(flawed(Flaw::Length(prefix, body.len())));
    }
    // 26 characters hold 130 bits, an id has 128: the last character leaves two of its five unused.
    let end = flawed(Flaw::End(body.chars().next_back().unwrap_or_default()));
    let bytes = BASE32_DNSSEC.decode(body.as_bytes()).map_err(|_| end.clone())?;
    Uuid::from_slice(&bytes).map_err(|_| end)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// Makes an id from a time and random bits.
            pub fn new(at: Timestamp, entropy: &IdEntropy) -> Self {
                Self(body_of(at, entropy))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, BASE32_DNSSEC.encode(self.0.as_bytes()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_body(text, $prefix).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

id!(
    /// Names an asset: `ast_...`.
    AssetId,
    "ast"
);
id!(
    /// Names a file, one generation of a role: `fil_...`.
    FileId,
    "fil"
);
id!(
    /// Names an event in the outbox: `evt_...`. Stable over repeated deliveries.
    EventId,
    "evt"
);
id!(
    /// Names an installation: `ins_...`. Made with its catalog; its buckets carry it in their markers.
    InstallationId,
    "ins"
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn survives_its_text(millis in 0i64..4_102_444_800_000, entropy: [u8; 10]) {
            let id = AssetId::new(Timestamp::from_millisecond(millis).unwrap(), &entropy);
            prop_assert_eq!(id.to_string().parse::<AssetId>().unwrap(), id);
        }

        #[test]
        fn text_sorts_as_time(a in 0i64..4_102_444_800_000, b in 0i64..4_102_444_800_000, x: [u8; 10], y: [u8; 10]) {
            prop_assume!(a < b);
            let [first, second] = [(a, x), (b, y)].map(|(t, e)| AssetId::new(Timestamp::from_millisecond(t).unwrap(), &e).to_string());
            prop_assert!(first < second);
        }

        #[test]
        fn never_panics_on_foreign_text(text in ".*") {
            let _ = text.parse::<FileId>();
        }
    }

    #[test]
    fn refuses_other_prefixes_and_cases() {
        let id = AssetId::new(Timestamp::UNIX_EPOCH, &[7; 10]).to_string();
        assert!(id.parse::<FileId>().is_err());
        assert!(id.to_uppercase().parse::<AssetId>().is_err());
        assert!(format!("{id}0").parse::<AssetId>().is_err());
        assert!("ast_".parse::<AssetId>().is_err());
    }

    #[test]
    fn says_what_is_wrong_with_a_text() {
        let id = AssetId::new(Timestamp::UNIX_EPOCH, &[7; 10]).to_string();
        let wrong = |text: &str| text.parse::<AssetId>().unwrap_err().to_string();
        assert_eq!(wrong("film.mp4"), "is not an id: it must begin with ast_");
        assert_eq!(wrong(&id[..id.len() - 1]), "is not an id: after ast_ come 26 characters, here 25");
        assert_eq!(
            wrong(&id.replacen("ast_0", "ast_Z", 1)),
            "is not an id: 'Z' is none of its characters: 0 to 9 and a to v, in lower case"
        );
        assert_eq!(wrong(&format!("{}v", &id[..id.len() - 1])), "is not an id: no id ends with 'v'");
    }
}
