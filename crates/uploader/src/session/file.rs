//! One file of an upload: which parts are waiting, signed, in flight or there.

use std::collections::{BTreeMap, BTreeSet};

use domain::{PartNumber, PartPlan, TimeSpan, Timestamp};
use wire::{PartBody, PartUrlBody};

use super::retry::{Call, Retry, later};

/// A URL just received is used for this long even if its expiry looks past: then it is our clock that is wrong.
const FRESH: TimeSpan = TimeSpan::from_secs(30);
/// After so many failures with one URL another is asked for: some servers cut the connection instead of saying 403.
const TRIES_PER_URL: u32 = 2;

/// Permission to send one part.
#[derive(Clone)]
pub(super) struct SignedPart {
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    usable_until: Timestamp,
}

/// A part that is not there yet.
#[derive(Default)]
struct Pending {
    signed: Option<SignedPart>,
    retry: Retry,
}

/// One file.
pub(super) struct FileProgress {
    plan: PartPlan,
    /// Neither there nor in flight.
    pending: BTreeMap<PartNumber, Pending>,
    in_flight: BTreeMap<PartNumber, Pending>,
    refusals: BTreeMap<PartNumber, u8>,
    /// What the server says has arrived is not known yet.
    unlisted: bool,
    pub(super) listing: Call,
    pub(super) signing: Call,
}

impl FileProgress {
    /// A file of which nothing is known but its plan.
    pub(super) fn new(plan: PartPlan) -> Self {
        Self {
            plan,
            pending: plan.numbers().map(|number| (number, Pending::default())).collect(),
            in_flight: BTreeMap::new(),
            refusals: BTreeMap::new(),
            unlisted: true,
            listing: Call::default(),
            signing: Call::default(),
        }
    }

    pub(super) fn plan(&self) -> PartPlan {
        self.plan
    }

    pub(super) fn is_unlisted(&self) -> bool {
        self.unlisted
    }

    pub(super) fn is_complete(&self) -> bool {
        self.pending.is_empty() && self.in_flight.is_empty()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Bytes of all parts that have arrived.
    pub(super) fn arrived_bytes(&self) -> u64 {
        let missing = self.pending.keys().chain(self.in_flight.keys());
        let missing: u64 = missing.map(|number| self.plan.length_of(*number).unwrap_or_default().get()).sum();
        self.plan.size().get() - missing
    }

    /// The server accepts no more parts of this file: it is committing or done, so everything is there.
    pub(super) fn close(&mut self) {
        self.unlisted = false;
        self.pending.clear();
        // Whatever call said so has come back. If parts turn out to be wrong, they are signed anew.
        self.listing = Call::default();
        self.signing = Call::default();
    }

    /// Takes up what the server says has arrived. A part of another size than planned is sent again.
    pub(super) fn list(&mut self, parts: &[PartBody]) {
        self.unlisted = false;
        for part in parts {
            let Ok(number) = PartNumber::new(u64::from(part.number)) else { continue };
            if self.plan.length_of(number).is_some_and(|length| length.get() == part.size) {
                self.pending.remove(&number);
            }
        }
    }

    /// Takes up URLs; gives how many were of use. Parts that are not waiting are passed over.
    pub(super) fn sign(&mut self, parts: &[PartUrlBody], margin: TimeSpan, now: Timestamp) -> usize {
        let mut useful = 0;
        for part in parts {
            let Ok(number) = PartNumber::new(u64::from(part.number)) else { continue };
            if self.plan.length_of(number).is_none_or(|length| Some(length.get()) != part.size) {
                continue;
            }
            if let Some(pending) = self.pending.get_mut(&number) {
                let expiry = part.expires_at.saturating_sub(margin).unwrap_or(part.expires_at);
                let usable_until = expiry.max(later(now, FRESH));
                pending.signed =
                    Some(SignedPart { url: part.url.clone(), headers: part.headers.clone(), usable_until });
                useful += 1;
            }
        }
        useful
    }

    /// The parts to ask URLs for now: none while enough parts are signed, else the next ones without a usable URL.
    pub(super) fn unsigned(&self, enough: usize, batch: usize, now: Timestamp) -> Vec<PartNumber> {
        let signed = self.pending.values().filter(|pending| pending.is_usable(now)).take(enough).count();
        if signed >= enough {
            return Vec::new();
        }
        self.pending
            .iter()
            .filter(|(_, pending)| !pending.is_usable(now))
            .map(|(number, _)| *number)
            .take(batch)
            .collect()
    }

    /// The next part that can be sent now.
    pub(super) fn take_next(&mut self, now: Timestamp) -> Option<(PartNumber, SignedPart)> {
        let ready = |pending: &Pending| pending.is_usable(now) && pending.retry.not_before <= now;
        let number = self.pending.iter().find(|(_, pending)| ready(pending)).map(|(number, _)| *number)?;
        let pending = self.pending.remove(&number)?;
        let signed = pending.signed.clone()?;
        self.in_flight.insert(number, pending);
        Some((number, signed))
    }

    /// When a part that has a URL but must wait can be tried again.
    pub(super) fn next_retry(&self, now: Timestamp) -> Option<Timestamp> {
        let waiting = self.pending.values().filter(|pending| pending.is_usable(now));
        waiting.map(|pending| pending.retry.not_before).filter(|at| *at > now).min()
    }

    /// A part has arrived.
    pub(super) fn arrive(&mut self, number: PartNumber) {
        self.in_flight.remove(&number);
    }

    /// A part has not arrived because nobody answered. It waits for another try, at first with the same URL.
    pub(super) fn put_back(&mut self, number: PartNumber, fail: impl FnOnce(&mut Retry)) {
        let Some(mut pending) = self.in_flight.remove(&number) else { return };
        fail(&mut pending.retry);
        if pending.retry.failures.is_multiple_of(TRIES_PER_URL) {
            pending.signed = None;
        }
        self.pending.insert(number, pending);
    }

    /// A part was refused. It waits for another URL and another try. Gives how often it has been refused.
    pub(super) fn refuse(&mut self, number: PartNumber, fail: impl FnOnce(&mut Retry)) -> u8 {
        if let Some(mut pending) = self.in_flight.remove(&number) {
            fail(&mut pending.retry);
            pending.signed = None;
            self.pending.insert(number, pending);
        }
        let refusals = self.refusals.entry(number).or_default();
        *refusals = refusals.saturating_add(1);
        *refusals
    }

    /// Sends parts again that the server found missing or wrong; gives how many are of this file's plan.
    pub(super) fn reopen(&mut self, numbers: &BTreeSet<u16>) -> usize {
        let numbers = numbers.iter().filter_map(|number| PartNumber::new(u64::from(*number)).ok());
        let planned: Vec<_> = numbers.filter(|number| self.plan.length_of(*number).is_some()).collect();
        for number in &planned {
            if !self.in_flight.contains_key(number) {
                self.pending.entry(*number).or_default();
            }
        }
        planned.len()
    }
}

impl Pending {
    fn is_usable(&self, now: Timestamp) -> bool {
        self.signed.as_ref().is_some_and(|signed| now < signed.usable_until)
    }
}
