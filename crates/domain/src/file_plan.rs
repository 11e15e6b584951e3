//! What is known of a file's size, and so of its parts: all of it, only a limit, or what arrived.
//!
//! Not how a declared file is cut: [`crate::part_plan`] says that. *Invariant*: a limit is never mistaken for a size;
//! whoever wants the size of a file has to say what happens where nobody knows it yet.

use crate::limits::GRANTS_PER_WEIGHING;
use crate::part_plan::{MAX_OBJECT, MAX_PARTS, MIN_PART, PartNumber, PartPlan};
use crate::size::ByteCount;

/// What is known of a file's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilePlan {
    /// Its owner said how large it is: every part has one right length.
    Declared(PartPlan),
    /// Nobody said; its role's limit holds. Until it is frozen.
    Undeclared(OpenPlan),
    /// Nobody said, and this is what arrived. From the freeze on.
    Settled {
        /// The sum of its frozen parts.
        size: ByteCount,
        /// The part size that was suggested.
        part_size: ByteCount,
    },
}

/// How long a part may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartLength {
    /// Exactly so long.
    Exactly(ByteCount),
    /// At least [`MIN_PART`] unless it is the last, and at most what the store takes ([`crate::part_plan::MAX_PART`]).
    Open,
}

/// A file that may have any size up to a limit.
///
/// *Invariant*: 1 <= limit <= [`MAX_OBJECT`]; parts of the suggested size reach the limit within [`MAX_PARTS`]; not more
/// than [`GRANTS_PER_WEIGHING`] part URLs were granted since its parts were last weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenPlan {
    limit: ByteCount,
    part_size: ByteCount,
    unweighed: u16,
}

/// What the catalog keeps of a plan beside its two sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sizing {
    /// See [`FilePlan::Declared`].
    Declared,
    /// See [`FilePlan::Undeclared`].
    Undeclared,
    /// See [`FilePlan::Settled`].
    Settled,
}

impl Sizing {
    /// Every sizing there is.
    pub const ALL: [Self; 3] = [Self::Declared, Self::Undeclared, Self::Settled];

    /// The name in the catalog.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Undeclared => "undeclared",
            Self::Settled => "settled",
        }
    }

    /// The sizing a name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sizing| sizing.as_str() == name)
    }
}

impl OpenPlan {
    /// A file of at most `limit` bytes, held within 1 byte and S3's largest object. Parts of about `preferred` bytes
    /// are suggested, larger ones where the limit could not be reached with them.
    pub fn up_to(limit: ByteCount, preferred: ByteCount) -> Self {
        let limit = limit.clamp(ByteCount(1), MAX_OBJECT);
        let plan = PartPlan::with_preferred(limit, preferred).expect("the limit was held within what can be planned");
        Self { limit, part_size: plan.part_size(), unweighed: 0 }
    }

    /// The most bytes that may arrive.
    pub const fn limit(&self) -> ByteCount {
        self.limit
    }

    /// How many part URLs were granted since its parts were last weighed.
    pub const fn unweighed(&self) -> u16 {
        self.unweighed
    }

    /// The highest part number that is granted: with the smallest parts, more could not stay under the limit.
    pub const fn part_count(&self) -> u16 {
        let needed = self.limit.get().div_ceil(MIN_PART.get());
        // The smaller of the two is at most MAX_PARTS, so the cast keeps the value.
        if needed < MAX_PARTS as u64 { needed as u16 } else { MAX_PARTS }
    }

    /// The plan after more part URLs. `None` if the parts have to be weighed before.
    #[must_use]
    pub(crate) fn granted(&self, parts: u16) -> Option<Self> {
        let unweighed = self.unweighed.checked_add(parts).filter(|sum| *sum <= GRANTS_PER_WEIGHING)?;
        Some(Self { unweighed, ..*self })
    }

    /// The plan after its parts were weighed.
    #[must_use]
    pub(crate) const fn weighed(&self) -> Self {
        Self { limit: self.limit, part_size: self.part_size, unweighed: 0 }
    }
}

impl FilePlan {
    /// Takes up a plan made earlier, as the catalog kept it. `None` if it breaks an invariant.
    pub fn restore(sizing: Sizing, bytes: ByteCount, part_size: ByteCount, unweighed: u16) -> Option<Self> {
        let plan = PartPlan::restore(bytes, part_size)?;
        match sizing {
            Sizing::Declared => (unweighed == 0).then_some(Self::Declared(plan)),
            Sizing::Undeclared => {
                let open = OpenPlan { limit: bytes, part_size, unweighed };
                (unweighed <= GRANTS_PER_WEIGHING).then_some(Self::Undeclared(open))
            }
            Sizing::Settled => (unweighed == 0).then_some(Self::Settled { size: bytes, part_size }),
        }
    }

    /// What kind it is.
    pub const fn sizing(&self) -> Sizing {
        match self {
            Self::Declared(_) => Sizing::Declared,
            Self::Undeclared(_) => Sizing::Undeclared,
            Self::Settled { .. } => Sizing::Settled,
        }
    }

