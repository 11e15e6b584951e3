//! T3: hand out part URLs.
//!
//! *Invariant* (I5): a URL is signed only after the row durably says that URLs may live that long.

use domain::{
    Asset, AssetId, Collection, Effect, Event, File, FileState, GrantTerms, OwnerId, PartNumber, Refusal, RoleName,
    StateName, Timestamp, decide,
};

use super::create::FIRST_PART_URLS;
use super::{App, FindError, MAX_RACES, PortError};
use crate::catalog::{Stamped, Written};
use crate::store::SigningCredentials;
use crate::store::signer::{PartToSign, SignedPart};
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
            let Stamped { now, value: asset } = self.load_own(owner, of, id).await.map_err(GrantError::Find)?;
            let file = pending_file(&asset, role)?;
            if file.state == FileState::Reserved {
                self.open_file(file).await?;
                continue;
            }
            let parts = plan_parts(file, wanted)?;
            let terms = GrantTerms {
                rules: self.parts.settings.rules,
                asset_deadline: asset.deadline().unwrap_or(now),
                credentials_end: credentials.end,
            };
            let decision = decide(file, &Event::Granted(terms), now).map_err(refused)?;
            if self.advance(file, &decision, &[]).await? == Written::Stale {
                continue;
            }
            let Some(Effect::Sign { expires_at }) = decision.effect else {
                unreachable!("a grant that is not refused signs");
            };
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
        let first = pending_file(&asset, role)?.plan.numbers().take(FIRST_PART_URLS);
        let wanted: Vec<_> = first.map(|number| PartWanted { number, checksum_sha256: None }).collect();
        self.grant_parts(owner, of, id, role, &wanted).await
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
        let beyond = GrantError::BeyondPlan { number: part.number, part_count: file.plan.part_count() };
        let size = file.plan.length_of(part.number).ok_or(beyond)?;
        Ok(PartToSign { number: part.number, size, checksum_sha256: part.checksum_sha256.clone() })
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
        Refusal::Incomplete(_) => unreachable!("only a freeze is incomplete"),
    }
}
