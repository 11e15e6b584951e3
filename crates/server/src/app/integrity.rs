//! Whether the bytes that a published object has now are those that were recorded.
//!
//! Pure: bytes go in piece by piece, in order, and a verdict comes out. What there is to compare differs from object to
//! object: a checksum over the whole where the store kept one, the MD5 of the parts' MD5s where ETags are made so and the
//! plan says how the parts were cut. *Invariant*: nothing is called damaged by a comparison that need not hold.

use crc_fast::CrcAlgorithm;
use data_encoding::{BASE64, HEXLOWER};
use domain::store_profile::ETagForm;
use domain::{ByteCount, ChecksumAlgorithm, ChecksumValue, FilePlan, VerifiedObject};
use md5::{Digest as _, Md5};

/// What reading an object to its end showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// The bytes are those that were recorded.
    Sound,
    /// As many as were recorded could be read, and nothing was recorded that would tell them from others.
    Unproven,
    /// They are others.
    Damaged(String),
}

/// The sum of an object that is being read.
pub(super) struct Reading<'o> {
    recorded: &'o VerifiedObject,
    crc: Option<(crc_fast::Digest, &'o ChecksumValue)>,
    parts: Option<PartSums>,
    length: u64,
}

/// The MD5 of the parts' MD5s, while it is being made.
struct PartSums {
    part_size: u64,
    part: Md5,
    in_part: u64,
    all: Md5,
    count: u64,
}

impl<'o> Reading<'o> {
    /// Begins to read the object of a file of this plan in a store whose ETags have this form.
    pub(super) fn of(recorded: &'o VerifiedObject, plan: &FilePlan, etags: ETagForm) -> Self {
        let crc = recorded.checksum.as_ref().map(|(algorithm, value)| (crc_fast::Digest::new(name(*algorithm)), value));
        // Who declared no size cut the parts as they came.
        let cut = matches!((plan, etags), (FilePlan::Declared(_), ETagForm::Md5OfParts));
        Self { recorded, crc, parts: cut.then(|| PartSums::of(plan.part_size())), length: 0 }
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if let Some((crc, _)) = &mut self.crc {
            crc.update(bytes);
        }
        if let Some(parts) = &mut self.parts {
            parts.take(bytes);
        }
    }

    /// How much was taken.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// What they were, all of them.
    pub(super) fn end(self) -> Integrity {
        let Self { recorded, crc, parts, length } = self;
        if ByteCount(length) != recorded.size {
            return Integrity::Damaged(format!("{length} bytes can be read, recorded are {}", recorded.size.get()));
        }
        let crc = crc.map(|(crc, value)| {
            // CRCs of four bytes are in the lower half.
            let bytes = crc.finalize().to_be_bytes();
            BASE64.encode(&bytes[bytes.len() - value_bytes(recorded)..]) == value.as_str()
        });
        let etag = parts.map(|parts| parts.end() == recorded.etag.as_str());
        match (crc, etag) {
            (Some(false), _) => Integrity::Damaged("its bytes have another checksum than was recorded".to_owned()),
            (_, Some(false)) => Integrity::Damaged("its bytes have another ETag than was recorded".to_owned()),
            (Some(true), _) | (_, Some(true)) => Integrity::Sound,
            (None, None) => Integrity::Unproven,
        }
    }
}

impl PartSums {
    fn of(part_size: ByteCount) -> Self {
        Self { part_size: part_size.get(), part: Md5::new(), in_part: 0, all: Md5::new(), count: 0 }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = usize::try_from(self.part_size - self.in_part).unwrap_or(usize::MAX);
            let (of_part, rest) = bytes.split_at(room.min(bytes.len()));
            self.part.update(of_part);
            self.in_part += of_part.len() as u64;
            if self.in_part == self.part_size {
                self.end_part();
            }
            bytes = rest;
        }
    }

    fn end_part(&mut self) {
        self.all.update(std::mem::take(&mut self.part).finalize());
        (self.in_part, self.count) = (0, self.count + 1);
    }

    fn end(mut self) -> String {
        if self.in_part > 0 {
            self.end_part();
        }
        format!("{}-{}", HEXLOWER.encode(&self.all.finalize()), self.count)
    }
}

