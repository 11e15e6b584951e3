//! Making, reopening and refusing catalog files.

use std::path::Path;

use domain::SearchText;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::super::schema::NEWEST;
use super::super::{OpenError, SqliteCatalog, migrate};
use super::{Home, assert_sound};
use crate::catalog::{AssetQuery, Catalog as _, Figures as _, InstallationRecord as _};

/// The version before the one that brought folded texts.
const FOLDED_BEFORE: &str = "DROP INDEX assets_retrying; DROP INDEX files_by_state; \
     ALTER TABLE files DROP COLUMN auto; ALTER TABLE files RENAME COLUMN looked_since TO auto_since; \
     ALTER TABLE files RENAME COLUMN look_at TO auto_look_at; \
     CREATE INDEX files_by_state ON files (state, recheck_at, id); \
     CREATE INDEX files_by_deadline ON files (state, deadline); \
     CREATE INDEX files_by_look ON files (state, auto_look_at) WHERE auto_look_at IS NOT NULL; \
     CREATE TABLE leases (name TEXT) STRICT; PRAGMA user_version = 9";

/// Runs SQL on a file as somebody else would.
async fn run(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn refusal(home: &Home, path: &Path) -> OpenError {
    SqliteCatalog::open(path, home.clock.clone()).await.err().expect("the file is refused")
}

#[tokio::test]
async fn survives_reopening() {
    let home = Home::new();
    let catalog = home.open().await;
    let written = home.subject(&catalog).created("mina", &["video", "thumbnail"]).await;
    catalog.close().await;
    let leftovers: Vec<_> = std::fs::read_dir(home.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(leftovers, ["catalog.db"], "a closed catalog is one file");

    let reopened = home.open().await;
    let subject = home.subject(&reopened);
    assert_eq!(subject.asset(written.id).await, written);
    assert_eq!(subject.events().await.len(), 1);
    assert_sound(&reopened).await;
}

#[tokio::test]
async fn survives_a_crash() {
    let home = Home::new();
    let catalog = home.open().await;
    let written = home.subject(&catalog).created("mina", &["video"]).await;
    // What lies on the disk while the first handle is still open is what a killed process leaves behind.
    let crashed = Home::new();
    for name in ["catalog.db", "catalog.db-wal"] {
        std::fs::copy(home.folder.path().join(name), crashed.folder.path().join(name)).unwrap();
    }
    let recovered = crashed.open().await;
    assert_eq!(crashed.subject(&recovered).asset(written.id).await, written);
    assert_sound(&recovered).await;
}

#[tokio::test]
async fn migrating_says_what_it_did() {
    let home = Home::new();
    let names = |applied: Vec<super::super::Migration>| -> Vec<(i64, &str)> {
        applied.into_iter().map(|migration| (migration.version, migration.name)).collect()
    };
    assert_eq!(
        names(migrate(&home.path()).await.unwrap()),
        [
            (1, "assets_and_files"),
            (2, "idempotency_by_age"),
            (3, "installation"),
            (4, "store_profile"),
            (5, "outbox_by_owner"),
            (6, "undeclared_sizes"),
            (7, "due_work"),
            (8, "shards_and_usage"),
            (9, "epoch_time"),
            (10, "folded_texts"),
            (11, "due_work_alone"),
            (12, "looks_at_undeclared_sizes")
        ]
    );
    assert_eq!(names(migrate(&home.path()).await.unwrap()), []);
}

/// A catalog of the version before keeps its rows, and an installation is made for it when it is first asked.
#[tokio::test]
async fn an_older_catalog_is_brought_up_to_date() {
    let home = Home::new();
    run(&home.path(), include_str!("../../../../migrations/sqlite/0001_assets_and_files.sql")).await;
    run(&home.path(), "PRAGMA user_version = 1; PRAGMA application_id = 0x4c4e4446").await;
    run(
        &home.path(),
        "INSERT INTO assets (id, owner, collection, title, description, metadata, status, created_at, revision) \
         VALUES ('ast_0000000000000000000000000g', 'mina', 'videos', 'A walk', '', '{}', 'UPLOADING', 1, 0)",
    )
    .await;
    let catalog = home.open().await;
    assert!(
        catalog.find_asset_anywhere("ast_0000000000000000000000000g".parse().unwrap()).await.unwrap().value.is_some()
    );
    let made = crate::catalog::conformance::installing::made_up(1);
    assert_eq!(catalog.load_installation(made.id).await.unwrap().value, made);
    assert_sound(&catalog).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrates_once_when_two_start_together() {
    for _ in 0..8 {
        let home = Home::new();
        let path = home.path();
        let (one, two) = tokio::join!(migrate(&path), migrate(&path));
        let mut applied = [one.unwrap().len(), two.unwrap().len()];
        applied.sort_unstable();
        assert_eq!(applied, [0, NEWEST as usize]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opens_when_two_start_together() {
    for _ in 0..8 {
        let home = Home::new();
        let (one, two) = tokio::join!(home.open(), home.open());
        let written = home.subject(&one).reserved("mina", &["video"]).await;
        assert_eq!(home.subject(&two).asset(written.id).await, written);
    }
}

async fn setting(pool: &SqlitePool, name: &str) -> String {
    let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn settings_keep_what_was_answered() {
    let home = Home::new();
    let catalog = home.open().await;
    for (pool, query_only) in [(&catalog.writer, "0"), (&catalog.readers, "1")] {
        assert_eq!(setting(pool, "journal_mode").await, "wal");
        assert_eq!(setting(pool, "synchronous").await, "2", "FULL");
        assert_eq!(setting(pool, "foreign_keys").await, "1");
        assert_eq!(setting(pool, "query_only").await, query_only);
        let patience: i64 =
            sqlx::query_scalar("SELECT timeout FROM pragma_busy_timeout").fetch_one(pool).await.unwrap();
        assert_eq!(patience, 5_000);
    }
    assert_eq!(catalog.writer.options().get_max_connections(), 1);
    assert!(sqlx::query("DELETE FROM leases").execute(&catalog.readers).await.is_err(), "readers cannot write");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let home = Home::new();
    home.open().await.close().await;
    run(&home.path(), "PRAGMA user_version = 99").await;
    let refused = refusal(&home, &home.path()).await;
    assert!(matches!(refused, OpenError::Newer { found: 99, known: NEWEST, .. }), "{refused:?}");
    assert!(refused.to_string().contains("start the newer Landfall"), "{refused}");
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let home = Home::new();
    run(&home.path(), "CREATE TABLE photos (id INTEGER PRIMARY KEY); INSERT INTO photos VALUES (1)").await;
    let before = std::fs::read(home.path()).unwrap();
    let refused = refusal(&home, &home.path()).await;
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused:?}");
    assert!(std::fs::read(home.path()).unwrap() == before, "not one byte of it changed");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let home = Home::new();
    std::fs::write(home.path(), "Dear diary, ".repeat(1_000)).unwrap();
    let refused = refusal(&home, &home.path()).await;
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused:?}");
}

#[tokio::test]
async fn an_unwritable_place_is_refused() {
    let home = Home::new();
    std::fs::write(home.folder.path().join("file"), "").unwrap();
    for place in ["no/such/folder/catalog.db", "file/catalog.db", ""] {
        let refused = refusal(&home, &home.folder.path().join(place)).await;
        assert!(matches!(refused, OpenError::Unwritable { .. }), "{place}: {refused:?}");
        let text = refused.to_string();
        assert!(text.contains("make sure that its folder exists"), "{text}");
        assert!(!text.contains("code"), "the driver's text is the source, not the message: {text}");
    }
}

/// More rows than are folded with one read, as the version before wrote them.
#[tokio::test]
async fn rows_from_before_searches_are_found() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let mut ids = Vec::new();
    for _ in 0..600 {
        ids.insert(0, subject.reserved("mina", &["video"]).await.id);
    }
    let name = subject.asset(ids[0]).await.files().next().unwrap().file_name.to_string();
    catalog.close().await;
    let path = home.folder.path().join("catalog.db");
    run(&path, "UPDATE assets SET title = 'МОСКВА'; ALTER TABLE assets DROP COLUMN title_folded;").await;
    run(&path, "ALTER TABLE assets DROP COLUMN description_folded; ALTER TABLE assets DROP COLUMN file_names_folded;")
        .await;
    run(&path, FOLDED_BEFORE).await;
    let reopened = home.open().await;
    let subject = home.subject(&reopened);
    for text in ["москва", &name] {
        let query = AssetQuery { contains: SearchText::parse(text), look_at: 1_000, ..subject.query("mina") };
        assert_eq!(subject.listed(&query).await, ids[..100], "{text}");
        let oldest = AssetQuery { before: Some(ids[580]), ..query };
        assert_eq!(subject.listed(&oldest).await, ids[581..], "{text}");
    }
    assert_sound(&reopened).await;
}
