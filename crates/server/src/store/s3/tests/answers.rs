//! Answers that fail, lie or get lost.

use domain::{ByteCount, CompleteAnswer, ETag, ObjectKey, Part, UploadId};
use localstore::{Fault, FaultRule, Occurrence};

use super::super::conformance::{S3Harness, SECRET, connect};
use crate::store::conformance::{Harness, bytes, number, private_key};
use crate::store::{Completion, Store, StoreError, list_parts};

fn plan(harness: &S3Harness, operation: &str, occurrence: Occurrence, fault: Fault) {
    harness.server.faults().add(FaultRule::on(operation, occurrence, fault));
}

async fn arrived(harness: &S3Harness) -> (ObjectKey, UploadId, Vec<Part>) {
    let key = private_key();
    let upload = harness.store.open_upload(&key, None).await.expect("an upload opens");
    harness.send_part(&key, &upload, number(1), bytes(5, 1000)).await.expect("a part arrives");
    let parts = list_parts(&harness.store, &key, &upload).await.expect("parts").expect("the upload");
    (key, upload, parts)
}

const UNKNOWN: Completion = Completion { answer: CompleteAnswer::Unknown, etag: None };

#[tokio::test]
async fn an_open_is_never_sent_twice() {
    let harness = S3Harness::start().await;
    plan(&harness, "CreateMultipartUpload", Occurrence::Next(1), Fault::AnswerReplaced);
    harness.store.open_upload(&private_key(), None).await.expect_err("500");
    // A retry would have succeeded and left two.
    assert_eq!(harness.store.list_uploads(&private_key()).await.expect("uploads are listed").len(), 1);
    harness.stop().await;
}

#[tokio::test]
async fn reads_are_sent_again() {
    let harness = S3Harness::start().await;
    for operation in ["HeadObject", "ListMultipartUploads"] {
        plan(&harness, operation, Occurrence::Next(1), Fault::SlowDown);
    }
    assert_eq!(harness.store.head(&private_key()).await.expect("the second attempt answers"), None);
    assert_eq!(harness.store.list_uploads(&private_key()).await.expect("the second attempt answers"), []);
    harness.stop().await;
}

#[tokio::test]
async fn an_error_in_a_200_is_no_success() {
    let harness = S3Harness::start().await;
    let (key, upload, parts) = arrived(&harness).await;
    plan(&harness, "CompleteMultipartUpload", Occurrence::Next(1), Fault::ErrorBody);
    assert_eq!(harness.store.complete(&key, &upload, &parts, None).await, UNKNOWN);
    assert_eq!(harness.store.head(&key).await.expect("HEAD answers"), None);
    harness.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_or_wrong_leaves_the_verdict_to_head() {
    for fault in [Fault::AnswerLost, Fault::AnswerReplaced, Fault::ErrorBodyAfterEffect] {
        let harness = S3Harness::start().await;
        let (key, upload, parts) = arrived(&harness).await;
        plan(&harness, "CompleteMultipartUpload", Occurrence::Next(1), fault.clone());
        // A retry would have been answered with the ETag.
        assert_eq!(harness.store.complete(&key, &upload, &parts, None).await, UNKNOWN, "{fault:?}");
        assert!(harness.store.head(&key).await.expect("HEAD answers").is_some(), "{fault:?}");
        harness.stop().await;
    }
}

#[tokio::test]
async fn a_head_without_etag_is_no_answer() {
    let harness = S3Harness::start().await;
    let (key, upload, parts) = arrived(&harness).await;
    harness.store.complete(&key, &upload, &parts, None).await;
    plan(&harness, "HeadObject", Occurrence::Always, Fault::HiddenETag);
    harness.store.head(&key).await.expect_err("nothing to compare with");
    harness.stop().await;
}

async fn says_nothing(store: &dyn Store) {
    let key = private_key();
    let upload = UploadId("any".to_owned());
    let part = Part { number: number(1), size: ByteCount(1), etag: ETag::new("any") };
    store.open_upload(&key, None).await.expect_err("open_upload");
    store.list_parts_page(&key, &upload, None, 10).await.expect_err("list_parts");
    store.head(&key).await.expect_err("head");
    store.read_first(&key, &ETag::new("any"), ByteCount(1)).await.expect_err("read_first");
    store.abort(&key, &upload).await.expect_err("abort");
    store.delete(&key).await.expect_err("delete");
    store.list_uploads(&key).await.expect_err("list_uploads");
    store.probe().await.expect_err("probe");
    assert_eq!(store.complete(&key, &upload, &[part], None).await, UNKNOWN);
}

#[tokio::test]
async fn a_forbidden_store_says_nothing() {
    let harness = S3Harness::start().await;
    let stranger = connect(&harness.endpoint(), "another secret").await;
    says_nothing(&stranger).await;
    harness.stop().await;
}

#[tokio::test]
async fn errors_name_the_cause_and_keep_secrets() {
    let harness = S3Harness::start().await;
    let stranger = connect(&harness.endpoint(), "another-secret").await;
    let error = stranger.list_uploads(&private_key()).await.expect_err("403");
    assert_eq!(error.to_string(), "the object store is unavailable");
    let StoreError::Unavailable(source) = &error;
    let cause = source.to_string();
    assert!(cause.contains("list_uploads") && cause.contains("403"), "{cause}");
    assert!(cause.contains("SignatureDoesNotMatch"), "{cause}");
    let mut printed = format!("{error:?} {cause}");
    let mut next = source.source();
    while let Some(error) = next {
        printed.push_str(&error.to_string());
        next = error.source();
    }
    // The server's answer repeats the string to sign; nothing of it is kept.
    for secret in ["another-secret", SECRET, "AWS4-HMAC-SHA256", "aws4_request"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn a_store_that_is_not_there_says_nothing() {
    let harness = S3Harness::start().await;
    let endpoint = harness.endpoint();
    harness.stop().await;
    let store = connect(&endpoint, SECRET).await;
    let error = store.open_upload(&private_key(), None).await.expect_err("nobody listens");
    assert!(format!("{error:?}").contains("OpenUpload"), "{error:?}");
    let part = Part { number: number(1), size: ByteCount(1), etag: ETag::new("any") };
    assert_eq!(store.complete(&private_key(), &UploadId("any".to_owned()), &[part], None).await, UNKNOWN);
}

#[tokio::test]
async fn listings_go_over_all_pages() {
    let harness = S3Harness::start().await;
    let key = private_key();
    // One more than S3 puts on a page, opened 50 at a time.
    let mut opened = Vec::new();
    while opened.len() < 1001 {
        let batch = 50.min(1001 - opened.len());
        let some = (0..batch).map(|_| harness.store.open_upload(&key, None));
        opened.extend(futures::future::try_join_all(some).await.expect("uploads open").into_iter().map(|id| id.0));
    }
    let found = harness.store.list_uploads(&key).await.expect("uploads are listed");
    let mut found: Vec<String> = found.into_iter().map(|id| id.0).collect();
    found.sort();
    opened.sort();
    assert_eq!(found, opened);
    harness.stop().await;
}
