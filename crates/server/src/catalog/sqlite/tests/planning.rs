//! No statement reads a whole table: the planner itself is asked, for every statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Fingerprint, Lane, OwnerId, SearchText, Slots, TimeSpan};
use sqlx::{Execute as _, Row as _, SqlSafeStr as _, SqlStr};

use super::super::{
    assets, changes, due_work, figures, files, idempotency, installation, keys, members, outbox, owners, reservations,
    search,
};
use super::Home;
use crate::catalog::conformance::samples::{asset_id, pending};
use crate::catalog::{AssetQuery, ListedStatus, StatusName, Survey};

/// The plan's steps.
async fn plan(pool: &sqlx::SqlitePool, sql: SqlStr) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", sql.as_str()));
    // Parameters without a value are NULL; the plan does not depend on values.
    let rows = sqlx::raw_sql(explain).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

/// Whether a step walks over a table instead of looking rows up. `a` is the page that an inner query has already cut.
fn walks(step: &str) -> bool {
    step.starts_with("SCAN ") && step != "SCAN a"
}

fn statements() -> Vec<&'static str> {
    vec![
        assets::FIND,
        assets::PATCH,
        assets::REPLACE,
        changes::DELETE_PLACES,
        changes::FIND_CLOSED,
        changes::UNPLACE_PUBLISHED,
        changes::UNPLACE_PENDING,
        changes::TOUCH_ASSET,
        changes::DELETE_FILE,
        changes::FIND_OVER,
        changes::DELETE_ASSET,
        changes::DELETE_EVENTS,
        due_work::POSTPONE_FILE,
        due_work::POSTPONE_ASSET,
        due_work::FIND_SCHEDULE,
        due_work::REPLACE_SCHEDULE,
        members::DELETE_MEMBER,
        figures::FIND,
        files::FIND,
        files::FIND_OWNER,
        files::ADVANCE,
        idempotency::FIND,
        idempotency::FORGET,
        installation::FIND,
        installation::REPLACE,
        keys::LIST,
        keys::FIND_OWNER,
        keys::FIND_ASSET,
        outbox::LIST,
        outbox::LIST_OF,
        outbox::LIST_ABOUT,
        figures::FIND_LAST,
        installation::FIND_PROFILE,
        owners::FIND,
        owners::MOVE,
        reservations::IS_THERE,
        search::FILE_NAMES,
        search::SET_FILE_NAMES,
    ]
}

#[tokio::test]
async fn no_statement_walks_over_a_table() {
    let home = Home::new();
    let catalog = home.open().await;
    for sql in statements() {
        let plan = plan(&catalog.readers, sql.into_sql_str()).await;
        assert!(!plan.is_empty() && !plan.iter().any(|step| walks(step)), "{sql}\n{plan:#?}");
    }
}

