//! Files by key, and rows for what has none.

use domain::limits::STEP_GRACE;
use domain::reconcile::{KeyedFile, Orphan, orphan};
use domain::{
    AssetStatus, File, FileState, Lane, ObjectKey, Presence, Reason, Slots, StateName, TimeSpan, UploadId, Visibility,
    change,
};

use super::Subject;
use super::samples::{self, pending, published};
use super::subject::ALL;
use crate::catalog::Written;

const PRIVATE: Visibility = Visibility::Private;

async fn keys(subject: &Subject, visibility: Visibility, from: &str, upto: Option<&str>, limit: u32) -> Vec<KeyedFile> {
    let read = subject.catalog.list_keys(visibility, from, upto, limit).await.unwrap();
    assert!(subject.is_now(read.now));
    read.value
}

/// As a listing shows it. All files of an asset of these cases have one deadline, which is the asset's.
fn seen(file: &File) -> KeyedFile {
    let pending = matches!(file.state.name(), StateName::Reserved | StateName::Uploading | StateName::Verified);
    KeyedFile {
        id: file.id,
        key: file.key.path(),
        state: file.state.name(),
        upload_id: file.upload_id.clone(),
        object: file.state.object().cloned(),
        lost_since: file.state.lost_since(),
        due_at: if pending { Some(file.deadline) } else { file.due_at },
    }
}

/// An orphan on a key that no row ever had, of an asset that the catalog does not know.
fn stranger(subject: &Subject) -> Orphan {
    let asset = samples::bare_asset(samples::owner("ghost"), subject.now());
    let key = samples::file(&asset, "video", domain::ByteCount(5), subject.now()).key;
    made(subject, &key)
}

fn made(subject: &Subject, key: &ObjectKey) -> Orphan {
    let bits = key.path().bytes().rev().skip(4).take(10).collect::<Vec<_>>().try_into().unwrap();
    orphan(key, Some(domain::ByteCount(5)), Some(UploadId("u".to_owned())), subject.now(), &bits)
}

pub(crate) async fn keys_are_listed_in_byte_order_by_bucket(subject: Subject) {
    // Upper case sorts before lower case, `-` before digits, `_` between the cases, `~` after all.
    let mut files = Vec::new();
    for owner in ["b", "B", "a_c", "a-c", "a0", "~a", "a", "A"] {
        files.extend(subject.reserved(owner, &["video", "thumbnail"]).await.pending().cloned());
    }
    for visibility in [PRIVATE, Visibility::Public] {
        let mut expected: Vec<String> =
            files.iter().filter(|file| file.key.visibility() == visibility).map(|file| file.key.path()).collect();
        expected.sort();
        let found = keys(&subject, visibility, "", None, ALL).await;
        assert_eq!(found.iter().map(|file| file.key.clone()).collect::<Vec<_>>(), expected);
        assert!(found.iter().all(|row| files.iter().any(|file| seen(file) == *row)));
    }
}

pub(crate) async fn keys_are_listed_in_a_range(subject: Subject) {
    for owner in ["a", "b", "c", "d"] {
        subject.reserved(owner, &["video"]).await;
    }
    let all: Vec<String> = keys(&subject, PRIVATE, "", None, ALL).await.into_iter().map(|file| file.key).collect();
    for (from, upto, limit, expected) in [
        ("", None, 2, &all[..2]),
        (all[1].as_str(), None, ALL, &all[1..]),
        ("b", Some("d"), ALL, &all[1..3]),
        ("", Some(all[2].as_str()), ALL, &all[..3]),
        (all[1].as_str(), Some(all[1].as_str()), ALL, &all[1..2]),
        ("bb", Some("bc"), ALL, &all[..0]),
        ("e", None, ALL, &all[..0]),
    ] {
        let found = keys(&subject, PRIVATE, from, upto, limit).await;
        assert_eq!(found.into_iter().map(|file| file.key).collect::<Vec<_>>(), expected, "{from} {upto:?}");
    }
}

pub(crate) async fn keys_show_what_reconcile_needs(subject: Subject) {
    let mut ids = Vec::new();
    for state in StateName::ALL {
        let asset = match state {
            StateName::Created => subject.created("mina", &["video"]).await,
            _ => subject.reserved("mina", &["video"]).await,
        };
        let id = asset.files().next().unwrap().id;
        match state {
            StateName::Reserved | StateName::Created => {}
            StateName::Uploading => drop(subject.open(id).await),
            StateName::Committing => drop(subject.commit(id).await),
            StateName::Verified => drop(subject.verify(id).await),
            StateName::Deleting => drop(subject.reject(id).await),
            StateName::Closed => {
                subject.reject(id).await;
                subject.close(id).await;
            }
        }
        ids.push(id);
    }
    let found = keys(&subject, PRIVATE, "", None, ALL).await;
    assert_eq!(found.len(), ids.len());
    for id in ids {
        let file = subject.file(id).await;
        let row = found.iter().find(|row| row.id == id);
        assert_eq!(row, Some(&seen(&file)), "{}", file.state.name());
        assert!(row.is_some_and(KeyedFile::keeps_its_due_time), "{} (I9)", file.state.name());
    }
}

