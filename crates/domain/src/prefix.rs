//! Prefixes of keys: all that is one owner's, or what of it is in one collection.
//!
//! Not any text that a store would list by: one that ends within a segment also matches the neighbours, as `42` does
//! `421`. *Invariant*: a prefix is one or two whole segments of our grammar ([`crate::key`]) and ends with `/`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::collection::{CollectionName, InvalidName};
use crate::key::is_owner_segment;
use crate::owner::{OwnerId, OwnerNaming};

/// Why a text is not a prefix of keys, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrefix {
    /// It names nobody.
    #[error(
        "must name an owner, such as `42/`, or one of its collections, such as `42/videos/`; leave it out for all keys"
    )]
    Nobody,
    /// It ends within a segment.
    #[error("must end with `/`, or it would also match what begins alike: write `{0}/`")]
    Open(String),
    /// Its owner does not stand in keys like this, but like that.
    #[error("must name the owner as keys do: write `{0}`")]
    Named(String),
    /// No owner stands in keys like this.
    #[error(
        "must begin as keys do: with letters, digits, `_` and `-`, or for all other owners with `~` and 26 characters; copy that from a key"
    )]
    Owner,
    /// A collection's name does not look like this.
    #[error("must go on with a collection, such as `42/videos/`: collection {0}")]
    Collection(InvalidName),
    /// It names one asset or one file.
    #[error("must end with the collection: write `{0}/`")]
    Deep(String),
}

