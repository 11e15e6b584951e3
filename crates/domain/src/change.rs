//! What happens to an asset's files together: publish, delete, expire, announce, withdraw.
//!
//! Each function is pure and gives a [`Change`]: everything the catalog must write in one transaction, or nothing of
//! it. *Invariant*: an asset is CREATED with all its announced roles or not at all (PROTOCOL, I7).

use jiff::Timestamp;

use crate::asset::{Asset, AssetStatus, Place};
use crate::collection::RoleName;
use crate::event::{EventKind, OutboxEvent};
use crate::file::{Fence, File, FileState, StateName};
use crate::lifecycle::{Event, Presence, Refusal, decide};
use crate::quota::{self, Delta, Usage};
use crate::reason::Reason;

/// One atomic write. The catalog applies it only if the asset's revision and every file's fence are still the ones
/// that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The revision the asset had when it was read.
    pub from_revision: Fence,
    /// The asset as it shall be. Files already in the catalog are written through `files`, new ones through
    /// `announced`; of `asset` itself, its own row and its pointers are written.
    pub asset: Asset,
    /// Files that change, each with the fence it was read at.
    pub files: Vec<(Fence, File)>,
    /// A file that is new.
    pub announced: Option<File>,
    /// Events that become true with it.
    pub events: Vec<OutboxEvent>,
    /// How it moves what the owner has.
    pub delta: Delta,
}

/// Why a change to the whole asset cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// The asset is deleted or expired.
    #[error("the asset is gone")]
    Gone(Reason),
    /// A pending file is not verified.
    #[error("role {role} is {state}")]
    NotVerified {
        /// Which role.
        role: RoleName,
        /// Where its file stands.
        state: StateName,
    },
    /// Nothing is pending.
    #[error("no file is waiting to be published")]
    NothingPending,
    /// Its deadline has not passed, or a file is being committed.
    #[error("the upload has not expired")]
    NotExpired,
    /// The role's file is being uploaded or committed; it must end before another can be announced.
    #[error("role {0} already has a file on its way")]
    RoleOccupied(RoleName),
    /// No file is announced for that role.
    #[error("role {0} has no file")]
    RoleVacant(RoleName),
    /// A file refused its part of the change.
    #[error("role {role} refused: {refusal}")]
    File {
        /// Which role.
        role: RoleName,
        /// Why.
        refusal: Refusal,
    },
}

impl Change {
    fn of(asset: &Asset) -> Self {
        let next = Asset { revision: asset.revision.next(), ..asset.clone() };
        Self {
            from_revision: asset.revision,
            asset: next,
            files: Vec::new(),
            announced: None,
            events: Vec::new(),
            delta: Delta::NONE,
        }
    }

    /// The asset's status becomes another.
    fn enter(&mut self, status: AssetStatus) {
        self.delta += quota::delta(Usage::of_status(self.asset.status), Usage::of_status(status));
        self.asset.status = status;
    }

    fn event(&mut self, kind: EventKind, now: Timestamp) {
        let event = OutboxEvent::new(self.asset.id, self.asset.owner.clone(), kind, now);
        self.events.push(event);
    }

    /// Lets one file take its step and gives it back as it shall be.
    fn step(&mut self, file: &File, event: &Event, now: Timestamp) -> Result<File, ChangeRefusal> {
        let decision =
            decide(file, event, now).map_err(|refusal| ChangeRefusal::File { role: file.role.clone(), refusal })?;
        self.delta += Delta::of_step(file, &decision.next);
        self.files.push((file.fence, decision.next.clone()));
        Ok(decision.next)
    }

    /// Ends a file unless it has ended already.
    fn end(&mut self, file: &File, reason: Reason, now: Timestamp) -> Result<File, ChangeRefusal> {
        if file.state.reason().is_some() { Ok(file.clone()) } else { self.step(file, &Event::Ended(reason), now) }
    }
}

fn require_present(asset: &Asset) -> Result<(), ChangeRefusal> {
    match asset.status {
        AssetStatus::Uploading | AssetStatus::Created => Ok(()),
        AssetStatus::Gone(reason) => Err(ChangeRefusal::Gone(reason)),
    }
}

/// T12: a published object was sought. The row says from then on whether it is lost, or is lost no more.
///
/// # Errors
/// [`ChangeRefusal::RoleVacant`] if the role does not show this file any more.
pub fn seek(asset: &Asset, file: &File, presence: Presence, now: Timestamp) -> Result<Change, ChangeRefusal> {
    require_present(asset)?;
    let mut change = Change::of(asset);
    let place = change.asset.places.get(&file.role);
    let shown = place.and_then(|place| place.published.clone()).filter(|shown| shown.id == file.id);
    let shown = shown.ok_or_else(|| ChangeRefusal::RoleVacant(file.role.clone()))?;
    let decision = decide(&shown, &Event::Sought(presence), now)
        .map_err(|refusal| ChangeRefusal::File { role: file.role.clone(), refusal })?;
    if decision.writes(&shown) {
        change.delta += Delta::of_step(&shown, &decision.next);
        change.files.push((shown.fence, decision.next.clone()));
        change.asset.places.entry(file.role.clone()).or_default().published = Some(decision.next);
    }
    Ok(change)
}

