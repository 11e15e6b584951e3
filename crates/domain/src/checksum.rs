//! Full-object checksums a client may declare: the three that S3 can compute over a whole multipart object.
//!
//! S3 has no full-object SHA-256 for multipart uploads, so it is not offered.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A checksum algorithm that S3 keeps for the whole of a multipart object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumAlgorithm {
    /// CRC-64/NVME, 8 bytes.
    Crc64Nvme,
    /// CRC-32C (Castagnoli), 4 bytes.
    Crc32C,
    /// CRC-32 (ISO-HDLC), 4 bytes.
    Crc32,
}

impl ChecksumAlgorithm {
    /// The name in our API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc64Nvme => "crc64nvme",
            Self::Crc32C => "crc32c",
            Self::Crc32 => "crc32",
        }
    }

    /// Bytes of a value before base64.
    pub const fn value_bytes(self) -> usize {
        match self {
            Self::Crc64Nvme => 8,
            Self::Crc32C | Self::Crc32 => 4,
        }
    }
}

impl fmt::Display for ChecksumAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A checksum value: base64 of the big-endian bytes, as S3 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChecksumValue(String);

/// Why a text is not a checksum value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the base64 of {expected} bytes")]
pub struct InvalidChecksum {
    expected: usize,
}

impl ChecksumValue {
    /// Reads the base64 of as many bytes as the algorithm gives.
    pub fn parse(algorithm: ChecksumAlgorithm, text: &str) -> Result<Self, InvalidChecksum> {
        let invalid = InvalidChecksum { expected: algorithm.value_bytes() };
        let bytes = data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| invalid)?;
        if bytes.len() == algorithm.value_bytes() { Ok(Self(text.to_owned())) } else { Err(invalid) }
    }

    /// The base64 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the client announced about its file's checksum. The value may follow at `complete`, when it has read the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredChecksum {
    /// Which algorithm the store shall use.
    pub algorithm: ChecksumAlgorithm,
    /// The value the object must have, once known.
    pub value: Option<ChecksumValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_length_of_their_algorithm() {
        assert!(ChecksumValue::parse(ChecksumAlgorithm::Crc64Nvme, "rosUhgp5mIg=").is_ok());
        assert!(ChecksumValue::parse(ChecksumAlgorithm::Crc32, "rosUhgp5mIg=").is_err());
        assert!(ChecksumValue::parse(ChecksumAlgorithm::Crc32C, "not base64!").is_err());
    }
}
