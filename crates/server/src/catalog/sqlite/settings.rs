//! How the catalog file is opened: what makes an acknowledged commit survive a power cut, and who may do what.

use std::path::{Path, PathBuf};
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
pub(super) async fn writer(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let file = OpenFile::at(path)?;
    pool_options(1)
        // When the disk is full SQLite ends a transaction by itself, and the driver loses count of it. Such a connection
        // would refuse every later transaction; it is replaced.
        .before_acquire(move |connection, _| {
            let usable = !sqlx::Connection::is_in_transaction(connection) && file.is_there();
            Box::pin(async move { Ok(usable) })
        })
        .connect_with(connection_options(path))
        .await
}

/// The connections that read, and cannot write.
pub(super) async fn readers(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let file = OpenFile::at(path)?;
    let options = pool_options(READERS).before_acquire(move |_, _| {
        let usable = file.is_there();
        Box::pin(async move { Ok(usable) })
    });
    options.connect_with(connection_options(path).pragma("query_only", "ON")).await
}

/// The catalog's file as it was opened. A connection goes on with a file that was moved away, and acknowledges what nobody
/// will find at the next start. So a connection whose file is no longer at its path is not used again; opening another one
/// then fails, until the file is back.
struct OpenFile {
    path: PathBuf,
    identity: FileIdentity,
}

impl OpenFile {
    fn at(path: &Path) -> Result<Self, sqlx::Error> {
        Ok(Self { path: path.to_owned(), identity: FileIdentity::at(path)? })
    }

    fn is_there(&self) -> bool {
        FileIdentity::at(&self.path).is_ok_and(|now| now == self.identity)
    }
}
