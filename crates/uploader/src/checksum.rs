//! The checksum of a whole file, read once from front to back.
//!
//! CRC-64/NVME, because S3 keeps it over a whole multipart object and it runs at memory speed. The value is written as
//! S3 writes it: base64 of the eight bytes, most significant first.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crc_fast::{CrcAlgorithm, Digest};
use data_encoding::BASE64;
use domain::ChecksumAlgorithm;
use wire::ChecksumRequest;

use crate::source::Source;

/// The algorithm that is announced for every file.
pub const ALGORITHM: ChecksumAlgorithm = ChecksumAlgorithm::Crc64Nvme;
/// Bytes read at a time: large enough for a disk's full speed, small enough to stay in the cache.
const READ_BYTES: usize = 256 << 10;

/// Why a file has no checksum.
#[derive(Debug, thiserror::Error)]
pub enum SumError {
    /// Somebody asked it to stop.
    #[error("stopped")]
    Stopped,
    /// The file could not be read to its end.
    #[error("cannot be read")]
    Read(#[source] io::Error),
}

/// Reads the whole file and sums it up. Blocks; looks at `stop` between reads.
pub fn sum(source: &Source, stop: &AtomicBool) -> Result<String, SumError> {
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    let mut buffer = Vec::with_capacity(READ_BYTES);
    let mut offset = 0;
    while offset < source.size() {
        if stop.load(Ordering::Relaxed) {
            return Err(SumError::Stopped);
        }
        let left = usize::try_from(source.size() - offset).unwrap_or(usize::MAX);
        source.read(offset, left.min(READ_BYTES), &mut buffer).map_err(SumError::Read)?;
        digest.update(&buffer);
        offset += buffer.len() as u64;
    }
    Ok(BASE64.encode(&digest.finalize().to_be_bytes()))
}

/// The announcement made at creation: the algorithm now, the value when the file has been read.
pub fn announcement() -> ChecksumRequest {
    ChecksumRequest { algorithm: ALGORITHM.name().to_owned(), value: None }
}

/// The announcement completed by its value.
pub fn value(value: &str) -> ChecksumRequest {
    ChecksumRequest { algorithm: ALGORITHM.name().to_owned(), value: Some(value.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn source_of(content: &[u8]) -> Source {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        Source::open(file.path()).unwrap()
    }

    #[test]
    fn equals_the_published_check_value() {
        // CRC catalogue, CRC-64/NVME: check = 0xae8b14860a799888 over "123456789".
        let sum = sum(&source_of(b"123456789"), &AtomicBool::new(false)).unwrap();
        assert_eq!(BASE64.decode(sum.as_bytes()).unwrap(), 0xae8b_1486_0a79_9888_u64.to_be_bytes());
    }

    #[test]
    fn spans_several_reads() {
        let content: Vec<u8> = (0..READ_BYTES * 2 + 77).map(|i| (i % 251) as u8).collect();
        let whole = crc_fast::checksum(CrcAlgorithm::Crc64Nvme, &content);
        let sum = sum(&source_of(&content), &AtomicBool::new(false)).unwrap();
        assert_eq!(sum, BASE64.encode(&whole.to_be_bytes()));
    }

    #[test]
    fn stops_when_told() {
        assert!(matches!(sum(&source_of(b"1"), &AtomicBool::new(true)), Err(SumError::Stopped)));
    }
}
