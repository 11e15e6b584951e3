//! Multipart uploads: the whole family, and what it refuses.

use crate::support::{BUCKET, MIB, Store, pattern, refusal};
use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder as Completing;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

pub(crate) fn listed(parts: &[(i32, &str)]) -> CompletedMultipartUpload {
    let part = |(number, tag): &(i32, &str)| CompletedPart::builder().part_number(*number).e_tag(*tag).build();
    CompletedMultipartUpload::builder().set_parts(Some(parts.iter().map(part).collect())).build()
}

fn completing(store: &Store, key: &str, upload: &str, parts: &[(i32, &str)]) -> Completing {
    let call = store.client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(upload);
    call.multipart_upload(listed(parts))
}

#[tokio::test]
async fn parts_become_an_object_without_being_copied() {
    let store = Store::start().await;
    let (first, second) = (pattern(5 * MIB, 1), pattern(123, 2));
    let upload = store.create_upload("m").await;
    let two = store.upload_part("m", &upload, 2, second.clone()).await;
    let one = store.upload_part("m", &upload, 1, first.clone()).await;
    let before = store.files("blobs");
    let parts = [(1, one.as_str()), (2, two.as_str())];
    let done = completing(&store, "m", &upload, &parts).send().await.expect("a completion");
    assert!(done.e_tag().is_some_and(|tag| tag.ends_with("-2\"")));
    assert_eq!(store.files("blobs"), before, "completing moves no bytes");
    let again = completing(&store, "m", &upload, &parts).send().await.expect("the same completion again");
    assert_eq!(again.e_tag(), done.e_tag());
    let store = store.restart().await;
    let later = completing(&store, "m", &upload, &parts).send().await.expect("and after a restart");
    assert_eq!(later.e_tag(), done.e_tag());
    let other = completing(&store, "m", &upload, &parts[..1]).send().await;
    assert_eq!(refusal(other), (404, "NoSuchUpload".into()));
    store.client.abort_multipart_upload().bucket(BUCKET).key("m").upload_id(&upload).send().await.expect("204");
    assert!(store.bytes("m").await == [first, second.clone()].concat(), "an abort after a completion harms nothing");
    let part = store.client.get_object().bucket(BUCKET).key("m").part_number(2).send().await.expect("a part");
    assert_eq!((part.parts_count(), part.content_length()), (Some(2), Some(123)));
    assert_eq!(part.body.collect().await.expect("a body").to_vec(), second);
}

#[tokio::test]
async fn complete_checks_tags_order_and_sizes() {
    let store = Store::start().await;
    let upload = store.create_upload("c").await;
    let one = store.upload_part("c", &upload, 1, pattern(5 * MIB - 1, 1)).await;
    let two = store.upload_part("c", &upload, 2, pattern(5 * MIB, 2)).await;
    let refused = async |parts: &[(i32, &str)]| refusal(completing(&store, "c", &upload, parts).send().await);
    assert_eq!(refused(&[(1, "\"00\"")]).await, (400, "InvalidPart".into()));
    assert_eq!(refused(&[(1, &one), (3, &two)]).await, (400, "InvalidPart".into()));
    assert_eq!(refused(&[(2, &two), (1, &one)]).await, (400, "InvalidPartOrder".into()));
    assert_eq!(refused(&[(1, &one), (1, &one)]).await, (400, "InvalidPartOrder".into()));
    assert_eq!(refused(&[(1, &one), (2, &two)]).await, (400, "EntityTooSmall".into()));
    assert_eq!(refused(&[]).await, (400, "MalformedXML".into()));
    let wrong_size = completing(&store, "c", &upload, &[(2, &two)]).mpu_object_size(1).send().await;
    assert_eq!(refusal(wrong_size), (400, "InvalidRequest".into()));
    // Nothing was lost by all that; a part that is not asked for goes away.
    let right_size = i64::try_from(5 * MIB).expect("a size");
    completing(&store, "c", &upload, &[(2, &two)]).mpu_object_size(right_size).send().await.expect("a completion");
    assert!(store.bytes("c").await == pattern(5 * MIB, 2));
    assert_eq!(store.files("blobs").len(), 1);
    let late = store.client.upload_part().bucket(BUCKET).key("c").upload_id(&upload).part_number(3);
    assert_eq!(refusal(late.body(vec![1].into()).send().await), (404, "NoSuchUpload".into()));
}

#[tokio::test]
async fn after_an_abort_nothing_is_left_and_nothing_goes_in() {
    let store = Store::start().await;
    let upload = store.create_upload("a").await;
    let tag = store.upload_part("a", &upload, 1, pattern(MIB, 1)).await;
    store.client.abort_multipart_upload().bucket(BUCKET).key("a").upload_id(&upload).send().await.expect("an abort");
    assert!(store.files("blobs").is_empty());
    let part = store.client.upload_part().bucket(BUCKET).key("a").upload_id(&upload).part_number(1);
    assert_eq!(refusal(part.body(vec![1].into()).send().await), (404, "NoSuchUpload".into()));
    assert_eq!(refusal(completing(&store, "a", &upload, &[(1, &tag)]).send().await), (404, "NoSuchUpload".into()));
    let parts = store.client.list_parts().bucket(BUCKET).key("a").upload_id(&upload).send().await;
    assert_eq!(refusal(parts), (404, "NoSuchUpload".into()));
    let again = store.client.abort_multipart_upload().bucket(BUCKET).key("a").upload_id(&upload).send().await;
    assert_eq!(refusal(again), (404, "NoSuchUpload".into()));
    assert!(store.files("tmp").is_empty());
    assert!(store.files("buckets/private/uploads").is_empty());
}

