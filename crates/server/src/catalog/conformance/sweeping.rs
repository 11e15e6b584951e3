//! What the jobs read: files by state, assets past their deadline, counts.

use domain::change;
use domain::limits::RECHECK_AFTER;
use domain::{Asset, FileId, StateName, TimeSpan};

use super::Subject;
use super::samples::{IDLE, pending};
use super::subject::ALL;

const INSTANT: TimeSpan = TimeSpan::from_micros(1);

async fn ids(subject: &Subject, state: StateName) -> Vec<FileId> {
    let read = subject.catalog.list_files(state, None, ALL).await.unwrap();
    assert_eq!(read.now, subject.now());
    read.value.into_iter().map(|file| file.id).collect()
}

pub(crate) async fn files_are_listed_by_state_in_id_order(subject: Subject) {
    let mut expected: Vec<FileId> = Vec::new();
    for _ in 0..3 {
        let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
        expected.extend(asset.pending().map(|file| file.id));
    }
    expected.sort();
    let mut opened = Vec::new();
    for at in [3, 1] {
        opened.insert(0, subject.open(expected.remove(at)).await.id);
    }
    assert_eq!(ids(&subject, StateName::Reserved).await, expected);
    assert_eq!(ids(&subject, StateName::Uploading).await, opened);
    assert_eq!(ids(&subject, StateName::Committing).await, []);

    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = subject.catalog.list_files(StateName::Reserved, after, 3).await.unwrap().value;
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        paged.extend(page);
    }
    assert_eq!(paged.iter().map(|file| file.id).collect::<Vec<_>>(), expected);
    for file in paged {
        assert_eq!(subject.file(file.id).await, file);
    }
}

pub(crate) async fn closed_files_are_listed_when_due(subject: Subject) {
    let mut closed = Vec::new();
    for _ in 0..3 {
        let asset = subject.reserved("mina", &["video"]).await;
        let id = pending(&asset, "video").id;
        subject.reject(id).await;
        subject.close(id).await;
        closed.push(id);
        subject.wait(TimeSpan::from_mins(1));
    }
    assert_eq!(ids(&subject, StateName::Closed).await, []);
    let state = subject.file(closed[1]).await.state;
    let domain::FileState::Closed { recheck_at, .. } = state else { panic!("it was just closed") };
    subject.clock.set(recheck_at - INSTANT);
    assert_eq!(ids(&subject, StateName::Closed).await, closed[..1]);
    subject.wait(INSTANT);
    assert_eq!(ids(&subject, StateName::Closed).await, closed[..2]);
    subject.wait(RECHECK_AFTER[0]);
    let page = subject.catalog.list_files(StateName::Closed, Some(closed[0]), 1).await.unwrap().value;
    assert_eq!(page.iter().map(|file| file.id).collect::<Vec<_>>(), closed[1..2]);
    // One looked at and found clean is due again only later.
    subject.step(closed[0], domain::Event::Rechecked(domain::Remains::Nothing)).await;
    assert_eq!(ids(&subject, StateName::Closed).await, closed[1..]);
}

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

pub(crate) async fn expirable_when_a_pending_deadline_has_come(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    subject.created("mina", &["video"]).await;
    subject.clock.set(pending(&asset, "video").deadline - INSTANT);
    assert_eq!(subject.expirable().await, []);
    subject.wait(INSTANT);
    let read = subject.catalog.list_expirable(None, None, ALL).await.unwrap();
    assert_eq!((read.now, read.value), (subject.now(), vec![asset.clone()]));
    assert!(change::expire(&asset, subject.now(), subject.now()).is_ok());
}

pub(crate) async fn expirable_as_of_another_time(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let deadline = pending(&asset, "video").deadline;
    for (as_of, expected) in [(deadline - INSTANT, vec![]), (deadline, vec![asset.clone()])] {
        let read = subject.catalog.list_expirable(Some(as_of), None, ALL).await.unwrap();
        assert_eq!((read.now, read.value), (subject.now(), expected));
    }
    subject.wait(IDLE);
    let earlier = subject.catalog.list_expirable(Some(deadline - INSTANT), None, ALL).await.unwrap();
    assert_eq!(earlier.value, []);
}

pub(crate) async fn expirable_with_a_file_still_on_its_way(subject: Subject) {
    // One deadline has come, the other was moved: the list shows the asset, and the domain says no.
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    let video = subject.open(pending(&asset, "video").id).await;
    let moved = domain::File { deadline: video.deadline + IDLE, fence: video.fence.next(), ..video.clone() };
    assert_eq!(subject.catalog.advance(video.fence, &moved, &[]).await.unwrap(), crate::catalog::Written::Done);
    subject.wait(IDLE);
    assert_eq!(subject.expirable().await, [asset.id]);
    assert!(change::expire(&subject.asset(asset.id).await, subject.now(), subject.now()).is_err());
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

pub(crate) async fn expirable_never_shows_gone_assets(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    subject.delete(asset.id).await;
    subject.wait(IDLE);
    assert_eq!(subject.expirable().await, []);
}

pub(crate) async fn expirable_pages_in_id_order(subject: Subject) {
    let mut assets: Vec<Asset> = Vec::new();
    for owner in ["mina", "juno", "mina", "abel", "mina"] {
        assets.push(subject.reserved(owner, &["video", "thumbnail"]).await);
    }
    subject.wait(IDLE);
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = subject.catalog.list_expirable(None, after, 2).await.unwrap().value;
        assert!(page.len() <= 2, "a page counts assets, not files");
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        paged.extend(page);
    }
    assert_eq!(paged, assets);
}
