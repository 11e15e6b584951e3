//! Secrets of the configuration: given in place, or by the name of a file.
//!
//! *Rule*: a secret has no Display, its Debug shows nothing, and it is wiped when dropped.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::ConfigError;
use crate::files;

/// A secret text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text that must not be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Only for whoever signs or verifies with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Largest secret file, in bytes: an RSA key in PEM has under 4 KiB.
const MAX_SECRET_FILE_BYTES: u64 = 16 << 10;

/// Takes a secret that is given in place or by file, but not both.
pub(super) fn resolve(
    key: &str,
    inline: Option<&Secret>,
    file: Option<&PathBuf>,
) -> Result<Option<Secret>, ConfigError> {
    match (inline, file) {
        (Some(_), Some(_)) => Err(ConfigError::relation(key, format!("is given twice, as {key} and as {key}_file"))),
        (Some(secret), None) => Ok(Some(secret.clone())),
        (None, Some(path)) => read(key, path).map(Some),
        (None, None) => Ok(None),
    }
}

fn read(key: &str, path: &Path) -> Result<Secret, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let refused =
        |wrong: &str| Err(ConfigError::relation(&format!("{key}_file"), format!("{} {wrong}", path.display())));
    let text = files::read_small(path, MAX_SECRET_FILE_BYTES).map_err(unreadable)?;
    // Editors and `echo` end a file with a line break that nobody means.
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() { refused("is empty") } else { Ok(Secret::new(secret)) }
}
