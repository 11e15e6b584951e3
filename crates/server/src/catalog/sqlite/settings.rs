//! How the catalog file is opened: what makes an acknowledged commit survive a power cut, and who may do what.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::failure;
use crate::vitals::FileIdentity;

/// How long a statement waits for another process's write.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one waits for a connection: longer than the one before may wait for another process.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const _: () = assert!(ACQUIRE_TIMEOUT.as_secs() > BUSY_TIMEOUT.as_secs());

/// How long to wait before asking for WAL again.
const WAL_PAUSE: Duration = Duration::from_millis(20);

/// Connections that read. A read holds one for well under a millisecond; more only cost memory (about 2 MB of page
/// cache each).
const READERS: u32 = 4;

/// Statements kept prepared on each connection: all there are, lists with their filters included.
const STATEMENTS: usize = 100;

/// The log of writes is cut back to this size when it is empty, so that one long read does not cost disk for ever.
const WAL_LIMIT_BYTES: u32 = 64 << 20;

/// Turns a new file to write-ahead logging; one that is keeps it. While another process opens the same new file, SQLite
/// says "busy" without waiting, lest the two wait for each other: so this asks again.
pub(super) async fn enter_wal(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut waited = Duration::ZERO;
    loop {
        match sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
            Err(error) if failure::is_busy(&error) && waited < BUSY_TIMEOUT => {
                tokio::time::sleep(WAL_PAUSE).await;
                waited += WAL_PAUSE;
            }
            other => return other.map(drop),
        }
    }
}

/// WAL lets reads go on beside the one write; FULL syncs it at every commit, so that an acknowledged commit survives
/// loss of power (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
fn connection_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .pragma("journal_size_limit", WAL_LIMIT_BYTES.to_string())
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

fn pool_options(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection to a file does not go stale.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// The one connection that writes. Writes queue here, fairly, instead of polling SQLite's lock.
pub(super) async fn writer(files: &Arc<OpenFiles>) -> Result<SqlitePool, sqlx::Error> {
    let (connected, acquired) = (files.clone(), files.clone());
    pool_options(1)
        .after_connect(move |_, _| {
            let usable = connected.open();
            Box::pin(async move { usable })
        })
        // When the disk is full SQLite ends a transaction by itself, and the driver loses count of it. Such a connection
        // would refuse every later transaction; it is replaced.
        .before_acquire(move |connection, _| {
            let files = acquired.clone();
            Box::pin(async move {
                let there = files.are_there();
                if !there {
                    rescue(connection).await;
                }
                Ok(files.keep(there && !sqlx::Connection::is_in_transaction(connection)))
            })
        })
        .connect_with(connection_options(&files.path))
        .await
}

/// The connections that read, and cannot write.
pub(super) async fn readers(files: &Arc<OpenFiles>) -> Result<SqlitePool, sqlx::Error> {
    let (connected, acquired) = (files.clone(), files.clone());
    let options = pool_options(READERS)
        .after_connect(move |_, _| {
            let usable = connected.open();
            Box::pin(async move { usable })
        })
        .before_acquire(move |_, _| {
            let usable = acquired.keep(acquired.are_there());
            Box::pin(async move { Ok(usable) })
        });
    options.connect_with(connection_options(&files.path).pragma("query_only", "ON")).await
}

/// Brings what the log of writes holds into the catalog's file, as long as a connection has both open: without a name the
/// log is gone with its last connection.
async fn rescue(connection: &mut SqliteConnection) {
    let rescued = sqlx::raw_sql("PRAGMA wal_checkpoint(FULL)").execute(connection).await;
    let error = rescued.as_ref().err().map(|error| error as &dyn std::error::Error);
    tracing::error!(error, "the catalog's file or its write-ahead log was moved or removed while it was open");
}

/// The catalog's file and its write-ahead log as the connections have them open.
///
/// A connection goes on with files that were moved away or removed, and acknowledges what nobody will find at the next
/// start. So a connection whose files are no longer at their paths is not used again, and no other one until they are back,
/// or until all that had the old ones are closed and nothing is left of those.
pub(super) struct OpenFiles {
    path: PathBuf,
    identity: FileIdentity,
    log_path: PathBuf,
    log: Mutex<OpenLog>,
}

#[derive(Default)]
struct OpenLog {
    /// SQLite makes it with the first access, and removes it with the last connection.
    identity: Option<FileIdentity>,
    connections: usize,
}

impl OpenFiles {
    /// The file at a path, which nobody here has open yet.
    pub(super) fn at(path: &Path) -> Result<Arc<Self>, sqlx::Error> {
        let identity = FileIdentity::at(path)?;
        let mut log_path = path.as_os_str().to_owned();
        log_path.push("-wal");
        let log_path = PathBuf::from(log_path);
        Ok(Arc::new(Self { path: path.to_owned(), identity, log_path, log: Mutex::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, OpenLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn are_there(&self) -> bool {
        let mut log = self.lock();
        let now = FileIdentity::at(&self.log_path).ok();
        log.identity = log.identity.or(now);
        now == log.identity && FileIdentity::at(&self.path).is_ok_and(|now| now == self.identity)
    }

    /// A connection was opened.
    fn open(&self) -> Result<(), sqlx::Error> {
        if !self.are_there() {
            return Err(std::io::Error::from(std::io::ErrorKind::NotFound).into());
        }
        self.lock().connections += 1;
        Ok(())
    }

    /// A connection is kept, or will be closed.
    fn keep(&self, kept: bool) -> bool {
        let mut log = self.lock();
        if !kept {
            log.connections = log.connections.saturating_sub(1);
            if log.connections == 0 {
                log.identity = None;
            }
        }
        kept
    }
}
