//! The secret a local installation makes for itself.
//!
//! *Rule*: the file appears whole or not at all, and only its owner can read it.

use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::files;

/// The secret's length, in bytes, before it is written as hexadecimal digits.
const SECRET_BYTES: usize = 32;
/// Largest file that is looked at, in bytes: the digits, and blanks that an editor left.
const MAX_FILE_BYTES: u64 = 1 << 10;

/// A secret that tokens of this installation are signed with. Never printed.
#[derive(Clone)]
pub struct InstallationSecret(Zeroizing<String>);

/// Why the installation's secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// There is none yet.
    #[error("{} does not exist", .0.display())]
    Absent(PathBuf),
    /// It cannot be read or written.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Somebody wrote something else into it.
    #[error("{} does not hold {SECRET_BYTES} bytes in hexadecimal", .0.display())]
    Damaged(PathBuf),
}

impl InstallationSecret {
    /// Reads the secret.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn load(path: &Path) -> Result<Self, SecretFileError> {
        let text = files::read_small(path, MAX_FILE_BYTES).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => SecretFileError::Absent(path.to_owned()),
            _ => SecretFileError::Io { path: path.to_owned(), source },
        })?;
        let digits = text.trim();
        let whole = digits.len() == 2 * SECRET_BYTES && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if whole { Ok(Self(Zeroizing::new(digits.to_owned()))) } else { Err(SecretFileError::Damaged(path.to_owned())) }
    }

    /// Reads the secret, or makes it if there is none. If two processes make it at once, both get the same.
    ///
    /// # Errors
    /// See [`SecretFileError`].
    pub fn load_or_make(path: &Path, entropy: &dyn Entropy) -> Result<Self, SecretFileError> {
        match Self::load(path) {
            Err(SecretFileError::Absent(_)) => {}
            found => return found,
        }
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        entropy.fill(&mut *bytes);
        let text = Zeroizing::new(HEXLOWER.encode(&*bytes));
        match files::create_private(path, text.as_bytes()) {
            Ok(()) => Ok(Self(text)),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Self::load(path),
            Err(source) => Err(SecretFileError::Io { path: path.to_owned(), source }),
        }
    }

    /// The key, as bytes: the hexadecimal digits themselves, so that any JWT tool can be given the file's text.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for InstallationSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InstallationSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::entropy::HostEntropy;

    #[test]
    fn is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(matches!(InstallationSecret::load(&path), Err(SecretFileError::Absent(_))));
        let made = InstallationSecret::load_or_make(&path, &HostEntropy).unwrap();
        let again = InstallationSecret::load_or_make(&path, &HostEntropy).unwrap();
        assert_eq!(made.expose(), again.expose());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
        assert!(!format!("{made:?}").contains(std::str::from_utf8(made.expose()).unwrap()));
    }

    #[test]
    fn a_damaged_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "short").unwrap();
        let refused = InstallationSecret::load_or_make(&path, &HostEntropy);
        assert!(matches!(refused, Err(SecretFileError::Damaged(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
    }
}