#[tokio::test]
async fn no_list_walks_over_a_table_or_sorts_one() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    for status in [None, Some(ListedStatus::Uploading), Some(ListedStatus::Created)] {
        for text in [None, SearchText::parse("x")] {
            for fingerprint in [None, Some(Fingerprint::parse("x").unwrap())] {
                for before in [None, Some(asset_id(subject.now()))] {
                    let (contains, fingerprint) = (text.clone(), fingerprint.clone());
                    let query = AssetQuery { status, contains, fingerprint, before, ..subject.query("mina") };
                    let mut statement = assets::list_statement(&query, before, before, 20);
                    let plan = plan(&catalog.readers, statement.build().sql()).await;
                    let inner: Vec<&String> = plan.iter().take_while(|step| *step != "SCAN a").collect();
                    assert!(inner.iter().any(|step| step.contains("USING INDEX assets_by_")), "{query:?}\n{plan:#?}");
                    assert!(!inner.iter().any(|step| step.contains("TEMP B-TREE")), "{query:?}\n{plan:#?}");
                    assert!(!plan.iter().any(|step| walks(step)), "{query:?}\n{plan:#?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_end_of_a_piece_is_found_in_an_index_alone() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    for status in [None, Some(ListedStatus::Uploading), Some(ListedStatus::Created)] {
        for before in [None, Some(asset_id(subject.now()))] {
            let query = AssetQuery { status, ..subject.query("mina") };
            let mut statement = search::end_statement(&query, before, 1_000);
            let plan = plan(&catalog.readers, statement.build().sql()).await;
            assert!(plan.len() == 1 && plan[0].contains("USING COVERING INDEX assets_by_"), "{status:?}\n{plan:#?}");
        }
    }
}

#[tokio::test]
async fn no_survey_leaves_the_order_of_ids() {
    let home = Home::new();
    let catalog = home.open().await;
    let id = asset_id(home.subject(&catalog).now());
    for status in [None, Some(StatusName::Gone)] {
        for owner in [None, Some(OwnerId::parse("mina").unwrap())] {
            for contains in [None, SearchText::parse("x")] {
                let owner = owner.clone();
                let survey = Survey { status, owner, contains, before: None, limit: 20, look_at: 100 };
                let mut statement = figures::statement(&survey, Some(id));
                let plan = plan(&catalog.readers, statement.build().sql()).await;
                let inner = plan.iter().find(|step| step.contains("assets"));
                let expected = "SEARCH assets USING INDEX assets_by_id (id>? AND id<?)";
                assert_eq!(inner.map(String::as_str), Some(expected), "{survey:?}\n{plan:#?}");
                let inner: Vec<&String> = plan.iter().take_while(|step| *step != "SCAN a").collect();
                assert!(!inner.iter().any(|step| step.contains("TEMP B-TREE")), "{survey:?}\n{plan:#?}");
            }
        }
    }
    let plan = plan(&catalog.readers, figures::COUNT_ASSETS.into_sql_str()).await;
    assert!(plan[0].starts_with("SCAN assets USING COVERING INDEX"), "{plan:#?}");
}

#[tokio::test]
async fn counting_reads_an_index_only() {
    let home = Home::new();
    let catalog = home.open().await;
    let plan = plan(&catalog.readers, figures::COUNT_FILES.into_sql_str()).await;
    assert!(plan.len() == 1 && plan[0].starts_with("SCAN files USING COVERING INDEX"), "{plan:#?}");
}

#[tokio::test]
async fn listings_of_keys_come_in_order_of_their_index() {
    let home = Home::new();
    let catalog = home.open().await;
    let plan = plan(&catalog.readers, keys::LIST.into_sql_str()).await;
    assert_eq!(
        plan,
        [
            "SEARCH files USING INDEX files_by_key (visibility=? AND object_key>? AND object_key<?)",
            "CORRELATED SCALAR SUBQUERY 1",
            "SEARCH a USING INDEX sqlite_autoindex_assets_1 (shard=? AND id=?)",
        ],
        "in key order without sorting, and the assets of what is pending by their keys"
    );
}

/// What a page of each lane costs, in steps of SQLite's machine: it counts what is visited, whatever the plan is called.
async fn steps(pool: &sqlx::SqlitePool, mut statement: sqlx::QueryBuilder<sqlx::sqlite::Sqlite>) -> u64 {
    let steps = Arc::new(AtomicU64::new(0));
    let mut connection = pool.acquire().await.unwrap();
    let counted = steps.clone();
    connection.lock_handle().await.unwrap().set_progress_handler(1, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    });
    statement.build().fetch_all(&mut *connection).await.unwrap();
    connection.lock_handle().await.unwrap().remove_progress_handler();
    steps.load(Ordering::Relaxed)
}

/// Nothing that a page does grows with what is closed, published, or due later.
#[tokio::test]
async fn a_page_of_due_rows_costs_what_it_shows() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let add = async |closed: usize| {
        for n in 0..closed {
            let asset = subject.reserved(["mina", "juno", "abel"][n % 3], &["video"]).await;
            let id = pending(&asset, "video").id;
            if n % 2 == 0 {
                subject.reject(id).await;
                subject.close(id).await;
            } else {
                subject.open(id).await;
            }
        }
    };
    let measure = async || {
        let now = subject.now();
        let mut costs = Vec::new();
        for lane in [Lane::Drive, Lane::Destroy, Lane::Recheck] {
            costs.push(
                steps(&catalog.readers, due_work::files_statement(lane, Slots::ALL, (now, TimeSpan::ZERO), 10)).await,
            );
            costs.push(steps(&catalog.readers, due_work::backlog_statement(lane, now)).await);
        }
        costs.push(
            steps(
                &catalog.readers,
                due_work::assets_statement(Slots::ALL, (now - TimeSpan::from_hours(9), now), None, 10),
            )
            .await,
        );
        costs
    };
    add(40).await;
    let few = measure().await;
    add(400).await;
    let many = measure().await;
    // Which of its connections answers makes some difference. Four hundred rows would make thousands.
    for (before, after) in few.iter().zip(&many) {
        assert!(*after <= before + 400, "{few:?}, then {many:?}");
    }
    // And with much that is due, a page still costs a page.
    subject.wait(TimeSpan::from_hours(100));
    let now = subject.now();
    let page =
        steps(&catalog.readers, due_work::files_statement(Lane::Recheck, Slots::ALL, (now, TimeSpan::ZERO), 10)).await;
    let larger =
        steps(&catalog.readers, due_work::files_statement(Lane::Recheck, Slots::ALL, (now, TimeSpan::ZERO), 100)).await;
    assert!(page * 3 < larger && page < 4_000, "10 rows of 220 that are due: {page} steps; 100: {larger}");
}
