//! What goes wrong, and what the port says about it.

use std::sync::Arc;

use domain::Metadata;
use sqlx::AssertSqlSafe;

use super::super::SqliteCatalog;
use super::{Home, assert_sound};
use crate::catalog::conformance::samples::pending;
use crate::catalog::{CatalogError, Figures as _, Members as _, Reserved, Rows as _};

/// Runs a statement on the writing connection, past the port.
async fn tamper(catalog: &SqliteCatalog, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&catalog.writer).await.unwrap();
}

fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, CatalogError>) {
    let error = answer.unwrap_err();
    assert!(matches!(error, CatalogError::Unavailable(_)), "{error:?}");
    assert_eq!(error.to_string(), "the catalog is unavailable");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_heals() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let pages: i64 =
        sqlx::query_scalar("SELECT page_count FROM pragma_page_count").fetch_one(&catalog.writer).await.unwrap();
    tamper(&catalog, format!("PRAGMA max_page_count = {}", pages + 20)).await;
    let mut reservation = subject.reservation("mina", &["video", "thumbnail"]);
    reservation.asset.metadata = Metadata::parse("m".repeat(16 << 10)).unwrap();
    let mut written = 0;
    loop {
        match catalog.reserve(&reservation).await {
            Ok(answer) => assert_eq!(answer, Reserved::Fresh),
            full => {
                assert_unavailable(full);
                break;
            }
        }
        written += 1;
        let metadata = reservation.asset.metadata.clone();
        reservation = subject.reservation("mina", &["video", "thumbnail"]);
        reservation.asset.metadata = metadata;
    }
    assert_eq!(subject.listed(&subject.query("mina")).await.len(), written, "reading goes on");
    assert_eq!(catalog.find_asset_anywhere(reservation.asset.id).await.unwrap().value, None, "no half asset");
    // A lease fits into the pages there are, whatever state the driver was left in.
    assert_eq!(catalog.renew_member("a", domain::TimeSpan::from_secs(1)).await.unwrap(), ["a"]);

    tamper(&catalog, format!("PRAGMA max_page_count = {}", pages + 1_000)).await;
    assert_eq!(catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
    assert_eq!(subject.asset(reservation.asset.id).await, reservation.asset);
    assert_sound(&catalog).await;
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_does_not_spoil_the_writer() {
    let home = Home::new();
    let catalog = home.open().await;
    // The driver still counts this transaction as open when SQLite has ended it already.
    let mut transaction = catalog.begin().await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut *transaction).await.unwrap();
    drop(transaction);
    home.subject(&catalog).reserved("mina", &["video"]).await;
}

#[tokio::test]
async fn a_locked_file_is_unavailable_and_heals() {
    let home = Home::new();
    let (catalog, other) = (home.open().await, home.open().await);
    tamper(&catalog, "PRAGMA busy_timeout = 1".to_owned()).await;
    let subject = home.subject(&catalog);
    let asset = subject.reserved("mina", &["video"]).await;
    let lock = other.begin().await.unwrap();
    assert_unavailable(catalog.reserve(&subject.reservation("mina", &["video"])).await);
    assert_unavailable(catalog.patch_asset(asset.shard(), asset.id, asset.revision, &Default::default()).await);
    assert_eq!(subject.asset(asset.id).await, asset, "reading goes on");
    drop(lock);
    // The other handle rolls back when it gets to it: ask it for the lock once more, and give it back.
    other.begin().await.unwrap().rollback().await.unwrap();
    subject.reserved("mina", &["video"]).await;
}

#[tokio::test]
async fn an_unreadable_row_is_named() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let asset = subject.reserved("mina", &["video"]).await;
    let file = pending(&asset, "video").id;
    let cases = [
        (
            format!("UPDATE assets SET title = 'two\nlines' WHERE id = '{}'", asset.id),
            "assets",
            asset.id.to_string(),
            "title",
        ),
        (
            format!("UPDATE assets SET collection = 'No' WHERE id = '{}'", asset.id),
            "assets",
            asset.id.to_string(),
            "collection",
        ),
        (
            format!("UPDATE assets SET revision = -1 WHERE id = '{}'", asset.id),
            "assets",
            asset.id.to_string(),
            "revision",
        ),
        (
            format!("UPDATE assets SET status = 'GONE', gone_reason = 'bored' WHERE id = '{}'", asset.id),
            "assets",
            asset.id.to_string(),
            "gone_reason",
        ),
        (format!("UPDATE files SET object_key = '../x' WHERE id = '{file}'"), "files", file.to_string(), "object_key"),
        (format!("UPDATE files SET state_data = '{{' WHERE id = '{file}'"), "files", file.to_string(), "state_data"),
        (format!("UPDATE files SET state = 'CREATED' WHERE id = '{file}'"), "files", file.to_string(), "state_data"),
        (
            format!("UPDATE files SET part_size_bytes = 1 WHERE id = '{file}'"),
            "files",
            file.to_string(),
            "part_size_bytes",
        ),
        (
            format!("UPDATE files SET unweighed_grants = 1 WHERE id = '{file}'"),
            "files",
            file.to_string(),
            "unweighed_grants",
        ),
        (
            format!("UPDATE files SET deadline = {} WHERE id = '{file}'", i64::MAX),
            "files",
            file.to_string(),
            "deadline",
        ),
    ];
    for (sql, table, id, column) in cases {
        let copy = Home::new();
        tamper(&catalog, format!("VACUUM INTO '{}'", copy.path().display())).await;
        let copied = copy.open().await;
        tamper(&copied, sql.clone()).await;
        let error = copied.find_asset_anywhere(asset.id).await.expect_err(&sql);
        let CatalogError::Unreadable { what, .. } = &error else { panic!("{sql}: {error:?}") };
        assert_eq!(*what, format!("{table} {id}, column {column}"), "{sql}");
    }
}