    /// The size, where it is known.
    pub const fn size(&self) -> Option<ByteCount> {
        match self {
            Self::Declared(plan) => Some(plan.size()),
            Self::Undeclared(_) => None,
            Self::Settled { size, .. } => Some(*size),
        }
    }

    /// What its owner's allowance holds for it: the size, or the limit where the size is not known.
    pub const fn reserved(&self) -> ByteCount {
        match self {
            Self::Declared(plan) => plan.size(),
            Self::Undeclared(open) => open.limit,
            Self::Settled { size, .. } => *size,
        }
    }

    /// Every part but the last: what is planned, or what is suggested.
    pub const fn part_size(&self) -> ByteCount {
        match self {
            Self::Declared(plan) => plan.part_size(),
            Self::Undeclared(OpenPlan { part_size, .. }) | Self::Settled { part_size, .. } => *part_size,
        }
    }

    /// How many part URLs were granted since the parts were last weighed; always 0 where a size is known.
    pub const fn unweighed(&self) -> u16 {
        match self {
            Self::Undeclared(open) => open.unweighed,
            Self::Declared(_) | Self::Settled { .. } => 0,
        }
    }

    /// The highest number of a part that may be sent; 0 once it is settled, for nothing is sent any more.
    pub const fn part_count(&self) -> u16 {
        match self {
            Self::Declared(plan) => plan.part_count(),
            Self::Undeclared(open) => open.part_count(),
            Self::Settled { .. } => 0,
        }
    }

    /// How long a part may be. `None` past the last that may be sent.
    pub fn length_of(&self, number: PartNumber) -> Option<PartLength> {
        match self {
            Self::Declared(plan) => plan.length_of(number).map(PartLength::Exactly),
            Self::Undeclared(open) => (number.get() <= open.part_count()).then_some(PartLength::Open),
            Self::Settled { .. } => None,
        }
    }

    /// Whether one write may turn this plan into `next`: a limit stays until it is settled, a size stays for ever.
    pub fn may_become(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Undeclared(open), Self::Undeclared(later)) => {
                (open.limit, open.part_size) == (later.limit, later.part_size)
            }
            (Self::Undeclared(open), Self::Settled { size, part_size }) => {
                *size <= open.limit && *part_size == open.part_size
            }
            (Self::Declared(_) | Self::Settled { .. }, _) | (Self::Undeclared(_), Self::Declared(_)) => self == next,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_limit_is_reached_with_the_suggested_parts(limit in 1..=MAX_OBJECT.get(), preferred in 0..=6u64 << 30) {
            let open = OpenPlan::up_to(ByteCount(limit), ByteCount(preferred));
            prop_assert!((1..=MAX_PARTS).contains(&open.part_count()));
            prop_assert!(u64::from(open.part_count()) * open.part_size.get() >= limit);
            let plan = FilePlan::Undeclared(open);
            prop_assert_eq!((plan.size(), plan.reserved()), (None, ByteCount(limit)));
            prop_assert_eq!(FilePlan::restore(plan.sizing(), plan.reserved(), plan.part_size(), 0), Some(plan));
        }
    }

    #[test]
    fn numbers_go_as_far_as_the_smallest_parts_could() {
        let count = |limit| OpenPlan::up_to(ByteCount(limit), ByteCount::mib(8)).part_count();
        assert_eq!(count(1), 1);
        assert_eq!(count(5 << 20), 1);
        assert_eq!(count((5 << 20) + 1), 2);
        assert_eq!(count(2 << 30), 410);
        assert_eq!(count(MAX_OBJECT.get()), 10_000);
    }

    #[test]
    fn after_some_grants_the_parts_are_weighed() {
        let open = OpenPlan::up_to(ByteCount::gib(1), ByteCount::mib(8));
        let full = open.granted(GRANTS_PER_WEIGHING).unwrap();
        assert_eq!(full.granted(1), None);
        assert_eq!(full.weighed(), open);
        assert_eq!(open.granted(u16::MAX), None);
    }

    #[test]
    fn sizes_settle_once_and_below_the_limit() {
        let open = FilePlan::Undeclared(OpenPlan::up_to(ByteCount::mib(50), ByteCount::mib(8)));
        let settled = |mib| FilePlan::Settled { size: ByteCount::mib(mib), part_size: ByteCount::mib(8) };
        let declared = FilePlan::Declared(PartPlan::for_size(ByteCount::mib(50)).unwrap());
        for (from, to, may) in [
            (open, settled(50), true),
            (open, settled(51), false),
            (open, declared, false),
            (settled(50), settled(49), false),
            (settled(50), open, false),
            (declared, declared, true),
            (declared, open, false),
        ] {
            assert_eq!(from.may_become(&to), may, "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn sizings_are_read_back() {
        for sizing in Sizing::ALL {
            assert_eq!(Sizing::from_name(sizing.as_str()), Some(sizing));
        }
        assert_eq!(Sizing::from_name("Declared"), None);
    }
}
