//! The catalogs the matrix runs over. Another one joins by a variant here and a line in `matrix`.
//!
//! A test looks into the rows, because the API does not tell how far a file is, and moves deadlines and the time of a
//! closed file's next look, because nobody waits eight days.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::sync::Mutex;

/// Which catalog.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Catalogs {
    Sqlite,
}

/// A catalog that servers share.
pub(crate) struct Catalog {
    path: PathBuf,
    connection: Mutex<Option<SqliteConnection>>,
}

/// A file's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) role: String,
    pub(crate) state: String,
}

/// How long a look waits for a server's write.
const BUSY: Duration = Duration::from_secs(10);

impl Catalogs {
    /// A catalog below a folder; the first server makes it.
    pub(crate) fn below(self, home: &Path) -> Catalog {
        match self {
            Self::Sqlite => Catalog { path: home.join("catalog.sqlite"), connection: Mutex::new(None) },
        }
    }
}

impl Catalog {
    /// What makes a server use it.
    pub(crate) fn config(&self) -> String {
        format!("[catalog]\nsqlite = \"{}\"", self.path.display())
    }

    /// The rows of an asset's files, or of all.
    pub(crate) async fn rows(&self, asset: Option<&str>) -> Vec<Row> {
        let mut connection = self.connection.lock().await;
        let query = sqlx::query("SELECT object_key, role, state FROM files WHERE ? IS NULL OR asset = ? ORDER BY id");
        let rows = query.bind(asset).bind(asset).fetch_all(self.open(&mut connection).await).await;
        let text = |row: &sqlx::sqlite::SqliteRow, column: usize| row.get::<String, _>(column);
        let row = |row| Row { key: text(&row, 0), role: text(&row, 1), state: text(&row, 2) };
        rows.expect("the rows").into_iter().map(row).collect()
    }

    /// Whether an asset's row says that it has ended.
    pub(crate) async fn is_gone(&self, asset: &str) -> bool {
        let mut connection = self.connection.lock().await;
        let query = sqlx::query("SELECT count(*) FROM assets WHERE id = ? AND status = 'GONE'");
        query.bind(asset).fetch_one(self.open(&mut connection).await).await.expect("a count").get::<i64, _>(0) == 1
    }

    /// How often an asset's publication was announced.
    pub(crate) async fn creations(&self, asset: &str) -> i64 {
        let mut connection = self.connection.lock().await;
        let query = sqlx::query("SELECT count(*) FROM outbox WHERE asset = ? AND kind LIKE '%asset.created%'");
        query.bind(asset).fetch_one(self.open(&mut connection).await).await.expect("a count").get(0)
    }

    /// Makes the deadline of an asset's files pass.
    pub(crate) async fn make_late(&self, asset: &str) {
        let mut connection = self.connection.lock().await;
        let query = sqlx::query("UPDATE files SET deadline = 0 WHERE asset = ?");
        query.bind(asset).execute(self.open(&mut connection).await).await.expect("the rows are written");
        let query = sqlx::query("UPDATE assets SET due_at = 0 WHERE id = ? AND due_at IS NOT NULL");
        query.bind(asset).execute(self.open(&mut connection).await).await.expect("the row is written");
    }

    /// Makes the next look at every closed file of an asset due.
    pub(crate) async fn make_due(&self, asset: &str) {
        let mut connection = self.connection.lock().await;
        let query = sqlx::query("UPDATE files SET recheck_at = 0, due_at = 0 WHERE asset = ? AND state = 'CLOSED'");
        query.bind(asset).execute(self.open(&mut connection).await).await.expect("the rows are written");
    }

    async fn open<'a>(&self, slot: &'a mut Option<SqliteConnection>) -> &'a mut SqliteConnection {
        if slot.is_none() {
            let options = SqliteConnectOptions::new().filename(&self.path).busy_timeout(BUSY);
            *slot = Some(options.connect().await.expect("a server has made it"));
        }
        slot.as_mut().expect("it was opened")
    }
}
