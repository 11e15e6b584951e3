//! Faults on purpose, for tests of whoever uses the store: off by default, switched at run time.
//!
//! A rule says which requests (operation, key prefix), how often (the next few, or a share drawn from a seed) and what
//! goes wrong. The first rule that fires decides. A fault never damages what is stored: it refuses, delays, or hides an
//! answer; *lost answers* happen after their effect.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A presigned URL is treated as expired: 403 with the message `Request has expired`.
    Expired,
    /// The request waits this long before anything happens.
    Delay(Duration),
    /// Bodies in both directions move no faster than this many bytes a second (at least 1).
    BytesPerSecond(u64),
    /// 500 `InternalError` without an effect.
    InternalError,
    /// 503 `SlowDown` without an effect.
    SlowDown,
    /// The effect happens, then the connection is closed without an answer.
    AnswerLost,
    /// The effect happens, then the answer is 500 `InternalError`.
    AnswerReplaced,
    /// 200 with an `<Error>` body, without an effect: what CompleteMultipartUpload may answer.
    ErrorBody,
    /// The effect happens, then the answer is 200 with an `<Error>` body.
    ErrorBodyAfterEffect,
    /// The answer lacks its ETag header and does not expose it to pages.
    HiddenETag,
    /// The disk is full: 507 without an effect.
    DiskFull,
}

impl Fault {
    /// Whether the answer is an error's body under a status of 200.
    pub(crate) fn is_error_body(&self) -> bool {
        matches!(self, Self::ErrorBody | Self::ErrorBodyAfterEffect)
    }
}

/// How often a rule fires.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Occurrence {
    /// Every time.
    Always,
    /// The next so many times.
    Next(u32),
    /// Passes over the first `skip` matching requests, then fires the next `count` times.
    After {
        /// Matching requests that go through first.
        skip: u32,
        /// How many then fail.
        count: u32,
    },
    /// A share of requests, 0.0 to 1.0, drawn from a seed: the same sequence of requests meets the same faults.
    Share {
        /// The share, 0.0 to 1.0.
        probability: f64,
        /// Where the sequence starts.
        seed: u64,
    },
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    /// The operation as S3 names it, such as `UploadPart`; any when absent.
    pub operation: Option<String>,
    /// The key's beginning; an empty prefix fits every request.
    pub key_prefix: String,
    /// How often.
    pub occurrence: Occurrence,
    /// What happens.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule for every key of an operation.
    pub fn on(operation: &str, occurrence: Occurrence, fault: Fault) -> Self {
        Self { operation: Some(operation.to_owned()), key_prefix: String::new(), occurrence, fault }
    }

    fn fits(&self, operation: &str, key: &str) -> bool {
        self.operation.as_deref().is_none_or(|wanted| wanted == operation) && key.starts_with(&self.key_prefix)
    }
}

/// The faults a store starts with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Looked at in order.
    pub rules: Vec<FaultRule>,
}

/// Switches a running store's faults. Clones switch the same store.
#[derive(Clone, Debug)]
pub struct FaultControl {
    rules: Arc<Mutex<Vec<Armed>>>,
}

#[derive(Debug)]
struct Armed {
    rule: FaultRule,
    /// Requests that fitted so far.
    seen: u32,
    /// Times it fired.
    fired: u32,
    random: u64,
}

impl FaultControl {
    pub(crate) fn new(faults: Faults) -> Self {
        let control = Self { rules: Arc::default() };
        control.set(faults);
        control
    }

    /// Replaces all rules.
    pub fn set(&self, faults: Faults) {
        *self.lock() = faults.rules.into_iter().map(Armed::new).collect();
    }

    /// Adds a rule behind the others.
    pub fn add(&self, rule: FaultRule) {
        self.lock().push(Armed::new(rule));
    }

    /// No more faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How often any rule has fired since it was set.
    pub fn fired(&self) -> u32 {
        self.lock().iter().map(|armed| armed.fired).sum()
    }

    /// The fault that a request meets, among those that `can_happen` to it.
    pub(crate) fn strike(&self, operation: &str, key: &str, can_happen: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut rules = self.lock();
        let fitting = rules.iter_mut().filter(|armed| armed.rule.fits(operation, key) && can_happen(&armed.rule.fault));
        for armed in fitting {
            if armed.fires() {
                armed.fired += 1;
                return Some(armed.rule.fault.clone());
            }
        }
        None
    }

    /// Whether any rule limits how fast bytes move.
    pub(crate) fn slows_bodies(&self) -> bool {
        self.lock().iter().any(|armed| matches!(armed.rule.fault, Fault::BytesPerSecond(_)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Armed>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    const fn new(rule: FaultRule) -> Self {
        let random = match rule.occurrence {
            Occurrence::Share { seed, .. } => seed,
            Occurrence::Always | Occurrence::Next(_) | Occurrence::After { .. } => 0,
        };
        Self { rule, seen: 0, fired: 0, random }
    }

    fn fires(&mut self) -> bool {
        let turn = self.seen;
        self.seen = self.seen.saturating_add(1);
        match self.rule.occurrence {
            Occurrence::Always => true,
            Occurrence::Next(count) => turn < count,
            Occurrence::After { skip, count } => turn >= skip && turn - skip < count,
            Occurrence::Share { probability, .. } => self.draw() < probability,
        }
    }

    /// SplitMix64, uniform over 0.0..1.0: repeatable, which is all that is asked of it.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    const fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(rule: FaultRule) -> FaultControl {
        FaultControl::new(Faults { rules: vec![rule] })
    }

    #[test]
    fn counts_operations_and_prefixes_select() {
        let mut rule = FaultRule::on("PutObject", Occurrence::Next(1), Fault::SlowDown);
        rule.key_prefix = "a/".into();
        let control = control(rule);
        assert_eq!(control.strike("GetObject", "a/b", |_| true), None);
        assert_eq!(control.strike("PutObject", "b", |_| true), None);
        assert_eq!(control.strike("PutObject", "a/b", |_| true), Some(Fault::SlowDown));
        assert_eq!(control.strike("PutObject", "a/b", |_| true), None);
        assert_eq!(control.fired(), 1);
    }

    #[test]
    fn a_share_repeats_with_its_seed_and_is_about_right() {
        let run = || {
            let share = Occurrence::Share { probability: 0.25, seed: 7 };
            let control = control(FaultRule::on("PutObject", share, Fault::InternalError));
            (0..1_000).map(|_| control.strike("PutObject", "k", |_| true).is_some()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        let fired = first.iter().filter(|fired| **fired).count();
        assert!((200..300).contains(&fired), "{fired} of 1000 is not about a quarter");
    }

    #[test]
    fn after_skips_then_fires() {
        let control = control(FaultRule::on("UploadPart", Occurrence::After { skip: 1, count: 1 }, Fault::Expired));
        let struck: Vec<_> = (0..3).map(|_| control.strike("UploadPart", "k", |_| true).is_some()).collect();
        assert_eq!(struck, [false, true, false]);
    }
}
