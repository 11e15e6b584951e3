//! T4 and what follows: the owner says that everything is sent.
//!
//! The claim is not believed. The store lists the parts, all announced files are judged before any is frozen, and only
//! then each is frozen and committed. What is repairable changes nothing.

use std::collections::BTreeMap;

use domain::parts::Incomplete;
use domain::{
    Asset, AssetId, AssetStatus, ChecksumAlgorithm, ChecksumValue, ClaimedParts, Collection, Decision, Event, File,
    FileState, OwnerId, Reason, Refusal, RoleName, Shard, Timestamp, decide,
};
use futures::future::{self, Either};

use super::commit::{Begin, Commit};
use super::{App, FindError, MAX_RACES, PatchError, PortError, Publication};
use crate::catalog::{AssetPatch, Purpose, Stamped, Written};
use crate::store::list_parts;

/// What the owner says with "done". All of it is optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// What it wants to call the asset now.
    pub patch: AssetPatch,
    /// What it knows about its files.
    pub claims: BTreeMap<RoleName, Claim>,
    /// What is done.
    pub scope: Scope,
}

/// What the owner says is done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// Everything that was announced.
    #[default]
    Asset,
    /// The file of one role, by a client that knows of no other. It waits, verified, for the others.
    Role(RoleName),
}

impl Scope {
    fn holds(&self, role: &RoleName) -> bool {
        match self {
            Self::Asset => true,
            Self::Role(only) => only == role,
        }
    }
}

/// What the owner knows about one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claim {
    /// The parts it sent.
    pub parts: Option<ClaimedParts>,
    /// The checksum over the whole file.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumValue)>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Completed {
    /// The asset is CREATED.
    Created(Asset),
    /// The store is still at work; it goes on without the caller.
    StillCommitting(Asset),
}

/// Why the asset is not CREATED.
#[derive(Debug, thiserror::Error)]
pub enum CompleteError {
    /// The asset cannot be found.
    #[error(transparent)]
    Find(FindError),
    /// A claim names a role that has no file.
    #[error("role {0} has no file")]
    UnknownRole(RoleName),
    /// A checksum of an algorithm that was not announced, or another value than announced.
    #[error("the checksum of role {0} does not fit what was announced")]
    ChecksumConflict(RoleName),
    /// The file's size was never declared, so its owner has to name the parts it sent. Nothing changed.
    #[error("the list of parts of role {0} is required")]
    Unclaimed(RoleName),
    /// Parts are missing or wrong. Nothing changed.
    #[error("parts are missing or wrong")]
    Incomplete(BTreeMap<RoleName, Incomplete>),
    /// A file failed verification; its role can be announced again.
    #[error("the file for role {role} was rejected")]
    Rejected {
        /// Which.
        role: RoleName,
        /// Why.
        reason: Reason,
    },
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// Verifies and publishes what is pending in an asset. Repeating after success is success.
    pub async fn complete_asset(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        completion: &Completion,
    ) -> Result<Completed, CompleteError> {
        // In another bucket every upload would look vanished, and that ends a file.
        self.require_bucket().await?;
        self.freeze_asset(owner, of, id, completion).await?;
        // After the freeze, because an answer that says "nothing changed" must be true.
        if completion.patch != AssetPatch::default() {
            self.patch_asset(owner, of, id, &completion.patch).await.map_err(patch_refused)?;
        }
        let app = self.clone();
        let work = {
            let owner = owner.clone();
            self.outlive(async move {
                let _turn = app.committing.acquire().await;
                app.commit_asset(&owner, id, Begin::WithComplete).await
            })
        };
        let patience = self.background.pause(self.parts.settings.complete_patience);
        match future::select(work, patience).await {
            Either::Left((Ok(outcome), _)) => drop(outcome?),
            Either::Left((Err(_no_outcome), _)) => panic!("the commit of {id} panicked before it had an outcome"),
            Either::Right(_still_running) => {}
        }
        let asset = self.find_asset(owner, of, id).await.map_err(CompleteError::Find)?;
        if let Some((role, reason)) = first_rejection(&asset, &completion.scope) {
            return Err(CompleteError::Rejected { role, reason });
        }
        let waiting = asset.pending().any(|file| completion.scope.holds(&file.role));
        if asset.status == AssetStatus::Created && !waiting {
            return Ok(Completed::Created(asset));
        }
        Ok(Completed::StillCommitting(asset))
    }

