//! Why a file or an asset ended.

use serde::{Deserialize, Serialize};

/// The reason a file is on its way out. Stable codes: they are in events, in the API and in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its upload was never finished.
    Abandoned,
    /// Its owner deleted the asset or cancelled the upload.
    Deleted,
    /// Its role was withdrawn.
    Withdrawn,
    /// A newer file took its role.
    Replaced,
    /// The object has another size than declared.
    SizeMismatch,
    /// More arrived than its role allows.
    TooLarge,
    /// The object has another content type than declared.
    ContentTypeMismatch,
    /// The object has another checksum than declared.
    ChecksumMismatch,
    /// The object is not the one that was committed.
    #[serde(rename = "etag_mismatch")] // serde would split "ETag" in two words
    ETagMismatch,
    /// The first bytes are of another format than declared.
    ContentMismatch,
    /// The parts changed while they were being committed.
    PartsChanged,
    /// The store refused to put the parts together.
    RefusedByStore,
    /// The multipart upload vanished from the store: aborted from outside or by a lifecycle rule.
    UploadVanished,
    /// No row knew it: reconcile found it in the store.
    Orphan,
}

impl Reason {
    /// Every reason there is.
    pub const ALL: [Self; 14] = [
        Self::Abandoned,
        Self::Deleted,
        Self::Withdrawn,
        Self::Replaced,
        Self::SizeMismatch,
        Self::TooLarge,
        Self::ContentTypeMismatch,
        Self::ChecksumMismatch,
        Self::ETagMismatch,
        Self::ContentMismatch,
        Self::PartsChanged,
        Self::RefusedByStore,
        Self::UploadVanished,
        Self::Orphan,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Deleted => "deleted",
            Self::Withdrawn => "withdrawn",
            Self::Replaced => "replaced",
            Self::SizeMismatch => "size_mismatch",
            Self::TooLarge => "too_large",
            Self::ContentTypeMismatch => "content_type_mismatch",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::ETagMismatch => "etag_mismatch",
            Self::ContentMismatch => "content_mismatch",
            Self::PartsChanged => "parts_changed",
            Self::RefusedByStore => "refused_by_store",
            Self::UploadVanished => "upload_vanished",
            Self::Orphan => "orphan",
        }
    }

    /// The reason a code stands for.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether the file failed verification, as opposed to being given up by somebody. A rejected role can be
    /// announced again.
    pub const fn is_rejection(self) -> bool {
        match self {
            Self::Abandoned | Self::Deleted | Self::Withdrawn | Self::Replaced | Self::Orphan => false,
            Self::SizeMismatch
            | Self::TooLarge
            | Self::ContentTypeMismatch
            | Self::ChecksumMismatch
            | Self::ETagMismatch
            | Self::ContentMismatch
            | Self::PartsChanged
            | Self::RefusedByStore
            | Self::UploadVanished => true,
        }
    }

    /// What happened, for the person whose file it was.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Abandoned => "The upload was not finished in time.",
            Self::Deleted => "The owner deleted it.",
            Self::Withdrawn => "The owner withdrew this file.",
            Self::Replaced => "A newer file took its place.",
            Self::SizeMismatch => "The uploaded file has another size than was announced.",
            Self::TooLarge => "More arrived than this role's limit allows.",
            Self::ContentTypeMismatch => "The uploaded file has another content type than was announced.",
            Self::ChecksumMismatch => "The uploaded bytes do not match the announced checksum.",
            Self::ETagMismatch => "The stored object is not the one that was committed.",
            Self::ContentMismatch => "The file's first bytes are not of the announced type.",
            Self::PartsChanged => "Parts were overwritten while the upload was being committed.",
            Self::RefusedByStore => "The object store refused to put the parts together.",
            Self::UploadVanished => "The upload vanished from the object store before it was committed.",
            Self::Orphan => "It lay in the store and no row knew it.",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error as ValueError, StrDeserializer};

    use super::*;

    #[test]
    fn codes_are_what_serde_writes() {
        for reason in Reason::ALL {
            // The catalog and the API spell a reason the same way.
            let text: StrDeserializer<'_, ValueError> = reason.code().into_deserializer();
            assert_eq!(Reason::deserialize(text), Ok(reason));
        }
    }

    #[test]
    fn codes_are_read_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Reason::from_code("Abandoned"), None);
    }
}
