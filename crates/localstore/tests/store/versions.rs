//! Versioned buckets.

use crate::support::{BUCKET, Store, refusal};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

pub(crate) async fn set(store: &Store, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let call = store.client.put_bucket_versioning().bucket(BUCKET).versioning_configuration(configuration);
    call.send().await.expect("a setting");
}

async fn put(store: &Store, key: &str, bytes: &str) -> Option<String> {
    let call = store.client.put_object().bucket(BUCKET).key(key).body(bytes.as_bytes().to_vec().into());
    call.send().await.expect("a put").version_id
}

#[tokio::test]
async fn versions_are_kept_covered_and_uncovered() {
    let store = Store::start().await;
    assert_eq!(put(&store, "k", "null").await, None, "never versioned: no version ids");
    set(&store, BucketVersioningStatus::Enabled).await;
    let first = put(&store, "k", "first").await.expect("a version");
    let second = put(&store, "k", "second").await.expect("a version");
    let deleted = store.client.delete_object().bucket(BUCKET).key("k").send().await.expect("a delete");
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id().expect("a version").to_owned();
    let store = store.restart().await;
    assert_eq!(refusal(store.client.get_object().bucket(BUCKET).key("k").send().await), (404, "NoSuchKey".into()));
    let of = |version: &str| store.client.get_object().bucket(BUCKET).key("k").version_id(version).send();
    for (version, bytes) in [(first.as_str(), "first"), (second.as_str(), "second"), ("null", "null")] {
        let got = of(version).await.expect(version);
        assert_eq!(got.version_id(), Some(version));
        assert_eq!(got.body.collect().await.expect("a body").to_vec(), bytes.as_bytes());
    }
    assert_eq!(refusal(of(&marker).await), (405, "MethodNotAllowed".into()));
    assert_eq!(refusal(of(&"0".repeat(32)).await), (404, "NoSuchVersion".into()));
    assert_eq!(refusal(of("nonsense").await), (400, "InvalidArgument".into()));
    let listed = store.client.list_object_versions().bucket(BUCKET).send().await.expect("a list");
    let ids: Vec<_> = listed.versions().iter().filter_map(|version| version.version_id()).collect();
    assert_eq!(ids, [second.as_str(), first.as_str(), "null"]);
    assert!(listed.versions().iter().all(|version| version.is_latest() == Some(false)));
    assert_eq!(listed.delete_markers()[0].is_latest(), Some(true));
    assert!(store.client.list_objects_v2().bucket(BUCKET).send().await.expect("a list").contents().is_empty());
    let remove = |version: &str| store.client.delete_object().bucket(BUCKET).key("k").version_id(version).send();
    remove(&marker).await.expect("the marker goes");
    assert_eq!(store.bytes("k").await, b"second");
    remove(&second).await.expect("a version goes");
    assert_eq!(store.bytes("k").await, b"first");
    assert_eq!(store.files("blobs").len(), 2);
}

#[tokio::test]
async fn versions_are_listed_in_pages() {
    let store = Store::start().await;
    set(&store, BucketVersioningStatus::Enabled).await;
    let mut expected = Vec::new();
    for key in ["a", "b", "c"] {
        let mut of_key = Vec::new();
        for round in 0..3 {
            of_key.push((key.to_owned(), put(&store, key, &round.to_string()).await.expect("a version")));
        }
        of_key.reverse();
        expected.extend(of_key);
    }
    for size in [1, 2, 4] {
        let (mut found, mut key, mut version) = (Vec::new(), None, None);
        loop {
            let call = store.client.list_object_versions().bucket(BUCKET).max_keys(size);
            let page = call.set_key_marker(key).set_version_id_marker(version).send().await.expect("a page");
            found
                .extend(page.versions().iter().filter_map(|v| Some((v.key()?.to_owned(), v.version_id()?.to_owned()))));
            key = page.next_key_marker().map(str::to_owned);
            version = page.next_version_id_marker().map(str::to_owned);
            if page.is_truncated() != Some(true) {
                break;
            }
        }
        assert_eq!(found, expected, "in pages of {size}");
    }
}

#[tokio::test]
async fn suspended_versioning_replaces_only_the_null_version() {
    let store = Store::start().await;
    set(&store, BucketVersioningStatus::Enabled).await;
    let kept = put(&store, "k", "kept").await.expect("a version");
    set(&store, BucketVersioningStatus::Suspended).await;
    assert_eq!(put(&store, "k", "one").await.as_deref(), Some("null"));
    assert_eq!(put(&store, "k", "two").await.as_deref(), Some("null"));
    assert_eq!(store.files("blobs").len(), 2, "the first null version was replaced");
    let deleted = store.client.delete_object().bucket(BUCKET).key("k").send().await.expect("a delete");
    assert_eq!((deleted.delete_marker(), deleted.version_id()), (Some(true), Some("null")));
    assert_eq!(store.files("blobs").len(), 1);
    let got = store.client.get_object().bucket(BUCKET).key("k").version_id(kept).send().await.expect("a get");
    assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"kept");
}
