//! Dates as HTTP writes them: RFC 9110's one form, and the two obsolete ones that a recipient must still read.

use jiff::{Timestamp, civil::DateTime, fmt::strtime::BrokenDownTime, tz::TimeZone};

/// `Sun, 06 Nov 1994 08:49:37 GMT`
const PREFERRED: &str = "%a, %d %b %Y %H:%M:%S GMT";
/// `Sunday, 06-Nov-94 08:49:37 GMT`
const RFC_850: &str = "%A, %d-%b-%y %H:%M:%S GMT";
/// `Sun Nov  6 08:49:37 1994`
const ASCTIME: &str = "%a %b %e %H:%M:%S %Y";

/// A century that a year of two digits is not meant to lie in: more than 50 years ahead is the century before (RFC 9110,
/// 5.6.7).
const FUTURE_YEARS: i16 = 50;

/// Reads any of the three forms.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let civil = |format| DateTime::strptime(format, text).ok();
    let read = civil(PREFERRED).or_else(|| rfc_850(text, crate::clock::now())).or_else(|| civil(ASCTIME))?;
    read.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Writes the preferred form.
pub(crate) fn format(time: Timestamp) -> String {
    time.strftime(PREFERRED).to_string()
}

/// The year is counted in the century around `now`; the day's name is that of the year that was meant, so it is not
/// held against ours.
fn rfc_850(text: &str, now: Timestamp) -> Option<DateTime> {
    let (_, rest) = text.split_once(", ")?;
    let after_day = RFC_850.split_once(", ").map(|(_, format)| format)?;
    let mut parsed = BrokenDownTime::parse(after_day, rest).ok()?;
    let this_year = now.to_zoned(TimeZone::UTC).year();
    let mut year = this_year - this_year % 100 + parsed.year()? % 100;
    if year > this_year + FUTURE_YEARS {
        year -= 100;
    }
    parsed.set_year(Some(year)).ok()?;
    parsed.to_datetime().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_are_one_time() {
        let meant = Timestamp::from_second(784_111_777).expect("time");
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(text), Some(meant), "{text}");
        }
        assert_eq!(format(meant), "Sun, 06 Nov 1994 08:49:37 GMT");
        for text in ["", "yesterday", "1994-11-06T08:49:37Z", "Sun, 31 Feb 1994 08:49:37 GMT", "784111777"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
