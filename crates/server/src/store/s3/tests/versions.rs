//! DELETE in buckets that keep versions.

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use domain::{ObjectKey, Visibility};

use super::super::conformance::S3Harness;
use crate::store::conformance::{Harness, bytes, number, private_key};
use crate::store::{Store, list_parts};

async fn set_versioning(harness: &S3Harness, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let request = harness.store.client.put_bucket_versioning().bucket(harness.bucket(Visibility::Private));
    request.versioning_configuration(configuration).send().await.expect("versioning is set");
}

async fn stored(harness: &S3Harness, key: &ObjectKey) {
    let upload = harness.store.open_upload(key, None).await.expect("an upload opens");
    harness.send_part(key, &upload, number(1), bytes(5, 1000)).await.expect("a part arrives");
    let parts = list_parts(&harness.store, key, &upload).await.expect("parts").expect("the upload");
    harness.store.complete(key, &upload, &parts, None).await;
}

/// Keys of all versions and delete markers in the private bucket.
async fn versions(harness: &S3Harness) -> Vec<String> {
    let page = harness
        .store
        .client
        .list_object_versions()
        .bucket(harness.bucket(Visibility::Private))
        .send()
        .await
        .expect("a listing");
    let versions = page.versions().iter().filter_map(|version| version.key());
    versions.chain(page.delete_markers().iter().filter_map(|marker| marker.key())).map(str::to_owned).collect()
}

async fn put(harness: &S3Harness, key: &str) {
    let request = harness.store.client.put_object().bucket(harness.bucket(Visibility::Private)).key(key);
    request.body(bytes(1, 10).into()).send().await.expect("an object is put");
}

#[tokio::test]
async fn head_names_the_version() {
    let harness = S3Harness::start().await;
    set_versioning(&harness, BucketVersioningStatus::Enabled).await;
    stored(&harness, &private_key()).await;
    let head = harness.store.head(&private_key()).await.expect("HEAD answers").expect("the object");
    assert!(head.version.is_some());
    harness.stop().await;
}

#[tokio::test]
async fn all_versions_and_markers_of_exactly_the_key_go() {
    let harness = S3Harness::start().await;
    let full_key = harness.store.layout.full_key(&private_key());
    // The oldest version is from before the bucket kept versions.
    put(&harness, &full_key).await;
    set_versioning(&harness, BucketVersioningStatus::Enabled).await;
    let longer = format!("{full_key}x");
    put(&harness, &longer).await;
    put(&harness, &full_key).await;
    stored(&harness, &private_key()).await;
    let plain = harness.store.client.delete_object().bucket(harness.bucket(Visibility::Private)).key(&full_key);
    plain.send().await.expect("a marker is put");
    assert_eq!(versions(&harness).await.len(), 5);
    harness.store.delete(&private_key()).await.expect("all versions are deleted");
    assert_eq!(versions(&harness).await, [longer]);
    harness.store.delete(&private_key()).await.expect("and again");
    assert_eq!(harness.store.head(&private_key()).await.expect("HEAD answers"), None);
    harness.stop().await;
}

#[tokio::test]
async fn versions_go_when_the_bucket_no_longer_makes_new_ones() {
    let harness = S3Harness::start().await;
    set_versioning(&harness, BucketVersioningStatus::Enabled).await;
    stored(&harness, &private_key()).await;
    set_versioning(&harness, BucketVersioningStatus::Suspended).await;
    harness.store.delete(&private_key()).await.expect("all versions are deleted");
    assert_eq!(versions(&harness).await, [""; 0]);
    harness.stop().await;
}
