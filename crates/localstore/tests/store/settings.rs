//! CORS and lifecycle as settings, tags, deletions of many.

use crate::support::{BUCKET, PUBLIC, Store, refusal};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, CorsConfiguration, CorsRule, Delete,
    ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, ObjectIdentifier, Tag, Tagging,
};
use jiff::{SignedDuration, Timestamp};

#[tokio::test]
async fn cors_rules_are_kept_and_removed() {
    let store = Store::start().await;
    let get = || store.client.get_bucket_cors().bucket(PUBLIC).send();
    assert_eq!(refusal(get().await), (404, "NoSuchCORSConfiguration".into()));
    let rule =
        CorsRule::builder().allowed_methods("GET").allowed_origins("*").max_age_seconds(5).build().expect("a rule");
    let put = |rule: CorsRule| {
        let rules = CorsConfiguration::builder().cors_rules(rule).build().expect("rules");
        store.client.put_bucket_cors().bucket(PUBLIC).cors_configuration(rules).send()
    };
    put(rule.clone()).await.expect("a setting");
    assert_eq!(get().await.expect("rules").cors_rules(), [rule]);
    let odd = CorsRule::builder().allowed_methods("PATCH").allowed_origins("*").build().expect("a rule");
    assert_eq!(refusal(put(odd).await), (400, "InvalidRequest".into()));
    store.client.delete_bucket_cors().bucket(PUBLIC).send().await.expect("a removal");
    assert_eq!(refusal(get().await).0, 404);
}

#[tokio::test]
async fn old_uploads_are_aborted_by_their_rule() {
    let store = Store::start().await;
    let rule = LifecycleRule::builder()
        .id("r")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("v/").build())
        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::builder().days_after_initiation(9).build())
        .build()
        .expect("a rule");
    let put = |rule: LifecycleRule| {
        let rules = BucketLifecycleConfiguration::builder().rules(rule).build().expect("rules");
        store.client.put_bucket_lifecycle_configuration().bucket(BUCKET).lifecycle_configuration(rules).send()
    };
    put(rule.clone()).await.expect("a setting");
    let kept = store.client.get_bucket_lifecycle_configuration().bucket(BUCKET).send().await.expect("rules");
    assert_eq!(kept.rules(), std::slice::from_ref(&rule));
    let expiring = LifecycleRule::builder()
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .expiration(LifecycleExpiration::builder().days(1).build())
        .build()
        .expect("a rule");
    assert_eq!(refusal(put(expiring).await), (501, "NotImplemented".into()), "what is not done is not accepted");
    let doomed = store.create_upload("v/1").await;
    store.upload_part("v/1", &doomed, 1, vec![1; 99]).await;
    store.create_upload("w/1").await;
    let days = |days: i64| Timestamp::now() + SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(1);
    assert_eq!(store.server.sweep(days(8)).await.aborted_uploads, 0);
    assert_eq!(store.server.sweep(days(9)).await.aborted_uploads, 1);
    assert!(store.files("blobs").is_empty());
    let open = store.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a list");
    assert_eq!(open.uploads().iter().filter_map(|u| u.key()).collect::<Vec<_>>(), ["w/1"]);
    store.client.delete_bucket_lifecycle().bucket(BUCKET).send().await.expect("a removal");
    let gone = store.client.get_bucket_lifecycle_configuration().bucket(BUCKET).send().await;
    assert_eq!(refusal(gone), (404, "NoSuchLifecycleConfiguration".into()));
}

#[tokio::test]
async fn tags_are_kept_replaced_and_limited() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(BUCKET).key("t").tagging("a=1&b=x%20y").body(vec![1].into());
    put.send().await.expect("a put");
    let get = || store.client.get_object_tagging().bucket(BUCKET).key("t").send();
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().expect("a tag");
    assert_eq!(get().await.expect("tags").tag_set(), [tag("a", "1"), tag("b", "x y")]);
    let replace = |tags: Vec<Tag>| {
        let tagging = Tagging::builder().set_tag_set(Some(tags)).build().expect("tags");
        store.client.put_object_tagging().bucket(BUCKET).key("t").tagging(tagging).send()
    };
    replace(vec![tag("c", "")]).await.expect("other tags");
    assert_eq!(get().await.expect("tags").tag_set(), [tag("c", "")]);
    let many = (0..11).map(|n| tag(&n.to_string(), "")).collect();
    assert_eq!(refusal(replace(many).await), (400, "BadRequest".into()));
    assert_eq!(refusal(replace(vec![tag("d", ""), tag("d", "")]).await), (400, "InvalidTag".into()));
    store.client.delete_object_tagging().bucket(BUCKET).key("t").send().await.expect("no tags");
    assert!(get().await.expect("tags").tag_set().is_empty());
    assert_eq!(store.bytes("t").await, [1], "the bytes are untouched");
}

#[tokio::test]
async fn many_are_deleted_at_once() {
    let store = Store::start().await;
    for key in ["a", "b", "c"] {
        store.put(key, key).await;
    }
    let object = |key: &str| ObjectIdentifier::builder().key(key).build().expect("an identifier");
    let delete = Delete::builder().objects(object("a")).objects(object("none")).objects(object("c")).build();
    let call = store.client.delete_objects().bucket(BUCKET).delete(delete.expect("a list"));
    let done = call.send().await.expect("an answer");
    assert_eq!(done.deleted().len(), 3, "what is not there counts as deleted");
    assert!(done.errors().is_empty());
    let left = store.client.list_objects_v2().bucket(BUCKET).send().await.expect("a list");
    assert_eq!(left.contents().iter().filter_map(|object| object.key()).collect::<Vec<_>>(), ["b"]);
}
