//! Catalogs that were made by older programs: whatever a migration adds is filled for every row there is.

use domain::quota::Usage;
use domain::reconcile::orphan;
use domain::{
    Asset, AssetStatus, ByteCount, EventKind, File, FileState, Lane, OutboxEvent, OwnerId, OwnerNaming, Reason, Slots,
    TimeSpan, Title,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::super::{SqliteCatalog, rows};
use super::{Home, assert_sound};
use crate::catalog::conformance::samples::{self, START, claim};
use crate::catalog::{DueWork as _, Figures as _, Outbox as _, Purpose, Reservation, Reserved, Rows as _};

/// The schema of version 6: before owners had shards and a ledger.
const SIX: [&str; 6] = [
    include_str!("../../../../migrations/sqlite/0001_assets_and_files.sql"),
    include_str!("../../../../migrations/sqlite/0002_idempotency_by_age.sql"),
    include_str!("../../../../migrations/sqlite/0003_installation.sql"),
    include_str!("../../../../migrations/sqlite/0004_store_profile.sql"),
    include_str!("../../../../migrations/sqlite/0005_outbox_by_owner.sql"),
    include_str!("../../../../migrations/sqlite/0006_undeclared_sizes.sql"),
];

async fn six(home: &Home) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(home.path()).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    for sql in SIX {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql("PRAGMA user_version = 6; PRAGMA application_id = 0x4c4e4446")
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

async fn write_asset(connection: &mut SqliteConnection, asset: &Asset) {
    sqlx::query(
        "INSERT INTO assets (id, owner, collection, title, description, metadata, fingerprint, status, gone_reason, \
         created_at, published_at, revision) VALUES (?, ?, ?, ?, 'words', '{\"a\":1}', 'print', ?, ?, ?, ?, ?)",
    )
    .bind(asset.id.to_string())
    .bind(asset.owner.as_str().to_owned())
    .bind(asset.collection.as_str().to_owned())
    .bind(asset.title.as_str().to_owned())
    .bind(asset.status.as_str())
    .bind(rows::gone_reason(asset.status))
    .bind(rows::micros(asset.created_at))
    .bind(asset.published_at.map(rows::micros))
    .bind(rows::signed(asset.revision.0))
    .execute(connection)
    .await
    .unwrap();
}

async fn write_file(connection: &mut SqliteConnection, owner: &OwnerId, file: &File) {
    sqlx::query(
        "INSERT INTO files (id, asset, owner, role, visibility, object_key, file_name, size_bytes, part_size_bytes, \
         created_at, deadline, upload_id, fence, state, state_data, recheck_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(file.id.to_string())
    .bind(file.asset.to_string())
    .bind(owner.as_str().to_owned())
    .bind(file.role.as_str().to_owned())
    .bind(file.key.visibility().to_string())
    .bind(file.key.path())
    .bind(file.file_name.as_str().to_owned())
    .bind(rows::signed(file.plan.reserved().get()))
    .bind(rows::signed(file.plan.part_size().get()))
    .bind(rows::micros(file.created_at))
    .bind(rows::micros(file.deadline))
    .bind(file.upload_id.as_ref().map(|upload| upload.0.clone()))
    .bind(rows::signed(file.fence.0))
    .bind(file.state.name().as_str())
    .bind(rows::state_data(&file.state))
    .bind(rows::recheck_at(&file.state))
    .execute(connection)
    .await
    .unwrap();
}

async fn write_place(
    connection: &mut SqliteConnection,
    asset: &Asset,
    published: Option<&File>,
    pending: Option<&File>,
) {
    sqlx::query("INSERT INTO places (asset, role, published_file, pending_file) VALUES (?, 'video', ?, ?)")
        .bind(asset.id.to_string())
        .bind(published.map(|file| file.id.to_string()))
        .bind(pending.map(|file| file.id.to_string()))
        .execute(connection)
        .await
        .unwrap();
}

async fn write_event(connection: &mut SqliteConnection, event: &OutboxEvent) {
    sqlx::query("INSERT INTO outbox (id, asset, owner, at, kind) VALUES (?, ?, ?, ?, ?)")
        .bind(event.id.to_string())
        .bind(event.asset.to_string())
        .bind(event.owner.as_str().to_owned())
        .bind(rows::micros(event.at))
        .bind(serde_json::to_string(&event.kind).unwrap())
        .execute(connection)
        .await
        .unwrap();
}

fn file_in(asset: &Asset, mib: u64, state: FileState) -> File {
    let file = samples::file(asset, "video", ByteCount::mib(mib), START);
    let opened = state != FileState::Reserved;
    File { upload_id: opened.then(|| domain::UploadId("u".to_owned())), state, ..file }
}

/// Old rows are shared as new ones are.
async fn assert_spread(catalog: &SqliteCatalog) {
    let slots = "SELECT COUNT(*) FROM (SELECT shard, slot FROM assets UNION ALL SELECT shard, slot FROM files) \
                 WHERE slot <> shard / 16";
    let astray: i64 = sqlx::query_scalar(slots).fetch_one(&catalog.readers).await.unwrap();
    assert_eq!(astray, 0);
}

#[tokio::test]
async fn an_installation_of_version_six_is_filled() {
    let home = Home::new();
    let mut old = six(&home).await;
    let (mina, juno) = (samples::owner("mina"), samples::owner("juno"));

    let uploading = samples::bare_asset(mina.clone(), START);
    let reserved = file_in(&uploading, 20, FileState::Reserved);
    write_asset(&mut old, &uploading).await;
    write_file(&mut old, &mina, &reserved).await;
    write_place(&mut old, &uploading, None, Some(&reserved)).await;

    let shown = samples::bare_asset(mina.clone(), START);
    let shown = Asset { status: AssetStatus::Created, published_at: Some(START), ..shown };
    let object = samples::object(&samples::file(&shown, "video", ByteCount::mib(7), START));
    let published = file_in(&shown, 7, FileState::Created { object, lost_since: None });
    let replacement = file_in(&shown, 30, FileState::Uploading);
    write_asset(&mut old, &shown).await;
    write_file(&mut old, &mina, &published).await;
    write_file(&mut old, &mina, &replacement).await;
    write_place(&mut old, &shown, Some(&published), Some(&replacement)).await;

    let gone = samples::bare_asset(juno.clone(), START);
    let gone = Asset { status: AssetStatus::Gone(Reason::Deleted), ..gone };
    let ended = file_in(&gone, 9, FileState::Deleting { reason: Reason::Deleted });
    write_asset(&mut old, &gone).await;
    write_file(&mut old, &juno, &ended).await;

    // What reconcile found: its owner is known by the hash in its key only.
    let hidden = OwnerId::parse("someone@example.com").unwrap();
    let stranger = samples::bare_asset(hidden.clone(), START);
    let key = samples::file(&stranger, "video", ByteCount(5), START).key;
    assert!(hidden.key_segment(OwnerNaming::PlainWhereSafe).starts_with('~'));
    let mut found = orphan(&key, Some(ByteCount(5)), None, START, &[7; 10]);
    found.asset.title = Title::parse("orphan").unwrap();
    write_asset(&mut old, &found.asset).await;
    write_file(&mut old, &found.asset.owner, &found.file).await;

    // Positions go on where they were, also after the last event went.
    let event = |kind| OutboxEvent::new(shown.id, mina.clone(), kind, START);
    for kind in [EventKind::AssetCreated, EventKind::AssetDeleted, EventKind::AssetDeleted] {
        write_event(&mut old, &event(kind)).await;
    }
    sqlx::raw_sql("DELETE FROM outbox WHERE position > 1").execute(&mut old).await.unwrap();
    sqlx::query(
        "INSERT INTO idempotency (owner, route, request_key, body, asset, created_at, leased_at, settled_at) \
         VALUES ('mina', 'create_asset videos', 'k', 'body', ?1, ?2, ?2, ?2)",
    )
    .bind(uploading.id.to_string())
    .bind(rows::micros(START))
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();

    let catalog = home.open().await;
    assert_sound(&catalog).await;
    let find = async |asset: &Asset| catalog.find_asset(asset.shard(), asset.id, Purpose::Decide).await.unwrap().value;
    let read = find(&uploading).await.unwrap();
    assert_eq!((read.title.as_str(), read.description.as_str()), ("A walk", "words"), "who lives keeps all");
    let as_it_was = |read: &File, old: &File| assert_eq!(*read, File { due_at: read.due_at, ..old.clone() });
    as_it_was(read.pending().next().unwrap(), &reserved);
    let read = find(&shown).await.unwrap();
    let pending = read.pending().next().unwrap();
    assert!(pending.addition, "a replacement counts for itself");
    as_it_was(pending, &File { addition: true, ..replacement.clone() });
    as_it_was(samples::published(&read, "video"), &published);
    let read = find(&gone).await.unwrap();
    let left = (read.title.is_forgotten(), read.description.as_str(), read.metadata.as_str(), read.fingerprint);
    assert_eq!(left, (true, "", "{}", None), "what is gone is not told of any more");
    let file = catalog.find_file(found.file.shard(), found.file.id).await.unwrap().value;
    as_it_was(&file.expect("an orphan is where its key says"), &found.file);
    assert_eq!(found.file.shard(), hidden.shard());

    let expected = Usage { open_uploads: 2, reserved_bytes: ByteCount::mib(50), stored_bytes: ByteCount::mib(7) };
    assert_eq!(catalog.load_usage(&mina).await.unwrap(), expected);
    let usages = catalog.recount_usage(None, 10).await.unwrap();
    assert!(usages.len() >= 2 && usages.iter().all(|usage| usage.kept == usage.counted), "{usages:?}");

    // Whatever owes something has a time that is not too late (I9).
    for (lane, expected) in [(Lane::Drive, 2), (Lane::Destroy, 2), (Lane::Recheck, 0)] {
        let rows = catalog.list_due_files(lane, Slots::ALL, TimeSpan::ZERO, 20).await.unwrap().value;
        assert_eq!(rows.iter().filter(|row| row.row.is_ok()).count(), expected, "{lane}");
    }
    let due = catalog.list_due_assets(Slots::ALL, Some(START + samples::IDLE), None, 20).await.unwrap().value;
    assert_eq!(due.len(), 2, "each with something pending");

    assert_spread(&catalog).await;

    let reservation = samples::reservation("mina", &["video"], START);
    let again = Reservation { idempotency: Some(claim("k", "body")), ..reservation };
    assert_eq!(catalog.reserve(&again).await.unwrap(), Reserved::Replay(uploading.id));
    let subject = home.subject(&catalog);
    subject.delete(uploading.id).await;
    let positions: Vec<u64> = catalog.list_events(0, 10).await.unwrap().iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, [1, 4], "no position is used twice");
    assert_eq!(catalog.list_asset_events(shown.shard(), shown.id, 10).await.unwrap().len(), 1);
    assert_eq!(catalog.list_owner_events(&mina, 0, 10).await.unwrap().len(), 2);
    let deleting = catalog.list_due_files(Lane::Destroy, Slots::ALL, TimeSpan::from_hours(1), 20).await.unwrap().value;
    assert_eq!(deleting.len(), 3, "the jobs find what is owed");
}
