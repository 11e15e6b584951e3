//! Announce a file for a role later than at creation, or withdraw one.

use domain::change::{self, ChangeRefusal};
use domain::{Asset, AssetId, AssetStatus, Collection, FileState, Necessity, OwnerId, Place, Reason, RoleName};

use super::create::{CreateError, FileProblem, Finisher, NewFile, Opened};
use super::settle::settle;
use super::{App, FindError, MAX_RACES, PortError};
use crate::catalog::{Allowance, Announced, Purpose, Stamped, Written};

/// Why a file was not announced.
#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    /// The asset cannot be found.
    #[error(transparent)]
    Find(FindError),
    /// The collection has no such role.
    #[error("the collection has no such role")]
    UnknownRole,
    /// The file cannot be taken.
    #[error("the file cannot be taken")]
    File(FileProblem),
    /// The role has a file on its way.
    #[error("the role has a file on its way")]
    Occupied,
    /// The owner's allowance is used up.
    #[error("too many unfinished uploads")]
    TooManyOpen(Allowance),
    /// The owner's allowance is used up.
    #[error("too many bytes reserved")]
    TooManyBytes(Allowance),
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Why a file was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// The asset cannot be found.
    #[error(transparent)]
    Find(FindError),
    /// The asset cannot be without this role, or without any.
    #[error("the role is required")]
    Required,
    /// The role has no file.
    #[error("the role has no file")]
    Vacant,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// Announces a file: again after a rejection, an optional role later, or a replacement in a CREATED asset, where
    /// viewers get the old file until the new one is verified.
    pub async fn announce_file(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        role: &RoleName,
        new: &NewFile,
    ) -> Result<Opened, AnnounceError> {
        let rules = of.roles.get(role).ok_or(AnnounceError::UnknownRole)?;
        let plan = self.plan_file(rules, new).map_err(AnnounceError::File)?;
        self.require_bucket().await?;
        for _ in 0..MAX_RACES {
            let Stamped { now, value: asset } =
                self.load_own(owner, of, id, Purpose::Decide).await.map_err(AnnounceError::Find)?;
            if is_repetition(&asset, role, new) {
                return self.open_announced(owner, of, id).await;
            }
            let file = self.reserved_file(owner, of, id, role.clone(), new.clone(), plan, now);
            let change = match change::announce(&asset, file) {
                Ok(change) => change,
                Err(ChangeRefusal::RoleOccupied(_)) => return Err(AnnounceError::Occupied),
                Err(refusal) => return Err(AnnounceError::Find(gone(&refusal))),
            };
            let allowance = self.parts.settings.allowance;
            let announced = settle(|| self.parts.catalog.announce(&change, allowance)).await;
            match announced.map_err(PortError::catalog)?.answer {
                Announced::Done => return self.open_announced(owner, of, id).await,
                Announced::TooManyOpen => return Err(AnnounceError::TooManyOpen(allowance)),
                Announced::TooManyBytes => return Err(AnnounceError::TooManyBytes(allowance)),
                Announced::Stale => {}
            }
        }
        Err(PortError::Contended.into())
    }

    async fn open_announced(&self, owner: &OwnerId, of: &Collection, id: AssetId) -> Result<Opened, AnnounceError> {
        self.open_and_grant(owner, of, id).await.map_err(|error| match error {
            CreateError::Gone(reason) => AnnounceError::Find(FindError::Gone(reason)),
            CreateError::Port(error) => AnnounceError::Port(error),
            other => unreachable!("opening what is reserved refuses nothing else: {other}"),
        })
    }

    /// Withdraws an optional role: its pending file, or its published one if none is pending.
    pub async fn withdraw_file(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        role: &RoleName,
    ) -> Result<(), WithdrawError> {
        for _ in 0..MAX_RACES {
            let Stamped { now, value: asset } =
                self.load_own(owner, of, id, Purpose::Decide).await.map_err(WithdrawError::Find)?;
            let place = asset.places.get(role).ok_or(WithdrawError::Vacant)?;
            // A replacement can always be given up; what the asset needs cannot.
            let giving_up_replacement =
                asset.status == AssetStatus::Created && place.pending.is_some() && place.published.is_some();
            let required = of.roles.get(role).is_some_and(|rules| rules.necessity == Necessity::Required);
            let filled = |place: &&Place| {
                place.published.is_some() || place.pending.as_ref().is_some_and(|file| file.state.reason().is_none())
            };
            let last = asset
                .places
                .iter()
                .filter(|(name, _)| *name != role)
                .map(|(_, place)| place)
                .all(|place| !filled(&place));
            if (required || last) && !giving_up_replacement {
                return Err(WithdrawError::Required);
            }
            let change = match change::withdraw(&asset, role, now) {
                Ok(change) => change,
                Err(ChangeRefusal::RoleVacant(_)) => return Err(WithdrawError::Vacant),
                Err(refusal) => return Err(WithdrawError::Find(gone(&refusal))),
            };
            if self.apply(&change).await? == Written::Done {
                self.destroy_later(change.files.into_iter().map(|(_, file)| file));
                self.publish_later(owner.shard(), id);
                return Ok(());
            }
        }
        Err(PortError::Contended.into())
    }
}

/// Whether this very file was announced before and is still on its way: a PUT whose answer was lost is sent again.
fn is_repetition(asset: &Asset, role: &RoleName, new: &NewFile) -> bool {
    let pending = asset.places.get(role).and_then(|place| place.pending.as_ref());
    pending.is_some_and(|file| {
        matches!(file.state, FileState::Reserved | FileState::Uploading)
            && file.file_name == new.file_name
            && file.plan.size() == new.size
            && file.auto == (new.finisher == Finisher::Arrival)
            && file.key.content_type() == new.media_type
            && file.checksum == new.checksum
    })
}

/// The only other thing that keeps an owner's change from being made is that the asset has ended meanwhile.
fn gone(refusal: &ChangeRefusal) -> FindError {
    match refusal {
        ChangeRefusal::Gone(reason) => FindError::Gone(*reason),
        ChangeRefusal::NotVerified { .. }
        | ChangeRefusal::NothingPending
        | ChangeRefusal::NotExpired
        | ChangeRefusal::RoleOccupied(_)
        | ChangeRefusal::RoleVacant(_)
        | ChangeRefusal::File { .. } => FindError::Gone(Reason::Deleted),
    }
}
