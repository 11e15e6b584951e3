//! The shard of an owner: what keeps all rows of one owner together when a catalog is spread over several databases.
//!
//! It is the first byte of the owner's SHA-256, hence computable from the owner and from any key of ours
//! ([`crate::OwnerId::shard`], [`crate::FileKey::shard`]), and never changes.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use sha2::{Digest, Sha256};

/// One of 256 shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// Takes up a shard as the catalog kept it.
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// Its number, 0 to 255.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Of an owner id, in text.
    pub fn of_owner(owner: &str) -> Self {
        Self(Sha256::digest(owner.as_bytes())[0])
    }

    /// Of the owner whose key this is, as the store spells it.
    pub fn of_key(path: &str) -> Self {
        Self::of_segment(path.split_once('/').map_or(path, |(owner, _)| owner))
    }

    /// Of the segment that stands for an owner in a key: the owner itself, or `~` and its hash.
    pub fn of_segment(segment: &str) -> Self {
        // Eight characters are five bytes: whole, so that the decoder has nothing to complain about.
        let hash = segment.strip_prefix('~').and_then(|hash| hash.as_bytes().get(..8));
        let first = hash.and_then(|hash| BASE32_DNSSEC.decode(hash).ok()).and_then(|bytes| bytes.first().copied());
        first.map_or_else(|| Self::of_owner(segment), Self)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::owner::{OwnerId, OwnerNaming};

    proptest! {
        #[test]
        fn owner_and_segment_agree(text in "\\PC{1,60}") {
            let owner = OwnerId::parse(&text).unwrap();
            for naming in [OwnerNaming::PlainWhereSafe, OwnerNaming::Hashed] {
                prop_assert_eq!(Shard::of_segment(&owner.key_segment(naming)), owner.shard());
            }
        }
    }

    /// `printf 42 | sha256sum` begins with 73.
    #[test]
    fn it_is_the_first_byte_of_the_hash() {
        assert_eq!(OwnerId::parse("42").unwrap().shard(), Shard::new(0x73));
    }
}
