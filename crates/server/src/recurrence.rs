//! Times that come again, as the configuration names them. Whoever has something to do then asks when it is next.

use std::str::FromStr;

use croner::Cron;
use domain::Timestamp;
use jiff::tz::TimeZone;

/// A time of day, or of week, or of month: a cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Recurrence {
    cron: Cron,
    zone: TimeZone,
}

/// Why a recurrence cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRecurrence {
    /// Not five fields of cron.
    #[error("is not a cron expression of five fields (minute hour day month weekday): {0}")]
    Cron(String),
    /// Not a zone of the IANA database.
    #[error("is not a time zone of the IANA database, such as Asia/Seoul")]
    Zone,
    /// It never comes.
    #[error("names no time that ever comes")]
    Never,
}

impl Recurrence {
    /// Reads one; `zone` is an IANA name, or `None` for the host's zone.
    pub fn parse(cron: &str, zone: Option<&str>) -> Result<Self, InvalidRecurrence> {
        let cron = Cron::from_str(cron).map_err(|error| InvalidRecurrence::Cron(error.to_string()))?;
        let zone = match zone {
            Some(name) => TimeZone::get(name).map_err(|_| InvalidRecurrence::Zone)?,
            None => TimeZone::system(),
        };
        let recurrence = Self { cron, zone };
        recurrence.next_after(Timestamp::UNIX_EPOCH).ok_or(InvalidRecurrence::Never)?;
        Ok(recurrence)
    }

    /// The next time it is due, strictly after `now`.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&now.to_zoned(self.zone.clone()), false).ok()?;
        Some(next.timestamp())
    }

    /// The zone by name, to be printed at start.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC offset of the host")
    }
}
