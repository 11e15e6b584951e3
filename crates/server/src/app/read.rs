//! Where a published file can be read: a plain URL for public ones, a signed and expiring one for private ones.

use domain::delivery::window;
use domain::{Asset, AssetId, Collection, FileState, OwnerId, RoleName, Timestamp, Visibility};

use super::{App, FindError, PortError};
use crate::catalog::Purpose;
use crate::catalog::Stamped;
use crate::store::signer::{Disposition, ReadMethod};

/// Where to read a file. The URL of a private file is a password.
#[derive(Debug, Clone)]
pub enum ReadUrl {
    /// Anybody can read it, for ever.
    Public(String),
    /// Whoever has it can read, until it expires.
    Signed {
        /// The URL.
        url: signing::PresignedUrl,
        /// When it stops working.
        expires_at: Timestamp,
    },
}

impl ReadUrl {
    /// The URL itself, for whoever may read the file.
    pub fn into_exposed(self) -> String {
        match self {
            Self::Public(url) => url,
            Self::Signed { url, .. } => url.into_exposed(),
        }
    }
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The asset cannot be found.
    #[error(transparent)]
    Find(FindError),
    /// The asset has no such role.
    #[error("the asset has no file in that role")]
    NoSuchRole,
    /// Its object is missing from the store since then, or longer.
    #[error("the file's object is missing from the store")]
    Lost(Timestamp),
    /// The file is not published yet.
    #[error("the file is not published yet")]
    NotCreated,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// How the file will be asked for at its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What for.
    pub intent: Intent,
    /// By which method.
    pub method: ReadMethod,
}

impl Reading {
    /// As a page or a player reads it.
    pub const SHOW: Self = Self { intent: Intent::Show, method: ReadMethod::Get };
}

/// How the file shall be saved or shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Played or shown in the page.
    Show,
    /// Saved under the name it had.
    Download,
}

impl App {
    /// The URL of a role's published file.
    pub async fn file_url(
        &self,
        owner: &OwnerId,
        of: &Collection,
        id: AssetId,
        role: &RoleName,
        reading: Reading,
    ) -> Result<ReadUrl, ReadError> {
        let asset = self.load_own(owner, of, id, Purpose::Display).await.map_err(ReadError::Find)?;
        self.url_of(&asset, role, reading).await
    }

    /// The URL of a role's published file, for whoever may read it.
    pub(super) async fn url_of(
        &self,
        asset: &Stamped<Asset>,
        role: &RoleName,
        reading: Reading,
    ) -> Result<ReadUrl, ReadError> {
        let place = asset.value.places.get(role).ok_or(ReadError::NoSuchRole)?;
        let file = place.published.as_ref().ok_or(ReadError::NotCreated)?;
        if let Some(since) = file.state.lost_since() {
            return Err(ReadError::Lost(since));
        }
        debug_assert!(matches!(file.state, FileState::Created { .. }), "published files are CREATED");
        let Reading { intent, method } = reading;
        match (file.key.visibility(), intent) {
            (Visibility::Public, Intent::Show) => Ok(ReadUrl::Public(self.parts.signer.public_url(&file.key))),
            (Visibility::Public | Visibility::Private, _) => {
                let credentials = self.parts.store.signing_credentials().await.map_err(PortError::store)?;
                let rules = self.parts.settings.delivery;
                let window = window(asset.now, rules.window, rules.life);
                let disposition = match intent {
                    Intent::Show => Disposition::Inline,
                    Intent::Download => Disposition::Attachment(file.file_name.clone()),
                };
                let signed = self
                    .parts
                    .signer
                    .read_url(&credentials, &file.key, window, method, &disposition)
                    .map_err(PortError::Presign)?;
                Ok(ReadUrl::Signed { url: signed.url, expires_at: signed.expires_at })
            }
        }
    }

    /// The plain URL of a role's published file, if anybody may read it.
    pub fn public_url(&self, asset: &Asset, role: &RoleName) -> Option<String> {
        let file = asset.places.get(role)?.published.as_ref()?;
        match file.key.visibility() {
            Visibility::Public => Some(self.parts.signer.public_url(&file.key)),
            Visibility::Private => None,
        }
    }
}
