//! No statement reads a whole table: the planner itself is asked, for every statement.

use domain::{Fingerprint, OwnerId};
use sqlx::{Execute as _, Row as _, SqlSafeStr as _, SqlStr};

use super::super::{
    assets, changes, files, idempotency, installation, keys, leases, outbox, profile, reservations, survey,
};
use super::Home;
use crate::catalog::conformance::samples::asset_id;
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
        assets::LIST_EXPIRABLE,
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
        files::FIND,
        files::LIST,
        files::LIST_DUE,
        files::LIST_AWAITED,
        files::ADVANCE,
        idempotency::FIND,
        idempotency::FORGET,
        installation::FIND,
        installation::REPLACE,
        keys::LIST,
        keys::FIND_OWNER,
        keys::FIND_ASSET,
        leases::FIND,
        outbox::LIST,
        outbox::LIST_OF,
        outbox::LIST_ABOUT,
        survey::FIND_LAST,
        profile::FIND,
        reservations::COUNT_OPEN,
        reservations::SUM_RESERVED,
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
        for title in [None, Some("x".to_owned())] {
            for fingerprint in [None, Some(Fingerprint::parse("x").unwrap())] {
                for before in [None, Some(asset_id(subject.now()))] {
                    let (title_contains, fingerprint) = (title.clone(), fingerprint.clone());
                    let query = AssetQuery { status, title_contains, fingerprint, before, ..subject.query("mina") };
                    let mut statement = assets::list_statement(&query);
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
async fn no_survey_leaves_the_order_of_ids() {
    let home = Home::new();
    let catalog = home.open().await;
    let id = asset_id(home.subject(&catalog).now());
    for status in [None, Some(StatusName::Gone)] {
        for owner in [None, Some(OwnerId::parse("mina").unwrap())] {
            for title_contains in [None, Some("x".to_owned())] {
                let owner = owner.clone();
                let survey = Survey { status, owner, title_contains, before: None, limit: 20, look_at: 100 };
                let mut statement = survey::statement(&survey, Some(id));
                let plan = plan(&catalog.readers, statement.build().sql()).await;
                let inner = plan.iter().find(|step| step.contains("assets"));
                let expected = "SEARCH assets USING INDEX sqlite_autoindex_assets_1 (id>? AND id<?)";
                assert_eq!(inner.map(String::as_str), Some(expected), "{survey:?}\n{plan:#?}");
                let inner: Vec<&String> = plan.iter().take_while(|step| *step != "SCAN a").collect();
                assert!(!inner.iter().any(|step| step.contains("TEMP B-TREE")), "{survey:?}\n{plan:#?}");
            }
        }
    }
    let plan = plan(&catalog.readers, survey::COUNT.into_sql_str()).await;
    assert!(plan[0].starts_with("SCAN assets USING COVERING INDEX"), "{plan:#?}");
}

#[tokio::test]
async fn counting_reads_an_index_only() {
    let home = Home::new();
    let catalog = home.open().await;
    let plan = plan(&catalog.readers, files::COUNT.into_sql_str()).await;
    assert!(plan.len() == 1 && plan[0].starts_with("SCAN files USING COVERING INDEX"), "{plan:#?}");
}

#[tokio::test]
async fn the_jobs_pages_come_in_order_of_their_index() {
    let home = Home::new();
    let catalog = home.open().await;
    let plan = plan(&catalog.readers, files::LIST.into_sql_str()).await;
    assert_eq!(plan, ["SEARCH f USING INDEX files_by_state (state=? AND recheck_at=? AND id>?)"]);
    let plan = self::plan(&catalog.readers, files::LIST_AWAITED.into_sql_str()).await;
    assert!(plan[0].contains("USING INDEX files_by_look (state=? AND auto_look_at>? AND auto_look_at<?)"), "{plan:#?}");
    let plan = self::plan(&catalog.readers, keys::LIST.into_sql_str()).await;
    assert_eq!(
        plan,
        ["SEARCH files USING INDEX files_by_key (visibility=? AND object_key>? AND object_key<?)"],
        "in key order without sorting"
    );
}