const fn name(algorithm: ChecksumAlgorithm) -> CrcAlgorithm {
    match algorithm {
        ChecksumAlgorithm::Crc64Nvme => CrcAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Crc32C => CrcAlgorithm::Crc32Iscsi,
        ChecksumAlgorithm::Crc32 => CrcAlgorithm::Crc32IsoHdlc,
    }
}

fn value_bytes(recorded: &VerifiedObject) -> usize {
    recorded.checksum.as_ref().map_or(0, |(algorithm, _)| algorithm.value_bytes())
}

#[cfg(test)]
mod tests {
    use domain::{ETag, PartPlan};

    use super::*;

    const SIZE: u64 = 12 << 20;

    fn plan() -> PartPlan {
        PartPlan::with_preferred(ByteCount(SIZE), ByteCount::mib(5)).unwrap()
    }

    fn content() -> Vec<u8> {
        (0..SIZE).map(|n| (n % 251) as u8).collect()
    }

    /// As S3 makes it, in one piece.
    fn etag(content: &[u8]) -> String {
        let part = usize::try_from(plan().part_size().get()).unwrap();
        let parts: Vec<_> = content.chunks(part).map(Md5::digest).collect();
        format!("{}-{}", HEXLOWER.encode(&Md5::digest(parts.concat())), parts.len())
    }

    fn recorded(content: &[u8], checksum: Option<ChecksumAlgorithm>) -> VerifiedObject {
        let of = |algorithm| {
            let value = match algorithm {
                ChecksumAlgorithm::Crc64Nvme => BASE64.encode(&crc_fast::crc64_nvme(content).to_be_bytes()),
                ChecksumAlgorithm::Crc32C => BASE64.encode(&crc_fast::crc32_iscsi(content).to_be_bytes()),
                ChecksumAlgorithm::Crc32 => BASE64.encode(&crc_fast::crc32_iso_hdlc(content).to_be_bytes()),
            };
            (algorithm, ChecksumValue::parse(algorithm, &value).unwrap())
        };
        VerifiedObject {
            size: ByteCount(content.len() as u64),
            etag: ETag::new(&etag(content)),
            version: None,
            checksum: checksum.map(of),
            checks: Vec::new(),
        }
    }

    fn read(bytes: &[u8], recorded: &VerifiedObject, plan: &FilePlan, etags: ETagForm) -> Integrity {
        let mut reading = Reading::of(recorded, plan, etags);
        // Pieces that end nowhere near a part.
        bytes.chunks((1 << 20) + 7).for_each(|piece| reading.take(piece));
        reading.end()
    }

    #[test]
    fn one_bit_is_found_by_whatever_was_recorded() {
        let content = content();
        let mut flipped = content.clone();
        flipped[7 << 20] ^= 1;
        let declared = FilePlan::Declared(plan());
        use ChecksumAlgorithm::{Crc32, Crc32C, Crc64Nvme};
        for checksum in [None, Some(Crc64Nvme), Some(Crc32C), Some(Crc32)] {
            for etags in [ETagForm::Md5OfParts, ETagForm::Other] {
                let recorded = recorded(&content, checksum);
                let [well, ill] = [&content, &flipped].map(|bytes| read(bytes, &recorded, &declared, etags));
                if checksum.is_none() && etags == ETagForm::Other {
                    assert_eq!([well, ill], [Integrity::Unproven, Integrity::Unproven]);
                } else {
                    assert_eq!(well, Integrity::Sound, "{checksum:?} {etags:?}");
                    assert!(matches!(ill, Integrity::Damaged(_)), "{checksum:?} {etags:?}");
                }
            }
        }
    }

    #[test]
    fn a_short_object_is_damaged_and_parts_cut_anyhow_prove_nothing() {
        let content = content();
        let recorded = recorded(&content, None);
        let short = read(&content[1..], &recorded, &FilePlan::Declared(plan()), ETagForm::Other);
        assert!(matches!(&short, Integrity::Damaged(what) if what.contains("can be read")), "{short:?}");
        let settled = FilePlan::Settled { size: ByteCount(SIZE), part_size: ByteCount::mib(6) };
        assert_eq!(read(&content, &recorded, &settled, ETagForm::Md5OfParts), Integrity::Unproven);
    }
}
