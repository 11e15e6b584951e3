//! The life of one file: `RESERVED -> UPLOADING -> COMMITTING -> VERIFIED -> CREATED -> DELETING -> CLOSED`.
//!
//! [`decide`] is the one function that says what may follow what. It is pure: the server, the jobs, the model checker
//! and the simulator call it and do what it says. *Invariant*: a state's rank never falls, and every step raises the
//! fence by one.

use jiff::{SignedDuration, Timestamp};

use crate::checksum::ChecksumValue;
use crate::file::{File, FileState, StateName, UploadId};
use crate::file_plan::FilePlan;
use crate::limits::{
    CREDENTIAL_MARGIN, GONE_PATIENCE, GRANTS_PER_WEIGHING, MAX_RELISTS, RECHECK_AFTER, STEP_GRACE, STRAY_LOOK_AFTER,
    UploadRules,
};
use crate::looks::Looks;
use crate::parts::{self, ClaimedParts, Incomplete, Part, PartListing};
use crate::reason::Reason;
use crate::size::ByteCount;
use crate::verification::VerifiedObject;

/// Something that happened, or that somebody wants, on one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// T2: the store opened a multipart upload.
    Opened(UploadId),
    /// T3: the owner asks for part URLs.
    Granted(GrantTerms),
    /// T4: the owner says it is done, and this is what the store lists.
    Frozen {
        /// All pages of ListParts.
        listing: PartListing,
        /// What the owner says it sent, if it said so.
        claimed: Option<ClaimedParts>,
        /// The checksum's value, if the owner only knows it now.
        checksum: Option<ChecksumValue>,
    },
    /// What the store lists of a file whose size nobody declared: after so many part URLs (T3), or at its next look.
    Weighed(PartListing),
    /// finish-single: what the store lists of an upload that nobody will complete.
    Arrived(PartListing),
    /// T6: the store refused a part, and this is what it lists now.
    Relisted(PartListing),
    /// T6: what HEAD says after Complete, whatever Complete answered.
    Arbitrated(Evidence),
    /// T6': all companions are verified too.
    Published,
    /// T7, T8: the file shall end. [`Reason::Abandoned`] asks, every other reason insists.
    Ended(Reason),
    /// T9: nothing of it is left in the store.
    Destroyed,
    /// T11: somebody looked again.
    Rechecked(Remains),
    /// T12: somebody looked for a published object.
    Sought(Presence),
    /// Uploads are open on the key of a RESERVED file. Whoever opened one and has not written it yet must lose.
    Disowned,
    /// What a verified file waited for may be gone: its asset is to be tried again.
    Woken,
}

/// Under what terms part URLs are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantTerms {
    /// For how many parts.
    pub parts: u16,
    /// How long uploads and URLs live.
    pub rules: UploadRules,
    /// When the asset counts as abandoned ([`crate::Asset::deadline`]).
    pub asset_deadline: Timestamp,
    /// When the signing credentials end, if they are temporary.
    pub credentials_end: Option<Timestamp>,
}

/// What HEAD, and only HEAD, says about a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The object is there and passed every check.
    Right(VerifiedObject),
    /// An object is there, and it is wrong.
    Wrong(Reason),
    /// 404 from the right bucket, after Complete answered so.
    Absent(CompleteAnswer),
    /// 404 after the one Abort that a hopeless commit is allowed.
    AbsentAfterAbort(Reason),
}

/// What Complete answered. It never decides who won; it says what to try next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompleteAnswer {
    /// It has not been called in this attempt.
    NotCalled,
    /// Success, a timeout, a 5xx, a 403: it may have happened, it may happen yet.
    Unknown,
    /// The store does not know a part as we listed it.
    InvalidPart,
    /// The store does not know the upload.
    NoSuchUpload,
    /// Any other 4xx: this upload can never be completed.
    Refused(Reason),
}

/// What a look at a closed file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// No object, no hidden upload.
    Nothing,
    /// A late part or a zombie Complete landed.
    Something,
}

