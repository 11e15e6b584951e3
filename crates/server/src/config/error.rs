//! What can be wrong with a configuration. Each is one line; [`ConfigError::hint`] says what to do next.

use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: not valid TOML: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// There is no such key.
    #[error("unknown key {key} in {origin}")]
    UnknownKey {
        /// The key, such as `uploads.idel`, or the variable's name.
        key: String,
        /// The file, or `the environment`.
        origin: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A value is not accepted.
    #[error("{key} in {origin}: {wrong}")]
    Invalid {
        /// The key, or the variable's name.
        key: String,
        /// The file, or `the environment`.
        origin: String,
        /// What is wrong, and what is accepted.
        wrong: String,
    },
    /// Values that are good alone do not fit together.
    #[error("{key}: {wrong}")]
    Relation {
        /// The key to change.
        key: String,
        /// What is wrong.
        wrong: String,
    },
}

impl ConfigError {
    /// Two values that do not fit, or one that does not fit the world.
    pub(crate) fn relation(key: &str, wrong: impl std::fmt::Display) -> Self {
        Self::Relation { key: key.to_owned(), wrong: wrong.to_string() }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "check that the file exists and that this user may read it".into(),
            Self::Syntax { .. } => "`landfall config --defaults` prints a configuration to start from".into(),
            Self::UnknownKey { nearest: Some(nearest), .. } => format!("did you mean {nearest}?"),
            Self::UnknownKey { nearest: None, .. } => "`landfall config --defaults` prints every key there is".into(),
            Self::Invalid { .. } | Self::Relation { .. } => {
                "`landfall config --defaults` prints every key with its meaning and range".into()
            }
        }
    }
}
