//! One asset's upload as a state machine that touches nothing.
//!
//! [`Session::next_action`] says what to do now, [`Session::on_event`] hears what came of it; time and random bits are
//! arguments. It is not the driver: it opens no file and no socket, so every order of failures can be played through in
//! a test. *Invariants*: at most `parallel` parts in flight; a part that has arrived is neither signed nor sent again
//! unless the server finds it wrong; while nothing is in flight there is a time or an end to wait for; and every upload
//! ends, because refusals are counted and trouble has a patience.

mod answers;
mod file;
mod retry;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use domain::{AssetId, RoleName, Timestamp};

pub use retry::Backoff;
pub use words::{Action, Event, Opening, Outcome, PartFailure, Rules, Ticket};

use file::FileProgress;
use retry::Call;

/// Nothing has worked for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The first failure since the last success.
    pub since: Timestamp,
    /// Failures since the last success.
    pub failures: u32,
    /// What happened last.
    pub detail: String,
    /// When the thing that failed last is tried again.
    pub retry_at: Timestamp,
    /// When the upload gives up, if nothing works until then.
    pub ends_at: Timestamp,
}

/// Where an upload stands.
enum Phase {
    /// The asset is not known yet.
    Opening(Opening, Call),
    /// Asking what has arrived, then sending the rest.
    Sending,
    /// Everything is there; asking for the commit.
    Completing(Call),
    /// The server commits; asking whether it is done.
    Polling { since: Timestamp, polls: u32, call: Call },
    /// It has ended.
    Over(Box<Outcome>),
}

/// One asset's upload.
pub struct Session {
    rules: Rules,
    /// Local sizes in bytes.
    sizes: BTreeMap<RoleName, u64>,
    /// Known once the asset is open.
    files: BTreeMap<RoleName, FileProgress>,
    checksums: BTreeMap<RoleName, String>,
    asset_id: Option<AssetId>,
    phase: Phase,
    trouble: Option<Trouble>,
    /// Whether a server has answered, whatever it said.
    is_reached: bool,
    /// No part is started before this.
    hold: Timestamp,
    repairs: u8,
    /// Parts that the last repair sends again.
    reopened: usize,
}

impl Session {
    /// An upload of local files, by role with their sizes in bytes.
    ///
    /// # Panics
    /// If there is no file.
    pub fn new(sizes: BTreeMap<RoleName, u64>, opening: Opening, rules: Rules) -> Self {
        assert!(!sizes.is_empty(), "an upload has at least one file");
        Self {
            rules,
            sizes,
            files: BTreeMap::new(),
            checksums: BTreeMap::new(),
            asset_id: None,
            phase: Phase::Opening(opening, Call::default()),
            trouble: None,
            is_reached: false,
            hold: Timestamp::MIN,
            repairs: 0,
            reopened: 0,
        }
    }

    /// The asset, once the server has named it.
    pub fn asset_id(&self) -> Option<AssetId> {
        self.asset_id
    }

    /// What does not work at the moment.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Bytes of all files.
    pub fn total_bytes(&self) -> u64 {
        self.sizes.values().sum()
    }

    /// Bytes of all parts that have arrived.
    pub fn arrived_bytes(&self) -> u64 {
        self.files.values().map(FileProgress::arrived_bytes).sum()
    }

    /// Whether the server has said of every file what has arrived: from then on `arrived_bytes` is right.
    pub fn is_listed(&self) -> bool {
        !self.files.is_empty() && self.files.values().all(|file| !file.is_unlisted())
    }

    /// How often `complete` found parts missing, and how many are sent again because of the last time.
    pub fn repairs(&self) -> (u8, usize) {
        (self.repairs, self.reopened)
    }

    /// What to do now.
    pub fn next_action(&mut self, now: Timestamp) -> Action {
        match &mut self.phase {
            Phase::Over(outcome) => Action::Finish(outcome.clone()),
            Phase::Opening(opening, call) => {
                let action = match opening {
                    Opening::Create => Action::Create,
                    Opening::Resume => Action::Show,
                };
                start(call, action, now)
            }
            Phase::Polling { call, .. } => start(call, Action::Poll, now),
            Phase::Completing(call) => start(call, Action::Complete(self.checksums.clone()), now),
            Phase::Sending => self.next_transfer(now),
        }
    }

    fn next_transfer(&mut self, now: Timestamp) -> Action {
        if self.is_listed() && self.files.values().all(FileProgress::is_complete) {
            if self.files.keys().any(|role| !self.checksums.contains_key(role)) {
                return Action::Wait(None);
            }
            self.phase = Phase::Completing(Call::default());
            return self.next_action(now);
        }
        if let Some(action) = self.next_listing(now).or_else(|| self.next_signing(now)) {
            return action;
        }
        self.next_part(now).unwrap_or_else(|| Action::Wait(self.next_time(now)))
    }

    fn next_listing(&mut self, now: Timestamp) -> Option<Action> {
        let (role, file) = self.files.iter_mut().find(|(_, file)| file.is_unlisted() && file.listing.is_ready(now))?;
        file.listing.in_flight = true;
        Some(Action::ListParts(role.clone()))
    }

    fn next_signing(&mut self, now: Timestamp) -> Option<Action> {
        let (enough, batch) = (self.rules.parallel.get(), usize::from(self.rules.batch.get()));
        for (role, file) in &mut self.files {
            if file.is_unlisted() || !file.signing.is_ready(now) {
                continue;
            }
            let numbers = file.unsigned(enough, batch, now);
            if !numbers.is_empty() {
                file.signing.in_flight = true;
                return Some(Action::SignParts(role.clone(), numbers));
            }
        }
        None
    }

    fn next_part(&mut self, now: Timestamp) -> Option<Action> {
        if now < self.hold || self.in_flight() >= self.allowed_in_flight() {
            return None;
        }
        for (role, file) in self.files.iter_mut().filter(|(_, file)| !file.is_unlisted()) {
            let Some((number, signed)) = file.take_next(now) else { continue };
            let plan = file.plan();
            let (Some(offset), Some(length)) = (plan.offset_of(number), plan.length_of(number)) else { continue };
            let (url, headers) = (signed.url, signed.headers);
            return Some(Action::SendPart(Ticket {
                role: role.clone(),
                number,
                offset,
                length: length.get(),
                url,
                headers,
            }));
        }
        None
    }

    fn in_flight(&self) -> usize {
        self.files.values().map(FileProgress::in_flight).sum()
    }

    /// One part alone feels the way when as many tries as are made at once have failed without a success.
    fn allowed_in_flight(&self) -> usize {
        let parallel = self.rules.parallel.get();
        let failures = self.trouble.as_ref().map_or(0, |trouble| trouble.failures as usize);
        if failures >= parallel { 1 } else { parallel }
    }

    /// The next time at which there may be something to do.
    fn next_time(&self, now: Timestamp) -> Option<Timestamp> {
        let calls = self.files.values().flat_map(|file| {
            let waits = |call: Call| (!call.in_flight).then_some(call.retry.not_before);
            let listing = file.is_unlisted().then(|| waits(file.listing)).flatten();
            [listing, waits(file.signing), file.next_retry(now)]
        });
        calls.flatten().chain([self.hold]).filter(|at| *at > now).min()
    }
}

/// Starts a call, or says when it can be started.
fn start(call: &mut Call, action: Action, now: Timestamp) -> Action {
    if call.in_flight {
        return Action::Wait(None);
    }
    if !call.is_ready(now) {
        return Action::Wait(Some(call.retry.not_before));
    }
    call.in_flight = true;
    action
}
