//! T3: hand out part URLs.
//!
//! *Invariant* (I5): a URL is signed only after the row durably says that URLs may live that long.

use domain::limits::GRANTS_PER_WEIGHING;
use domain::{
    Asset, AssetId, Collection, Effect, Event, File, FileState, GrantTerms, OwnerId, PartNumber, Reason, Refusal,
    RoleName, StateName, Timestamp, decide,
};

use super::create::FIRST_PART_URLS;
use super::{App, FindError, MAX_RACES, PortError};
use crate::catalog::{Purpose, Stamped, Written};
use crate::store::signer::{PartToSign, SignedPart};
use crate::store::{SigningCredentials, list_parts};
use crate::telemetry;

/// A part whose URL is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartWanted {
    /// Which.
    pub number: PartNumber,
    /// Base64 of its SHA-256, which the store shall enforce.
    pub checksum_sha256: Option<String>,
}

/// Why no URLs are handed out.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The asset cannot be found.
    #[error(transparent)]
    Find(FindError),
    /// The role has no file, or its file takes no parts now.
    #[error("the role takes no parts")]
    NotUploading(Option<StateName>),
    /// The upload's deadline has passed.
    #[error("the upload has expired")]
    Expired,
    /// More came than the role allows: the file was rejected.
    #[error("the file was rejected")]
    Rejected(Reason),
    /// More than [`GRANTS_PER_WEIGHING`] at once, of a file whose size nobody declared.
    #[error("too many part URLs at once")]
    TooManyAtOnce,
    /// The file has fewer parts.
    #[error("the file has {part_count} parts")]
    BeyondPlan {
        /// The number asked for.
        number: PartNumber,
        /// How many there are.
        part_count: u16,
    },
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl App {
    /// Signs URLs for these parts of a role's file, in the order asked for.
    pub async fn grant_parts(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        role: &RoleName,
        wanted: &[PartWanted],
    ) -> Result<Vec<SignedPart>, GrantError> {
        let credentials = self.parts.store.signing_credentials().await.map_err(PortError::store)?;
        for _ in 0..MAX_RACES {
            let Stamped { now, value: asset } =
                self.load_own(owner, of, id, Purpose::Decide).await.map_err(GrantError::Find)?;
            let file = pending_file(&asset, role)?;
            if file.state == FileState::Reserved {
                // A restored catalog may have forgotten that it was opened, and all that came after.
                self.require_bucket().await?;
                self.open_file(file).await?;
                continue;
            }
            // What has arrived whole has no plan for more parts; that is not what is wrong.
            if file.state != FileState::Uploading {
                return Err(GrantError::NotUploading(Some(file.state.name())));
            }
            let parts = plan_parts(file, wanted)?;
            let terms = GrantTerms {
                parts: u16::try_from(parts.len()).unwrap_or(u16::MAX),
                rules: self.parts.settings.rules,
                asset_deadline: asset.deadline().unwrap_or(now),
                credentials_end: credentials.end,
            };
            let decision = decide(file, &Event::Granted(terms), now).map_err(refused)?;
            if decision.effect == Some(Effect::Weigh) {
                self.weigh(owner, file, now).await?;
                continue;
            }
            if self.advance(file, &decision, &[]).await? == Written::Stale {
                continue;
            }
            let Some(Effect::Sign { expires_at }) = decision.effect else {
                unreachable!("a grant that is not refused signs");
            };
            if file.is_looked_at() {
                self.awaited.remember(file);
            }
            return self.sign(file, &credentials, &parts, now, expires_at);
        }
        Err(PortError::Contended.into())
    }

    /// Signs the first parts, as a new upload comes with.
    pub(super) async fn grant_first(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        role: &RoleName,
    ) -> Result<Vec<SignedPart>, GrantError> {
        let asset = self.find_asset(owner, of, id).await.map_err(GrantError::Find)?;
        let file = pending_file(&asset, role)?;
        let most = if file.plan.size().is_some() { FIRST_PART_URLS } else { usize::from(GRANTS_PER_WEIGHING) };
        let first = file.numbers().take(most);
        let wanted: Vec<_> = first.map(|number| PartWanted { number, checksum_sha256: None }).collect();
        self.grant_parts(owner, of, id, role, &wanted).await
    }

    /// Lists what has arrived of a file whose size nobody declared, and rejects it if that is over the limit. Whoever
    /// asked for URLs loads the row again then.
    async fn weigh(&self, owner: &OwnerId, file: &File, now: Timestamp) -> Result<(), GrantError> {
        let listed = list_parts(&*self.parts.store, &file.key, file.upload()).await.map_err(PortError::store)?;
        // An upload that vanished has no parts; `complete` finds out what became of it.
        let listing = listed.unwrap_or_default();
        let Ok(decision) = decide(file, &Event::Weighed(listing), now) else { return Ok(()) };
        let Some(reason) = decision.next.state.reason() else {
            return self.advance(file, &decision, &[]).await.map(|_| ()).map_err(GrantError::Port);
        };
        match self.reject(owner, file, decision, reason, now).await? {
            Written::Done => Err(GrantError::Rejected(reason)),
            Written::Stale => Ok(()),
        }
    }

    fn sign(
        &self,
        file: &File,
        credentials: &SigningCredentials,
        parts: &[PartToSign],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Vec<SignedPart>, GrantError> {
        let signer = &self.parts.signer;
        let signed = signer
            .part_urls(credentials, &file.key, file.upload(), parts, now, expires_at)
            .map_err(PortError::Presign)?;
        telemetry::parts_signed(signed.len());
        Ok(signed)
    }
}

fn pending_file<'a>(asset: &'a Asset, role: &RoleName) -> Result<&'a File, GrantError> {
    let place = asset.places.get(role).ok_or(GrantError::NotUploading(None))?;
    place
        .pending
        .as_ref()
        .ok_or_else(|| GrantError::NotUploading(place.published.as_ref().map(|file| file.state.name())))
}

fn plan_parts(file: &File, wanted: &[PartWanted]) -> Result<Vec<PartToSign>, GrantError> {
    let plan = |part: &PartWanted| {
        let beyond = GrantError::BeyondPlan { number: part.number, part_count: file.part_count() };
        let length = file.length_of(part.number).ok_or(beyond)?;
        Ok(PartToSign { number: part.number, length, checksum_sha256: part.checksum_sha256.clone() })
    };
    wanted.iter().map(plan).collect()
}

fn refused(refusal: Refusal) -> GrantError {
    match refusal {
        Refusal::DeadlinePassed => GrantError::Expired,
        Refusal::OutOfPlace(state) => GrantError::NotUploading(Some(state)),
        Refusal::Ended(_) => GrantError::NotUploading(Some(StateName::Deleting)),
        Refusal::CredentialsEnding => GrantError::Port(PortError::Store(crate::store::StoreError::Unavailable(
            "the temporary credentials are about to end and were not renewed".into(),
        ))),
        Refusal::TooManyParts => GrantError::TooManyAtOnce,
        Refusal::Incomplete(_) | Refusal::Unclaimed => unreachable!("only a freeze is incomplete"),
    }
}
