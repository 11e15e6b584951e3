//! Buckets as such.

use crate::support::{BUCKET, PUBLIC, REGION, Store, refusal};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

#[tokio::test]
async fn buckets_are_made_listed_found_and_removed() {
    let store = Store::start().await;
    let here = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(REGION)).build();
    let create = || store.client.create_bucket().bucket("third").create_bucket_configuration(here.clone());
    create().send().await.expect("a bucket");
    assert_eq!(refusal(create().send().await), (409, "BucketAlreadyOwnedByYou".into()));
    store.client.head_bucket().bucket("third").send().await.expect("a bucket");
    let location = store.client.get_bucket_location().bucket("third").send().await.expect("a location");
    assert_eq!(location.location_constraint().map(|l| l.as_str().to_owned()).as_deref(), Some(REGION));
    let listed = store.client.list_buckets().send().await.expect("a list");
    let names: Vec<_> = listed.buckets().iter().filter_map(|bucket| bucket.name()).collect();
    assert_eq!(names, [BUCKET, PUBLIC, "third"]);
    store.client.put_object().bucket("third").key("k").body(vec![1].into()).send().await.expect("a put");
    let delete = || store.client.delete_bucket().bucket("third");
    assert_eq!(refusal(delete().send().await), (409, "BucketNotEmpty".into()));
    store.client.delete_object().bucket("third").key("k").send().await.expect("a delete");
    delete().send().await.expect("a removed bucket");
    assert_eq!(refusal(delete().send().await), (404, "NoSuchBucket".into()));
    assert_eq!(refusal(store.client.head_bucket().bucket("third").send().await).0, 404);
    let put = store.client.put_object().bucket("third").key("k").body(vec![1].into()).send().await;
    assert_eq!(refusal(put), (404, "NoSuchBucket".into()));
    assert!(store.files("blobs").is_empty(), "a refused put leaves nothing");
    create().send().await.expect("the name again");
}

#[tokio::test]
async fn names_s3_refuses_are_refused() {
    let store = Store::start().await;
    for name in ["ab", "Upper", "a..b", "192.168.0.1", "under_score"] {
        let made = store.client.create_bucket().bucket(name).send().await;
        assert_eq!(refusal(made), (400, "InvalidBucketName".into()), "{name}");
        assert!(store.server.ensure_bucket(name, &[]).await.is_err(), "{name}");
    }
}
