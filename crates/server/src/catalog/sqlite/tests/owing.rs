//! Rows that cannot be read cost themselves, and rows that no lane would take up are told.

use domain::limits::STEP_GRACE;
use domain::{FileId, Lane, Slots, TimeSpan, Visibility};

use super::Home;
use crate::catalog::conformance::samples::pending;
use crate::catalog::{CatalogError, DueWork as _, Postponement, Rows as _};

/// A newer version, or somebody's hand, has written something that this one does not know.
#[tokio::test]
async fn an_unreadable_row_comes_as_an_error_in_its_own_place() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let mut ids: Vec<FileId> = Vec::new();
    for _ in 0..3 {
        let asset = subject.reserved("mina", &["video"]).await;
        ids.push(subject.commit(pending(&asset, "video").id).await.id);
    }
    let spoil = sqlx::query("UPDATE files SET state_data = '{\"state\":\"BURIED\"}' WHERE id = ?");
    spoil.bind(ids[1].to_string()).execute(&catalog.writer).await.unwrap();
    subject.wait(STEP_GRACE);
    let rows = catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, 10).await.unwrap().value;
    assert_eq!(
        rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>(),
        ids.iter().map(FileId::to_string).collect::<Vec<_>>()
    );
    let readable: Vec<bool> = rows.iter().map(|row| row.row.is_ok()).collect();
    assert_eq!(readable, [true, false, true]);
    let Err(CatalogError::Unreadable { what, .. }) = &rows[1].row else { panic!("{:?}", rows[1].row) };
    assert!(what.contains(&ids[1].to_string()) && what.contains("state_data"), "{what}");
    // It can be put off like any other, so that nobody reads it all day.
    let later = subject.now() + TimeSpan::from_hours(1);
    let off = Postponement {
        lane: Lane::Drive,
        id: rows[1].id.clone(),
        fence: rows[1].fence,
        due_at: Some(later),
        attempts: 1,
    };
    catalog.postpone(&[off]).await.unwrap();
    let rows = catalog.list_due_files(Lane::Drive, Slots::ALL, TimeSpan::ZERO, 10).await.unwrap().value;
    assert!(rows.len() == 2 && rows.iter().all(|row| row.row.is_ok()));

    // An asset is as readable as its files.
    subject.wait(TimeSpan::from_hours(100));
    let assets = catalog.list_due_assets(Slots::ALL, None, None, 10).await.unwrap().value;
    assert_eq!(assets.iter().map(|row| row.row.is_ok()).collect::<Vec<_>>(), [true, false, true]);
}

/// What no index of a lane shows is told by the listing of keys, so that an audit finds it (I9). The CHECK of the schema holds
/// a time, but not the lane beside it, and not an asset's.
#[tokio::test]
async fn a_row_that_no_lane_shows_is_listed_without_a_time() {
    let home = Home::new();
    let catalog = home.open().await;
    let subject = home.subject(&catalog);
    let asset = subject.reserved("mina", &["video"]).await;
    let moving = subject.commit(pending(&subject.reserved("mina", &["video"]).await, "video").id).await.id;
    let waiting = pending(&asset, "video").id;
    let without = async || {
        let rows = catalog.list_keys(Visibility::Private, "", None, 10).await.unwrap().value;
        rows.into_iter().filter(|row| !row.keeps_its_due_time()).map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(without().await, []);
    let refused = sqlx::query("UPDATE files SET due_at = NULL WHERE id = ?").bind(moving.to_string());
    assert!(refused.execute(&catalog.writer).await.is_err(), "the schema holds what it can");
    for lane in [None, Some("destroy")] {
        let lost = sqlx::query("UPDATE files SET lane = ? WHERE id = ?").bind(lane).bind(moving.to_string());
        lost.execute(&catalog.writer).await.unwrap();
        assert_eq!(without().await, [moving], "{lane:?}");
    }
    let lost = sqlx::query("UPDATE assets SET due_at = NULL WHERE id = ?").bind(asset.id.to_string());
    lost.execute(&catalog.writer).await.unwrap();
    let mut found = without().await;
    found.sort();
    let mut expected = [moving, waiting];
    expected.sort();
    assert_eq!(found, expected);
}
