//! Rows that cannot be read cost themselves.

use domain::limits::STEP_GRACE;
use domain::{FileId, Lane, Slots, TimeSpan};

use super::Home;
use crate::catalog::conformance::samples::pending;
use crate::catalog::{CatalogError, DueWork as _, Postponement};

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