#[tokio::test]
async fn a_part_in_flight_while_its_upload_is_aborted_leaves_no_bytes() {
    let store = Store::start().await;
    let upload = store.create_upload("f").await;
    let part = store.client.upload_part().bucket(BUCKET).key("f").upload_id(&upload).part_number(1);
    let url = part.presigned(crate::support::for_seconds(60)).await.expect("a URL");
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let body = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    let sending = tokio::spawn(
        store.http.put(url.uri()).header("content-length", 2 * MIB).body(reqwest::Body::wrap_stream(body)).send(),
    );
    sender.send(Ok(pattern(MIB, 1))).await.expect("half the part");
    crate::races::wait_until(|| !store.files("tmp").is_empty()).await;
    store.client.abort_multipart_upload().bucket(BUCKET).key("f").upload_id(&upload).send().await.expect("an abort");
    sender.send(Ok(pattern(MIB, 2))).await.expect("the other half");
    drop(sender);
    let answer = sending.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status(), 404);
    assert!(store.files("tmp").is_empty());
    assert!(store.files("blobs").is_empty());
}

#[tokio::test]
async fn parts_are_listed_in_order_and_in_pages() {
    let store = Store::start().await;
    let upload = store.create_upload("l").await;
    for number in [7, 2, 9_999, 1, 10_000] {
        store.upload_part("l", &upload, number, vec![b'x'; usize::try_from(number).expect("a size")]).await;
    }
    store.upload_part("l", &upload, 7, b"replaced".to_vec()).await;
    let store = store.restart().await;
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let call = store.client.list_parts().bucket(BUCKET).key("l").upload_id(&upload).max_parts(2);
        let page = call.set_part_number_marker(marker).send().await.expect("a page");
        found.extend(page.parts().iter().filter_map(|part| Some((part.part_number()?, part.size()?))));
        marker = page.next_part_number_marker().map(str::to_owned);
        if page.is_truncated() != Some(true) {
            break;
        }
    }
    assert_eq!(found, [(1, 1), (2, 2), (7, 8), (9_999, 9_999), (10_000, 10_000)]);
    assert_eq!(store.files("blobs").len(), 5, "the replaced part's bytes are gone");
    for number in [0, 10_001, -1] {
        let part = store.client.upload_part().bucket(BUCKET).key("l").upload_id(&upload).part_number(number);
        assert_eq!(refusal(part.body(vec![1].into()).send().await), (400, "InvalidArgument".into()), "{number}");
    }
}

#[tokio::test]
async fn uploads_are_listed_by_key_and_age_and_in_pages() {
    let store = Store::start().await;
    let mut expected = Vec::new();
    for key in ["a/1", "a/2", "b", "c/1"] {
        for _ in 0..2 {
            expected.push((key.to_owned(), store.create_upload(key).await));
        }
    }
    let (mut found, mut key_marker, mut id_marker) = (Vec::new(), None, None);
    loop {
        let call = store.client.list_multipart_uploads().bucket(BUCKET).max_uploads(3);
        let page = call.set_key_marker(key_marker).set_upload_id_marker(id_marker).send().await.expect("a page");
        found.extend(
            page.uploads()
                .iter()
                .map(|u| (u.key().expect("a key").to_owned(), u.upload_id().expect("an id").to_owned())),
        );
        key_marker = page.next_key_marker().map(str::to_owned);
        id_marker = page.next_upload_id_marker().map(str::to_owned);
        if page.is_truncated() != Some(true) {
            break;
        }
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let rolled = store.client.list_multipart_uploads().bucket(BUCKET).delimiter("/").send().await.expect("a page");
    let prefixes: Vec<_> = rolled.common_prefixes().iter().filter_map(|common| common.prefix()).collect();
    assert_eq!(prefixes, ["a/", "c/"]);
    let below = store.client.list_multipart_uploads().bucket(BUCKET).prefix("a/1").send().await.expect("a page");
    assert_eq!(below.uploads().len(), 2);
    let unknown = store.client.upload_part().bucket(BUCKET).key("b").upload_id(&expected[0].1).part_number(1);
    assert_eq!(refusal(unknown.body(vec![1].into()).send().await).1, "NoSuchUpload", "an id of another key");
}

#[tokio::test]
async fn a_broken_body_leaves_no_part_and_no_bytes() {
    let store = Store::start().await;
    let upload = store.create_upload("x").await;
    let part = store.client.upload_part().bucket(BUCKET).key("x").upload_id(&upload).part_number(1);
    let url = part.presigned(crate::support::for_seconds(60)).await.expect("a URL");
    let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
        vec![Ok(pattern(MIB, 1)), Err(std::io::Error::other("the client goes away"))];
    let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    let sent = store.http.put(url.uri()).header("content-length", 2 * MIB).body(body).send().await;
    assert!(sent.is_err());
    crate::races::wait_until(|| store.files("tmp").is_empty()).await;
    assert!(store.files("blobs").is_empty());
    let parts = store.client.list_parts().bucket(BUCKET).key("x").upload_id(&upload).send().await.expect("a list");
    assert!(parts.parts().is_empty());
}
