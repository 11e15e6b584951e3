//! What has arrived of a file: the parts the store lists, held against the plan (transition T4).
//!
//! The client's own list is never needed. Where it sends one, it must agree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::part_plan::{MIN_PART, PartNumber, PartPlan};
use crate::size::ByteCount;

/// An entity tag as the store spelled it, without the quotes. Opaque: equal or not equal, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ETag(String);

impl ETag {
    /// Takes an ETag with or without its quotes.
    pub fn new(text: &str) -> Self {
        Self(text.trim_matches('"').to_owned())
    }

    /// The bare text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One part as the store has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number.
    pub number: PartNumber,
    /// Its length.
    pub size: ByteCount,
    /// Its ETag.
    pub etag: ETag,
}

/// Every part of one multipart upload, as ListParts gave them over all its pages.
pub type PartListing = Vec<Part>;

/// What a client says it has sent. Optional; compared, never believed.
pub type ClaimedParts = BTreeMap<PartNumber, ETag>;

/// A part that is there, but not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongPart {
    /// Which.
    pub number: PartNumber,
    /// What the plan or the client's list asks for.
    pub expected: PartFact,
    /// What the store has.
    pub got: PartFact,
}

/// One checkable fact about a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartFact {
    /// It does not exist.
    Absent,
    /// Its length.
    Size(ByteCount),
    /// A length that it must have at the least.
    AtLeast(ByteCount),
    /// Its ETag.
    ETag(ETag),
}

/// Why a file cannot be committed yet. Repairable: the client sends what is named again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Incomplete {
    /// Parts that have not arrived.
    pub missing: Vec<PartNumber>,
    /// Parts that arrived otherwise than planned or claimed.
    pub wrong: Vec<WrongPart>,
}

/// Holds a listing against the plan and the client's claim. On success the parts come back sorted, exactly 1..=count.
pub fn freeze(plan: &PartPlan, listing: &[Part], claimed: Option<&ClaimedParts>) -> Result<Vec<Part>, Incomplete> {
    let arrived: BTreeMap<PartNumber, &Part> = listing.iter().map(|part| (part.number, part)).collect();
    let mut incomplete = Incomplete::default();
    for number in plan.numbers() {
        let planned = plan.length_of(number).expect("a number of the plan has a length");
        match arrived.get(&number) {
            None => incomplete.missing.push(number),
            Some(part) if part.size != planned => incomplete.wrong.push(WrongPart {
                number,
                expected: PartFact::Size(planned),
                got: PartFact::Size(part.size),
            }),
            Some(_) => {}
        }
    }
    let beyond = arrived.values().filter(|part| part.number.get() > plan.part_count());
    incomplete.wrong.extend(beyond.map(|part| WrongPart {
        number: part.number,
        expected: PartFact::Absent,
        got: PartFact::Size(part.size),
    }));
    if let Some(claimed) = claimed {
        compare_claim(&arrived, claimed, &mut incomplete);
    }
    if incomplete == Incomplete::default() { Ok(arrived.into_values().cloned().collect()) } else { Err(incomplete) }
}

/// What has arrived in all.
pub fn weight(listing: &[Part]) -> ByteCount {
    listing.iter().fold(ByteCount::ZERO, |sum, part| sum.saturating_add(part.size))
}

/// T4 where nobody declared a size: numbers without gaps, all parts but the last at least [`MIN_PART`], and exactly the
/// client's list, which alone says where the file ends. The limit is the caller's to hold.
pub fn freeze_undeclared(listing: &[Part], claimed: &ClaimedParts) -> Result<Vec<Part>, Incomplete> {
    let arrived: BTreeMap<PartNumber, &Part> = listing.iter().map(|part| (part.number, part)).collect();
    let mut incomplete = Incomplete::default();
    let ends = [arrived.keys().next_back(), claimed.keys().next_back()].into_iter().flatten().max();
    let last = ends.map_or(1, |last| last.get());
    for number in (1..=u64::from(last)).filter_map(|number| PartNumber::new(number).ok()) {
        let least = if number.get() < last { MIN_PART } else { ByteCount(1) };
        match arrived.get(&number) {
            None => incomplete.missing.push(number),
            Some(part) if part.size < least => incomplete.wrong.push(WrongPart {
                number,
                expected: PartFact::AtLeast(least),
                got: PartFact::Size(part.size),
            }),
            Some(_) => {}
        }
    }
    compare_claim(&arrived, claimed, &mut incomplete);
    if incomplete == Incomplete::default() { Ok(arrived.into_values().cloned().collect()) } else { Err(incomplete) }
}

