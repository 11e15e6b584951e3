//! One range of bytes, as `Range` and `x-amz-copy-source-range` name it (RFC 9110, 14.1).
//!
//! A position may have any number of digits: one that does not fit into a file is still a number. Several ranges at once are
//! none, as on AWS.

use std::{cmp::Ordering, ops::Range as Span};

/// What a header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteRange {
    /// From a position to another one, both included, or to the end.
    From { first: u64, last: Option<u64> },
    /// So many bytes before the end.
    Suffix(u64),
}

impl ByteRange {
    /// Reads a header's value. Empty elements of its list are none (RFC 9110, 5.6.1).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (unit, set) = text.trim().split_once('=')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let mut ranges = set.split(',').map(|range| range.trim_matches([' ', '\t'])).filter(|range| !range.is_empty());
        match (ranges.next(), ranges.next()) {
            (Some(only), None) => Self::one(only),
            _ => None,
        }
    }

    fn one(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        match (first, last) {
            ("", last) => Some(Self::Suffix(Position::parse(last)?.value())),
            (first, "") => Some(Self::From { first: Position::parse(first)?.value(), last: None }),
            (first, last) => {
                let (first, last) = (Position::parse(first)?, Position::parse(last)?);
                (first.cmp(&last) != Ordering::Greater)
                    .then(|| Self::From { first: first.value(), last: Some(last.value()) })
            }
        }
    }

    /// The bytes that it means of an object of this size; `None` if there are none of them.
    pub(crate) fn of(self, size: u64) -> Option<Span<u64>> {
        match self {
            Self::From { first, .. } if first >= size => None,
            Self::From { first, last } => {
                let last = last.unwrap_or(u64::MAX).min(size - 1);
                Some(first..last + 1)
            }
            Self::Suffix(0) => None,
            Self::Suffix(length) => Some(size - length.min(size)..size),
        }
    }
}

/// A number as it is written, without zeros before it.
struct Position<'a>(&'a str);

impl<'a> Position<'a> {
    fn parse(digits: &'a str) -> Option<Self> {
        let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| Self(digits.trim_start_matches('0')))
    }

    /// The number, or the largest that there is here. No object is as large.
    fn value(&self) -> u64 {
        if self.0.is_empty() { 0 } else { self.0.parse().unwrap_or(u64::MAX) }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), self.0).cmp(&(other.0.len(), other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_http_has_it() {
        let of_ten = |text: &str| ByteRange::parse(text).map(|range| range.of(10));
        let huge = "9".repeat(30);
        for (text, expected) in [
            ("bytes=0-1", Some(Some(0..2))),
            ("BYTES=0-1", Some(Some(0..2))),
            ("bytes=0-1,", Some(Some(0..2))),
            ("bytes= ,\t,0-1 ,", Some(Some(0..2))),
            ("bytes=007-8", Some(Some(7..9))),
            ("bytes=3-", Some(Some(3..10))),
            ("bytes=-3", Some(Some(7..10))),
            ("bytes=-30", Some(Some(0..10))),
            ("bytes=9-99", Some(Some(9..10))),
            ("bytes=10-", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=0-1,3-4", None),
            ("bytes=,", None),
            ("bytes=", None),
            ("bytes", None),
            ("bytes=-", None),
            ("bytes=2-1", None),
            ("bytes=+1-2", None),
            ("bytes=1 -2", None),
            ("bytes=1-2-3", None),
            ("bytes=--1", None),
            ("bytes =0-1", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(of_ten(text), expected, "{text}");
        }
        assert_eq!(of_ten(&format!("bytes=-{huge}")), Some(Some(0..10)));
        assert_eq!(of_ten(&format!("bytes=2-{huge}")), Some(Some(2..10)));
        assert_eq!(of_ten(&format!("bytes={huge}-")), Some(None));
        assert_eq!(of_ten(&format!("bytes={huge}-{huge}0")), Some(None));
        assert_eq!(of_ten(&format!("bytes={huge}0-{huge}")), None);
        assert_eq!(ByteRange::Suffix(5).of(0), Some(0..0), "all of nothing");
    }
}
