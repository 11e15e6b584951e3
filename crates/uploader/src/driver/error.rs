//! How an upload fails, what that means for its resumption, and what to do next.

use std::io;
use std::path::PathBuf;

use domain::part_plan::Unplannable;
use domain::{AssetId, CollectionName, MediaType, PartNumber, RoleName};
use wire::{AssetBody, ErrorCode};

use crate::client::{ApiError, TransportError};
use crate::journal::JournalError;

/// Why an upload was not published.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Nothing to upload.
    #[error("there is no file to upload")]
    NoFile,
    /// A local file cannot be opened.
    #[error("{} cannot be opened", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The same files were published before, and it was asked to say so.
    #[error("it is there already: {}", .asset.id)]
    AlreadyThere {
        /// What they have become.
        asset: Box<AssetBody>,
    },
    /// A local file is empty or too large.
    #[error("{} cannot be uploaded: {reason}", .path.display())]
    Size {
        /// Which file.
        path: PathBuf,
        /// Empty, or too large.
        reason: Unplannable,
    },
    /// The name of a local file does not tell what it is.
    #[error("{} does not have the extension of a video or image that can be stored", .path.display())]
    Type {
        /// Which file.
        path: PathBuf,
    },
    /// A local file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A local file was written to while it was being uploaded.
    #[error("{} was changed while it was being uploaded", .path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No connections can be made at all.
    #[error(transparent)]
    Transport(TransportError),
    /// A file failed verification and was removed at the server.
    #[error("{}the upload was rejected ({reason}): {detail}", .role.as_ref().map(|role| format!("{role}: ")).unwrap_or_default())]
    Rejected {
        /// The asset, which can be given another file, or be deleted.
        asset_id: Option<AssetId>,
        /// Its collection.
        collection: CollectionName,
        /// The role, if the server named it.
        role: Option<String>,
        /// The stable reason.
        reason: String,
        /// For people.
        detail: String,
    },
    /// The upload is not at the server any more.
    #[error("the upload is gone from the server: {0}")]
    Gone(ApiError),
    /// The upload to resume is not there for this token. It is kept in the journal.
    #[error("the unfinished upload{} cannot be resumed: {reason}", .asset_id.map(|id| format!(" {id}")).unwrap_or_default())]
    Unknown {
        /// The asset.
        asset_id: Option<AssetId>,
        /// Where the journal remembers it.
        remembered: PathBuf,
        /// What the server said.
        reason: ApiError,
    },
    /// The server refused.
    #[error("{0}")]
    Refused(ApiError),
    /// The store refused one part again and again.
    #[error("the store refused part {number} of {role} again and again: {detail}")]
    PartRefused {
        /// Its file's role.
        role: RoleName,
        /// Its number.
        number: PartNumber,
        /// What the store said last.
        detail: String,
    },
    /// Parts went missing again and again.
    #[error("the server still finds parts missing or wrong: {detail}")]
    BeyondRepair {
        /// What the server said last.
        detail: String,
    },
    /// Nothing worked for too long.
    #[error("gave up: {detail}")]
    OutOfPatience {
        /// What happened last.
        detail: String,
    },
    /// Everything has arrived; the server has not finished checking it.
    #[error("everything has arrived, but the server is still verifying it")]
    StillCommitting {
        /// The asset.
        asset_id: Option<AssetId>,
        /// Its collection.
        collection: CollectionName,
    },
    /// The server's words do not fit the local files.
    #[error("the server's answer does not fit the local files: {detail}")]
    Contradiction {
        /// What does not fit.
        detail: String,
    },
}

/// What the next run of the same command can do.
const RUN_AGAIN: &str = "run the same command again to resume";

impl UploadError {
    /// Whether the journal keeps the upload, so that the next run takes it up. `asset_id` is what the journal knows.
    pub(super) fn can_resume(&self, asset_id: Option<AssetId>) -> bool {
        match self {
            // A request that was refused as such created nothing; another one needs another key.
            Self::Refused(error) => {
                asset_id.is_some() || !matches!(error.status(), Some(400 | 404 | 405 | 413 | 415 | 422))
            }
            Self::PartRefused { .. }
            | Self::BeyondRepair { .. }
            | Self::OutOfPatience { .. }
            | Self::StillCommitting { .. }
            | Self::Unknown { .. }
            | Self::Read { .. }
            | Self::Journal(_)
            | Self::Transport(_) => true,
            Self::NoFile
            | Self::AlreadyThere { .. }
            | Self::Open { .. }
            | Self::Size { .. }
            | Self::Type { .. }
            | Self::Changed { .. }
            | Self::Rejected { .. }
            | Self::Gone(_)
            | Self::Contradiction { .. } => false,
        }
    }

    /// What to do next, where it is known.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Type { .. } => {
                let known: Vec<_> = MediaType::ALL.iter().flat_map(|media| media.extensions()).copied().collect();
                format!("say what it is by --type, such as --type video/mp4; known extensions are {}", known.join(", "))
            }
            Self::Open { .. } | Self::Read { .. } | Self::Size { .. } => "check the path and the file".to_owned(),
            Self::Changed { .. } => "wait until nothing writes to it, then run the same command again".to_owned(),
            Self::Journal(JournalError::Busy) => "wait for it, or stop it".to_owned(),
            Self::Journal(JournalError::Folder { .. }) => "name a folder you may write to by --state".to_owned(),
            Self::Rejected { asset_id: Some(id), collection, .. } => format!(
                "the local file is not what its name says, or is damaged; \
                `landfall delete {id} --collection {collection}` discards the upload"
            ),
            Self::Refused(error) if error.code() == Some(ErrorCode::Unauthorized) => {
                format!("{}, then {RUN_AGAIN}", error.hint()?)
            }
            Self::Refused(error) => error.hint()?.to_owned(),
            Self::OutOfPatience { .. } | Self::PartRefused { .. } | Self::BeyondRepair { .. } => RUN_AGAIN.to_owned(),
            Self::StillCommitting { asset_id: Some(id), collection } => {
                format!("`landfall show {id} --collection {collection}` tells when it is CREATED")
            }
            Self::Unknown { remembered, .. } => format!(
                "it was begun with another token, or the server has lost it: give the token of the same owner; \
                to forget it and upload afresh, remove {}",
                remembered.display()
            ),
            Self::Gone(_) | Self::Contradiction { .. } => "run the same command again to upload afresh".to_owned(),
            Self::NoFile
            | Self::AlreadyThere { .. }
            | Self::Transport(_)
            | Self::Rejected { .. }
            | Self::StillCommitting { .. } => return None,
        };
        Some(hint)
    }
}