#[tokio::test]
async fn a_write_against_the_schema_is_corrupt() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let reservation = subject.reservation("mina", &["video"]);
    let asset = subject.reserve(&reservation).await;
    let other = subject.reserved("mina", &["video"]).await;
    let twice = domain::File {
        id: pending(&asset, "video").id,
        ..crate::catalog::conformance::samples::file(&other, "thumbnail", domain::ByteCount(1), subject.now())
    };
    let change = domain::change::announce(&other, twice).unwrap();
    let error = catalog.apply(&change).await.unwrap_err();
    assert!(matches!(error, CatalogError::Unreadable { .. }), "{error:?}");
    assert!(!error.to_string().contains("UNIQUE"), "{error}");
    subject.reserved("mina", &["video"]).await;
}

/// One row that was damaged by hand: the others of the list are shown, however short a page is.
#[tokio::test]
async fn an_unreadable_row_costs_itself() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(subject.reserved("mina", &["video", "thumbnail"]).await);
    }
    all.reverse();
    let (broken, file) = (all[1].id, pending(&all[2], "video").id);
    tamper(&catalog, format!("UPDATE assets SET revision = -1 WHERE id = '{broken}'")).await;
    tamper(&catalog, format!("UPDATE files SET state_data = '{{' WHERE id = '{file}'")).await;
    let readable = [all[0].id, all[3].id, all[4].id];
    assert_eq!(subject.listed(&subject.query("mina")).await, readable);
    let short = crate::catalog::AssetQuery { limit: 2, ..subject.query("mina") };
    assert_eq!(subject.listed(&short).await, readable[..2], "a page is full as long as there are more");
    let keys = catalog.list_keys(domain::Visibility::Private, "", None, 10).await.unwrap().value;
    assert_eq!(keys.len(), 5, "whoever owns a key owns it, readable or not");
}

/// Publishes nothing, but writes one asset.
async fn writes(catalog: &Arc<SqliteCatalog>, home: &Home) -> Option<domain::AssetId> {
    let reservation = home.subject(catalog).reservation("mina", &["video"]);
    catalog.reserve(&reservation).await.ok().map(|_| reservation.asset.id)
}

#[tokio::test]
async fn a_log_that_was_removed_costs_nothing_that_was_acknowledged() {
    let home = Home::new();
    let catalog = home.open().await;
    let mut written = vec![writes(&catalog, &home).await.unwrap(), writes(&catalog, &home).await.unwrap()];
    let log = home.folder.path().join("catalog.db-wal");
    std::fs::remove_file(&log).unwrap();
    // None of these may count on a file without a name. When nobody has the old log open any more, it goes on with a new one.
    for _ in 0..20 {
        written.extend(writes(&catalog, &home).await);
        let _ = catalog.load_usage(&domain::OwnerId::parse("mina").unwrap()).await;
    }
    assert!(written.len() > 2, "it heals");
    // As after `kill -9`: nobody closes the catalog, and only what has a name is there.
    let copy = Home::new();
    for end in ["", "-wal"] {
        let name = format!("catalog.db{end}");
        std::fs::copy(home.folder.path().join(&name), copy.folder.path().join(&name)).unwrap();
    }
    let after = copy.open().await;
    for id in written {
        assert!(after.find_asset_anywhere(id).await.unwrap().value.is_some(), "{id} is lost");
    }
    assert_sound(&after).await;
}

#[tokio::test]
async fn another_file_in_its_place_is_never_written() {
    let home = Home::new();
    let catalog = home.open().await;
    let id = writes(&catalog, &home).await.unwrap();
    let (path, aside, other) = (home.path(), home.folder.path().join("aside.db"), Home::new());
    drop(other.open().await);
    std::fs::rename(&path, &aside).unwrap();
    std::fs::copy(other.path(), &path).unwrap();
    assert_eq!(writes(&catalog, &home).await, None, "acknowledged into another file");
    std::fs::rename(&aside, &path).unwrap();
    assert!(catalog.find_asset_anywhere(id).await.unwrap().value.is_some());
    assert!(writes(&catalog, &home).await.is_some(), "it heals");
}

/// POSIX takes the locks of a whole process from a file with the first descriptor that is closed.
#[tokio::test]
async fn a_look_at_the_file_leaves_sqlites_locks_alone() {
    let home = Home::new();
    let catalog = home.open().await;
    writes(&catalog, &home).await.unwrap();
    let mut vitals = crate::vitals::Vitals::default();
    vitals.watch_catalog(home.path()).unwrap();
    let transaction = catalog.begin().await.unwrap();
    let locks = || {
        let inode = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(home.path()).unwrap()).to_string();
        let all = std::fs::read_to_string("/proc/locks").unwrap();
        all.lines().filter(|line| line.contains(&format!(":{inode} "))).count()
    };
    let before = locks();
    assert!(before > 0, "SQLite holds none");
    assert_eq!(vitals.look(), []);
    assert_eq!(vitals.look(), []);
    assert_eq!(locks(), before);
    drop((transaction, vitals));
    assert_eq!(locks(), before, "nor does the end of looking");
}
