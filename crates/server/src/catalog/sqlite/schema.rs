//! The schema and its versions: which migrations there are, and bringing a file up to the newest.
//!
//! The version is the file's `user_version`, its `application_id` says that it is a Landfall catalog. All missing
//! migrations run in one transaction, so that two processes that start at once, or a crash, leave whole versions only.
//! A migration is never changed once released; a new one is added.

use std::path::Path;

use domain::Shard;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::failure::OpenError;
use super::{search, settings};

/// "LNDF" in ASCII.
const APPLICATION_ID: i64 = 0x4c4e_4446;

/// One step of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Counts from 1.
    pub version: i64,
    /// What it brings.
    pub name: &'static str,
    sql: &'static str,
    needs: Needs,
}

/// What a migration needs that SQL does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// The shard of every owner, in a temporary table.
    OwnerShards,
    /// The texts of every asset, folded, once there are columns for them.
    FoldedTexts,
}

/// Every migration, in order.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "assets_and_files",
        sql: include_str!("../../../migrations/sqlite/0001_assets_and_files.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 2,
        name: "idempotency_by_age",
        sql: include_str!("../../../migrations/sqlite/0002_idempotency_by_age.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 3,
        name: "installation",
        sql: include_str!("../../../migrations/sqlite/0003_installation.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 4,
        name: "store_profile",
        sql: include_str!("../../../migrations/sqlite/0004_store_profile.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 5,
        name: "outbox_by_owner",
        sql: include_str!("../../../migrations/sqlite/0005_outbox_by_owner.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 6,
        name: "undeclared_sizes",
        sql: include_str!("../../../migrations/sqlite/0006_undeclared_sizes.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 7,
        name: "due_work",
        sql: include_str!("../../../migrations/sqlite/0007_due_work.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 8,
        name: "shards_and_usage",
        sql: include_str!("../../../migrations/sqlite/0008_shards_and_usage.sql"),
        needs: Needs::OwnerShards,
    },
    Migration {
        version: 9,
        name: "epoch_time",
        sql: include_str!("../../../migrations/sqlite/0009_epoch_time.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 10,
        name: "folded_texts",
        sql: include_str!("../../../migrations/sqlite/0010_folded_texts.sql"),
        needs: Needs::FoldedTexts,
    },
    Migration {
        version: 11,
        name: "due_work_alone",
        sql: include_str!("../../../migrations/sqlite/0011_due_work_alone.sql"),
        needs: Needs::Nothing,
    },
    Migration {
        version: 12,
        name: "looks_at_undeclared_sizes",
        sql: include_str!("../../../migrations/sqlite/0012_looks_at_undeclared_sizes.sql"),
        needs: Needs::Nothing,
    },
];

/// The newest version this program knows.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Brings the catalog file at `path` up to date, making it if there is none, and says which migrations ran: none if
/// it was up to date.
///
/// # Errors
/// If the file cannot be written, is no catalog, is locked, or was written by a newer program.
pub async fn migrate(path: &Path) -> Result<Vec<Migration>, OpenError> {
    let failed = |source| OpenError::at(path.to_owned(), source);
    // No journal mode is asked for before the file is known: it would rewrite the header of somebody else's.
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.busy_timeout(settings::BUSY_TIMEOUT).connect().await.map_err(failed)?;
    let applied = upgrade(&mut connection, path).await?;
    settings::enter_wal(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(applied)
}

async fn upgrade(connection: &mut SqliteConnection, path: &Path) -> Result<Vec<Migration>, OpenError> {
    let failed = |source| OpenError::at(path.to_owned(), source);
    if version(connection, path).await? == NEWEST {
        return Ok(Vec::new());
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let from = version(&mut transaction, path).await?;
    let missing: Vec<Migration> = MIGRATIONS.iter().copied().filter(|migration| migration.version > from).collect();
    for migration in &missing {
        match migration.needs {
            Needs::Nothing | Needs::FoldedTexts => {}
            Needs::OwnerShards => fill_owner_shards(&mut transaction).await.map_err(failed)?,
        }
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await.map_err(failed)?;
        if migration.needs == Needs::FoldedTexts {
            search::fold_existing(&mut transaction).await.map_err(failed)?;
        }
    }
    sqlx::raw_sql("DROP TABLE IF EXISTS temp.owner_shards").execute(&mut *transaction).await.map_err(failed)?;
    let stamp = format!("PRAGMA user_version = {NEWEST}; PRAGMA application_id = {APPLICATION_ID}");
    sqlx::raw_sql(AssertSqlSafe(stamp)).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(missing)
}

/// Lists every owner that any row names, with its shard.
async fn fill_owner_shards(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    const MAKE: &str = "CREATE TEMPORARY TABLE owner_shards (owner TEXT NOT NULL, orphan INTEGER NOT NULL, \
        shard INTEGER NOT NULL, PRIMARY KEY (owner, orphan)) WITHOUT ROWID";
    const LIST: &str = "SELECT owner, gone_reason IS 'orphan' FROM assets UNION SELECT owner, 0 FROM files \
        UNION SELECT owner, 0 FROM idempotency UNION SELECT owner, 0 FROM outbox";
    sqlx::raw_sql(MAKE).execute(&mut *connection).await?;
    let owners: Vec<(String, bool)> = sqlx::query_as(LIST).fetch_all(&mut *connection).await?;
    for (owner, orphan) in owners {
        let shard = if orphan { Shard::of_segment(&owner) } else { Shard::of_owner(&owner) };
        let insert = sqlx::query("INSERT INTO owner_shards VALUES (?, ?, ?)");
        insert.bind(owner).bind(orphan).bind(i64::from(shard.get())).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The file's schema version, 0 for an empty file.
async fn version(connection: &mut SqliteConnection, path: &Path) -> Result<i64, OpenError> {
    let failed = |source| OpenError::at(path.to_owned(), source);
    let (application, version, tables): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), \
         (SELECT COUNT(*) FROM sqlite_master)",
    )
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    match (application, version) {
        (0, 0) if tables == 0 => Ok(0),
        (APPLICATION_ID, found) if found > NEWEST => {
            Err(OpenError::Newer { path: path.to_owned(), found, known: NEWEST })
        }
        (APPLICATION_ID, found) if found > 0 => Ok(found),
        _ => Err(OpenError::Foreign { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one_without_gaps() {
        for (migration, version) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.version, version, "{}", migration.name);
        }
    }
}
