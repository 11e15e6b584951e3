//! Faults on purpose, as a client meets them.

use crate::multipart::listed;
use crate::support::{BUCKET, MIB, Store, for_seconds, pattern, refusal};
use localstore::{Fault, FaultRule, Occurrence};
use std::time::{Duration, Instant};

fn once(operation: &str, fault: Fault) -> FaultRule {
    FaultRule::on(operation, Occurrence::Next(1), fault)
}

#[tokio::test]
async fn refusals_have_no_effect_and_pass() {
    let store = Store::start().await;
    let faults = store.server.faults();
    let put = || store.client.put_object().bucket(BUCKET).key("k").body(vec![1].into()).send();
    for (fault, expected) in [
        (Fault::InternalError, (500, "InternalError")),
        (Fault::SlowDown, (503, "SlowDown")),
        (Fault::DiskFull, (507, "InsufficientStorage")),
    ] {
        faults.add(once("PutObject", fault));
        let (status, code) = refusal(put().await);
        assert_eq!((status, code.as_str()), expected);
        assert_eq!(refusal(store.client.head_object().bucket(BUCKET).key("k").send().await).0, 404);
    }
    assert_eq!(faults.fired(), 3);
    faults.clear();
    put().await.expect("no more faults");
    faults.add(once("GetObject", Fault::Expired));
    store.bytes("k").await;
    let url = store.client.get_object().bucket(BUCKET).key("k").presigned(for_seconds(60)).await.expect("a URL");
    let answer = store.http.get(url.uri()).send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.expect("a body").contains("<Message>Request has expired</Message>"));
    assert_eq!(store.http.get(url.uri()).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn lost_answers_come_after_their_effect() {
    let store = Store::start().await;
    let faults = store.server.faults();
    faults.add(once("PutObject", Fault::AnswerLost));
    let lost = store.client.put_object().bucket(BUCKET).key("lost").body(b"1".to_vec().into()).send().await;
    assert!(matches!(lost, Err(aws_sdk_s3::error::SdkError::DispatchFailure(_))), "{lost:?}");
    assert_eq!(store.bytes("lost").await, b"1");
    faults.add(once("PutObject", Fault::AnswerReplaced));
    let replaced = store.client.put_object().bucket(BUCKET).key("replaced").body(b"2".to_vec().into()).send().await;
    assert_eq!(refusal(replaced).0, 500);
    assert_eq!(store.bytes("replaced").await, b"2");
}

#[tokio::test]
async fn complete_answers_200_with_an_error_before_or_after_its_effect() {
    let store = Store::start().await;
    let faults = store.server.faults();
    let upload = store.create_upload("m").await;
    let tag = store.upload_part("m", &upload, 1, vec![7; 10]).await;
    let complete = || {
        let call = store.client.complete_multipart_upload().bucket(BUCKET).key("m").upload_id(&upload);
        call.multipart_upload(listed(&[(1, &tag)])).send()
    };
    faults.add(once("CompleteMultipartUpload", Fault::ErrorBody));
    assert_eq!(refusal(complete().await), (200, "InternalError".into()));
    assert_eq!(refusal(store.client.head_object().bucket(BUCKET).key("m").send().await).0, 404);
    faults.add(once("CompleteMultipartUpload", Fault::ErrorBodyAfterEffect));
    assert_eq!(refusal(complete().await), (200, "InternalError".into()));
    assert_eq!(store.bytes("m").await, [7; 10]);
    complete().await.expect("and again");
}

#[tokio::test]
async fn etags_hide_and_bytes_go_slowly() {
    let store = Store::start().await;
    let faults = store.server.faults();
    faults.add(once("PutObject", Fault::HiddenETag));
    let url = store.client.put_object().bucket(BUCKET).key("k").presigned(for_seconds(60)).await.expect("a URL");
    let put = || store.http.put(url.uri()).header("origin", "https://app.example.com").body(pattern(MIB, 1)).send();
    let hidden = put().await.expect("an answer");
    assert_eq!(hidden.status(), 200);
    assert!(!hidden.headers().contains_key("etag"));
    assert_eq!(hidden.headers()["access-control-expose-headers"], "x-amz-request-id");
    let shown = put().await.expect("an answer");
    assert!(shown.headers().contains_key("etag"));
    let rate = 4 * u64::try_from(MIB).expect("a rate");
    for operation in ["PutObject", "GetObject"] {
        faults.add(once(operation, Fault::BytesPerSecond(rate)));
        let began = Instant::now();
        if operation == "PutObject" {
            assert_eq!(put().await.expect("an answer").status(), 200);
        } else {
            assert_eq!(store.bytes("k").await.len(), MIB);
        }
        // A quarter of a second at least, less the last chunk, which nothing follows.
        assert!(began.elapsed() >= Duration::from_millis(120), "{operation} took {:?}", began.elapsed());
    }
    faults.add(once("HeadObject", Fault::Delay(Duration::from_millis(150))));
    let began = Instant::now();
    store.client.head_object().bucket(BUCKET).key("k").send().await.expect("a head");
    assert!(began.elapsed() >= Duration::from_millis(150));
}