/// What a look for a published object found: HEAD, between two readings of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is where the row says.
    There,
    /// 404 from the right bucket.
    Missing,
}

/// What to do in the store after the decision is durable. Each can be derived again from the stored state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Sign part URLs that end at this time.
    Sign {
        /// The end of their life.
        expires_at: Timestamp,
    },
    /// ListParts, then [`Event::Weighed`]; whoever asks for URLs asks again only then.
    Weigh,
    /// finish-single: ListParts, then [`Event::Arrived`].
    LookForPart,
    /// ListMultipartUploads, and Abort of what the row does not know; in RESERVED only after [`Event::Disowned`].
    CloseStrays,
    /// CompleteMultipartUpload with the frozen parts, then HEAD.
    Complete,
    /// ListParts again, then [`Event::Relisted`].
    Relist,
    /// Abort once, HEAD again, then judge.
    AbortThenHead(Reason),
    /// Nothing now; look again later.
    LookAgain,
    /// See whether the whole asset can be published.
    TryPublish,
    /// T9: abort every upload, delete every version, look.
    Destroy,
    /// T11: see whether anything landed after closing.
    Recheck,
    /// Remove the row: its last look was clean.
    Purge,
}

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The file as it shall be. Equal to the file as it is when nothing has to be written.
    pub next: File,
    /// What to do once that is durable.
    pub effect: Option<Effect>,
}

impl Decision {
    /// Whether the row has to be written.
    pub fn writes(&self, file: &File) -> bool {
        self.next.fence != file.fence
    }
}

/// Why an event changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The event has no meaning in this state: a race was lost, or it came twice.
    #[error("not possible in {0}")]
    OutOfPlace(StateName),
    /// The file has ended.
    #[error("the file has ended: {}", .0.code())]
    Ended(Reason),
    /// Parts are missing or wrong; the owner can repair that.
    #[error("parts are missing or wrong")]
    Incomplete(Incomplete),
    /// Its owner must name the parts it has sent: nobody declared a size, so nothing else says where the file ends.
    #[error("the list of parts is required")]
    Unclaimed,
    /// More part URLs at once than a file may have whose size nobody declared.
    #[error("at most {GRANTS_PER_WEIGHING} part URLs at once")]
    TooManyParts,
    /// The upload counts as abandoned.
    #[error("the upload has expired")]
    DeadlinePassed,
    /// The temporary credentials end too soon to sign anything.
    #[error("the signing credentials are about to expire")]
    CredentialsEnding,
}

