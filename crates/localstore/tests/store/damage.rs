//! What somebody does to the folder by hand: one thing is damaged, everything else serves, and nothing is made worse.

use crate::multipart::listed;
use crate::support::{BUCKET, Store, error_of, for_seconds, pattern, refusal};
use aws_sdk_s3::types::BucketVersioningStatus;
use std::path::{Path, PathBuf};

/// The records of keys of the private bucket.
fn records(store: &Store) -> Vec<PathBuf> {
    store.files("buckets/private/keys")
}

/// The one record or blob that is there now and was not there before.
fn fresh(before: &[PathBuf], after: Vec<PathBuf>) -> PathBuf {
    let mut fresh: Vec<PathBuf> = after.into_iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(fresh.len(), 1);
    fresh.remove(0)
}

async fn put_and_find(store: &Store, key: &str, seed: u64) -> (PathBuf, PathBuf) {
    let (before, blobs) = (records(store), store.files("blobs"));
    store.put(key, pattern(1_000, seed)).await;
    (fresh(&before, records(store)), fresh(&blobs, store.files("blobs")))
}

#[tokio::test]
async fn foreign_files_anywhere_keep_nothing_from_serving_and_stay() {
    let store = Store::start().await;
    let (record, blob) = put_and_find(&store, "k", 1).await;
    let id = store.create_upload("m").await;
    store.upload_part("m", &id, 1, pattern(500, 2)).await;
    let root = store.folder.path().to_owned();
    let upload = root.join("buckets/private/uploads").join(&id);
    let fan = |path: &Path| path.parent().expect("a folder").to_owned();
    let folders = [
        root.clone(),
        root.join("blobs"),
        root.join("buckets"),
        root.join("buckets/private"),
        root.join("buckets/private/keys"),
        root.join("buckets/private/uploads"),
        upload,
        fan(&record),
        fan(&blob),
    ];
    let mut foreign = Vec::new();
    for folder in &folders {
        for name in [".DS_Store", "Thumbs.db", "notes.json~", ".record.json.swp"] {
            std::fs::write(folder.join(name), "not yours").expect("a file");
            foreign.push(folder.join(name));
        }
        std::fs::create_dir(folder.join("Odd folder")).expect("a folder");
        std::fs::write(folder.join("Odd folder/film.mp4"), "not yours").expect("a file");
        foreign.push(folder.join("Odd folder/film.mp4"));
    }
    let store = store.restart().await;
    assert_eq!(store.bytes("k").await, pattern(1_000, 1));
    let parts = store.client.list_parts().bucket(BUCKET).key("m").upload_id(&id).send().await.expect("parts");
    assert_eq!(parts.parts().len(), 1);
    for path in &foreign {
        assert!(path.exists(), "{} is not the store's to remove", path.display());
    }
    let condition = store.server.folder().condition().expect("a condition");
    assert_eq!((condition.set_aside, condition.damaged_at_start), (0, 0), "{condition:?}");
    assert!(condition.foreign >= 5 * (folders.len() - 2), "{condition:?}");
    // What is in the way of an upload's end costs a folder, not the end.
    store.client.abort_multipart_upload().bucket(BUCKET).key("m").upload_id(&id).send().await.expect("an abort");
    store.client.delete_object().bucket(BUCKET).key("k").send().await.expect("a delete");
}

#[tokio::test]
async fn a_key_whose_record_is_damaged_is_set_aside_and_all_others_serve() {
    let mut store = Store::start().await;
    let (record, blob) = put_and_find(&store, "damaged", 1).await;
    let whole = std::fs::read(&record).expect("a record");
    store.put("other", pattern(700, 2)).await;
    let orphan = store.folder.path().join("blobs/ab").join("ab".to_owned() + &"0".repeat(30));
    let other_key = String::from_utf8(whole.clone()).expect("JSON").replace("damaged", "renamed");
    for content in [Vec::new(), whole[..whole.len() / 2].to_vec(), other_key.into_bytes(), b"{}".to_vec()] {
        std::fs::write(&record, &content).expect("damage");
        std::fs::write(&orphan, "nobody's, for all one knows").expect("a file");
        store = store.restart().await;
        assert_eq!(store.bytes("other").await, pattern(700, 2));
        let (client, key) = (&store.client, "damaged");
        assert_eq!(refusal(client.head_object().bucket(BUCKET).key(key).send().await).0, 500, "never 404");
        let internal = (500, "InternalError".to_owned());
        assert_eq!(refusal(client.get_object().bucket(BUCKET).key(key).send().await), internal);
        let put = client.put_object().bucket(BUCKET).key(key).body(pattern(9, 9).into());
        assert_eq!(refusal(put.send().await), internal, "it may be restored");
        let list = client.list_objects_v2().bucket(BUCKET).send().await.expect("a list");
        let keys: Vec<_> = list.contents().iter().filter_map(|object| object.key()).collect();
        assert_eq!(keys, ["other"], "what cannot be read cannot be named");
        let condition = store.server.folder().condition().expect("a condition");
        assert_eq!((condition.set_aside, condition.damaged_at_start), (1, 1));
        assert!(blob.exists() && orphan.exists(), "what cannot be read may name any blob");
    }
    // Somebody brings it back from a backup: no restart is needed.
    std::fs::write(&record, &whole).expect("a backup");
    assert_eq!(store.bytes("damaged").await, pattern(1_000, 1));
    assert_eq!(store.server.folder().condition().expect("a condition").set_aside, 0);
    // Or wants it gone.
    std::fs::write(&record, "").expect("damage");
    let store = store.restart().await;
    store.client.delete_object().bucket(BUCKET).key("damaged").send().await.expect("a delete");
    assert_eq!(refusal(store.client.head_object().bucket(BUCKET).key("damaged").send().await).0, 404);
    let store = store.restart().await;
    assert!(!blob.exists() && !orphan.exists(), "now it is certain that nobody names them");
    assert_eq!(store.files("blobs").len(), 1);
}

