//! The hooks that only the store in memory has.

use domain::{ByteCount, CompleteAnswer, ETag, ObjectKey, Part, UploadId, Visibility};

use super::super::conformance::{bytes, key, number, private_key};
use super::super::operation::Operation;
use super::super::{Store, list_parts};
use super::{Failure, MemoryStore, SecondComplete, Traffic};

async fn uploaded(store: &MemoryStore) -> (ObjectKey, UploadId) {
    let key = private_key();
    let upload = store.open_upload(&key, None).await.expect("an upload opens");
    store.put_part(&key, &upload, number(1), bytes(1, 100)).expect("a part arrives");
    (key, upload)
}

async fn complete(store: &MemoryStore, key: &ObjectKey, upload: &UploadId) -> (CompleteAnswer, Option<ETag>) {
    let listed = list_parts(store, key, upload).await.expect("parts are listed");
    // A second Complete has nothing to list any more.
    let frozen = listed.unwrap_or_else(|| vec![part()]);
    let completion = store.complete(key, upload, &frozen, None).await;
    (completion.answer, completion.etag)
}

#[tokio::test]
async fn a_failure_before_the_effect_leaves_nothing() {
    let store = MemoryStore::default();
    store.fail_next(Operation::OpenUpload, Failure::Before);
    store.open_upload(&private_key(), None).await.expect_err("planned");
    assert_eq!(store.uploads(), []);
    store.open_upload(&private_key(), None).await.expect("only the next call was to fail");
    assert_eq!(store.calls(Operation::OpenUpload), 2);
}

#[tokio::test]
async fn a_failure_after_the_effect_loses_the_answer_only() {
    let store = MemoryStore::default();
    store.fail_next(Operation::OpenUpload, Failure::AfterEffect);
    store.open_upload(&private_key(), None).await.expect_err("planned");
    assert_eq!(store.uploads(), [(Visibility::Private, private_key().path())]);

    let store = MemoryStore::default();
    let (key, upload) = uploaded(&store).await;
    store.fail_next(Operation::Complete, Failure::AfterEffect);
    assert_eq!(complete(&store, &key, &upload).await, (CompleteAnswer::Unknown, None));
    assert_eq!(store.objects(), [(Visibility::Private, key.path())]);
}

#[tokio::test]
async fn complete_answers_as_planned_and_does_nothing() {
    let store = MemoryStore::default();
    let (key, upload) = uploaded(&store).await;
    store.fail_next(Operation::Complete, Failure::Answer(CompleteAnswer::InvalidPart));
    assert_eq!(complete(&store, &key, &upload).await, (CompleteAnswer::InvalidPart, None));
    assert_eq!(store.objects(), []);
}

#[tokio::test]
async fn a_second_complete_answers_as_chosen() {
    for (second, expected) in [
        (SecondComplete::Succeeds, CompleteAnswer::Unknown),
        (SecondComplete::NoSuchUpload, CompleteAnswer::NoSuchUpload),
        (SecondComplete::AccessDenied, CompleteAnswer::Unknown),
    ] {
        let store = MemoryStore::new(second);
        let (key, upload) = uploaded(&store).await;
        let (_, first) = complete(&store, &key, &upload).await;
        let (answer, etag) = complete(&store, &key, &upload).await;
        assert_eq!(answer, expected, "{second:?}");
        assert_eq!(etag, first.filter(|_| second == SecondComplete::Succeeds));
        // A repeated Complete brings nothing back.
        store.lose_object(&key);
        store.complete(&key, &upload, &[part()], None).await;
        assert_eq!(store.objects(), [], "{second:?}");
    }
}

fn part() -> Part {
    Part { number: number(1), size: ByteCount(100), etag: ETag::new("any") }
}

#[tokio::test]
async fn traffic_counts_parts_and_inspections() {
    let store = MemoryStore::default();
    let (key, upload) = uploaded(&store).await;
    complete(&store, &key, &upload).await;
    let etag = store.head(&key).await.expect("HEAD answers").expect("the object").etag;
    store.read(&key, &etag, 0, ByteCount(64)).await.expect("a read");
    let expected = Traffic { sent_by_clients: ByteCount(100), read_by_server: ByteCount(64) };
    assert_eq!(store.traffic(), expected);
}

#[tokio::test]
#[should_panic(expected = "frozen parts are sorted")]
async fn unsorted_parts_are_the_callers_mistake() {
    let store = MemoryStore::default();
    let key = key(Visibility::Private, 1);
    let second = Part { number: number(2), ..part() };
    store.complete(&key, &UploadId("any".to_owned()), &[second, part()], None).await;
}