/// Decides what follows from `event` on `file` at `now`.
///
/// `now` comes with the row from the catalog, never from the host. The result must be written by compare-and-set on
/// `(id, fence)` before its effect is performed; losing that race is normal: load again and decide again.
pub fn decide(file: &File, event: &Event, now: Timestamp) -> Result<Decision, Refusal> {
    use FileState as S;
    match (&file.state, event) {
        (S::Reserved, Event::Opened(upload_id)) => {
            let opened = File { upload_id: Some(upload_id.clone()), ..file.clone() };
            Ok(step(&opened, S::Uploading, None, now))
        }
        (S::Reserved, Event::Disowned) => Ok(step(file, S::Reserved, Some(Effect::CloseStrays), now)),
        (S::Uploading, Event::Granted(terms)) => grant(file, terms, now),
        (S::Uploading, Event::Weighed(listing)) => weigh(file, listing, now),
        (S::Uploading, Event::Frozen { listing, claimed, checksum }) => {
            freeze(&with_checksum(file, checksum.as_ref()), listing, claimed.as_ref(), now)
        }
        (S::Uploading, Event::Arrived(listing)) => arrive(file, listing, now),
        (S::Committing { parts, relists, .. }, Event::Relisted(listing)) => {
            Ok(relist(file, parts, *relists, listing, now))
        }
        (S::Committing { relists, gone_since, .. }, Event::Arbitrated(evidence)) => {
            Ok(arbitrate(file, *relists, *gone_since, evidence, now))
        }
        (S::Verified { object }, Event::Published) => {
            Ok(step(file, S::Created { object: object.clone(), lost_since: None }, None, now))
        }
        (S::Verified { .. }, Event::Woken) => Ok(step(file, file.state.clone(), Some(Effect::TryPublish), now)),

        (S::Created { object, lost_since }, Event::Sought(presence)) => {
            Ok(seek(file, object, *lost_since, *presence, now))
        }

        // COMMITTING is driven to its end and CREATED belongs to its viewers: neither is ever abandoned.
        (S::Committing { .. } | S::Created { .. }, Event::Ended(Reason::Abandoned)) => {
            Err(Refusal::OutOfPlace(file.state.name()))
        }
        (
            S::Reserved | S::Uploading | S::Committing { .. } | S::Verified { .. } | S::Created { .. },
            Event::Ended(reason),
        ) => Ok(end(file, *reason, now)),

        (S::Deleting { reason }, Event::Destroyed) => Ok(step(file, closed(*reason, 0, now), None, now)),
        (S::Closed { reason, clean_rechecks, recheck_at }, Event::Rechecked(remains)) => {
            Ok(recheck(file, *reason, *clean_rechecks, *recheck_at, *remains, now))
        }

        (
            S::Deleting { reason } | S::Closed { reason, .. },
            Event::Opened(_)
            | Event::Granted(_)
            | Event::Weighed(_)
            | Event::Frozen { .. }
            | Event::Arrived(_)
            | Event::Relisted(_)
            | Event::Arbitrated(_)
            | Event::Published
            | Event::Ended(_)
            | Event::Sought(_)
            | Event::Disowned
            | Event::Woken,
        ) => Err(Refusal::Ended(*reason)),

        (
            S::Uploading | S::Committing { .. } | S::Verified { .. } | S::Created { .. },
            Event::Opened(_) | Event::Disowned,
        )
        | (S::Reserved | S::Uploading | S::Committing { .. } | S::Created { .. }, Event::Woken)
        | (
            S::Reserved | S::Committing { .. } | S::Verified { .. } | S::Created { .. },
            Event::Granted(_) | Event::Weighed(_) | Event::Frozen { .. } | Event::Arrived(_),
        )
        | (
            S::Reserved | S::Uploading | S::Verified { .. } | S::Created { .. },
            Event::Relisted(_) | Event::Arbitrated(_),
        )
        | (S::Reserved | S::Uploading | S::Committing { .. } | S::Created { .. }, Event::Published)
        | (
            S::Reserved | S::Uploading | S::Committing { .. } | S::Verified { .. } | S::Created { .. },
            Event::Destroyed | Event::Rechecked(_),
        )
        | (S::Reserved | S::Uploading | S::Committing { .. } | S::Verified { .. }, Event::Sought(_))
        | (S::Deleting { .. }, Event::Rechecked(_))
        | (S::Closed { .. }, Event::Destroyed) => Err(Refusal::OutOfPlace(file.state.name())),
    }
}

/// What is owed to a file at `now`: how a crash is finished by the same code. The state says what, [`File::due_at`] when.
pub fn duty(file: &File, now: Timestamp) -> Option<Effect> {
    if file.due_at.is_none_or(|due_at| due_at > now) {
        return None;
    }
    match &file.state {
        FileState::Reserved => Some(Effect::CloseStrays),
        FileState::Uploading if file.looks.is_some_and(|looks| looks.is_due(now)) => {
            Some(if file.auto { Effect::LookForPart } else { Effect::Weigh })
        }
        FileState::Uploading => Some(Effect::CloseStrays),
        FileState::Committing { .. } => Some(Effect::Complete),
        FileState::Verified { .. } => Some(Effect::TryPublish),
        FileState::Created { .. } => None,
        FileState::Deleting { .. } => Some(Effect::Destroy),
        FileState::Closed { .. } => Some(Effect::Recheck),
    }
}

