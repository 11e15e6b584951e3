//! ETags as S3 makes them.
//!
//! A single object's ETag is the hex MD5 of its bytes; a multipart object's is the hex MD5 of its parts' binary MD5s,
//! a dash, and the number of parts. The quotes belong to the wire and are added there.

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// An entity tag, kept in 20 bytes because the index holds one for every object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EntityTag {
    md5: [u8; 16],
    /// 0 for an object that was not uploaded in parts.
    parts: u16,
}

impl EntityTag {
    /// The tag of bytes whose MD5 is known.
    pub(crate) const fn of_md5(md5: [u8; 16]) -> Self {
        Self { md5, parts: 0 }
    }

    /// The tag of an object made of parts with these MD5s, in order.
    pub(crate) fn of_parts(parts: &[[u8; 16]]) -> Self {
        let mut hasher = Md5::new();
        for part in parts {
            hasher.update(part);
        }
        Self { md5: hasher.finalize().into(), parts: u16::try_from(parts.len()).unwrap_or(u16::MAX) }
    }

    /// The MD5 within: of the bytes, or of the parts' MD5s.
    pub(crate) const fn md5(&self) -> [u8; 16] {
        self.md5
    }

    /// Whether this is the tag of an object uploaded in parts.
    pub(crate) const fn is_multipart(&self) -> bool {
        self.parts > 0
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.md5))?;
        if self.parts > 0 {
            write!(f, "-{}", self.parts)?;
        }
        Ok(())
    }
}

/// The text is not an entity tag this store could have made.
#[derive(Debug, thiserror::Error)]
#[error("not an entity tag of this store")]
pub(crate) struct ForeignTag;

impl FromStr for EntityTag {
    type Err = ForeignTag;

    fn from_str(text: &str) -> Result<Self, ForeignTag> {
        let (hex, parts) = match text.split_once('-') {
            None => (text, 0),
            Some((hex, count)) => (hex, count.parse().map_err(|_| ForeignTag)?),
        };
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).map_err(|_| ForeignTag)?;
        Ok(Self { md5: bytes.try_into().map_err(|_| ForeignTag)?, parts })
    }
}

impl Serialize for EntityTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntityTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_and_multipart_tags_read_back_as_written() {
        let single = EntityTag::of_md5(Md5::digest(b"hello").into());
        assert_eq!(single.to_string(), "5d41402abc4b2a76b9719d911017c592");
        let multi = EntityTag::of_parts(&[single.md5(), single.md5()]);
        assert!(multi.to_string().ends_with("-2"));
        for tag in [single, multi] {
            assert_eq!(tag.to_string().parse::<EntityTag>().expect("own tag"), tag);
        }
        assert!("xyz".parse::<EntityTag>().is_err());
        assert!("5d41".parse::<EntityTag>().is_err());
    }
}
