//! When somebody looks at what has arrived of an upload: whose client never says that it is done (`auto`), or whose size
//! nobody declared, so that only a look can tell that it is too much.
//!
//! Stores tell of objects, never of parts, so a job asks: soon after a part URL was granted, then ever more rarely, and
//! not past the upload's deadline. *Invariant*: between the first grant and the deadline there is always a next look.

use jiff::{SignedDuration, Timestamp};

use crate::limits::{LOOK_AFTER, LOOK_AT_LEAST_EVERY};

/// The looks at an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Looks {
    /// Since when something may arrive: the last grant, or the announcement before the first.
    pub since: Timestamp,
    /// When to look next, if ever.
    pub next: Option<Timestamp>,
}

impl Looks {
    /// Nothing was granted yet, so nothing can arrive.
    pub const fn before_grant(announced_at: Timestamp) -> Self {
        Self { since: announced_at, next: None }
    }

    /// A part URL is granted now.
    #[must_use]
    pub(crate) fn granted(now: Timestamp, deadline: Timestamp) -> Self {
        Self { since: now, next: next_look(now, now, deadline) }
    }

    /// Somebody looked in vain.
    #[must_use]
    pub(crate) fn again(&self, now: Timestamp, deadline: Timestamp) -> Self {
        Self { since: self.since, next: next_look(self.since, now, deadline) }
    }

    /// There is nothing more to look for.
    #[must_use]
    pub(crate) const fn over(&self) -> Self {
        Self { since: self.since, next: None }
    }

    /// Whether this look is the first that comes so long after the last grant, [`LOOK_AT_LEAST_EVERY`] or more: the next comes
    /// when twice as long has passed.
    pub fn is_first_after(&self, span: SignedDuration, now: Timestamp) -> bool {
        let passed = now.duration_since(self.since);
        passed >= span && passed < span * 2
    }

    /// Whether it is time to look.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|next| next <= now)
    }
}

/// At the times of [`LOOK_AFTER`] after the grant, then each time after as long as has passed since it.
fn next_look(since: Timestamp, now: Timestamp, deadline: Timestamp) -> Option<Timestamp> {
    if deadline <= now {
        return None;
    }
    let early = LOOK_AFTER.into_iter().map(|after| since + after).find(|at| *at > now);
    let next = early.unwrap_or_else(|| now + now.duration_since(since).min(LOOK_AT_LEAST_EVERY));
    Some(next.min(deadline))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn after(seconds: i64) -> Timestamp {
        GRANT + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn looks_come_soon_then_rarely_and_end_with_the_deadline() {
        let deadline = after(5_000);
        let mut looks = Looks::granted(GRANT, deadline);
        let mut seen = Vec::new();
        while let Some(at) = looks.next {
            assert!(!looks.is_due(at - SignedDuration::from_micros(1)) && looks.is_due(at));
            seen.push(at.duration_since(GRANT).as_secs());
            looks = looks.again(at, deadline);
        }
        assert_eq!(seen, [2, 5, 15, 60, 120, 240, 480, 960, 1560, 2160, 2760, 3360, 3960, 4560, 5000]);
    }

    #[test]
    fn one_look_is_the_first_after_ten_minutes() {
        let span = LOOK_AT_LEAST_EVERY;
        for late in [0, 1, 200] {
            let mut looks = Looks::granted(GRANT, after(20_000));
            let mut first = 0;
            while let Some(at) = looks.next {
                let now = at + SignedDuration::from_secs(late);
                first += u32::from(looks.is_first_after(span, now));
                looks = looks.again(now, after(20_000));
            }
            assert_eq!(first, 1, "each look {late} s late");
        }
    }

    #[test]
    fn a_late_look_goes_on_where_it_is() {
        let looks = Looks::granted(GRANT, after(172_800));
        assert_eq!(looks.again(after(10), after(172_800)).next, Some(after(15)));
        assert_eq!(looks.again(after(90), after(172_800)).next, Some(after(180)));
        assert_eq!(looks.again(after(86_400), after(172_800)).next, Some(after(87_000)));
        assert_eq!(looks.again(after(172_800), after(172_800)).next, None);
        assert_eq!(Looks::before_grant(GRANT).next, None);
    }
}
