//! When buckets and catalog are compared, and how much one run may remove.

use domain::ByteCount;

use super::error::ConfigError;
use super::form::{Number, Size, Text, not_empty};
use super::uploads::{SYSTEM_ZONE, schedule};
use super::visit::Visitor;
use crate::recurrence::Recurrence;

/// Largest budget. Findings are kept in memory until they are put right: about 300 bytes each.
const MAX_BUDGET: u32 = 100_000;

/// Most that one run reads: at 16 MiB a second it takes 18 hours, and the next is due.
const MAX_SCRUB: ByteCount = ByteCount::gib(1024);

/// `[reconcile]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileConfig {
    /// When: a cron expression.
    pub cron: String,
    /// In which time zone; `system` or an IANA name.
    pub time_zone: String,
    /// Removals of one run, at most.
    pub budget: u32,
    /// Bytes of published objects that a run reads and compares, at most.
    pub scrub: ByteCount,
}

impl Default for ReconcileConfig {
    /// After the nightly expiry; as much in one run as is plausible whatever its share. A GiB is read in a minute.
    fn default() -> Self {
        Self { cron: "30 3 * * *".into(), time_zone: SYSTEM_ZONE.into(), budget: 1_000, scrub: ByteCount::gib(1) }
    }
}

impl ReconcileConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "When buckets and catalog are compared: minute, hour, day of month, month, day of week.";
        visitor.key("cron", doc, &mut self.cron, Text(not_empty));
        let doc = "The time zone of `cron`: \"system\", or a name such as \"Asia/Seoul\".";
        visitor.key("time_zone", doc, &mut self.time_zone, Text(not_empty));
        let doc = "How many objects and uploads that nobody owns one run may remove. 0: it only reports them.";
        visitor.key("budget", doc, &mut self.budget, Number(0..=MAX_BUDGET));
        let doc = "How much of what is published, chosen by chance, one run reads and compares with what was recorded. 0B: nothing.";
        visitor.key("scrub", doc, &mut self.scrub, Size(ByteCount::ZERO..=MAX_SCRUB));
    }

    /// The schedule itself.
    ///
    /// # Errors
    /// A cron expression or a time zone that is none, or a time that never comes.
    pub fn schedule(&self) -> Result<Recurrence, ConfigError> {
        schedule(&self.cron, &self.time_zone, ["reconcile.cron", "reconcile.time_zone"])
    }
}
