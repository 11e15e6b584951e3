//! Seeds that once broke a law: `seeds.txt`, which says what such a seed is worth.
//!
//! *Invariant*: each has a word about what it showed.

use crate::campaign::Failure;

const FILE: &str = include_str!("../seeds.txt");

/// A seed that once broke a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The seed.
    pub seed: u64,
    /// The law, and what was wrong.
    pub showed: &'static str,
}

/// Every seed that is kept.
///
/// # Panics
/// If a line of the file is none: a test finds it.
pub fn kept_seeds() -> Vec<Kept> {
    FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(parse).collect()
}

fn parse(line: &'static str) -> Kept {
    let parsed = line.split_once(" # ").and_then(|(seed, showed)| Some(Kept { seed: seed.parse().ok()?, showed }));
    parsed.filter(|kept| !kept.showed.is_empty()).unwrap_or_else(|| panic!("a line is `SEED # LAW: WHAT`, not {line}"))
}

/// The line that keeps a failure.
pub fn line_of(failure: &Failure) -> String {
    format!("{} # {}: {}", failure.seed, failure.breach.law, failure.breach.what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::Breach;

    #[test]
    fn a_line_can_be_read_again() {
        let failure = Failure { seed: 7, store: "aws", breach: Breach::new("I1", "it # is gone") };
        assert_eq!(parse(line_of(&failure).leak()), Kept { seed: 7, showed: "I1: it # is gone" });
    }
}
