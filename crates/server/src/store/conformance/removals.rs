//! Cases about Abort, DELETE and what they leave.

use domain::{ByteCount, CompleteAnswer, ETag, UploadId, Visibility};

use super::super::Completion;
use super::{Difference, Harness, bytes, differs, key, listed, number, open, private_key, send, stored};

/// A key that was never used.
pub async fn nothing_is_absent_and_no_error(harness: &impl Harness) {
    let key = private_key();
    let store = harness.store();
    assert_eq!(store.head(&key).await.expect("HEAD answers"), None);
    assert_eq!(store.read(&key, &ETag::new("0-1"), 0, ByteCount(1)).await.expect("a read"), None);
    assert_eq!(store.list_uploads(&key).await.expect("uploads are listed"), []);
}

/// After an Abort no part can arrive, and nothing can be completed.
pub async fn an_aborted_upload_is_gone_everywhere(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    send(harness, &key, &upload, 1, &bytes(1, 100)).await;
    let parts = listed(harness, &key, &upload).await;
    let store = harness.store();
    store.abort(&key, &upload).await.expect("an upload is aborted");
    assert_eq!(store.list_parts_page(&key, &upload, None, 1000).await.expect("an answer"), None);
    assert_eq!(store.list_uploads(&key).await.expect("uploads are listed"), []);
    assert_eq!(harness.send_part(&key, &upload, number(2), bytes(2, 100)).await, None);
    let completion = store.complete(&key, &upload, &parts, None).await;
    assert_eq!(completion, Completion { answer: CompleteAnswer::NoSuchUpload, etag: None });
    assert_eq!(store.head(&key).await.expect("HEAD answers"), None);
}

/// An Abort can be repeated, by whoever did not hear the answer.
pub async fn aborting_twice_and_what_never_was(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    let store = harness.store();
    store.abort(&key, &upload).await.expect("an upload is aborted");
    store.abort(&key, &upload).await.expect("and again");
    store.abort(&key, &UploadId("never-opened".to_owned())).await.expect("and one that never was");
}

/// The uploads of one key are independent.
pub async fn aborting_one_upload_spares_the_other(harness: &impl Harness) {
    let key = private_key();
    let first = open(harness, &key, None).await;
    let second = open(harness, &key, None).await;
    send(harness, &key, &second, 1, &bytes(1, 100)).await;
    harness.store().abort(&key, &first).await.expect("an upload is aborted");
    assert_eq!(harness.store().list_uploads(&key).await.expect("uploads are listed"), std::slice::from_ref(&second));
    assert_eq!(listed(harness, &key, &second).await.len(), 1);
}

/// An Abort that arrives late does no harm.
pub async fn aborting_a_completed_upload_spares_the_object(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    send(harness, &key, &upload, 1, &bytes(1, 100)).await;
    let parts = listed(harness, &key, &upload).await;
    harness.store().complete(&key, &upload, &parts, None).await;
    let before = harness.store().head(&key).await.expect("HEAD answers");
    assert!(before.is_some(), "nothing was completed");
    harness.store().abort(&key, &upload).await.expect("nothing is aborted");
    assert_eq!(harness.store().head(&key).await.expect("HEAD answers"), before);
}

/// Gone for HEAD, for reads and for anybody.
pub async fn a_deleted_object_is_gone(harness: &impl Harness) {
    let key = key(Visibility::Public, 1);
    let etag = stored(harness, &key, &bytes(1, 100)).await;
    let store = harness.store();
    store.delete(&key).await.expect("an object is deleted");
    assert_eq!(store.head(&key).await.expect("HEAD answers"), None);
    assert_eq!(store.read(&key, &etag, 0, ByteCount(1)).await.expect("a read"), None);
    assert_eq!(harness.read_anonymously(&key).await, None);
}

/// A DELETE can be repeated, by whoever did not hear the answer.
pub async fn deleting_twice_and_what_never_was(harness: &impl Harness) {
    let key = private_key();
    stored(harness, &key, &bytes(1, 100)).await;
    harness.store().delete(&key).await.expect("an object is deleted");
    harness.store().delete(&key).await.expect("and again");
    harness.store().delete(&super::key(Visibility::Private, 2)).await.expect("and one that never was");
}

/// A DELETE removes one object and no upload: hidden parts end by Abort.
pub async fn deleting_spares_other_keys_and_uploads(harness: &impl Harness) {
    let [mine, other] = [1, 2].map(|n| key(Visibility::Private, n));
    for key in [&mine, &other] {
        stored(harness, key, &bytes(1, 100)).await;
    }
    let upload = open(harness, &mine, None).await;
    harness.store().delete(&mine).await.expect("an object is deleted");
    assert!(harness.store().head(&other).await.expect("HEAD answers").is_some());
    let kept = if differs(harness, Difference::DeleteEndsUploads) { vec![] } else { vec![upload] };
    assert_eq!(harness.store().list_uploads(&mine).await.expect("uploads are listed"), kept);
}