/// The keys of one owner (`42/`), or those of one of its collections (`42/videos/`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// Reads a prefix.
    ///
    /// # Errors
    /// [`InvalidPrefix`] says what to write instead.
    pub fn parse(text: &str) -> Result<Self, InvalidPrefix> {
        let body = text.strip_suffix('/').unwrap_or(text);
        let (owner, rest) = body.split_once('/').map_or((body, None), |(owner, rest)| (owner, Some(rest)));
        if owner.is_empty() {
            return Err(InvalidPrefix::Nobody);
        }
        let (collection, deeper) = match rest.map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
            None => (None, ""),
            Some((collection, deeper)) => (Some(CollectionName::parse(collection)), deeper),
        };
        if !is_owner_segment(owner) {
            return Err(Self::named(owner, collection.as_ref(), deeper).unwrap_or(InvalidPrefix::Owner));
        }
        let named = match collection.transpose().map_err(InvalidPrefix::Collection)? {
            Some(collection) => format!("{owner}/{collection}"),
            None => owner.to_owned(),
        };
        if named != body {
            return Err(InvalidPrefix::Deep(named));
        }
        if body == text { Err(InvalidPrefix::Open(named)) } else { Ok(Self(format!("{named}/"))) }
    }

    /// What to write for an owner whose id cannot stand in a key. An id may have slashes of its own, and then nobody
    /// knows where it ends.
    fn named(
        owner: &str,
        collection: Option<&Result<CollectionName, InvalidName>>,
        deeper: &str,
    ) -> Option<InvalidPrefix> {
        let collection = collection.map(Result::as_ref).transpose().ok().filter(|_| deeper.is_empty())?;
        let segment = OwnerId::parse(owner).ok()?.key_segment(OwnerNaming::PlainWhereSafe);
        Some(InvalidPrefix::Named(match collection {
            Some(collection) => format!("{segment}/{collection}/"),
            None => format!("{segment}/"),
        }))
    }

    /// As the store spells it, without its own prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Sorts after every key that begins so, and before all later ones: only the first segment of a key can begin with
    /// `~`, which is the last character that keys have.
    pub fn end(&self) -> String {
        format!("{}~", self.0)
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KeyPrefix {
    type Error = InvalidPrefix;

    fn try_from(text: String) -> Result<Self, InvalidPrefix> {
        Self::parse(&text)
    }
}

impl From<KeyPrefix> for String {
    fn from(prefix: KeyPrefix) -> String {
        prefix.0
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::collection::RoleName;
    use crate::id::AssetId;
    use crate::key::FileKey;
    use crate::media::MediaType;

    #[test]
    fn whole_segments_are_prefixes() {
        for text in ["42/", "a-B_9/", "~0a1b/", "42/videos/", "~0a1b/profile_images/"] {
            let prefix = KeyPrefix::parse(text).unwrap();
            assert_eq!((prefix.as_str(), prefix.to_string()), (text, text.to_owned()));
        }
    }

    #[test]
    fn what_is_none_says_what_to_write() {
        let hashed = OwnerId::parse("ann@example.com").unwrap().key_segment(OwnerNaming::PlainWhereSafe);
        for (text, said) in [
            ("", "leave it out for all keys"),
            ("/", "such as `42/`"),
            ("//", "such as `42/`"),
            ("/42/", "such as `42/`"),
            ("42", "write `42/`"),
            ("42/videos", "write `42/videos/`"),
            ("42//", "collection names have 1 to 32"),
            ("42/Videos/", "collection names have 1 to 32"),
            ("42/videos/ast_1/", "write `42/videos/`"),
            ("42/videos/ast_1/video-1.mp4", "write `42/videos/`"),
            ("42/videos//", "write `42/videos/`"),
            ("ann@example.com", &format!("write `{hashed}/`")),
            ("ann@example.com/", &format!("write `{hashed}/`")),
            ("ann@example.com/videos/", &format!("write `{hashed}/videos/`")),
            ("https://id.example/7/", "copy that from a key"),
            ("*/", "write `~"),
            (" 42/", "write `~"),
            ("a\nb/", "copy that from a key"),
            (&"x".repeat(300), "copy that from a key"),
        ] {
            let error = KeyPrefix::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text:?}: {error}");
        }
    }

    /// Segments that lie close together.
    fn segments() -> impl Strategy<Value = (String, CollectionName)> {
        ("~?[0-2_-]{1,2}", "[a-z_0]{0,2}")
            .prop_map(|(owner, rest)| (owner, CollectionName::parse(&format!("v{rest}")).unwrap()))
    }

    proptest! {
        #[test]
        fn what_lies_up_to_the_end_is_what_begins_so(of in segments(), other in segments(), deep: bool) {
            let text = if deep { format!("{}/{}/", of.0, of.1) } else { format!("{}/", of.0) };
            let prefix = KeyPrefix::parse(&text).unwrap();
            let asset = AssetId::new(Timestamp::UNIX_EPOCH, &[0; 10]);
            let role = RoleName::parse("video").unwrap();
            let key = FileKey::new(other.0, other.1, asset, role, MediaType::Mp4, [0; 16]).to_string();
            prop_assert!(FileKey::parse(&key).is_some());
            let inside = prefix.as_str() <= key.as_str() && key <= prefix.end();
            prop_assert_eq!(inside, key.starts_with(prefix.as_str()));
        }

        #[test]
        fn what_is_read_is_what_was_written(text in "\\PC{0,12}|[0-9a~]{1,3}/|[0-9a~]{1,3}/[a-z]{1,3}/") {
            if let Ok(prefix) = KeyPrefix::parse(&text) {
                prop_assert_eq!(prefix.as_str(), &text);
            }
        }

        /// Whoever follows the advice is understood.
        #[test]
        fn what_is_advised_is_a_prefix(text in "[0-9a@/~]{1,12}|[0-9a]{1,3}/[a-z]{1,3}/?[a-z/]{0,4}") {
            let error = KeyPrefix::parse(&text).err().map(|error| error.to_string());
            if let Some((_, advice)) = error.as_deref().and_then(|error| error.split_once("write `")) {
                let advice = advice.split('`').next().unwrap();
                prop_assert_eq!(KeyPrefix::parse(advice).map(String::from), Ok(advice.to_owned()));
            }
        }
    }
}