/// When something is owed to a file that has just taken a step. A step is performed by whoever writes it, so somebody else
/// is only owed it a little later; what the expire lane ends, it leaves to others at once.
fn due_after(before: &File, next: &File, now: Timestamp) -> Option<Timestamp> {
    match &next.state {
        FileState::Reserved => Some(now + STRAY_LOOK_AFTER),
        FileState::Uploading => {
            let opened = before.state == FileState::Reserved;
            let look = next.looks.and_then(|looks| looks.next);
            look.or(if opened { Some(now + STRAY_LOOK_AFTER) } else { before.due_at })
        }
        FileState::Deleting { reason: Reason::Abandoned } => Some(now),
        FileState::Committing { .. } | FileState::Verified { .. } | FileState::Deleting { .. } => {
            Some(now + STEP_GRACE)
        }
        FileState::Created { .. } => None,
        FileState::Closed { recheck_at, .. } => Some(*recheck_at),
    }
}

fn step(file: &File, state: FileState, effect: Option<Effect>, now: Timestamp) -> Decision {
    let mut next = File { state, fence: file.fence.next(), ..file.clone() };
    next.due_at = due_after(file, &next, now);
    Decision { next, effect }
}

fn stay(file: &File, effect: Effect) -> Decision {
    Decision { next: file.clone(), effect: Some(effect) }
}

/// T12: a missing object is marked once, and unmarked when it is back. Nothing else follows from it.
fn seek(
    file: &File,
    object: &VerifiedObject,
    lost_since: Option<Timestamp>,
    presence: Presence,
    now: Timestamp,
) -> Decision {
    let lost_since = match (presence, lost_since) {
        (Presence::Missing, None) => Some(now),
        (Presence::There, Some(_)) => None,
        (Presence::Missing, Some(_)) | (Presence::There, None) => {
            return Decision { next: file.clone(), effect: None };
        }
    };
    step(file, FileState::Created { object: object.clone(), lost_since }, None, now)
}

fn end(file: &File, reason: Reason, now: Timestamp) -> Decision {
    let ended = File { looks: file.looks.map(|looks| looks.over()), ..file.clone() };
    step(&ended, FileState::Deleting { reason }, Some(Effect::Destroy), now)
}

/// Whether more has arrived than a limit allows, where only that is known of a size.
fn is_too_large(file: &File, listing: &[Part]) -> bool {
    match &file.plan {
        FilePlan::Undeclared(open) => parts::weight(listing) > open.limit(),
        FilePlan::Declared(_) | FilePlan::Settled { .. } => false,
    }
}

/// Where nobody declared a size, what has arrived must not be over the limit already: before more is granted (T3), and at the
/// looks that somebody takes whatever its client does.
fn weigh(file: &File, listing: &[Part], now: Timestamp) -> Result<Decision, Refusal> {
    let FilePlan::Undeclared(open) = &file.plan else { return Err(Refusal::OutOfPlace(file.state.name())) };
    if is_too_large(file, listing) {
        return Ok(end(file, Reason::TooLarge, now));
    }
    let looks = file.looks.map(|looks| looks.again(now, file.deadline));
    let weighed = File { plan: FilePlan::Undeclared(open.weighed()), looks, ..file.clone() };
    Ok(step(&weighed, FileState::Uploading, None, now))
}

/// Whether the client says that it has sent nothing, and that is what has arrived: S3 takes an empty part.
fn is_empty(listing: &[Part], claimed: &ClaimedParts) -> bool {
    let sent = |part: &Part| part.size == ByteCount::ZERO && claimed.get(&part.number) == Some(&part.etag);
    !listing.is_empty() && listing.len() == claimed.len() && listing.iter().all(sent)
}

