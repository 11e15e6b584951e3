//! Whole numbers in requests, however they are written: `10`, `10.0`, `1e1`.
//!
//! JSON has one kind of number, and JSON Schema counts every one without a fraction as an integer; some languages write
//! all of theirs with a point. *Rule*: a fraction, a sign or a text is refused; so is what a double does not hold exactly.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

/// 2^53: from here on doubles skip whole numbers, so nobody can say which one was meant.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;

/// Reads a number, for `#[serde(deserialize_with)]`.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(Whole)
}

/// The same where it may be absent or null.
pub(crate) fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_option(OrNothing)
}

/// The whole number that a double is.
pub(crate) fn of_double<E: Error>(number: f64, expected: &dyn serde::de::Expected) -> Result<u64, E> {
    if (0.0..EXACT_BELOW).contains(&number) && number.fract() == 0.0 {
        // In range and without a fraction: the cast loses nothing.
        return Ok(number as u64);
    }
    Err(E::invalid_type(Unexpected::Float(number), expected))
}

struct Whole;

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, 0 or more")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        u64::try_from(number).map_err(|_negative| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        of_double(number, &self)
    }
}

struct OrNothing;

impl<'de> Visitor<'de> for OrNothing {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Whole.expecting(f)
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