/// T6': every pending file is VERIFIED, so all become CREATED, the pointers flip and the asset is CREATED. What a
/// pointer leaves behind is replaced.
pub fn publish(asset: &Asset, now: Timestamp) -> Result<Change, ChangeRefusal> {
    require_present(asset)?;
    if asset.pending().next().is_none() {
        return Err(ChangeRefusal::NothingPending);
    }
    let mut change = Change::of(asset);
    for (role, place) in &asset.places {
        let Some(pending) = &place.pending else { continue };
        if !matches!(pending.state, FileState::Verified { .. }) {
            return Err(ChangeRefusal::NotVerified { role: role.clone(), state: pending.state.name() });
        }
        let published = change.step(pending, &Event::Published, now)?;
        if let Some(old) = &place.published {
            change.end(old, Reason::Replaced, now)?;
        }
        change.asset.places.insert(role.clone(), Place { published: Some(published), pending: None });
    }
    if asset.status == AssetStatus::Uploading {
        change.enter(AssetStatus::Created);
        change.asset.published_at = Some(now);
        change.event(EventKind::AssetCreated, now);
    }
    Ok(change)
}

/// T8: the owner deletes the asset or cancels its upload. Every file goes, whatever it was doing.
pub fn delete(asset: &Asset, now: Timestamp) -> Result<Change, ChangeRefusal> {
    require_present(asset)?;
    let mut change = Change::of(asset);
    end_all(asset, Reason::Deleted, now, &mut change)?;
    change.event(EventKind::AssetDeleted, now);
    Ok(change)
}

/// T7: nobody finished what is pending. An asset that was never published goes as a whole; of a published one only
/// the pending files go. Where everything pending is verified, nothing but its publication was left undone, and that is
/// the change. `as_of` is the time that deadlines are held against, `now` the time written down.
pub fn expire(asset: &Asset, as_of: Timestamp, now: Timestamp) -> Result<Change, ChangeRefusal> {
    require_present(asset)?;
    let expired = asset.deadline().is_some_and(|deadline| deadline <= as_of) && !asset.is_committing();
    if !expired {
        return Err(ChangeRefusal::NotExpired);
    }
    if asset.pending().all(|file| matches!(file.state, FileState::Verified { .. })) {
        return publish(asset, now);
    }
    let mut change = Change::of(asset);
    match asset.status {
        AssetStatus::Uploading => {
            end_all(asset, Reason::Abandoned, now, &mut change)?;
            change.event(EventKind::AssetExpired, now);
        }
        AssetStatus::Created => {
            for (role, place) in &asset.places {
                let Some(pending) = &place.pending else { continue };
                change.end(pending, Reason::Abandoned, now)?;
                change.asset.places.insert(role.clone(), Place { pending: None, ..place.clone() });
            }
        }
        AssetStatus::Gone(reason) => return Err(ChangeRefusal::Gone(reason)),
    }
    Ok(change)
}

fn end_all(asset: &Asset, reason: Reason, now: Timestamp, change: &mut Change) -> Result<(), ChangeRefusal> {
    for (role, place) in &asset.places {
        let mut ended = Place::default();
        if let Some(file) = &place.published {
            ended.published = Some(change.end(file, reason, now)?);
        }
        if let Some(file) = &place.pending {
            ended.pending = Some(change.end(file, reason, now)?);
        }
        change.asset.places.insert(role.clone(), ended);
    }
    change.enter(AssetStatus::Gone(reason));
    change.asset.forget_texts();
    Ok(())
}

/// Announces a file for a role: again after a rejection, an optional role later, or a replacement. A file on its way
/// is not pushed aside; its owner cancels it first.
pub fn announce(asset: &Asset, file: File) -> Result<Change, ChangeRefusal> {
    require_present(asset)?;
    let file = File { addition: asset.status == AssetStatus::Created, ..file };
    let mut place = asset.places.get(&file.role).cloned().unwrap_or_default();
    if place.pending.as_ref().is_some_and(|pending| pending.state.reason().is_none()) {
        return Err(ChangeRefusal::RoleOccupied(file.role));
    }
    let mut change = Change::of(asset);
    place.pending = Some(file.clone());
    change.asset.places.insert(file.role.clone(), place);
    change.delta += Delta::of_new(Usage::of_file(&file));
    change.announced = Some(file);
    Ok(change)
}

/// Withdraws an optional role: its pending file if there is one, else its published one.
pub fn withdraw(asset: &Asset, role: &RoleName, now: Timestamp) -> Result<Change, ChangeRefusal> {
    require_present(asset)?;
    let vacant = || ChangeRefusal::RoleVacant(role.clone());
    let place = asset.places.get(role).ok_or_else(vacant)?;
    let mut change = Change::of(asset);
    let mut left = place.clone();
    let taken = if place.pending.is_some() { left.pending.take() } else { left.published.take() };
    change.end(&taken.ok_or_else(vacant)?, Reason::Withdrawn, now)?;
    if left == Place::default() {
        change.asset.places.remove(role);
    } else {
        change.asset.places.insert(role.clone(), left);
    }
    wake_verified(&mut change, now)?;
    Ok(change)
}

/// What is verified may have waited for just what was withdrawn.
fn wake_verified(change: &mut Change, now: Timestamp) -> Result<(), ChangeRefusal> {
    let mut places = std::mem::take(&mut change.asset.places);
    for pending in places.values_mut().filter_map(|place| place.pending.as_mut()) {
        if matches!(pending.state, FileState::Verified { .. }) {
            *pending = change.step(pending, &Event::Woken, now)?;
        }
    }
    change.asset.places = places;
    Ok(())
}
