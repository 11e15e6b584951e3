//! How a file of a given size is cut into parts.
//!
//! The limits are S3's (Amazon S3 User Guide, "Amazon S3 multipart upload limits"). All parts but the last are equal,
//! because Cloudflare R2 asks for it and because resuming then needs nothing but the plan.

use std::fmt;
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use crate::size::ByteCount;

/// Smallest part, except the last.
pub const MIN_PART: ByteCount = ByteCount::mib(5);
/// Largest part.
pub const MAX_PART: ByteCount = ByteCount::gib(5);
/// Most parts of one upload.
pub const MAX_PARTS: u16 = 10_000;
/// Largest object: 10,000 parts of 5 GiB, 48.8 TiB.
pub const MAX_OBJECT: ByteCount = ByteCount(MAX_PARTS as u64 * MAX_PART.get());
/// Preferred part size: a 500 MB video has 60 parts, and a dropped connection costs at most this much again.
pub const DEFAULT_PART: ByteCount = ByteCount::mib(8);
/// Part sizes are multiples of this, so that plans of growing files change rarely and read well.
const STEP: u64 = ByteCount::mib(1).get();

const _: () = assert!(DEFAULT_PART.get() >= MIN_PART.get() && DEFAULT_PART.get() <= MAX_PART.get());
const _: () = assert!(DEFAULT_PART.get().is_multiple_of(STEP) && MAX_PART.get().is_multiple_of(STEP));

/// The number of a part, 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct PartNumber(NonZeroU16);

/// Why a number is no part number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("part numbers go from 1 to {MAX_PARTS}")]
pub struct InvalidPartNumber;

impl PartNumber {
    /// Reads a part number.
    pub fn new(number: u64) -> Result<Self, InvalidPartNumber> {
        let small = u16::try_from(number).ok().filter(|n| *n <= MAX_PARTS).and_then(NonZeroU16::new);
        small.map(Self).ok_or(InvalidPartNumber)
    }

    /// The number itself.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u64> for PartNumber {
    type Error = InvalidPartNumber;

    fn try_from(number: u64) -> Result<Self, InvalidPartNumber> {
        Self::new(number)
    }
}

impl From<PartNumber> for u64 {
    fn from(number: PartNumber) -> u64 {
        u64::from(number.get())
    }
}

/// Why a size cannot be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unplannable {
    /// An empty file has no part.
    #[error("a file must have at least one byte")]
    Empty,
    /// More than S3 stores in one object.
    #[error("a file can have at most {} bytes (48.8 TiB)", MAX_OBJECT.get())]
    TooLarge,
}

/// A file's size and the size of all its parts but the last.
///
/// *Invariant*: 1 <= size <= [`MAX_OBJECT`]; [`MIN_PART`] <= part size <= [`MAX_PART`]; 1 to [`MAX_PARTS`] parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartPlan {
    size: ByteCount,
    part_size: ByteCount,
}

impl PartPlan {
    /// Plans a file, preferring parts of [`DEFAULT_PART`].
    pub fn for_size(size: ByteCount) -> Result<Self, Unplannable> {
        Self::with_preferred(size, DEFAULT_PART)
    }

    /// Plans a file, preferring the given part size. It is held within S3's limits, rounded up to whole MiB, and grows
    /// when 10,000 parts of it would not hold the file.
    pub fn with_preferred(size: ByteCount, preferred: ByteCount) -> Result<Self, Unplannable> {
        if size == ByteCount::ZERO {
            return Err(Unplannable::Empty);
        }
        if size > MAX_OBJECT {
            return Err(Unplannable::TooLarge);
        }
        let needed = size.get().div_ceil(u64::from(MAX_PARTS));
        let wanted = preferred.clamp(MIN_PART, MAX_PART).get().max(needed);
        Ok(Self { size, part_size: ByteCount(wanted.div_ceil(STEP) * STEP) })
    }