pub(crate) async fn orphan_gets_a_row_and_an_asset_that_is_gone(subject: Subject) {
    let orphan = stranger(&subject);
    assert_eq!(subject.catalog.adopt_orphan(&orphan).await.unwrap(), Written::Done);
    assert_eq!(subject.file(orphan.file.id).await, orphan.file);
    let asset = subject.asset(orphan.asset.id).await;
    assert_eq!((asset.status, asset.places.len()), (AssetStatus::Gone(Reason::Orphan), 0));
    assert_eq!(asset, orphan.asset);
    let read = subject.catalog.list_due_files(Lane::Destroy, Slots::ALL, STEP_GRACE, ALL).await.unwrap();
    let due: Vec<_> = read.value.into_iter().map(|row| row.row.unwrap()).collect();
    assert_eq!(due, [orphan.file]);
    assert_eq!(subject.listed(&subject.query("ghost")).await, []);
    assert_eq!(subject.events().await, []);
}

pub(crate) async fn orphan_of_a_known_asset_leaves_it_alone(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    let key = samples::file(&asset, "video", domain::ByteCount(5), subject.now()).key;
    let orphan = made(&subject, &key);
    assert_eq!(subject.catalog.adopt_orphan(&orphan).await.unwrap(), Written::Done);
    assert_eq!(subject.asset(asset.id).await, asset);
    assert_eq!(subject.file(orphan.file.id).await, orphan.file);
}

pub(crate) async fn orphan_with_a_row_is_stale(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = pending(&asset, "video").clone();
    assert_eq!(subject.catalog.adopt_orphan(&made(&subject, &file.key)).await.unwrap(), Written::Stale);
    // A key is unique over both buckets.
    let elsewhere = ObjectKey::new(Visibility::Public, file.key.file_key().clone());
    assert_eq!(subject.catalog.adopt_orphan(&made(&subject, &elsewhere)).await.unwrap(), Written::Stale);
    assert_eq!(subject.asset(asset.id).await, asset);
    assert_eq!(keys(&subject, PRIVATE, "", None, ALL).await, [seen(&file)]);
    let orphan = stranger(&subject);
    assert_eq!(subject.catalog.adopt_orphan(&orphan).await.unwrap(), Written::Done);
    assert_eq!(subject.catalog.adopt_orphan(&orphan).await.unwrap(), Written::Stale, "once is enough");
}

pub(crate) async fn orphan_is_purged_and_can_come_back(subject: Subject) {
    let orphan = stranger(&subject);
    assert_eq!(subject.catalog.adopt_orphan(&orphan).await.unwrap(), Written::Done);
    subject.close(orphan.file.id).await;
    let closed = subject.recheck_to_the_end(orphan.file.id).await;
    assert_eq!(subject.catalog.purge(closed.shard(), closed.id, closed.fence).await.unwrap(), Written::Done);
    assert_eq!(subject.find_asset(orphan.asset.id).await.value, None);
    assert_eq!(keys(&subject, PRIVATE, "", None, ALL).await, []);
    // A request that was very late put it there again.
    assert_eq!(subject.catalog.adopt_orphan(&orphan).await.unwrap(), Written::Done);
    assert_eq!(keys(&subject, PRIVATE, "", None, ALL).await, [seen(&orphan.file)]);
}

pub(crate) async fn lost_is_marked_and_unmarked(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    let file = published(&asset, "video").clone();
    subject.wait(TimeSpan::from_secs(5));
    let since = subject.now();
    let lost = change::seek(&asset, &file, Presence::Missing, since).unwrap();
    let stale = lost.clone();
    let asset = subject.apply(&lost).await;
    assert_eq!(subject.asset(asset.id).await, asset);
    let row = subject.file(file.id).await;
    assert_eq!(row.state.lost_since(), Some(since));
    assert_eq!(keys(&subject, PRIVATE, "", None, ALL).await, [seen(&row)]);
    assert_eq!(subject.catalog.apply(&stale).await.unwrap(), Written::Stale);
    let found = change::seek(&asset, &row, Presence::There, subject.now()).unwrap();
    subject.apply(&found).await;
    let FileState::Created { lost_since, .. } = subject.file(file.id).await.state else { panic!("it is published") };
    assert_eq!(lost_since, None);
    assert_eq!(subject.events().await.len(), 1, "nobody is told: nothing was decided about the asset");
}