    /// What the drive lane does for an asset: look first, because somebody may have completed it before.
    pub async fn resume_commit(&self, shard: Shard, id: AssetId) -> Result<Publication, PortError> {
        let found = self.parts.catalog.find_asset(shard, id, Purpose::Decide).await.map_err(PortError::catalog)?;
        let Some(asset) = found.value else { return Ok(Publication::NotYet) };
        self.commit_asset(&asset.owner, id, Begin::WithHead).await
    }

    /// Freezes every pending file that is said to be done, or none: first all are judged, then all are written. A race lost in between is
    /// judged again from the start.
    async fn freeze_asset(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        completion: &Completion,
    ) -> Result<(), CompleteError> {
        let Completion { claims, scope, .. } = completion;
        'race: for _ in 0..MAX_RACES {
            let Stamped { now, value: asset } =
                self.load_own(owner, of, id, Purpose::Decide).await.map_err(CompleteError::Find)?;
            check_claims(&asset, claims)?;
            if let Some((role, reason)) = first_rejection(&asset, scope) {
                return Err(CompleteError::Rejected { role, reason });
            }
            let mut frozen: Vec<(&File, Box<Decision>)> = Vec::new();
            let mut incomplete = BTreeMap::new();
            for file in asset.pending().filter(|file| scope.holds(&file.role)) {
                match self.judge_parts(owner, file, claims.get(&file.role), now).await? {
                    Judged::Ready(decision) => frozen.push((file, decision)),
                    Judged::Beyond => {}
                    Judged::Incomplete(what) => drop(incomplete.insert(file.role.clone(), what)),
                    Judged::Unclaimed => return Err(CompleteError::Unclaimed(file.role.clone())),
                    Judged::Changed => continue 'race,
                }
            }
            if !incomplete.is_empty() {
                return Err(CompleteError::Incomplete(incomplete));
            }
            for (file, decision) in frozen {
                if self.advance(file, &decision, &[]).await? == Written::Stale {
                    continue 'race;
                }
            }
            return Ok(());
        }
        Err(PortError::Contended.into())
    }

    /// Lists what has arrived of one file and lets the plan judge it.
    async fn judge_parts(
        &self,
        owner: &OwnerId,
        file: &File,
        claim: Option<&Claim>,
        now: Timestamp,
    ) -> Result<Judged, PortError> {
        match &file.state {
            FileState::Reserved => return Ok(Judged::Incomplete(all_missing(file))),
            FileState::Uploading => {}
            FileState::Committing { .. }
            | FileState::Verified { .. }
            | FileState::Created { .. }
            | FileState::Deleting { .. }
            | FileState::Closed { .. } => return Ok(Judged::Beyond),
        }
        let listed = list_parts(&*self.parts.store, &file.key, file.upload()).await.map_err(PortError::store)?;
        let Some(listing) = listed else {
            self.end_vanished(owner, file, now).await?;
            return Ok(Judged::Changed);
        };
        let claim = claim.cloned().unwrap_or_default();
        let checksum = claim.checksum.map(|(_, value)| value);
        let event = Event::Frozen { listing, claimed: claim.parts, checksum };
        Ok(match decide(file, &event, now) {
            Ok(decision) => match decision.next.state.reason() {
                None => Judged::Ready(Box::new(decision)),
                Some(reason) => {
                    let (Written::Done | Written::Stale) = self.reject(owner, file, decision, reason, now).await?;
                    Judged::Changed
                }
            },
            Err(Refusal::Incomplete(what)) => Judged::Incomplete(what),
            Err(Refusal::Unclaimed) => Judged::Unclaimed,
            Err(
                Refusal::OutOfPlace(_)
                | Refusal::Ended(_)
                | Refusal::TooManyParts
                | Refusal::DeadlinePassed
                | Refusal::CredentialsEnding,
            ) => Judged::Changed,
        })
    }

    /// The store does not know the upload of an UPLOADING file: aborted from outside, by a lifecycle rule, or another
    /// request has just committed it. The row says which; only if it still says UPLOADING and there is no object, the
    /// file can never be finished and its role may be announced again. Whoever asked loads the row again.
    pub(super) async fn end_vanished(&self, owner: &OwnerId, file: &File, now: Timestamp) -> Result<(), PortError> {
        let unchanged = self.reload(file).await?.value.is_some_and(|found| found.fence == file.fence);
        if !unchanged {
            return Ok(());
        }
        if self.parts.store.head(&file.key).await.map_err(PortError::store)?.is_some() {
            tracing::error!(file = %file.id, key = %file.key.path(),
                "an object lies under an UPLOADING row: was the catalog restored from a backup? nothing is deleted");
            return Err(PortError::Store(crate::store::StoreError::Unavailable(
                "an object lies under a row that has not committed one".into(),
            )));
        }
        let Ok(decision) = decide(file, &Event::Ended(Reason::UploadVanished), now) else { return Ok(()) };
        let (Written::Done | Written::Stale) = self.reject(owner, file, decision, Reason::UploadVanished, now).await?;
        Ok(())
    }

    /// Drives every COMMITTING file of an asset, private ones first, and publishes it if all are verified.
    pub(super) async fn commit_asset(
        &self,
        owner: &OwnerId,
        id: AssetId,
        begin: Begin,
    ) -> Result<Publication, PortError> {
        let shard = owner.shard();
        let found = self.parts.catalog.find_asset(shard, id, Purpose::Decide).await.map_err(PortError::catalog)?;
        let Some(asset) = found.value else { return Ok(Publication::NotYet) };
        let mut files: Vec<File> =
            asset.pending().filter(|file| matches!(file.state, FileState::Committing { .. })).cloned().collect();
        // What anybody could read comes last, when the rest is known to be right.
        files.sort_by_key(|file| file.key.visibility());
        for file in files {
            let (Commit::Verified | Commit::Rejected(_) | Commit::Undecided) =
                self.commit_file(owner, file, begin).await?;
        }
        self.publish_asset(shard, id).await
    }
}

