//! The member an asset belongs to, and the segment of the object key that stands for it.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::shard::Shard;

/// Longest owner id, in bytes. JWT subjects are URLs, e-mail addresses or numbers; 256 holds them all.
pub const MAX_OWNER_BYTES: usize = 256;

/// Longest owner id that may stand in a key as it is.
const MAX_PLAIN_CHARS: usize = 40;

/// First segments of keys that are not files': the markers' and, up to 2026, those of doctor's probes. An owner of such a
/// name is hashed, so that no listing of ours shows both. Keys that were made before stay.
const OUR_SEGMENTS: [&str; 2] = ["doctor", "landfall"];

/// Why a text is not an owner id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an owner id has 1 to {MAX_OWNER_BYTES} bytes and no control characters")]
pub struct InvalidOwner;

/// An owner: the `sub` of a JWT, or what an API key acts for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OwnerId(String);

/// Whether owner ids may stand in object keys in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerNaming {
    /// Ids of `[A-Za-z0-9_-]{1,40}` as they are but for names of our own keys, all others hashed.
    PlainWhereSafe,
    /// Always hashed (`[store] hash_owners`).
    Hashed,
}

impl OwnerId {
    /// Reads an owner id.
    pub fn parse(text: &str) -> Result<Self, InvalidOwner> {
        let valid = (1..=MAX_OWNER_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidOwner) }
    }

    /// The id as the token gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shard that all rows of this owner are in.
    pub fn shard(&self) -> Shard {
        Shard::of_owner(&self.0)
    }

    /// The first segment of this owner's keys. `~` never starts a plain segment, so the two kinds cannot collide; neither
    /// kind begins with a dot, as what doctor makes does.
    pub fn key_segment(&self, naming: OwnerNaming) -> String {
        let plain = (1..=MAX_PLAIN_CHARS).contains(&self.0.len())
            && !OUR_SEGMENTS.contains(&self.0.as_str())
            && self.0.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if plain && naming == OwnerNaming::PlainWhereSafe {
            return self.0.clone();
        }
        let digest = Sha256::digest(self.0.as_bytes());
        format!("~{}", &BASE32_DNSSEC.encode(&digest)[..26])
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnerId({:?})", self.0)
    }
}

impl TryFrom<String> for OwnerId {
    type Error = InvalidOwner;

    fn try_from(text: String) -> Result<Self, InvalidOwner> {
        Self::parse(&text)
    }
}

impl From<OwnerId> for String {
    fn from(owner: OwnerId) -> String {
        owner.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_ids_stand_as_they_are() {
        let owner = OwnerId::parse("member_42-a").unwrap();
        assert_eq!(owner.key_segment(OwnerNaming::PlainWhereSafe), "member_42-a");
        assert!(owner.key_segment(OwnerNaming::Hashed).starts_with('~'));
    }

    #[test]
    fn names_of_our_own_keys_are_hashed() {
        let segment = |id: &str| OwnerId::parse(id).unwrap().key_segment(OwnerNaming::PlainWhereSafe);
        for id in ["doctor", "landfall", ".landfall-doctor"] {
            assert!(segment(id).starts_with('~'), "{id}: {}", segment(id));
        }
        for id in ["Doctor", "doctors", "landfall-1"] {
            assert_eq!(segment(id), id);
        }
    }

    proptest! {
        #[test]
        fn segments_are_safe_ascii_of_bounded_length(text in "\\PC{1,60}") {
            let owner = OwnerId::parse(&text).unwrap();
            let segment = owner.key_segment(OwnerNaming::PlainWhereSafe);
            prop_assert!(segment.len() <= 40);
            prop_assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-~".contains(&b)));
        }

        #[test]
        fn different_owners_have_different_segments(a in "\\PC{1,60}", b in "\\PC{1,60}") {
            prop_assume!(a != b);
            let [a, b] = [a, b].map(|t| OwnerId::parse(&t).unwrap().key_segment(OwnerNaming::PlainWhereSafe));
            prop_assert_ne!(a, b);
        }
    }

    #[test]
    fn refuses_empty_long_and_control_characters() {
        for text in ["", "a\nb", "nul\0", &"x".repeat(257)] {
            assert_eq!(OwnerId::parse(text), Err(InvalidOwner));
        }
    }
}
