//! What the judge holds about clocks that differ (rule 6).
//!
//! It knows how far they really differed when somebody looked at them, and how long the look took: what happens in the
//! middle of a look cannot be told from skew. It does not judge jobs that are at several files at once in one task: they end
//! only what they have just rejected. *Invariant*: it reports only what every look that the code may have gone by
//! must have stopped.

use std::collections::{BTreeMap, VecDeque};

use domain::limits::{ORPHAN_AGE, SKEW_STOPS};
use domain::{ObjectKey, StateName, TimeSpan, Timestamp};
use server::catalog::memory::MemoryCatalog;

use super::{Row, Truth};
use crate::executor::Actor;

/// A look counts for this long, whoever in the process took it, and a little more.
const LOOK_KEPT: TimeSpan = TimeSpan::from_secs(61);
/// The store tells whole seconds.
const COARSE: TimeSpan = TimeSpan::from_secs(3);
/// Times that a task asks for between a look that it goes by and what it does then, at most.
const REMEMBERED: usize = 8;

/// What the judge remembers of looks at the clocks.
#[derive(Default)]
pub(super) struct Looks {
    tasks: BTreeMap<u64, Task>,
    /// When the last look of a process began that need not have stopped it.
    calm: BTreeMap<usize, Timestamp>,
    /// How far times of the store may be wrong.
    stamps: TimeSpan,
}

/// A task of the code under test.
#[derive(Default)]
struct Task {
    asked_at: Timestamp,
    /// The key that it last tried to commit.
    commits: Option<ObjectKey>,
    /// What it could measure since, if it asked the other clocks.
    measured: Option<TimeSpan>,
    /// Whether it may go on by a look, each time it asked for the time.
    may_go_on: VecDeque<bool>,
}

impl Truth {
    /// Times that the store has written down may be wrong by this.
    pub(crate) fn stamps_differ(&mut self, by: TimeSpan) {
        self.looks.stamps = self.looks.stamps.max(by.abs());
    }

    /// A task was told the catalog's time.
    pub(crate) fn told_time(&mut self, process: usize, actor: Actor, now: Timestamp) {
        let Actor::One(task) = actor else { return };
        let Looks { tasks, calm, .. } = &mut self.looks;
        let task = tasks.entry(task).or_default();
        let took = now.duration_since(task.asked_at);
        let own = task.measured.take().is_some_and(|skew| skew <= SKEW_STOPS + took + COARSE);
        if own {
            let began = calm.entry(process).or_insert(task.asked_at);
            *began = task.asked_at.max(*began);
        }
        let lent = calm.get(&process).is_some_and(|began| now.duration_since(*began) <= LOOK_KEPT);
        if task.may_go_on.len() == REMEMBERED {
            task.may_go_on.pop_front();
        }
        task.may_go_on.push_back(own || lent);
        task.asked_at = now;
    }

    /// A task was told the times of the other clocks, which differ so much at most.
    pub(crate) fn told_other_clocks(&mut self, (process, actor): (usize, Actor), now: Timestamp, skew: TimeSpan) {
        match actor {
            Actor::One(task) => self.looks.tasks.entry(task).or_default().measured = Some(skew),
            // When its look began cannot be told, so it may have seen nothing, and the others go by it.
            Actor::Many => drop(self.looks.calm.insert(process, now)),
        }
    }

    /// A task is about to complete a file, which only those do who commit it, by a row that may have ended meanwhile.
    pub(crate) fn completes(&mut self, actor: Actor, key: &ObjectKey) {
        if let Actor::One(task) = actor {
            self.looks.tasks.entry(task).or_default().commits = Some(key.clone());
        }
    }

    /// A task is about to look whether an object is there: whether a file was completed, if it is being committed.
    pub(crate) fn heads(&mut self, catalog: &MemoryCatalog, actor: Actor, key: &ObjectKey) {
        if matches!(self.state(catalog, key), Row::Is(StateName::Committing)) {
            self.completes(actor, key);
        }
    }

    /// Whether an Abort of a task is T6's own, about what never came to be; clocks have no part in that. Its row may have
    /// ended meanwhile.
    pub(super) fn is_of_commit(&self, actor: Actor, key: &ObjectKey) -> bool {
        let Actor::One(task) = actor else { return true };
        self.looks.tasks.get(&task).is_some_and(|task| task.commits.as_ref() == Some(key))
    }

    /// R6: a task is about to end, destroy or forget something for good.
    pub(crate) fn refuses_by_clocks(&mut self, actor: Actor, what: &str) {
        let Actor::One(task) = actor else { return };
        if !self.looks.tasks.get(&task).is_some_and(|task| task.may_go_on.contains(&true)) {
            self.report("R6", format!("{what} although no look at the clocks can have shown that they agree"));
        }
    }

    /// T12: whether something of this age may look old enough by the store's clock.
    pub(super) fn may_look_old(&self, age: TimeSpan) -> bool {
        age + self.looks.stamps >= ORPHAN_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a process may destroy something so many seconds after a look that took some, at a skew in seconds.
    fn may_destroy(skew: i64, took: i64, later: i64) -> bool {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut truth = Truth::default();
        let [one, other] = [1, 2].map(Actor::One);
        truth.told_time(0, one, at(0));
        truth.told_other_clocks((0, one), at(0), TimeSpan::from_secs(skew));
        truth.told_time(0, one, at(took));
        truth.told_time(0, other, at(took + later));
        truth.refuses_by_clocks(other, "something goes");
        truth.breach().is_none()
    }

    #[test]
    fn only_a_look_that_could_not_see_a_skew_lets_anything_go() {
        for (skew, took, later, allowed) in [
            (0, 1, 1, true),
            (299, 1, 1, true),
            (310, 1, 1, false),
            (310, 20, 1, true),
            (0, 1, 60, true),
            (0, 1, 61, false),
            (310, 1, 100, false),
        ] {
            assert_eq!(may_destroy(skew, took, later), allowed, "{skew} {took} {later}");
        }
    }

    /// It was stopped between its look at the row and Complete, and another rejected and destroyed the file meanwhile.
    #[test]
    fn whoever_completes_aborts_what_never_came_to_be() {
        let asset = domain::AssetId::new(Timestamp::UNIX_EPOCH, &[0; 10]);
        let collection = domain::CollectionName::parse("videos").unwrap();
        let role = domain::RoleName::parse("video").unwrap();
        let file = domain::FileKey::new("42".to_owned(), collection, asset, role, domain::MediaType::Mp4, [0; 16]);
        let key = ObjectKey::new(domain::Visibility::Private, file);
        let mut truth = Truth::default();
        truth.completes(Actor::One(1), &key);
        assert!(truth.is_of_commit(Actor::One(1), &key));
        assert!(!truth.is_of_commit(Actor::One(2), &key), "another destroys it");
    }

    #[test]
    fn nothing_goes_without_a_look() {
        let mut truth = Truth::default();
        truth.refuses_by_clocks(Actor::One(1), "something goes");
        assert_eq!(truth.breach().map(|breach| &*breach.law), Some("R6"));
    }
}