/// T4. Too much is final, for parts cannot be taken back, and so is nothing, for that is all there is to send; everything
/// else that is wrong can be repaired.
fn freeze(file: &File, listing: &[Part], claimed: Option<&ClaimedParts>, now: Timestamp) -> Result<Decision, Refusal> {
    if is_too_large(file, listing) {
        return Ok(end(file, Reason::TooLarge, now));
    }
    let (plan, parts) = match &file.plan {
        FilePlan::Declared(plan) => (file.plan, parts::freeze(plan, listing, claimed).map_err(Refusal::Incomplete)?),
        FilePlan::Undeclared(_) => {
            let claimed = claimed.ok_or(Refusal::Unclaimed)?;
            if is_empty(listing, claimed) {
                return Ok(end(file, Reason::Empty, now));
            }
            let parts = parts::freeze_undeclared(listing, claimed).map_err(Refusal::Incomplete)?;
            let settled = FilePlan::Settled { size: parts::weight(&parts), part_size: file.plan.part_size() };
            (settled, parts)
        }
        FilePlan::Settled { .. } => return Err(Refusal::OutOfPlace(file.state.name())),
    };
    let frozen = File { plan, looks: file.looks.map(|looks| looks.over()), ..file.clone() };
    Ok(step(&frozen, committing(parts, 0), Some(Effect::Complete), now))
}

/// finish-single: part 1 is the whole file, so its arrival is what a client's list would say. Until then, the next look.
fn arrive(file: &File, listing: &[Part], now: Timestamp) -> Result<Decision, Refusal> {
    if !file.auto {
        return Err(Refusal::OutOfPlace(file.state.name()));
    }
    // Nobody says that an empty part is all there is (decision 0018).
    let is_whole = |part: &&Part| part.number.get() == 1 && part.size > ByteCount::ZERO;
    let implied: ClaimedParts = listing.iter().filter(is_whole).map(|part| (part.number, part.etag.clone())).collect();
    match freeze(file, listing, Some(&implied), now) {
        Err(Refusal::Incomplete(_)) => {
            let looks = file.looks.map(|looks| looks.again(now, file.deadline));
            let waiting = File { looks, ..file.clone() };
            Ok(step(&waiting, FileState::Uploading, None, now))
        }
        decided => decided,
    }
}

fn committing(parts: Vec<Part>, relists: u8) -> FileState {
    FileState::Committing { parts, relists, gone_since: None }
}

fn closed(reason: Reason, clean_rechecks: u8, now: Timestamp) -> FileState {
    FileState::Closed { reason, clean_rechecks, recheck_at: now + RECHECK_AFTER[usize::from(clean_rechecks)] }
}

fn with_checksum(file: &File, late: Option<&ChecksumValue>) -> File {
    let mut file = file.clone();
    if let (Some(declared), Some(value)) = (&mut file.checksum, late) {
        declared.value = Some(value.clone());
    }
    file
}

/// T3. The durable bound is set twice as far as the URL lives, so that most grants write nothing.
fn grant(file: &File, terms: &GrantTerms, now: Timestamp) -> Result<Decision, Refusal> {
    let rules = &terms.rules;
    let hard_end = file.created_at + rules.max_age();
    if terms.asset_deadline <= now || hard_end <= now {
        return Err(Refusal::DeadlinePassed);
    }
    let usable = terms.credentials_end.map_or(hard_end, |end| hard_end.min(end - CREDENTIAL_MARGIN));
    let expires_at = usable.min(now + rules.url_life());
    if expires_at.duration_since(now) < SignedDuration::from_secs(1) {
        return Err(Refusal::CredentialsEnding);
    }
    let effect = Effect::Sign { expires_at };
    let mut granted = file.clone();
    if let FilePlan::Undeclared(open) = &file.plan {
        if terms.parts > GRANTS_PER_WEIGHING {
            return Err(Refusal::TooManyParts);
        }
        let Some(open) = open.granted(terms.parts) else { return Ok(stay(file, Effect::Weigh)) };
        granted.plan = FilePlan::Undeclared(open);
    }
    let idle_until = hard_end.min(now + rules.idle());
    let bound_holds = file.url_not_after.is_some_and(|bound| expires_at <= bound);
    // Short-lived credentials keep URLs under the bound for longer than the deadline was moved for.
    if !bound_holds || idle_until > file.deadline {
        granted.url_not_after = Some(hard_end.min(now + rules.url_life() * 2));
        // Grants until now + url_life write nothing, so the deadline is moved for all of them at once.
        granted.deadline = file.deadline.max(hard_end.min(idle_until + rules.url_life()));
    }
    granted.looks = file.is_looked_at().then(|| Looks::granted(now, granted.deadline));
    if granted == *file {
        return Ok(stay(file, effect));
    }
    Ok(step(&granted, FileState::Uploading, Some(effect), now))
}

