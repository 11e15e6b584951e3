//! Which known key a misspelt one was meant to be.

/// The candidate with the fewest edits, if it is close enough to be what was meant: at most a third of its letters.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    let (edits, candidate) = scored.min_by_key(|(edits, _)| *edits)?;
    (edits * 3 <= candidate.chars().count().max(3)).then_some(candidate)
}

/// Levenshtein's distance with swapped neighbours as one edit (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut edits = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                edits = edits.min(before[j - 1] + 1);
            }
            row.push(edits);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_not() {
        let known = ["idle", "max_age", "url_ttl", "part_size"];
        assert_eq!(nearest("idel", known), Some("idle"));
        assert_eq!(nearest("partsize", known), Some("part_size"));
        assert_eq!(nearest("max-age", known), Some("max_age"));
        assert_eq!(nearest("retention", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