    /// Takes up a plan made earlier, as the catalog kept it. `None` if it breaks the invariant.
    pub fn restore(size: ByteCount, part_size: ByteCount) -> Option<Self> {
        let sizes = size > ByteCount::ZERO && size <= MAX_OBJECT && part_size >= MIN_PART && part_size <= MAX_PART;
        (sizes && size.get().div_ceil(part_size.get()) <= u64::from(MAX_PARTS)).then_some(Self { size, part_size })
    }

    /// The whole file.
    pub const fn size(&self) -> ByteCount {
        self.size
    }

    /// Every part but the last.
    pub const fn part_size(&self) -> ByteCount {
        self.part_size
    }

    /// How many parts, 1 to 10,000.
    pub const fn part_count(&self) -> u16 {
        // At most MAX_PARTS by the invariant, so the cast keeps the value.
        self.size.get().div_ceil(self.part_size.get()) as u16
    }

    /// The numbers of all parts, in order.
    pub fn numbers(&self) -> impl Iterator<Item = PartNumber> + use<> {
        (1..=self.part_count()).filter_map(NonZeroU16::new).map(PartNumber)
    }

    /// Where a part begins in the file. `None` past the last part.
    pub fn offset_of(&self, number: PartNumber) -> Option<u64> {
        (number.get() <= self.part_count()).then(|| (u64::from(number.get()) - 1) * self.part_size.get())
    }

    /// How long a part is. `None` past the last part.
    pub fn length_of(&self, number: PartNumber) -> Option<ByteCount> {
        let offset = self.offset_of(number)?;
        Some(ByteCount(self.part_size.get().min(self.size.get() - offset)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes() -> impl Strategy<Value = u64> {
        prop_oneof![1..=64u64 << 20, 1..=MAX_OBJECT.get(), Just(MAX_OBJECT.get())]
    }

    proptest! {
        #[test]
        fn every_plan_obeys_s3(size in sizes(), preferred in 0..=6u64 << 30) {
            let plan = PartPlan::with_preferred(ByteCount(size), ByteCount(preferred)).unwrap();
            prop_assert!(plan.part_size() >= MIN_PART && plan.part_size() <= MAX_PART);
            prop_assert!((1..=MAX_PARTS).contains(&plan.part_count()));
            prop_assert_eq!(PartPlan::restore(plan.size(), plan.part_size()), Some(plan));
        }

        #[test]
        fn parts_tile_the_file(size in sizes()) {
            let plan = PartPlan::for_size(ByteCount(size)).unwrap();
            let mut end = 0;
            for number in plan.numbers() {
                prop_assert_eq!(plan.offset_of(number), Some(end));
                let length = plan.length_of(number).unwrap();
                prop_assert!(length == plan.part_size() || number.get() == plan.part_count());
                prop_assert!(length > ByteCount::ZERO);
                end += length.get();
            }
            prop_assert_eq!(end, size);
        }
    }

    #[test]
    fn typical_sizes() {
        let plan = |size| PartPlan::for_size(ByteCount(size)).map(|p| (p.part_size().get() >> 20, p.part_count()));
        assert_eq!(plan(1), Ok((8, 1)));
        assert_eq!(plan(500_000_000), Ok((8, 60)));
        assert_eq!(plan(80_000 << 20), Ok((8, 10_000)));
        assert_eq!(plan((80_000 << 20) + 1), Ok((9, 8_889)));
        assert_eq!(plan(MAX_OBJECT.get()), Ok((5 << 10, 10_000)));
        assert_eq!(plan(0), Err(Unplannable::Empty));
        assert_eq!(plan(MAX_OBJECT.get() + 1), Err(Unplannable::TooLarge));
        assert_eq!(plan(1 << 63), Err(Unplannable::TooLarge));
    }

    #[test]
    fn nothing_lies_past_the_last_part() {
        let plan = PartPlan::for_size(ByteCount::mib(5)).unwrap();
        assert_eq!(plan.length_of(PartNumber::new(2).unwrap()), None);
        assert!(PartNumber::new(0).is_err() && PartNumber::new(10_001).is_err());
    }
}
