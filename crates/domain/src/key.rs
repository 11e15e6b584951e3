//! Object keys: where the bytes of a file lie, and everything that follows from it.
//!
//! A key is `{owner}/{collection}/{asset}/{role}-{128 random bits}.{extension}`, ASCII, made by the server, used once
//! and never again (PROTOCOL, rule 1). Bucket, content type and cache policy follow from the key alone, by exhaustive
//! match, so that no two places can disagree about them.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use serde::{Deserialize, Serialize};

use crate::collection::{CollectionName, RoleName, Visibility};
use crate::id::AssetId;
use crate::media::MediaType;
use crate::shard::Shard;

/// Characters of the random part: 128 bits in base32.
const NONCE_CHARS: usize = 26;

/// Random bits of one key.
pub type KeyEntropy = [u8; 16];

/// Names one file of one asset in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey {
    owner_segment: String,
    collection: CollectionName,
    asset: AssetId,
    role: RoleName,
    nonce: KeyEntropy,
    media_type: MediaType,
}

impl FileKey {
    /// Makes the key of a new file. `owner_segment` comes from [`crate::OwnerId::key_segment`].
    pub fn new(
        owner_segment: String,
        collection: CollectionName,
        asset: AssetId,
        role: RoleName,
        media_type: MediaType,
        nonce: KeyEntropy,
    ) -> Self {
        Self { owner_segment, collection, asset, role, nonce, media_type }
    }

    /// Reads a key back. `None` for whatever this grammar does not produce: such an object is not ours.
    pub fn parse(path: &str) -> Option<Self> {
        let mut segments = path.split('/');
        let owner_segment = segments.next().filter(|segment| is_owner_segment(segment))?;
        let collection = CollectionName::parse(segments.next()?).ok()?;
        let asset = segments.next()?.parse().ok()?;
        let (stem, extension) = segments.next()?.split_once('.')?;
        let (role, nonce) = stem.split_once('-')?;
        if segments.next().is_some() || nonce.len() != NONCE_CHARS || nonce.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let nonce = BASE32_DNSSEC.decode(nonce.as_bytes()).ok()?.try_into().ok()?;
        Some(Self {
            owner_segment: owner_segment.to_owned(),
            collection,
            asset,
            role: RoleName::parse(role).ok()?,
            nonce,
            media_type: MediaType::from_key_extension(extension)?,
        })
    }

    /// The segment that stands for the owner ([`crate::OwnerId::key_segment`]).
    pub fn owner_segment(&self) -> &str {
        &self.owner_segment
    }

    /// The shard of its owner.
    pub fn shard(&self) -> Shard {
        Shard::of_segment(&self.owner_segment)
    }

    /// The collection of its asset.
    pub fn collection(&self) -> &CollectionName {
        &self.collection
    }

    /// The role it fills.
    pub fn role(&self) -> &RoleName {
        &self.role
    }

    /// The asset it belongs to.
    pub fn asset(&self) -> AssetId {
        self.asset
    }

    /// The prefix under which all files of this asset lie; ends with `/`, as prefixes must.
    pub fn asset_prefix(&self) -> String {
        format!("{}/{}/{}/", self.owner_segment, self.collection, self.asset)
    }
}

/// Whether a segment can be an owner's ([`crate::OwnerId::key_segment`]).
pub(crate) fn is_owner_segment(segment: &str) -> bool {
    let body = segment.strip_prefix('~').unwrap_or(segment);
    (1..=40).contains(&body.len()) && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner_segment, collection, asset, role, nonce, media_type } = self;
        let nonce = BASE32_DNSSEC.encode(nonce);
        write!(f, "{owner_segment}/{collection}/{asset}/{role}-{nonce}.{}", media_type.extension())
    }
}

/// A key in the bucket of its visibility.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredKey", into = "StoredKey")]
pub enum ObjectKey {
    /// In the private bucket: read through a signed URL only.
    Private(FileKey),
    /// In the public bucket: read by anybody.
    Public(FileKey),
}

impl ObjectKey {
    /// Puts a key into the bucket of a visibility.
    pub fn new(visibility: Visibility, key: FileKey) -> Self {
        match visibility {
            Visibility::Private => Self::Private(key),
            Visibility::Public => Self::Public(key),
        }
    }

