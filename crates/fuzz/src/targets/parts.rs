//! Part plans, and listings held against them.

use domain::part_plan::{MAX_OBJECT, MAX_PART, MAX_PARTS, MIN_PART};
use domain::parts::freeze;
use domain::{ByteCount, ClaimedParts, ETag, Part, PartNumber, PartPlan};

use super::kind;

/// Reads numbers from the front of the input; zeros when it is used up.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let there = self.0.len().min(N);
        bytes[..there].copy_from_slice(&self.0[..there]);
        self.0 = &self.0[there..];
        bytes
    }
}

pub(super) fn run(input: &[u8]) -> u64 {
    let mut reader = Reader(input);
    let (size, preferred) = (u64::from_le_bytes(reader.take()), u64::from_le_bytes(reader.take()));
    // Half of the files are small, so that listings have a chance of being right.
    let size = if size % 2 == 0 { size % (ByteCount::mib(64).get() + 1) } else { size % (MAX_OBJECT.get() + 2) };
    let Ok(plan) = PartPlan::with_preferred(ByteCount(size), ByteCount(preferred)) else {
        assert!(size == 0 || size > MAX_OBJECT.get(), "every size an object can have has a plan");
        return kind("unplannable");
    };
    assert!(plan.part_size() >= MIN_PART && plan.part_size() <= MAX_PART && plan.part_count() <= MAX_PARTS);
    assert_eq!(PartPlan::restore(plan.size(), plan.part_size()), Some(plan));
    let restored = PartPlan::restore(ByteCount(size), ByteCount(preferred));
    assert!(restored.is_none_or(|plan| (1..=MAX_PARTS).contains(&plan.part_count())));

    let mut listing: Vec<Part> = Vec::new();
    if reader.take::<1>()[0] % 2 == 0 && plan.part_count() <= 64 {
        listing.extend(plan.numbers().map(|number| part(number, plan.length_of(number).unwrap_or_default().get(), 0)));
    }
    let mut claimed = ClaimedParts::new();
    while !reader.0.is_empty() {
        let [low, high, length, etag] = reader.take();
        let Ok(number) = PartNumber::new(u64::from(u16::from_le_bytes([low, high]))) else { continue };
        let planned = plan.length_of(number).map_or(0, ByteCount::get);
        let length = if length % 4 == 0 { planned } else { u64::from(length) };
        match etag % 4 {
            0 => listing.push(part(number, length, etag)),
            1 => listing.retain(|part| part.number != number),
            2 => drop(claimed.insert(number, ETag::new(&format!("\"{etag}\"")))),
            _ => claimed.extend(listing.iter().map(|part| (part.number, part.etag.clone()))),
        }
    }
    let claim = (!claimed.is_empty()).then_some(&claimed);
    match freeze(&plan, &listing, claim) {
        Ok(parts) => {
            assert!(parts.iter().map(|part| part.number).eq(plan.numbers()), "1 to n, no gap, in order");
            assert!(parts.iter().all(|part| Some(part.size) == plan.length_of(part.number)), "each as planned");
            assert_eq!(parts.iter().map(|part| part.size.get()).sum::<u64>(), size, "all of the file");
            let agrees = |part: &Part| claim.is_none_or(|claim| claim.get(&part.number) == Some(&part.etag));
            assert!(parts.iter().all(agrees), "each as claimed");
            kind(("frozen", claim.is_some(), parts.len().min(8)))
        }
        Err(incomplete) => {
            assert!(!incomplete.missing.is_empty() || !incomplete.wrong.is_empty(), "a refusal says why");
            kind((incomplete.missing.len().min(8), incomplete.wrong.len().min(8)))
        }
    }
}

fn part(number: PartNumber, size: u64, etag: u8) -> Part {
    Part { number, size: ByteCount(size), etag: ETag::new(&etag.to_string()) }
}
