//! The verdict over an object: does what HEAD and the first bytes show agree with what was announced?
//!
//! *Invariant*: nothing is VERIFIED that did not pass [`judge`].

use serde::{Deserialize, Serialize};

use crate::checksum::{ChecksumAlgorithm, ChecksumValue};
use crate::file::File;
use crate::inspection;
use crate::media::MediaType;
use crate::parts::ETag;
use crate::reason::Reason;
use crate::size::ByteCount;

/// What HEAD says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Content length.
    pub size: ByteCount,
    /// Content type as stored.
    pub content_type: Option<String>,
    /// Its ETag.
    pub etag: ETag,
    /// Its version, in a versioned bucket.
    pub version: Option<String>,
    /// Its full-object checksum, where the store keeps one.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumValue)>,
}

/// Something that was compared before publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The object's length is the declared one.
    Size,
    /// The object's content type is the declared one.
    ContentType,
    /// The store computed the declared checksum over the whole object.
    Checksum,
    /// The first bytes are of the declared format.
    MagicBytes,
}

impl Check {
    /// The name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::ContentType => "content_type",
            Self::Checksum => "checksum",
            Self::MagicBytes => "magic_bytes",
        }
    }
}

/// An object that passed every check that could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedObject {
    /// Its length.
    pub size: ByteCount,
    /// Its ETag.
    pub etag: ETag,
    /// Its version, in a versioned bucket.
    pub version: Option<String>,
    /// Its full-object checksum, where the store keeps one.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumValue)>,
    /// What was compared.
    pub checks: Vec<Check>,
}

/// Compares what HEAD shows with what was declared, before any byte is read. `committed` is the ETag that Complete
/// answered with, if it answered: only against that one is a comparison meaningful (PROTOCOL, T6).
pub fn judge_head(file: &File, head: &ObjectHead, committed: Option<&ETag>) -> Result<(), Reason> {
    if file.plan.size() != Some(head.size) {
        return Err(Reason::SizeMismatch);
    }
    if committed.is_some_and(|etag| *etag != head.etag) {
        return Err(Reason::ETagMismatch);
    }
    let stored_type = head.content_type.as_deref().and_then(|text| text.parse::<MediaType>().ok());
    if stored_type != Some(file.key.content_type()) {
        return Err(Reason::ContentTypeMismatch);
    }
    match declared_and_stored(file, head) {
        Some((declared, stored)) if declared != stored => Err(Reason::ChecksumMismatch),
        Some(_) | None => Ok(()),
    }
}

/// Both checksums, if the client declared a value and the store keeps one of the same algorithm. Stores that do not
/// know the algorithm keep none; the file is then published without [`Check::Checksum`] among its checks.
fn declared_and_stored<'a>(file: &'a File, head: &'a ObjectHead) -> Option<(&'a ChecksumValue, &'a ChecksumValue)> {
    let declared = file.checksum.as_ref()?;
    let (algorithm, stored) = head.checksum.as_ref()?;
    if *algorithm != declared.algorithm {
        return None;
    }
    Some((declared.value.as_ref()?, stored))
}

/// The whole verdict: [`judge_head`], then the first [`inspection::INSPECTED_BYTES`] bytes.
pub fn judge(
    file: &File,
    head: &ObjectHead,
    committed: Option<&ETag>,
    first_bytes: &[u8],
) -> Result<VerifiedObject, Reason> {
    judge_head(file, head, committed)?;
    if !inspection::matches_declared(file.key.content_type(), first_bytes) {
        return Err(Reason::ContentMismatch(inspection::detect(first_bytes)));
    }
    let mut checks = vec![Check::Size, Check::ContentType];
    if declared_and_stored(file, head).is_some() {
        checks.push(Check::Checksum);
    }
    checks.push(Check::MagicBytes);
    Ok(VerifiedObject {
        size: head.size,
        etag: head.etag.clone(),
        version: head.version.clone(),
        checksum: head.checksum.clone(),
        checks,
    })
}
