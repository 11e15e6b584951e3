//! Whole numbers in requests, however they are written: `10`, `10.0`, `1e1`.
//!
//! JSON has one kind of number, and JSON Schema counts every one without a fraction as an integer; some languages write
//! all of theirs with a point. *Rule*: the text is judged, not the double that it is nearest to: what has a fraction, however
//! small, is refused, and so is a sign, a text, and what does not fit into 64 bits.

use std::fmt;

use serde::de::{Error, Expected, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Shown of a number that is refused: more than any that could be meant.
const SHOWN_CHARS: usize = 40;

/// Reads a number, for `#[serde(deserialize_with)]`.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    of_text(raw.get(), &"a whole number, 0 or more")
}

/// The same where it may be absent or null.
pub(crate) fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_option(OrNothing)
}

/// The whole number that a JSON text is.
pub(crate) fn of_text<E: Error>(text: &str, expected: &dyn Expected) -> Result<u64, E> {
    let unexpected = match text.as_bytes() {
        [b'"', ..] => Unexpected::Other("a text"),
        [b'{', ..] => Unexpected::Map,
        [b'[', ..] => Unexpected::Seq,
        b"null" => Unexpected::Unit,
        b"true" => Unexpected::Bool(true),
        b"false" => Unexpected::Bool(false),
        _ => return of_number(text, expected),
    };
    Err(E::invalid_type(unexpected, expected))
}

fn of_number<E: Error>(text: &str, expected: &dyn Expected) -> Result<u64, E> {
    let refused = |why: &str| {
        let shown: String = text.chars().take(SHOWN_CHARS).collect();
        let more = if text.chars().nth(SHOWN_CHARS).is_some() { "..." } else { "" };
        Err(E::invalid_value(Unexpected::Other(&format!("number `{shown}{more}`, {why}")), expected))
    };
    match decimal(text) {
        Whole::Is(number) => Ok(number),
        Whole::Negative => refused("which is negative"),
        Whole::Fraction => refused("which has a fraction"),
        Whole::TooLarge => refused("which is larger than 18446744073709551615"),
    }
}

/// What a number's text says.
enum Whole {
    Is(u64),
    Negative,
    Fraction,
    TooLarge,
}

/// Reads a JSON number: digits, perhaps with a point among them, times a power of ten.
fn decimal(text: &str) -> Whole {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    // More digits than fit are as far from here as any: the sign is what counts.
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    let (is_negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Whole::Is(0);
    }
    if is_negative {
        return Whole::Negative;
    }
    // The zeros behind the last digit that is none. A body holds fewer digits than an i64 counts.
    let zeros = (digits.len() - significant.len()) as i64;
    let Ok(zeros) = u32::try_from(exponent.saturating_sub(after.len() as i64).saturating_add(zeros)) else {
        return if exponent > 0 { Whole::TooLarge } else { Whole::Fraction };
    };
    let power = 10_u64.checked_pow(zeros);
    match significant.parse::<u64>().ok().zip(power).and_then(|(number, power)| number.checked_mul(power)) {
        Some(number) => Whole::Is(number),
        None => Whole::TooLarge,
    }
}

struct OrNothing;

impl<'de> Visitor<'de> for OrNothing {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, 0 or more")
    }

    fn visit_none<E: Error>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u64>, D::Error> {
        read(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<u64, String> {
        of_text::<serde_json::Error>(text, &"a number").map_err(|error| error.to_string())
    }

    #[test]
    fn a_number_is_what_its_text_says() {
        for (text, number) in [
            ("0", 0),
            ("-0.00", 0),
            ("0e99999999999999999999", 0),
            ("10", 10),
            ("10.0", 10),
            ("1e1", 10),
            ("1.5E+1", 15),
            ("1500e-2", 15),
            ("0.00000000000000000000000000015e29", 15),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("18446744073709551615", u64::MAX),
            ("18446744073709551615.000", u64::MAX),
        ] {
            assert_eq!(read(text), Ok(number), "{text}");
        }
        for (text, why) in [
            ("10.00000000000000000000001", "has a fraction"),
            ("1e-1", "has a fraction"),
            ("1e-99999999999999999999", "has a fraction"),
            ("-1", "is negative"),
            ("-1.5", "is negative"),
            ("18446744073709551616", "number `18446744073709551616`, which is larger than 18446744073709551615"),
            ("1e20", "is larger"),
            ("1e99999999999999999999", "is larger"),
            (&"9".repeat(50), "9999...`, which is larger"),
        ] {
            assert!(read(text).is_err_and(|told| told.contains(why)), "{text}: {:?}", read(text));
        }
        for text in ["\"10\"", "{}", "[1]", "null", "true", "false"] {
            assert!(read(text).is_err_and(|told| told.contains("expected a number")), "{text}");
        }
    }
}
