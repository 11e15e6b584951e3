//! Collections and their roles: what kinds of assets there are and which files each may have.
//!
//! Both come from configuration; this module holds the rules, not the configuration format.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::media::MediaType;
use crate::size::ByteCount;

/// Longest collection or role name, in characters: short enough for keys, paths and metric labels.
pub const MAX_NAME_CHARS: usize = 32;
/// Most roles of one collection: a publish touches them all in one transaction.
pub const MAX_ROLES: usize = 8;

/// Why a text is not a collection or role name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("names have 1 to {MAX_NAME_CHARS} characters: a-z first, then a-z, 0-9 and _")]
pub struct InvalidName;

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= MAX_NAME_CHARS
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads a name.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                if is_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName) }
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name!(
    /// The name of a collection, as in `/v1/{collection}`.
    CollectionName
);
name!(
    /// The name of a role within an asset.
    RoleName
);

/// Who may read a published file. It decides the bucket, and with it everything about delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Only by a signed, expiring URL.
    Private,
    /// Anybody, by a plain URL.
    Public,
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Private => "private",
            Self::Public => "public",
        })
    }
}

/// Whether an asset can be published without a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Necessity {
    /// It must be announced when the asset is created.
    Required,
    /// It may be announced, and must then arrive.
    Optional,
}

/// What a role accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRules {
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether it can be left out.
    pub necessity: Necessity,
    /// Largest file.
    pub max_size: ByteCount,
    /// Accepted types, never empty.
    pub media_types: Vec<MediaType>,
}

impl RoleRules {
    /// Whether a file of this type may fill the role.
    pub fn accepts(&self, media: MediaType) -> bool {
        self.media_types.contains(&media)
    }
}

/// One kind of asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its name in paths and keys.
    pub name: CollectionName,
    /// Its roles, 1 to [`MAX_ROLES`].
    pub roles: BTreeMap<RoleName, RoleRules>,
}

impl Collection {
    /// The roles an asset cannot do without.
    pub fn required_roles(&self) -> impl Iterator<Item = &RoleName> {
        self.roles.iter().filter(|(_, rules)| rules.necessity == Necessity::Required).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_keys_paths_and_labels() {
        for good in ["v", "videos", "profile_image2"] {
            assert!(RoleName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "Videos", "2x", "a-b", "a/b", "..", "é", &"a".repeat(33)] {
            assert_eq!(RoleName::parse(bad), Err(InvalidName), "{bad}");
        }
    }
}