    /// The key without its bucket.
    pub fn file_key(&self) -> &FileKey {
        match self {
            Self::Private(key) | Self::Public(key) => key,
        }
    }

    /// Who may read it; this names the bucket.
    pub fn visibility(&self) -> Visibility {
        match self {
            Self::Private(_) => Visibility::Private,
            Self::Public(_) => Visibility::Public,
        }
    }

    /// The key as the store spells it.
    pub fn path(&self) -> String {
        self.file_key().to_string()
    }

    /// The content type the object is stored and served with.
    pub fn content_type(&self) -> MediaType {
        self.file_key().media_type
    }

    /// How caches may keep it. Keys are never reused, so a public object never changes; a private one is kept by the
    /// viewer's own cache only, and no longer than its signed URL is likely to live.
    pub fn cache_control(&self) -> &'static str {
        match self {
            Self::Public(_) => "public, max-age=31536000, immutable",
            Self::Private(_) => "private, max-age=3600",
        }
    }

    /// How a browser shall treat it. Everything [`MediaType`] knows is media that a browser shows and never runs.
    pub fn content_disposition(&self) -> &'static str {
        "inline"
    }
}

/// How a key is written down: bucket and path.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    visibility: Visibility,
    path: String,
}

/// A stored key that the grammar does not know: the catalog was written by another version or by hand.
#[derive(Debug, thiserror::Error)]
#[error("is not an object key of this grammar")]
pub struct UnknownKey;

impl TryFrom<StoredKey> for ObjectKey {
    type Error = UnknownKey;

    fn try_from(stored: StoredKey) -> Result<Self, UnknownKey> {
        FileKey::parse(&stored.path).map(|key| Self::new(stored.visibility, key)).ok_or(UnknownKey)
    }
}

impl From<ObjectKey> for StoredKey {
    fn from(key: ObjectKey) -> Self {
        Self { visibility: key.visibility(), path: key.path() }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::owner::{OwnerId, OwnerNaming};

    fn keys() -> impl Strategy<Value = FileKey> {
        let owner = "\\PC{1,60}".prop_map(|t| OwnerId::parse(&t).unwrap().key_segment(OwnerNaming::PlainWhereSafe));
        let names = ("[a-z][a-z0-9_]{0,31}", "[a-z][a-z0-9_]{0,31}");
        (owner, names, 0i64..4_102_444_800_000, any::<([u8; 10], KeyEntropy)>(), 0..MediaType::ALL.len()).prop_map(
            |(owner, (collection, role), millis, (id, nonce), media)| {
                FileKey::new(
                    owner,
                    CollectionName::parse(&collection).unwrap(),
                    AssetId::new(Timestamp::from_millisecond(millis).unwrap(), &id),
                    RoleName::parse(&role).unwrap(),
                    MediaType::ALL[media],
                    nonce,
                )
            },
        )
    }

    #[test]
    fn keys_of_owners_whose_names_are_ours_by_now_stay() {
        for owner in ["doctor", "landfall"] {
            let key = format!("{owner}/videos/ast_06dndml8fdo010000000000008/video-{}.mp4", "0".repeat(26));
            assert_eq!(FileKey::parse(&key).map(|key| key.to_string()), Some(key));
        }
    }

    proptest! {
        #[test]
        fn parse_inverts_display(key in keys()) {
            let text = key.to_string();
            prop_assert!(text.is_ascii() && text.len() <= 1024);
            prop_assert!(text.starts_with(&key.asset_prefix()));
            prop_assert_eq!(FileKey::parse(&text), Some(key));
        }

        #[test]
        fn whatever_parses_is_spelled_exactly_so(text in "[a-z~]{1,3}/[a-z]{1,3}/ast_[0-9a-v]{26}/[a-z]{1,3}-[0-9a-v]{26}\\.(mp4|png|exe)") {
            if let Some(key) = FileKey::parse(&text) {
                prop_assert_eq!(key.to_string(), text);
            }
        }

        #[test]
        fn foreign_text_never_panics(text in ".*") {
            let _ = FileKey::parse(&text);
        }
    }
}
