//! Single objects: written, read in ranges and under conditions, deleted.

use crate::support::{BUCKET, MIB, Store, pattern, refusal};
use aws_sdk_s3::primitives::DateTime;

#[tokio::test]
async fn what_is_put_is_got_with_its_headers() {
    let store = Store::start().await;
    let bytes = pattern(3 * MIB + 17, 1);
    store
        .client
        .put_object()
        .bucket(BUCKET)
        .key("a/b.bin")
        .content_type("video/mp4")
        .content_disposition("attachment; filename=\"x.mp4\"")
        .cache_control("max-age=60")
        .content_encoding("identity")
        .content_language("ko")
        .metadata("colour", "blå")
        .body(bytes.clone().into())
        .send()
        .await
        .expect("a put");
    let store = store.restart().await;
    let got = store.client.get_object().bucket(BUCKET).key("a/b.bin").send().await.expect("a get");
    assert_eq!(got.content_type(), Some("video/mp4"));
    assert_eq!(got.content_disposition(), Some("attachment; filename=\"x.mp4\""));
    assert_eq!(got.cache_control(), Some("max-age=60"));
    assert_eq!(got.content_encoding(), Some("identity"));
    assert_eq!(got.content_language(), Some("ko"));
    assert_eq!(got.content_length(), i64::try_from(bytes.len()).ok());
    assert!(got.last_modified().is_some());
    assert_eq!(got.metadata().map(|m| m.len()), Some(1));
    assert!(got.body.collect().await.expect("a body").to_vec() == bytes);
    let head = store.client.head_object().bucket(BUCKET).key("a/b.bin").send().await.expect("a head");
    assert_eq!(head.content_length(), i64::try_from(bytes.len()).ok());
}

#[tokio::test]
async fn ranges_answer_their_bytes() {
    let store = Store::start().await;
    let bytes = pattern(1000, 2);
    store.put("r", bytes.clone()).await;
    for (range, expected) in [
        ("bytes=0-0", &bytes[..1]),
        ("bytes=10-19", &bytes[10..20]),
        ("bytes=990-", &bytes[990..]),
        ("bytes=-7", &bytes[993..]),
        ("bytes=500-5000", &bytes[500..]),
    ] {
        let got = store.client.get_object().bucket(BUCKET).key("r").range(range).send().await.expect(range);
        assert!(got.content_range().is_some_and(|r| r.ends_with("/1000")), "{range}");
        assert_eq!(got.body.collect().await.expect("a body").to_vec(), expected, "{range}");
    }
    let beyond = store.client.get_object().bucket(BUCKET).key("r").range("bytes=1000-").send().await;
    assert_eq!(refusal(beyond), (416, "InvalidRange".into()));
}

#[tokio::test]
async fn reads_obey_conditions() {
    let store = Store::start().await;
    let tag = store.put("c", "x").await;
    let get = || store.client.get_object().bucket(BUCKET).key("c");
    get().if_match(&tag).send().await.expect("the same tag");
    assert_eq!(refusal(get().if_match("\"00\"").send().await).0, 412);
    assert_eq!(refusal(get().if_none_match(&tag).send().await).0, 304);
    get().if_none_match("\"00\"").send().await.expect("another tag");
    let future = DateTime::from_secs(4_000_000_000);
    let past = DateTime::from_secs(1_000_000_000);
    assert_eq!(refusal(get().if_modified_since(future).send().await).0, 304);
    get().if_modified_since(past).send().await.expect("modified since");
    assert_eq!(refusal(get().if_unmodified_since(past).send().await).0, 412);
    get().if_unmodified_since(future).send().await.expect("not modified since");
}

#[tokio::test]
async fn a_deleted_object_is_gone_and_its_bytes_too() {
    let store = Store::start().await;
    store.put("d", pattern(MIB, 3)).await;
    assert_eq!(store.files("blobs").len(), 1);
    for _ in 0..2 {
        store.client.delete_object().bucket(BUCKET).key("d").send().await.expect("a delete");
    }
    assert_eq!(refusal(store.client.get_object().bucket(BUCKET).key("d").send().await), (404, "NoSuchKey".into()));
    assert!(store.files("blobs").is_empty());
    assert!(store.files("tmp").is_empty());
}
