//! Sizes and time spans as people write them: `8 MiB`, `48h`, `1h 30m`.
//!
//! *Rule*: what is written is read back as the same value; a number without a unit is refused, because nobody can see
//! what it counts.

use std::ops::RangeInclusive;

use domain::{ByteCount, TimeSpan};

/// Largest first within each kind.
const SIZE_UNITS: [(&str, u64); 13] = [
    ("EiB", 1 << 60),
    ("PiB", 1 << 50),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("EB", 1_000_000_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];
const SPAN_UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// What sizes look like.
pub(super) const SIZE_FORM: &str = "a size such as \"8 MiB\" or \"500 MB\"";
/// What time spans look like.
pub(super) const SPAN_FORM: &str = "a time span such as \"48h\", \"90s\" or \"1h 30m\"";

/// Reads a size: a whole or decimal number and a unit. Unit letters may be of any case. `None` if it is no size or has
/// a fraction of a byte.
pub(super) fn parse_size(text: &str) -> Option<ByteCount> {
    let (number, unit) = split_number(text.trim())?;
    let (_, scale) = SIZE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let (whole, digits) = (whole.parse::<u128>().ok()?, u32::try_from(fraction.len()).ok()?);
    let tenths = 10u128.checked_pow(digits).filter(|_| digits <= 18)?;
    let scaled = (whole.checked_mul(tenths)?.checked_add(fraction.parse().ok()?)?).checked_mul(u128::from(*scale))?;
    if scaled % tenths != 0 {
        return None;
    }
    u64::try_from(scaled / tenths).ok().map(ByteCount)
}

/// Writes a size exactly, in the largest unit that has no fraction.
pub(super) fn write_size(size: ByteCount) -> String {
    let fits = |(_, scale): &&(&str, u64)| size.get() >= *scale && size.get().is_multiple_of(*scale);
    let (unit, scale) = SIZE_UNITS.iter().find(fits).unwrap_or(&("B", 1));
    format!("{} {unit}", size.get() / scale)
}

/// Writes a range so that each of its ends can be typed.
pub(super) fn write_sizes(range: &RangeInclusive<ByteCount>) -> String {
    format!("{} to {}", write_size(*range.start()), write_size(*range.end()))
}

/// The same for time spans.
pub(super) fn write_spans(range: &RangeInclusive<TimeSpan>) -> String {
    format!("{} to {}", write_span(*range.start()), write_span(*range.end()))
}

/// Reads a time span: whole numbers with units, largest first or in any order. Milliseconds are the finest.
pub(super) fn parse_span(text: &str) -> Option<TimeSpan> {
    let mut rest = text.trim();
    let mut total: Option<i64> = None;
    while !rest.is_empty() {
        let (number, after) = split_number(rest)?;
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (_, millis) = SPAN_UNITS.iter().find(|(name, _)| *name == &after[..end])?;
        let step = number.parse::<i64>().ok()?.checked_mul(*millis)?;
        total = Some(total.unwrap_or(0).checked_add(step)?);
        rest = after[end..].trim_start();
    }
    total.map(TimeSpan::from_millis)
}

/// Writes a time span exactly, in the largest unit that has no fraction; `48h` rather than `2d`, which people
/// compare with other hours.
pub(super) fn write_span(span: TimeSpan) -> String {
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let fits = |(unit, scale): &&(&str, i64)| {
        let large_enough = if *unit == "d" { millis > 2 * scale } else { millis >= *scale };
        large_enough && millis % scale == 0
    };
    let (unit, scale) = SPAN_UNITS.iter().find(fits).unwrap_or(&("s", 1_000));
    format!("{}{unit}", millis / scale)
}

/// Splits off the digits, with at most one point among them, that a text begins with.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let shaped = number.starts_with(|c: char| c.is_ascii_digit()) && number.ends_with(|c: char| c.is_ascii_digit());
    (shaped && number.matches('.').count() <= 1).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [
            ("8 MiB", 8 << 20),
            ("8MiB", 8 << 20),
            (" 8 mib ", 8 << 20),
            ("1.5 GiB", 3 << 29),
            ("500 MB", 500_000_000),
            ("0 B", 0),
            ("16777215 TiB", 16_777_215 << 40),
            ("1024 PiB", 1 << 60),
            ("1 EiB", 1 << 60),
            ("2 PB", 2_000_000_000_000_000),
        ] {
            assert_eq!(parse_size(text), Some(ByteCount(bytes)), "{text}");
        }
        for text in ["", "8", "MiB", "-1 MiB", "8 MiB 2", "1.5 B", "1..5 GiB", ".5 GiB", "8 Mb it", "16777216 TiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn spans_as_people_write_them() {
        for (text, millis) in
            [("48h", 172_800_000), ("1h 30m", 5_400_000), ("90 s", 90_000), ("250ms", 250), ("7d", 604_800_000)]
        {
            assert_eq!(parse_span(text), Some(TimeSpan::from_millis(millis)), "{text}");
        }
        for text in ["", "48", "h", "-1h", "1.5h", "48 hours", "1h30", "999999999999999999d"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn spans_are_written_in_the_unit_people_use() {
        let shown = [0, 60, 90, 3600, 172_800, 604_800].map(|s| write_span(TimeSpan::from_secs(s)));
        assert_eq!(shown, ["0s", "1m", "90s", "1h", "48h", "7d"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bytes in any::<u64>(), millis in 0i64..i64::MAX) {
            prop_assert_eq!(parse_size(&write_size(ByteCount(bytes))), Some(ByteCount(bytes)));
            let span = TimeSpan::from_millis(millis);
            prop_assert_eq!(parse_span(&write_span(span)), Some(span));
        }
    }
}
