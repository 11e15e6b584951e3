//! The five S3 checksum algorithms, one pass over the bytes, and what parts make together.
//!
//! FULL_OBJECT values of the CRC family are combined from the parts' values without reading a byte again; COMPOSITE
//! values are the algorithm over the parts' binary values, with a dash and the number of parts.

use crc_fast::CrcAlgorithm;
use data_encoding::BASE64;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One of S3's checksum algorithms; the names are the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64nvme, Self::Sha1, Self::Sha256];

    /// The wire's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header, or trailer, that carries a value of this algorithm.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// Reads the wire's name, in any case as AWS does.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    const fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// Bytes of a value.
    const fn width(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Whether `text` could be a value: base64 of the right number of bytes.
    pub(crate) fn is_well_formed(self, text: &str) -> bool {
        BASE64.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == self.width())
    }

    /// What a multipart upload means when it names an algorithm and no type.
    pub(crate) const fn default_kind(self) -> Kind {
        match self {
            Self::Crc64nvme => Kind::FullObject,
            Self::Crc32 | Self::Crc32c | Self::Sha1 | Self::Sha256 => Kind::Composite,
        }
    }

    /// Whether S3 has this combination: SHA values cannot be combined, CRC64NVME is never composite.
    pub(crate) const fn supports(self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Crc32 | Self::Crc32c, _) => true,
            (Self::Crc64nvme, Kind::FullObject) | (Self::Sha1 | Self::Sha256, Kind::Composite) => true,
            (Self::Crc64nvme, Kind::Composite) | (Self::Sha1 | Self::Sha256, Kind::FullObject) => false,
        }
    }
}

/// Over what a multipart object's checksum was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Kind {
    FullObject,
    Composite,
}

impl Kind {
    /// The wire's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// Reads the wire's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::FullObject, Self::Composite].into_iter().find(|kind| kind.name() == name)
    }
}

/// The checksum an object is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectChecksum {
    pub(crate) algorithm: Algorithm,
    pub(crate) kind: Kind,
    /// Base64; a composite value ends in a dash and the number of parts.
    pub(crate) value: String,
}

/// Values of several algorithms over the same bytes, in base64.
pub(crate) type Values = BTreeMap<Algorithm, String>;

enum Running {
    Crc(crc_fast::Digest),
    Sha1(Sha1),
    Sha256(Box<Sha256>),
}

/// MD5 and any of the five, in one pass.
pub(crate) struct Hashes {
    md5: Md5,
    running: BTreeMap<Algorithm, Running>,
}

/// What [`Hashes`] found.
#[derive(Clone, Debug)]
pub(crate) struct Digests {
    pub(crate) md5: [u8; 16],
    pub(crate) values: Values,
}

impl Hashes {
    pub(crate) fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let start = |algorithm: Algorithm| match algorithm.crc() {
            Some(crc) => Running::Crc(crc_fast::Digest::new(crc)),
            None if algorithm == Algorithm::Sha1 => Running::Sha1(Sha1::new()),
            None => Running::Sha256(Box::new(Sha256::new())),
        };
        Self { md5: Md5::new(), running: algorithms.into_iter().map(|a| (a, start(a))).collect() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        for running in self.running.values_mut() {
            match running {
                Running::Crc(crc) => crc.update(bytes),
                Running::Sha1(sha) => sha.update(bytes),
                Running::Sha256(sha) => sha.update(bytes),
            }
        }
    }

    pub(crate) fn finish(self) -> Digests {
        let encode = |algorithm: Algorithm, running| match running {
            Running::Crc(crc) => encode_crc(algorithm, crc.finalize()),
            Running::Sha1(sha) => BASE64.encode(&sha.finalize()),
            Running::Sha256(sha) => BASE64.encode(&sha.finalize()),
        };
        Digests {
            md5: self.md5.finalize().into(),
            values: self.running.into_iter().map(|(a, running)| (a, encode(a, running))).collect(),
        }
    }
}

fn encode_crc(algorithm: Algorithm, value: u64) -> String {
    BASE64.encode(&value.to_be_bytes()[8 - algorithm.width()..])
}

fn decode_crc(value: &str) -> Option<u64> {
    let bytes = BASE64.decode(value.as_bytes()).ok()?;
    Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// One part's value and how many bytes it covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartValue<'a> {
    pub(crate) value: &'a str,
    pub(crate) size: u64,
}

/// The checksum of an object from its parts' values, in order; `None` when a value is unreadable or the combination
/// does not exist.
pub(crate) fn of_parts(algorithm: Algorithm, kind: Kind, parts: &[PartValue<'_>]) -> Option<ObjectChecksum> {
    if !algorithm.supports(kind) {
        return None;
    }
    let value = match kind {
        Kind::FullObject => {
            let crc = algorithm.crc()?;
            let mut sum = crc_fast::Digest::new(crc).finalize();
            for part in parts {
                sum = crc_fast::checksum_combine(crc, sum, decode_crc(part.value)?, part.size);
            }
            encode_crc(algorithm, sum)
        }
        Kind::Composite => {
            let mut hashes = Hashes::new([algorithm]);
            for part in parts {
                hashes.update(&BASE64.decode(part.value.as_bytes()).ok()?);
            }
            format!("{}-{}", hashes.finish().values.remove(&algorithm)?, parts.len())
        }
    };
    Some(ObjectChecksum { algorithm, kind, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(bytes: &[u8]) -> Values {
        let mut hashes = Hashes::new(Algorithm::ALL);
        hashes.update(bytes);
        hashes.finish().values
    }

    #[test]
    fn check_values_are_the_published_ones() {
        let found = values(b"123456789");
        assert_eq!(found[&Algorithm::Crc32], BASE64.encode(&0xcbf4_3926_u32.to_be_bytes()));
        assert_eq!(found[&Algorithm::Crc32c], BASE64.encode(&0xe306_9283_u32.to_be_bytes()));
        assert_eq!(found[&Algorithm::Crc64nvme], BASE64.encode(&0xae8b_1486_0a79_9888_u64.to_be_bytes()));
    }

    #[test]
    fn every_algorithm_finds_its_own_name_and_width() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(&algorithm.name().to_lowercase()), Some(algorithm));
            assert!(algorithm.is_well_formed(&values(b"x")[&algorithm]));
            assert!(algorithm.supports(algorithm.default_kind()));
        }
    }

    proptest! {
        #[test]
        fn combined_crcs_equal_the_crc_of_the_whole(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6)) {
            let whole = values(&parts.concat());
            let each: Vec<_> = parts.iter().map(|part| (values(part), part.len() as u64)).collect();
            for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64nvme] {
                let list: Vec<_> =
                    each.iter().map(|(v, size)| PartValue { value: &v[&algorithm], size: *size }).collect();
                let combined = of_parts(algorithm, Kind::FullObject, &list).expect("a CRC combines");
                prop_assert_eq!(&combined.value, &whole[&algorithm]);
            }
        }
    }
}
