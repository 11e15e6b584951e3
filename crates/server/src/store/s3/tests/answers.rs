//! Answers that fail, lie or get lost.

use domain::{ByteCount, CompleteAnswer, ETag, ObjectKey, Part, UploadId};
use localstore::{Fault, FaultRule, Occurrence};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::S3Store;
use super::super::conformance::{S3Harness, SECRET, connect};
use crate::store::conformance::{Harness, bytes, number, private_key};
use crate::store::{Completion, Store, StoreError, list_parts};

fn plan(harness: &S3Harness, operation: &str, occurrence: Occurrence, fault: Fault) {
    harness.engine.server.faults().add(FaultRule::on(operation, occurrence, fault));
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
    for (fault, answer) in [
        (Fault::AnswerLost, CompleteAnswer::Unknown),
        // A 500 is asked about: the upload is gone, which may mean either, so HEAD is asked for ten minutes.
        (Fault::AnswerReplaced, CompleteAnswer::NoSuchUpload),
        (Fault::ErrorBodyAfterEffect, CompleteAnswer::Unknown),
    ] {
        let harness = S3Harness::start().await;
        let (key, upload, parts) = arrived(&harness).await;
        plan(&harness, "CompleteMultipartUpload", Occurrence::Next(1), fault.clone());
        // A retry would have been answered with the ETag.
        let completion = harness.store.complete(&key, &upload, &parts, None).await;
        assert_eq!(completion, Completion { answer, etag: None }, "{fault:?}");
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
    store.read(&key, &ETag::new("any"), 0, ByteCount(1)).await.expect_err("read");
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

/// Answers every request with one status and a page, as a proxy or a captive portal does, while `asking` runs.
async fn with_portal(status: &str, asking: impl AsyncFnOnce(S3Store)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let page = "<html><body>Welcome</body></html>";
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: 33\r\n\r\n");
    assert_eq!(page.len(), 33);
    let portal = async {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = Vec::new();
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                let read = stream.read_buf(&mut request).await.expect("a request");
                assert!(read > 0, "a request ended early");
            }
            let body = if request.starts_with(b"HEAD") { "" } else { page };
            stream.write_all(format!("{head}{body}").as_bytes()).await.expect("an answer");
            stream.shutdown().await.expect("an end");
            // The rest of the request, so that the connection ends in peace; a client may also be gone by now.
            let _rest = stream.read_to_end(&mut request).await;
        }
    };
    tokio::select! {
        () = portal => unreachable!("the portal has no end"),
        () = async { asking(connect(&endpoint, SECRET).await).await } => {}
    }
}

#[tokio::test]
async fn a_404_that_is_not_the_stores_says_nothing() {
    with_portal("404 Not Found", async |store| says_nothing(&store).await).await;
}

#[tokio::test]
async fn a_200_that_is_not_the_stores_says_nothing() {
    with_portal("200 OK", async |store| {
        let key = private_key();
        let upload = UploadId("any".to_owned());
        let error = store.open_upload(&key, None).await.expect_err("open_upload");
        let StoreError::Unavailable(cause) = &error;
        assert!(cause.source().is_some(), "what could not be read is kept: {cause:?}");
        store.list_parts_page(&key, &upload, None, 10).await.expect_err("list_parts");
        store.head(&key).await.expect_err("head");
        store.read(&key, &ETag::new("any"), 0, ByteCount(1)).await.expect_err("read");
        store.list_uploads(&key).await.expect_err("list_uploads");
        let part = Part { number: number(1), size: ByteCount(1), etag: ETag::new("any") };
        assert_eq!(store.complete(&key, &upload, &[part], None).await, UNKNOWN);
    })
    .await;
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
