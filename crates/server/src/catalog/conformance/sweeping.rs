//! What figures and the expire lane see of states and deadlines.

use domain::StateName;
use domain::change;

use super::Subject;
use super::samples::{IDLE, pending};

pub(crate) async fn files_are_counted_by_state(subject: Subject) {
    let count = async || subject.catalog.count_files().await.unwrap().into_iter().filter(|(_, n)| *n > 0).collect();
    let none: Vec<(StateName, u64)> = count().await;
    assert_eq!(none, []);
    let created = subject.created("mina", &["video", "thumbnail"]).await;
    subject.reserved("juno", &["video"]).await;
    let deleted = subject.created("mina", &["video"]).await;
    subject.delete(deleted.id).await;
    subject.open(subject.announce(created.id, "preview").await.id).await;
    let mut counts: Vec<(StateName, u64)> = count().await;
    counts.sort();
    let expected =
        [(StateName::Reserved, 1), (StateName::Uploading, 1), (StateName::Created, 2), (StateName::Deleting, 1)];
    assert_eq!(counts, expected);
}

pub(crate) async fn expirable_with_a_rejected_file(subject: Subject) {
    // Or an asset whose only file was rejected, and that nobody announces again, would stay for ever.
    let asset = subject.reserved("mina", &["video"]).await;
    let file = pending(&asset, "video").id;
    subject.reject(file).await;
    subject.wait(IDLE);
    assert_eq!(subject.expirable().await, [asset.id]);
    subject.close(file).await;
    assert_eq!(subject.expirable().await, [asset.id]);
}

pub(crate) async fn expirable_replacements_of_published_assets(subject: Subject) {
    let asset = subject.created("mina", &["video"]).await;
    subject.wait(IDLE * 2);
    assert_eq!(subject.expirable().await, [], "what is published never expires");
    subject.announce(asset.id, "video").await;
    subject.wait(IDLE);
    assert_eq!(subject.expirable().await, [asset.id]);
    let now = subject.now();
    subject.apply(&change::expire(&subject.asset(asset.id).await, now, now).unwrap()).await;
    assert_eq!(subject.expirable().await, []);
}
