//! Whoever asked is told of parts, after they are there.

use crate::support::{BUCKET, Store, pattern, refusal};
use localstore::ArrivedPart;
use tokio::sync::mpsc;

fn part(key: &str, number: u16) -> ArrivedPart {
    ArrivedPart { bucket: BUCKET.into(), key: key.into(), number }
}

async fn telling(room: usize) -> (Store, mpsc::Receiver<ArrivedPart>) {
    let (tell, told) = mpsc::channel(room);
    let folder = tempfile::tempdir().expect("a folder");
    (Store::start_telling(folder, Some(tell)).await, told)
}

#[tokio::test]
async fn parts_are_told_once_they_are_listed() {
    let (store, mut told) = telling(8).await;
    let upload = store.create_upload("a b/필름.mp4").await;
    for number in [2, 1, 1] {
        store.upload_part("a b/필름.mp4", &upload, number.into(), pattern(77, 1)).await;
        assert_eq!(told.recv().await, Some(part("a b/필름.mp4", number)));
        let listed = store.client.list_parts().bucket(BUCKET).key("a b/필름.mp4").upload_id(&upload).send().await;
        let listed: Vec<_> = listed.expect("parts").parts().iter().filter_map(|part| part.part_number()).collect();
        assert!(listed.contains(&number.into()));
    }
}

#[tokio::test]
async fn copied_parts_are_told_too() {
    let (store, mut told) = telling(8).await;
    store.put("source", pattern(77, 1)).await;
    let upload = store.create_upload("copy").await;
    let copy = store.client.upload_part_copy().bucket(BUCKET).key("copy").upload_id(&upload).part_number(1);
    copy.copy_source(format!("{BUCKET}/source")).send().await.expect("a part");
    assert_eq!(told.recv().await, Some(part("copy", 1)), "the object before it was none");
}

#[tokio::test]
async fn what_was_refused_is_not_told() {
    let (store, mut told) = telling(8).await;
    let upload = store.create_upload("r").await;
    let wrong = store.client.upload_part().bucket(BUCKET).key("r").upload_id(&upload).part_number(1);
    let sent = wrong.content_md5("1B2M2Y8AsgTpgAmY7PhCfg==").body(pattern(77, 1).into()).send().await;
    assert_eq!(refusal(sent).1, "BadDigest");
    let unknown = store.client.upload_part().bucket(BUCKET).key("r").upload_id("none").part_number(1);
    assert_eq!(refusal(unknown.body(pattern(77, 1).into()).send().await).1, "NoSuchUpload");
    store.upload_part("r", &upload, 3, pattern(77, 1)).await;
    assert_eq!(told.recv().await, Some(part("r", 3)), "the first that is told");
}

#[tokio::test]
async fn nobody_has_to_listen() {
    let (store, mut told) = telling(1).await;
    let upload = store.create_upload("n").await;
    for number in 1..=3 {
        store.upload_part("n", &upload, number, pattern(77, 1)).await;
    }
    assert_eq!(told.recv().await, Some(part("n", 1)), "the others found no room");
    store.upload_part("n", &upload, 4, pattern(77, 1)).await;
    assert_eq!(told.recv().await, Some(part("n", 4)));
    drop(told);
    store.upload_part("n", &upload, 5, pattern(77, 1)).await;
}
