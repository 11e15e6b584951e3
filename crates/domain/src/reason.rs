//! Why a file or an asset ended.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::format::Format;

/// The reason a file is on its way out. Stable codes: they are in events, in the API and in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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
    /// What arrived has no bytes.
    Empty,
    /// The object has another content type than declared.
    ContentTypeMismatch,
    /// The object has another checksum than declared.
    ChecksumMismatch,
    /// The object is not the one that was committed.
    ETagMismatch,
    /// The first bytes are of another format than declared: of this one, if it is known.
    ContentMismatch(Option<Format>),
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
    /// Every reason there is, as far as codes tell them apart.
    pub const ALL: [Self; 15] = [
        Self::Abandoned,
        Self::Deleted,
        Self::Withdrawn,
        Self::Replaced,
        Self::SizeMismatch,
        Self::TooLarge,
        Self::Empty,
        Self::ContentTypeMismatch,
        Self::ChecksumMismatch,
        Self::ETagMismatch,
        Self::ContentMismatch(None),
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
            Self::Empty => "empty",
            Self::ContentTypeMismatch => "content_type_mismatch",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::ETagMismatch => "etag_mismatch",
            Self::ContentMismatch(_) => "content_mismatch",
            Self::PartsChanged => "parts_changed",
            Self::RefusedByStore => "refused_by_store",
            Self::UploadVanished => "upload_vanished",
            Self::Orphan => "orphan",
        }
    }

    /// What the file really is, where that is the reason and is known.
    pub const fn found(self) -> Option<Format> {
        match self {
            Self::ContentMismatch(found) => found,
            _ => None,
        }
    }

    /// Whether the file failed verification, as opposed to being given up by somebody. A rejected role can be
    /// announced again.
    pub const fn is_rejection(self) -> bool {
        match self {
            Self::Abandoned | Self::Deleted | Self::Withdrawn | Self::Replaced | Self::Orphan => false,
            Self::SizeMismatch
            | Self::TooLarge
            | Self::Empty
            | Self::ContentTypeMismatch
            | Self::ChecksumMismatch
            | Self::ETagMismatch
            | Self::ContentMismatch(_)
            | Self::PartsChanged
            | Self::RefusedByStore
            | Self::UploadVanished => true,
        }
    }

    /// What happened, for the person whose file it was.
    pub fn detail(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Abandoned => "The upload was not finished in time.",
            Self::Deleted => "The owner deleted it.",
            Self::Withdrawn => "The owner withdrew this file.",
            Self::Replaced => "A newer file took its place.",
            Self::SizeMismatch => "The uploaded file has another size than was announced.",
            Self::TooLarge => "More arrived than this role's limit allows.",
            Self::Empty => "The file is empty.",
            Self::ContentTypeMismatch => "The uploaded file has another content type than was announced.",
            Self::ChecksumMismatch => "The uploaded bytes do not match the announced checksum.",
            Self::ETagMismatch => "The stored object is not the one that was committed.",
            Self::ContentMismatch(None) => "The file's first bytes are not of the announced type.",
            Self::ContentMismatch(Some(found)) => {
                return Cow::Owned(format!(
                    "The file is not of the announced type: its first bytes are those of {found}."
                ));
            }
            Self::PartsChanged => "Parts were overwritten while the upload was being committed.",
            Self::RefusedByStore => "The object store refused to put the parts together.",
            Self::UploadVanished => "The upload vanished from the object store before it was committed.",
            Self::Orphan => "It lay in the store and no row knew it.",
        })
    }
}

/// Why a text is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no reason")]
pub struct UnknownReason(String);

/// As the catalog writes it: the code, and behind a colon what the file really is.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        self.found().map_or(Ok(()), |found| write!(f, ":{}", found.media_type()))
    }
}

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let unknown = || UnknownReason(text.to_owned());
        let (code, found) = text.split_once(':').map_or((text, None), |(code, found)| (code, Some(found)));
        let reason = Self::ALL.into_iter().find(|reason| reason.code() == code).ok_or_else(unknown)?;
        match (reason, found) {
            (_, None) => Ok(reason),
            (Self::ContentMismatch(_), Some(found)) => {
                Ok(Self::ContentMismatch(Some(Format::from_media_type(found).ok_or_else(unknown)?)))
            }
            (_, Some(_)) => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Reason {
    type Error = UnknownReason;

    fn try_from(text: String) -> Result<Self, UnknownReason> {
        text.parse()
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> String {
        reason.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error as ValueError, StrDeserializer};

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let told = Format::ALL.map(|found| Reason::ContentMismatch(Some(found)));
        for reason in Reason::ALL.into_iter().chain(told) {
            let text = reason.to_string();
            assert_eq!(text.parse(), Ok(reason));
            let reader: StrDeserializer<'_, ValueError> = text.as_str().into_deserializer();
            assert_eq!(Reason::deserialize(reader), Ok(reason));
        }
        for text in ["Abandoned", "", "content_mismatch:", "content_mismatch:text/plain", "deleted:image/heic"] {
            assert!(text.parse::<Reason>().is_err(), "{text}");
        }
    }

    /// Catalogs hold codes that were written before a reason said more.
    #[test]
    fn codes_are_reasons() {
        for reason in Reason::ALL {
            assert_eq!(reason.code().parse(), Ok(reason));
        }
        let heic = Reason::ContentMismatch(Some(Format::Heic));
        assert_eq!((heic.code(), heic.to_string().as_str()), ("content_mismatch", "content_mismatch:image/heic"));
        assert!(heic.detail().contains("a HEIC image"), "{}", heic.detail());
    }
}
