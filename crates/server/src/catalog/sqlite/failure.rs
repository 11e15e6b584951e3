//! What SQLite's errors mean: to the port a class, to whoever starts the server what to do next.
//!
//! The only place that looks at result codes (<https://www.sqlite.org/rescode.html>). No `Display` prints the driver's
//! text; it is the source.

use std::path::PathBuf;

use crate::catalog::CatalogError;

// Primary result codes: the low byte of an extended one.
const ERROR: i64 = 1;
const BUSY: i64 = 5;
const LOCKED: i64 = 6;
const READ_ONLY: i64 = 8;
const IO_ERROR: i64 = 10;
const CORRUPT: i64 = 11;
const CONSTRAINT: i64 = 19;
const NOT_A_DATABASE: i64 = 26;
// An extended one: the snapshot that a transaction reads is older than the last write.
const BUSY_SNAPSHOT: i64 = 517;

/// Why a catalog file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such folder, no permission, a full or broken disk.
    #[error(
        "cannot open and write the catalog file {}: make sure that its folder exists, is writable for this user and has free space",
        path.display()
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: sqlx::Error,
    },
    /// Somebody else's database.
    #[error("{} is a SQLite database, but not a Landfall catalog: name another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer Landfall was here.
    #[error(
        "the catalog {} has schema version {found}, this program knows versions up to {known}: start the newer Landfall that wrote it, or restore a backup from before the upgrade",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// Not a database, or a broken one.
    #[error("{} is damaged or not a SQLite database: restore it from a backup, or name another file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: sqlx::Error,
    },
    /// Another process writes for longer than one waits.
    #[error("another process keeps the catalog {} locked: wait for it or stop it, then try again", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: sqlx::Error,
    },
}

impl OpenError {
    pub(super) fn at(path: PathBuf, source: sqlx::Error) -> Self {
        match result_code(&source) {
            Some(BUSY | LOCKED) => Self::Locked { path, source },
            Some(CORRUPT | NOT_A_DATABASE) => Self::Damaged { path, source },
            Some(_) | None => Self::Unwritable { path, source },
        }
    }
}

/// Sorts what went wrong with a read, or with a statement before its transaction's commit: nothing happened.
pub(super) fn classify(error: sqlx::Error) -> CatalogError {
    let unreadable = |what: &str, source| CatalogError::Unreadable { what: what.to_owned(), source: Box::new(source) };
    match result_code(&error) {
        Some(CONSTRAINT) => unreadable("a write breaks a constraint of its table", error),
        Some(CORRUPT | NOT_A_DATABASE) => unreadable("the database file is damaged", error),
        Some(ERROR) => unreadable("the schema is not the one this program knows", error),
        Some(READ_ONLY) => CatalogError::ReadOnly(Box::new(error)),
        Some(BUSY) if extended_code(&error) == Some(BUSY_SNAPSHOT) => CatalogError::Conflict(Box::new(error)),
        Some(_) => CatalogError::Unavailable(Box::new(error)),
        None => match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
                unreadable("a row is not of the expected shape", error)
            }
            // I/O, a closed or exhausted pool, a worker that died: all of the connection, none of the data.
            _ => CatalogError::Unavailable(Box::new(error)),
        },
    }
}

/// Sorts what went wrong with a commit, or with a statement that is a transaction by itself: unless SQLite says that it
/// refused, it may have happened.
pub(super) fn classify_commit(error: sqlx::Error) -> CatalogError {
    match (result_code(&error), &error) {
        (Some(IO_ERROR), _) => CatalogError::Unknown(Box::new(error)),
        // Refused before anything was sent.
        (Some(_), _) | (None, sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut) => classify(error),
        (None, _) => CatalogError::Unknown(Box::new(error)),
    }
}

/// Whether another connection is in the way.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(result_code(error), Some(BUSY | LOCKED))
}

fn result_code(error: &sqlx::Error) -> Option<i64> {
    extended_code(error).map(|code| code & 0xff)
}

fn extended_code(error: &sqlx::Error) -> Option<i64> {
    error.as_database_error()?.code()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_was_not_answered_may_have_happened() {
        let broken = || sqlx::Error::Io(std::io::Error::other("cut"));
        assert!(matches!(classify_commit(broken()), CatalogError::Unknown(_)));
        assert!(matches!(classify_commit(sqlx::Error::WorkerCrashed), CatalogError::Unknown(_)));
        assert!(matches!(classify(broken()), CatalogError::Unavailable(_)), "what was not committed is nothing");
        for refused in [sqlx::Error::PoolClosed, sqlx::Error::PoolTimedOut] {
            assert!(matches!(classify_commit(refused), CatalogError::Unavailable(_)));
        }
    }
}