#[tokio::test]
async fn a_missing_or_short_blob_is_said_before_the_first_byte() {
    let store = Store::start().await;
    let (_, short) = put_and_find(&store, "short", 1).await;
    let (_, missing) = put_and_find(&store, "missing", 2).await;
    std::fs::File::options().write(true).open(&short).and_then(|file| file.set_len(999)).expect("damage");
    std::fs::remove_file(&missing).expect("damage");
    for key in ["short", "missing"] {
        assert_eq!(refusal(store.client.head_object().bucket(BUCKET).key(key).send().await).0, 500, "{key}");
        let get = store.client.get_object().bucket(BUCKET).key(key).presigned(for_seconds(60)).await.expect("a URL");
        let answer = store.http.get(get.uri()).send().await.expect("an answer");
        assert_eq!(answer.status(), 500, "{key}");
        let (code, message) = error_of(&answer.text().await.expect("a whole body"));
        assert_eq!(code, "InternalError");
        assert!(message.contains("damaged"), "{message}");
    }
    // Of an object in parts the whole ones are still read; who asks for the whole object hears at once.
    let id = store.create_upload("film").await;
    let mut tags = Vec::new();
    let mut blobs = Vec::new();
    for (number, size) in [(1, 5 * 1024 * 1024), (2, 300)] {
        let before = store.files("blobs");
        tags.push((number, store.upload_part("film", &id, number, pattern(size, 3)).await));
        blobs.push(fresh(&before, store.files("blobs")));
    }
    let named: Vec<(i32, &str)> = tags.iter().map(|(number, tag)| (*number, tag.as_str())).collect();
    let complete = store.client.complete_multipart_upload().bucket(BUCKET).key("film").upload_id(&id);
    complete.multipart_upload(listed(&named)).send().await.expect("a completion");
    std::fs::remove_file(&blobs[1]).expect("damage");
    assert_eq!(refusal(store.client.head_object().bucket(BUCKET).key("film").send().await).0, 500);
    assert_eq!(refusal(store.client.get_object().bucket(BUCKET).key("film").send().await).0, 500);
    let range = store.client.get_object().bucket(BUCKET).key("film").range("bytes=0-99").send().await.expect("a range");
    assert!(range.body.collect().await.expect("a body").to_vec() == pattern(5 * 1024 * 1024, 3)[..100]);
    // A delete works whatever is damaged.
    for key in ["short", "missing", "film"] {
        store.client.delete_object().bucket(BUCKET).key(key).send().await.expect("a delete");
    }
    assert!(store.files("blobs").is_empty());
}

#[tokio::test]
async fn damaged_uploads_parts_and_settings_cost_themselves() {
    let store = Store::start().await;
    store.put("k", pattern(800, 1)).await;
    let id = store.create_upload("m").await;
    let tag = store.upload_part("m", &id, 1, pattern(500, 2)).await;
    store.upload_part("m", &id, 2, pattern(600, 3)).await;
    let lost = store.create_upload("lost").await;
    let folder = store.folder.path().join("buckets/private");
    std::fs::write(folder.join("uploads").join(&id).join("00002.json"), "").expect("damage");
    std::fs::write(folder.join("uploads").join(&lost).join("upload.json"), "{").expect("damage");
    std::fs::write(folder.join("bucket.json"), "").expect("damage");
    let store = store.restart().await;
    assert_eq!(store.bytes("k").await, pattern(800, 1));
    assert_eq!(store.server.folder().condition().expect("a condition").damaged_at_start, 3);
    let parts = store.client.list_parts().bucket(BUCKET).key("m").upload_id(&id).send().await.expect("parts");
    assert_eq!(parts.parts().len(), 1, "the other has to come again");
    let part = store.client.upload_part().bucket(BUCKET).key("lost").upload_id(&lost).part_number(1);
    assert_eq!(refusal(part.body(pattern(9, 9).into()).send().await).0, 500);
    let abort = store.client.abort_multipart_upload().bucket(BUCKET).key("lost").upload_id(&lost);
    abort.send().await.expect("what is damaged can be ended");
    let part = store.client.list_parts().bucket(BUCKET).key("lost").upload_id(&lost);
    assert_eq!(refusal(part.send().await), (404, "NoSuchUpload".to_owned()));
    let complete = store.client.complete_multipart_upload().bucket(BUCKET).key("m").upload_id(&id);
    complete.multipart_upload(listed(&[(1, &tag)])).send().await.expect("a completion");
    // The start wrote the bucket's rules anew from the configuration.
    let cors = store.client.get_bucket_cors().bucket(BUCKET).send().await.expect("rules");
    assert_eq!(cors.cors_rules().len(), 1);
    let store = store.restart().await;
    assert_eq!(store.bytes("m").await, pattern(500, 2));
    assert_eq!(store.server.folder().condition().expect("a condition").damaged_at_start, 0);
}

#[tokio::test]
async fn a_bucket_without_its_settings_keeps_its_objects_and_its_versions() {
    let store = Store::start().await;
    crate::versions::set(&store, BucketVersioningStatus::Enabled).await;
    store.put("k", pattern(800, 1)).await;
    store.put("k", pattern(900, 2)).await;
    std::fs::remove_file(store.folder.path().join("buckets/private/bucket.json")).expect("damage");
    let store = store.restart().await;
    store.put("k", pattern(950, 3)).await;
    let versions = store.client.list_object_versions().bucket(BUCKET).send().await.expect("versions");
    assert_eq!(versions.versions().len(), 3, "nothing was overwritten");
}
