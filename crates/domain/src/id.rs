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
#[error("is not an id of the form {prefix}_ and 26 characters of 0-9 a-v")]
pub struct InvalidId {
    prefix: &'static str,
}

fn body_of(at: Timestamp, entropy: &IdEntropy) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).expect("ids are made after 1970");
    uuid::Builder::from_unix_timestamp_millis(millis, entropy).into_uuid()
}

fn parse_body(text: &str, prefix: &'static str) -> Result<Uuid, InvalidId> {
    let invalid = InvalidId { prefix };
    let body = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or_else(|| invalid.clone())?;
    if body.len() != BODY_CHARS || body.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(invalid);
    }
    let bytes = BASE32_DNSSEC.decode(body.as_bytes()).map_err(|_| invalid.clone())?;
    Uuid::from_slice(&bytes).map_err(|_| invalid)
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
}