fn relist(file: &File, frozen: &[Part], relists: u8, listing: &[Part], now: Timestamp) -> Decision {
    let passed = match &file.plan {
        FilePlan::Declared(plan) => parts::freeze(plan, listing, None).ok(),
        FilePlan::Undeclared(_) | FilePlan::Settled { .. } => parts::refreeze(frozen, listing),
    };
    match passed {
        Some(parts) if relists < MAX_RELISTS => step(file, committing(parts, relists + 1), Some(Effect::Complete), now),
        Some(_) | None => stay(file, Effect::AbortThenHead(Reason::PartsChanged)),
    }
}

/// T6: HEAD decides; what Complete answered only says what to try next.
fn arbitrate(file: &File, relists: u8, gone_since: Option<Timestamp>, evidence: &Evidence, now: Timestamp) -> Decision {
    match evidence {
        Evidence::Right(object) => {
            step(file, FileState::Verified { object: object.clone() }, Some(Effect::TryPublish), now)
        }
        Evidence::Wrong(reason) | Evidence::AbsentAfterAbort(reason) => end(file, *reason, now),
        Evidence::Absent(CompleteAnswer::NotCalled) => stay(file, Effect::Complete),
        Evidence::Absent(CompleteAnswer::Unknown) => stay(file, Effect::LookAgain),
        Evidence::Absent(CompleteAnswer::InvalidPart) if relists < MAX_RELISTS => stay(file, Effect::Relist),
        Evidence::Absent(CompleteAnswer::InvalidPart) => stay(file, Effect::AbortThenHead(Reason::PartsChanged)),
        Evidence::Absent(CompleteAnswer::Refused(reason)) => stay(file, Effect::AbortThenHead(*reason)),
        Evidence::Absent(CompleteAnswer::NoSuchUpload) => match gone_since {
            Some(since) if now.duration_since(since) >= GONE_PATIENCE => end(file, Reason::UploadVanished, now),
            Some(_) => stay(file, Effect::LookAgain),
            None => {
                let FileState::Committing { parts, .. } = &file.state else {
                    unreachable!("arbitrate is called on COMMITTING only");
                };
                let gone = FileState::Committing { parts: parts.clone(), relists, gone_since: Some(now) };
                step(file, gone, Some(Effect::LookAgain), now)
            }
        },
    }
}

/// T11.
fn recheck(
    file: &File,
    reason: Reason,
    clean_rechecks: u8,
    recheck_at: Timestamp,
    remains: Remains,
    now: Timestamp,
) -> Decision {
    match remains {
        Remains::Something => step(file, closed(reason, 0, now), Some(Effect::Destroy), now),
        // Nobody ever held a URL of it, so nobody can send anything late.
        Remains::Nothing if file.url_not_after.is_none() => stay(file, Effect::Purge),
        Remains::Nothing => {
            let clean = clean_rechecks + 1;
            let Some(after) = RECHECK_AFTER.get(usize::from(clean)) else {
                return stay(file, Effect::Purge);
            };
            // The schedule counts from the closing, which lies one step before the look that was due.
            let closed_at = recheck_at - RECHECK_AFTER[usize::from(clean_rechecks)];
            let state = FileState::Closed { reason, clean_rechecks: clean, recheck_at: closed_at + *after };
            step(file, state, None, now)
        }
    }
}
