//! Chance from a seed: everything that is not decided by the code under test is decided here.
//!
//! Not for secrets. *Invariant*: the same seed gives the same numbers on every machine, so a run can be repeated.

/// A stream of numbers (SplitMix64: one word of state, and every seed is a good one).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 to `end` - 1.
    ///
    /// # Panics
    /// If `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        assert!(end > 0, "there is no number below 0");
        usize::try_from(self.bits() % end as u64).expect("it is below a usize")
    }

    /// A number from `first` to `last`.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.bits() % (last - first + 1)
    }

    /// True `per_mille` times in a thousand.
    pub(crate) fn odds(&mut self, per_mille: u32) -> bool {
        self.bits() % 1000 < u64::from(per_mille)
    }

    /// One of several, which are not none.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Puts things into another order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

/// Spreads a number over all its bits.
pub(crate) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_stream() {
        let stream = |seed| std::iter::repeat_n((), 8).scan(Chance::new(seed), |chance, ()| Some(chance.bits()));
        assert!(stream(7).eq(stream(7)));
        assert!(stream(7).ne(stream(8)));
    }

    #[test]
    fn odds_are_about_what_they_say() {
        let mut chance = Chance::new(1);
        let hits = (0..10_000).filter(|_| chance.odds(250)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
    }

    #[test]
    fn a_shuffle_keeps_everything() {
        let mut things: Vec<u32> = (0..20).collect();
        Chance::new(3).shuffle(&mut things);
        assert!(!things.is_sorted());
        things.sort_unstable();
        assert!(things.into_iter().eq(0..20));
    }
}