/// What the plan says of one file.
enum Judged {
    /// It can be frozen so.
    Ready(Box<Decision>),
    /// It is past freezing.
    Beyond,
    /// The owner has to send something again.
    Incomplete(Incomplete),
    /// The owner has to say what it has sent.
    Unclaimed,
    /// The row moved meanwhile.
    Changed,
}

/// Of a file whose size nobody declared, only the first part is sure to be missing.
fn all_missing(file: &File) -> Incomplete {
    let known = if file.plan.size().is_some() { usize::MAX } else { 1 };
    Incomplete { missing: file.numbers().take(known).collect(), wrong: Vec::new() }
}

fn first_rejection(asset: &Asset, scope: &Scope) -> Option<(RoleName, Reason)> {
    let rejected = |file: &File| file.state.reason().map(|reason| (file.role.clone(), reason));
    asset.pending().filter(|file| scope.holds(&file.role)).find_map(rejected)
}

fn check_claims(asset: &Asset, claims: &BTreeMap<RoleName, Claim>) -> Result<(), CompleteError> {
    for (role, claim) in claims {
        let place = asset.places.get(role).ok_or_else(|| CompleteError::UnknownRole(role.clone()))?;
        // A repetition after success claims what is published by now; it is not judged again.
        let (Some(file), Some((algorithm, value))) = (&place.pending, &claim.checksum) else { continue };
        let fits = file.checksum.as_ref().is_some_and(|declared| {
            declared.algorithm == *algorithm && declared.value.as_ref().is_none_or(|known| known == value)
        });
        if !fits {
            return Err(CompleteError::ChecksumConflict(role.clone()));
        }
    }
    Ok(())
}

fn patch_refused(error: PatchError) -> CompleteError {
    match error {
        PatchError::Find(error) => CompleteError::Find(error),
        PatchError::Port(error) => CompleteError::Port(error),
    }
}