/// The frozen parts as they are listed now, if each still has its length. What was frozen is the plan from then on.
pub fn refreeze(frozen: &[Part], listing: &[Part]) -> Option<Vec<Part>> {
    let arrived: BTreeMap<PartNumber, &Part> = listing.iter().map(|part| (part.number, part)).collect();
    let same = |part: &Part| arrived.get(&part.number).filter(|now| now.size == part.size).map(|now| (*now).clone());
    if arrived.len() == frozen.len() { frozen.iter().map(same).collect() } else { None }
}

/// Adds what the client's list and the store disagree about. A part missing in the store is already named as missing.
fn compare_claim(arrived: &BTreeMap<PartNumber, &Part>, claimed: &ClaimedParts, incomplete: &mut Incomplete) {
    let already = |incomplete: &Incomplete, number| incomplete.wrong.iter().any(|wrong| wrong.number == number);
    for (&number, part) in arrived {
        let expected = match claimed.get(&number) {
            Some(etag) if *etag == part.etag => continue,
            Some(etag) => PartFact::ETag(etag.clone()),
            None => PartFact::Absent,
        };
        if !already(incomplete, number) {
            incomplete.wrong.push(WrongPart { number, expected, got: PartFact::ETag(part.etag.clone()) });
        }
    }
    for (&number, etag) in claimed {
        let unknown = !arrived.contains_key(&number) && !incomplete.missing.contains(&number);
        if unknown {
            let expected = PartFact::ETag(etag.clone());
            incomplete.wrong.push(WrongPart { number, expected, got: PartFact::Absent });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listing(plan: &PartPlan) -> Vec<Part> {
        plan.numbers()
            .map(|number| Part {
                number,
                size: plan.length_of(number).unwrap(),
                etag: ETag::new(&format!("\"etag-{number}\"")),
            })
            .collect()
    }

    fn plan_of(mib: u64) -> PartPlan {
        PartPlan::for_size(ByteCount(mib * (1 << 20) + 1)).unwrap()
    }

    proptest! {
        #[test]
        fn a_full_listing_freezes_in_any_order(mib in 0u64..400, seed: u64) {
            let plan = plan_of(mib);
            let mut shuffled = listing(&plan);
            let turn = usize::try_from(seed % shuffled.len() as u64).unwrap();
            shuffled.rotate_left(turn);
            prop_assert_eq!(freeze(&plan, &shuffled, None).unwrap(), listing(&plan));
        }

        #[test]
        fn any_gap_is_named(mib in 0u64..400, seed: u64) {
            let plan = plan_of(mib);
            let mut parts = listing(&plan);
            let gone = parts.remove(usize::try_from(seed % parts.len() as u64).unwrap());
            prop_assert_eq!(freeze(&plan, &parts, None).unwrap_err().missing, vec![gone.number]);
        }

        #[test]
        fn any_wrong_length_is_named(mib in 0u64..400, seed: u64, length in 0u64..9 << 20) {
            let plan = plan_of(mib);
            let mut parts = listing(&plan);
            let at = usize::try_from(seed % parts.len() as u64).unwrap();
            prop_assume!(parts[at].size.get() != length);
            parts[at].size = ByteCount(length);
            let wrong = freeze(&plan, &parts, None).unwrap_err().wrong;
            prop_assert_eq!(wrong.len(), 1);
            prop_assert_eq!(wrong[0].number, parts[at].number);
        }
    }

    #[test]
    fn parts_beyond_the_plan_are_wrong() {
        let plan = plan_of(0);
        let mut parts = listing(&plan);
        parts.push(Part { number: PartNumber::new(2).unwrap(), size: ByteCount(1), etag: ETag::new("x") });
        let incomplete = freeze(&plan, &parts, None).unwrap_err();
        assert_eq!(incomplete.missing, vec![]);
        assert_eq!(incomplete.wrong[0].expected, PartFact::Absent);
    }

    #[test]
    fn a_claim_must_agree_part_by_part() {
        let plan = plan_of(16);
        let parts = listing(&plan);
        let mut claimed: ClaimedParts = parts.iter().map(|part| (part.number, part.etag.clone())).collect();
        assert!(freeze(&plan, &parts, Some(&claimed)).is_ok());
        let first = parts[0].number;
        claimed.insert(first, ETag::new("other"));
        let wrong = freeze(&plan, &parts, Some(&claimed)).unwrap_err().wrong;
        assert_eq!((wrong.len(), wrong[0].number), (1, first));
        claimed.remove(&first);
        assert_eq!(freeze(&plan, &parts, Some(&claimed)).unwrap_err().wrong[0].expected, PartFact::Absent);
        claimed.insert(first, parts[0].etag.clone());
        claimed.insert(PartNumber::new(9).unwrap(), ETag::new("never sent"));
        assert_eq!(freeze(&plan, &parts, Some(&claimed)).unwrap_err().wrong[0].got, PartFact::Absent);
    }
}
