//! What each answer changes.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ByteCount, PartNumber, PartPlan, RoleName, TimeSpan, Timestamp};
use wire::{AssetBody, ErrorCode, FileBody, PartBody, PartUrlBody, Problem};

use super::file::FileProgress;
use super::retry::{Call, later};
use super::words::{Event, Opening, Outcome, PartFailure};
use super::{Phase, Session, Trouble};
use crate::client::ApiError;

/// However short the patience, it takes this many failures in a row to give up.
const LEAST_TRIES: u32 = 3;
/// The same where nobody has answered at all.
const LEAST_FIRST_TRIES: u32 = 2;
/// The status of a published asset.
const CREATED: &str = "CREATED";

/// When an answer came, and the random bits to spread what follows from it.
#[derive(Clone, Copy)]
struct Moment {
    now: Timestamp,
    jitter: u64,
}

impl Session {
    /// Hears what came of an action. `jitter` are 64 random bits.
    pub fn on_event(&mut self, event: Event, now: Timestamp, jitter: u64) {
        let at = Moment { now, jitter };
        match event {
            Event::Summed(role, value) => {
                self.checksums.insert(role, value);
            }
            Event::Opened(answer) => self.opened(answer, at),
            Event::Listed(role, answer) => self.listed(&role, answer, at),
            Event::Signed(role, answer) => self.signed(&role, answer, at),
            Event::PartEnded(role, number, answer) => self.part_ended(&role, number, answer, at),
            Event::Completed(answer) => self.completed(answer, at),
            Event::Polled(answer) => self.polled(answer, at),
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        // The first end counts: what comes in later was under way when it came.
        if !matches!(self.phase, Phase::Over(_)) {
            self.phase = Phase::Over(Box::new(outcome));
        }
    }

    fn contradict(&mut self, detail: impl Into<String>) {
        self.finish(Outcome::Contradiction { detail: detail.into() });
    }

    /// Something did not answer. Gives up when that has lasted longer than the patience.
    fn note_trouble(&mut self, detail: String, retry_at: Timestamp, now: Timestamp) {
        let first_contact = self.first_contact();
        let begun = || Trouble { since: now, failures: 0, detail: String::new(), retry_at, ends_at: now };
        let trouble = self.trouble.get_or_insert_with(begun);
        trouble.failures = trouble.failures.saturating_add(1);
        trouble.detail = detail;
        trouble.retry_at = retry_at;
        trouble.ends_at = later(trouble.since, first_contact.unwrap_or(self.rules.patience));
        if first_contact.is_none() && now >= trouble.ends_at && trouble.failures >= LEAST_TRIES {
            let detail = trouble.detail.clone();
            self.finish(Outcome::OutOfPatience { detail });
        }
    }

    /// How long nobody may answer, as long as nobody ever has, where that has a limit of its own.
    fn first_contact(&self) -> Option<TimeSpan> {
        self.rules.first_contact.filter(|_| !self.is_reached)
    }

    /// Whether it is time to say that the address is wrong, or the server not started.
    fn is_nobody_there(&self, now: Timestamp) -> bool {
        let Some(trouble) = &self.trouble else { return false };
        self.first_contact().is_some() && trouble.failures >= LEAST_FIRST_TRIES && now >= trouble.ends_at
    }

    fn note_success(&mut self) {
        self.trouble = None;
        self.hold = Timestamp::MIN;
    }

    /// An error that no other try will mend.
    fn refused(&mut self, error: ApiError) {
        let is_resuming = matches!(self.phase, Phase::Opening(Opening::Resume, _));
        match error.code() {
            Some(ErrorCode::Gone | ErrorCode::UploadExpired) => self.finish(Outcome::Gone(error)),
            // What was deleted or has expired is said to be gone; this may as well be another owner's token.
            Some(ErrorCode::NotFound) if is_resuming => self.finish(Outcome::Unknown(error)),
            Some(ErrorCode::NotFound) if self.asset_id.is_some() => self.finish(Outcome::Gone(error)),
            Some(ErrorCode::UploadRejected) => {
                let ApiError::Problem { problem, .. } = error else { return };
                self.finish(rejection(*problem));
            }
            _ => self.finish(Outcome::Refused(error)),
        }
    }

    fn opened(&mut self, answer: Result<Box<AssetBody>, ApiError>, at: Moment) {
        let Phase::Opening(_, call) = &mut self.phase else { return };
        self.is_reached |= !matches!(answer, Err(ApiError::Unreachable { .. }));
        match answer {
            Ok(asset) => {
                call.succeed();
                self.note_success();
                self.adopt(*asset, at.now);
            }
            Err(error) if error.is_weather() => {
                call.fail(self.rules.backoff, error.retry_after(), at.now, at.jitter);
                let retry_at = call.retry.not_before;
                self.note_trouble(error.to_string(), retry_at, at.now);
                if self.is_nobody_there(at.now) {
                    self.refused(error);
                }
            }
            Err(error) => self.refused(error),
        }
    }

    /// Takes up an asset as the server describes it.
    fn adopt(&mut self, asset: AssetBody, now: Timestamp) {
        let Ok(id) = asset.id.parse() else {
            return self.contradict(format!("{:?} is not an asset id", asset.id));
        };
        self.asset_id = Some(id);
        if let Some(outcome) = verdict(&asset) {
            return self.finish(outcome);
        }
        let mut files = BTreeMap::new();
        for (role, size) in &self.sizes {
            let Some(body) = asset.files.get(role.as_str()) else {
                return self.contradict(format!("the asset has no file for the role {role}"));
            };
            match take_up(body, *size, self.rules.url_margin, now) {
                Ok(file) => files.insert(role.clone(), file),
                Err(detail) => return self.contradict(format!("{role}: {detail}")),
            };
        }
        self.files = files;
        self.phase = Phase::Sending;
    }

    fn listed(&mut self, role: &RoleName, answer: Result<Vec<PartBody>, ApiError>, at: Moment) {
        let backoff = self.rules.backoff;
        let Some(file) = self.files.get_mut(role) else { return };
        match answer {
            Ok(parts) => {
                file.listing.succeed();
                file.list(&parts);
                self.note_success();
            }
            Err(error) if error.code() == Some(ErrorCode::UploadClosed) => file.close(),
            Err(error) if error.is_weather() => {
                file.listing.fail(backoff, error.retry_after(), at.now, at.jitter);
                let retry_at = file.listing.retry.not_before;
                self.note_trouble(error.to_string(), retry_at, at.now);
            }
            Err(error) => self.refused(error),
        }
    }

    fn signed(&mut self, role: &RoleName, answer: Result<Vec<PartUrlBody>, ApiError>, at: Moment) {
        let (backoff, margin) = (self.rules.backoff, self.rules.url_margin);
        let Some(file) = self.files.get_mut(role) else { return };
        let (detail, wish) = match answer {
            // A signature is no progress: trouble ends when a part arrives.
            Ok(parts) if file.sign(&parts, margin, at.now) > 0 => return file.signing.succeed(),
            Ok(_) => ("the server signed none of the parts asked for".to_owned(), None),
            Err(error) if error.code() == Some(ErrorCode::UploadClosed) => return file.close(),
            Err(error) if error.is_weather() => (error.to_string(), error.retry_after()),
            Err(error) => return self.refused(error),
        };
        file.signing.fail(backoff, wish, at.now, at.jitter);
        let retry_at = file.signing.retry.not_before;
        self.note_trouble(detail, retry_at, at.now);
    }

    fn part_ended(&mut self, role: &RoleName, number: PartNumber, answer: Result<(), PartFailure>, at: Moment) {
        let backoff = self.rules.backoff;
        let Some(file) = self.files.get_mut(role) else { return };
        match answer {
            Ok(()) => {
                file.arrive(number);
                self.note_success();
            }
            Err(PartFailure::Weather { detail, retry_after }) => {
                let mut retry_at = at.now;
                file.put_back(number, |retry| {
                    retry.fail(backoff, retry_after, at.now, at.jitter);
                    retry_at = retry.not_before;
                });
                self.note_trouble(detail, retry_at, at.now);
                self.hold_back(retry_after, at);
            }
            Err(PartFailure::Refused { detail }) => {
                let refusals = file.refuse(number, |retry| retry.fail(backoff, None, at.now, at.jitter));
                if refusals >= self.rules.max_refusals {
                    self.finish(Outcome::PartRefused { role: role.clone(), number, detail });
                }
            }
        }
    }

    /// When all that was in flight has failed, the way is broken, not a part: nothing new is started for a while.
    fn hold_back(&mut self, wish: Option<TimeSpan>, at: Moment) {
        let parallel = u32::try_from(self.rules.parallel.get()).unwrap_or(u32::MAX);
        let Some(trouble) = &mut self.trouble else { return };
        if trouble.failures >= parallel {
            let rounds = trouble.failures - parallel + 1;
            let delay = self.rules.backoff.delay(rounds, at.jitter).max(wish.unwrap_or(TimeSpan::ZERO));
            self.hold = self.hold.max(later(at.now, delay));
            trouble.retry_at = trouble.retry_at.max(self.hold);
        }
    }

    fn completed(&mut self, answer: Result<Box<AssetBody>, ApiError>, at: Moment) {
        let Phase::Completing(call) = &mut self.phase else { return };
        match answer {
            Ok(asset) => {
                self.note_success();
                match verdict(&asset) {
                    Some(outcome) => self.finish(outcome),
                    None => self.wait_for_commit(at),
                }
            }
            Err(error) if error.is_weather() => {
                call.fail(self.rules.backoff, error.retry_after(), at.now, at.jitter);
                let retry_at = call.retry.not_before;
                self.note_trouble(error.to_string(), retry_at, at.now);
            }
            Err(ApiError::Problem { problem, .. }) if problem.code == ErrorCode::UploadIncomplete => {
                self.repair(&problem, at);
            }
            Err(error) if error.code() == Some(ErrorCode::UploadClosed) => self.wait_for_commit(at),
            Err(error) => self.refused(error),
        }
    }

    fn wait_for_commit(&mut self, at: Moment) {
        let mut call = Call::default();
        call.retry.not_before = later(at.now, self.rules.poll.delay(1, at.jitter));
        self.phase = Phase::Polling { since: at.now, polls: 1, call };
    }

    /// Sends again what the server names.
    fn repair(&mut self, problem: &Problem, at: Moment) {
        self.repairs = self.repairs.saturating_add(1);
        let named = named_parts(problem);
        self.reopened = 0;
        for (role, numbers) in &named {
            if let Some(file) = RoleName::parse(role).ok().and_then(|role| self.files.get_mut(&role)) {
                self.reopened += file.reopen(numbers);
            }
        }
        if self.repairs > self.rules.max_repairs || self.reopened == 0 {
            return self.finish(Outcome::BeyondRepair { detail: problem.detail.clone() });
        }
        self.hold = later(at.now, self.rules.backoff.delay(u32::from(self.repairs), at.jitter));
        self.phase = Phase::Sending;
    }

    fn polled(&mut self, answer: Result<Box<AssetBody>, ApiError>, at: Moment) {
        let (rules, poll) = (self.rules, self.rules.poll);
        let Phase::Polling { since, polls, call } = &mut self.phase else { return };
        match answer {
            Ok(asset) => {
                *polls = polls.saturating_add(1);
                call.succeed();
                call.retry.not_before = later(at.now, poll.delay(*polls, at.jitter));
                let is_late = at.now >= later(*since, rules.patience);
                self.note_success();
                match verdict(&asset) {
                    Some(outcome) => self.finish(outcome),
                    None if is_late => self.finish(Outcome::StillCommitting),
                    None => {}
                }
            }
            Err(error) if error.is_weather() => {
                call.fail(rules.backoff, error.retry_after(), at.now, at.jitter);
                let retry_at = call.retry.not_before;
                self.note_trouble(error.to_string(), retry_at, at.now);
            }
            Err(error) => self.refused(error),
        }
    }
}

/// How an upload has ended, if the asset shows that it has.
fn verdict(asset: &AssetBody) -> Option<Outcome> {
    if asset.status == CREATED {
        return Some(Outcome::Published(Box::new(asset.clone())));
    }
    asset.files.iter().find_map(|(role, file)| {
        let rejected = file.rejected.as_ref()?;
        let (reason, detail) = (rejected.code.clone(), rejected.detail.clone());
        Some(Outcome::Rejected { role: Some(role.clone()), reason, detail })
    })
}

fn rejection(problem: Problem) -> Outcome {
    let reason = problem.reason.unwrap_or_else(|| problem.code.as_str().to_owned());
    Outcome::Rejected { role: problem.role, reason, detail: problem.detail }
}

/// A file as the server describes it, with the URLs that came along.
fn take_up(body: &FileBody, size: u64, margin: TimeSpan, now: Timestamp) -> Result<FileProgress, String> {
    if body.size != Some(size) {
        let expected = body.size.map_or_else(|| "another number of".to_owned(), |size| size.to_string());
        return Err(format!("the server expects {expected} bytes, the local file has {size}"));
    }
    let Some(upload) = &body.upload else {
        // Nothing to upload any more: this file is committing or verified.
        let plan = PartPlan::for_size(ByteCount(size)).map_err(|error| error.to_string())?;
        let mut file = FileProgress::new(plan);
        file.close();
        return Ok(file);
    };
    let plan = PartPlan::restore(ByteCount(size), ByteCount(upload.part_size))
        .filter(|plan| plan.part_count() == upload.part_count)
        .ok_or_else(|| format!("{} parts of {} bytes do not make {size}", upload.part_count, upload.part_size))?;
    let mut file = FileProgress::new(plan);
    file.sign(&upload.parts, margin, now);
    Ok(file)
}

/// The parts a problem names, missing or wrong, by role.
fn named_parts(problem: &Problem) -> BTreeMap<&str, BTreeSet<u16>> {
    let mut named: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for missing in problem.missing.iter().flatten() {
        named.entry(&missing.role).or_default().extend(&missing.numbers);
    }
    for wrong in problem.wrong.iter().flatten() {
        named.entry(&wrong.role).or_default().insert(wrong.number);
    }
    named
}
