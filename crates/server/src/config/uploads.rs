//! How long uploads, their URLs and read URLs live, and when the abandoned are swept away.

use domain::limits::{DEFAULT_IDLE, DEFAULT_MAX_AGE, DEFAULT_URL_LIFE, InvalidRules, LONGEST_URL_LIFE};
use domain::part_plan::{DEFAULT_PART, MAX_PART, MIN_PART};
use domain::{ByteCount, TimeSpan, UploadRules};

use super::error::ConfigError;
use super::form::{Choice, Flag, Size, Span, Text, not_empty, quoted};
use super::visit::Visitor;
use crate::recurrence::{InvalidRecurrence, Recurrence};

const SECOND: TimeSpan = TimeSpan::from_secs(1);
const YEAR: TimeSpan = TimeSpan::from_hours(24 * 365);

/// `[uploads]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadsConfig {
    /// How long after its last grant an upload counts as abandoned.
    pub idle: TimeSpan,
    /// How long an upload may take in all.
    pub max_age: TimeSpan,
    /// How long a part URL works.
    pub url_ttl: TimeSpan,
    /// The part size to prefer.
    pub part_size: ByteCount,
    /// Whether files of at most 5 MiB may come as forms.
    pub relay_forms: bool,
}

impl Default for UploadsConfig {
    fn default() -> Self {
        Self {
            idle: DEFAULT_IDLE,
            max_age: DEFAULT_MAX_AGE,
            url_ttl: DEFAULT_URL_LIFE,
            part_size: DEFAULT_PART,
            relay_forms: true,
        }
    }
}

impl UploadsConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "How long after it last asked for URLs an upload counts as abandoned. Not shorter than url_ttl.";
        visitor.key("idle", doc, &mut self.idle, Span(SECOND..=YEAR));
        let doc = "How long an upload may take in all. Not shorter than idle.";
        visitor.key("max_age", doc, &mut self.max_age, Span(SECOND..=YEAR));
        let doc = "How long a part URL works. A client asks for a new one when it needs it.";
        visitor.key("url_ttl", doc, &mut self.url_ttl, Span(SECOND..=LONGEST_URL_LIFE));
        let doc =
            "The part size to prefer, rounded up to whole MiB. Larger where 10,000 parts would not hold the file.";
        visitor.key("part_size", doc, &mut self.part_size, Size(MIN_PART..=MAX_PART));
        let doc = "Whether Uppy 6 may send files of at most 5 MiB as forms, which the server passes on to the store. No other byte of a file goes through it.";
        visitor.key("relay_forms", doc, &mut self.relay_forms, Flag);
    }

    /// The rules as the use cases know them.
    ///
    /// # Errors
    /// When the three spans do not fit together.
    pub fn rules(&self) -> Result<UploadRules, ConfigError> {
        UploadRules::new(self.idle, self.max_age, self.url_ttl).map_err(|wrong| {
            let key = match wrong {
                InvalidRules::UrlLife => "uploads.url_ttl",
                InvalidRules::Idle => "uploads.idle",
                InvalidRules::MaxAge => "uploads.max_age",
            };
            ConfigError::relation(key, wrong)
        })
    }
}

/// `[expire]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpireConfig {
    /// When abandoned uploads are expired: a cron expression.
    pub cron: String,
    /// In which time zone; `system` or an IANA name.
    pub time_zone: String,
}

impl Default for ExpireConfig {
    fn default() -> Self {
        Self { cron: "0 1 * * *".into(), time_zone: SYSTEM_ZONE.into() }
    }
}

impl ExpireConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "When abandoned uploads are expired; a time without a server is made up for at the next start: minute, hour, day of month, month, day of week.";
        visitor.key("cron", doc, &mut self.cron, Text(not_empty));
        let doc = "The time zone of `cron`: \"system\", or a name such as \"Asia/Seoul\".";
        visitor.key("time_zone", doc, &mut self.time_zone, Text(not_empty));
    }

    /// The schedule itself.
    ///
    /// # Errors
    /// A cron expression or a time zone that is none, or a time that never comes.
    pub fn schedule(&self) -> Result<Recurrence, ConfigError> {
        schedule(&self.cron, &self.time_zone, ["expire.cron", "expire.time_zone"])
    }
}

/// A schedule of these two texts; `keys` are theirs.
pub(super) fn schedule(cron: &str, time_zone: &str, keys: [&str; 2]) -> Result<Recurrence, ConfigError> {
    let zone = Some(time_zone).filter(|zone| *zone != SYSTEM_ZONE);
    Recurrence::parse(cron, zone).map_err(|wrong| match wrong {
        InvalidRecurrence::Zone => ConfigError::relation(keys[1], format!("{} {wrong}", quoted(time_zone))),
        InvalidRecurrence::Cron(_) | InvalidRecurrence::Never => {
            ConfigError::relation(keys[0], format!("{} {wrong}", quoted(cron)))
        }
    })
}

/// The time zone of the host.
pub(super) const SYSTEM_ZONE: &str = "system";

/// Which network delivers objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cdn {
    /// None: URLs lead to the store.
    None,
}

/// `[delivery]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// Which network delivers.
    pub cdn: Cdn,
    /// How long signed read URLs stay byte-equal.
    pub window: TimeSpan,
    /// How long a signed read URL works at the least.
    pub ttl: TimeSpan,
}

impl Default for DeliveryConfig {
    /// An hour is a long pause in a film; five minutes let browsers keep what they fetched.
    fn default() -> Self {
        Self { cdn: Cdn::None, window: TimeSpan::from_mins(5), ttl: TimeSpan::from_hours(1) }
    }
}

/// Longest window: with the longest ttl beside it, a URL still lives no longer than SigV4 allows.
const LONGEST_WINDOW: TimeSpan = TimeSpan::from_hours(24);

impl DeliveryConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "The network that delivers objects. \"none\": URLs lead to the store.";
        visitor.key("cdn", doc, &mut self.cdn, Choice(&[("none", Cdn::None)]));
        let doc = "Signed read URLs stay the same for this long, so that browsers can keep what they fetched.";
        visitor.key("window", doc, &mut self.window, Span(SECOND..=LONGEST_WINDOW));
        let doc = "How long a signed read URL works, at the least.";
        visitor.key("ttl", doc, &mut self.ttl, Span(SECOND..=LONGEST_URL_LIFE));
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.window + self.ttl <= LONGEST_URL_LIFE {
            return Ok(());
        }
        Err(ConfigError::relation("delivery.ttl", "and delivery.window together must not be over 7d, SigV4's limit"))
    }
}
