//! Copies of objects and into parts.

use crate::multipart::listed;
use crate::support::{BUCKET, MIB, PUBLIC, Store, pattern, refusal};
use aws_sdk_s3::types::MetadataDirective;
use md5::{Digest, Md5};

#[tokio::test]
async fn a_copy_has_its_bytes_and_headers_and_outlives_its_source() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(BUCKET).key("dir/so urce").content_type("image/png").metadata("a", "1");
    let tag = put.body(pattern(MIB, 1).into()).send().await.expect("a put").e_tag.expect("a tag");
    let copy = store.client.copy_object().bucket(PUBLIC).key("copy").copy_source("private/dir/so%20urce");
    let copied = copy.send().await.expect("a copy");
    assert_eq!(copied.copy_object_result().and_then(|result| result.e_tag()), Some(tag.as_str()));
    store.client.delete_object().bucket(BUCKET).key("dir/so urce").send().await.expect("a delete");
    let got = store.client.get_object().bucket(PUBLIC).key("copy").send().await.expect("a get");
    assert_eq!(got.content_type(), Some("image/png"));
    assert_eq!(got.metadata().and_then(|m| m.get("a")).map(String::as_str), Some("1"));
    assert!(got.body.collect().await.expect("a body").to_vec() == pattern(MIB, 1));
    let itself = store.client.copy_object().bucket(PUBLIC).key("copy").copy_source("public/copy");
    assert_eq!(refusal(itself.clone().send().await), (400, "InvalidRequest".into()));
    let changed = itself.metadata_directive(MetadataDirective::Replace).content_type("image/gif");
    changed.send().await.expect("new headers");
    let head = store.client.head_object().bucket(PUBLIC).key("copy").send().await.expect("a head");
    assert_eq!(head.content_type(), Some("image/gif"));
    let missing = store.client.copy_object().bucket(PUBLIC).key("c").copy_source("private/none").send().await;
    assert_eq!(refusal(missing), (404, "NoSuchKey".into()));
    let failed = store.client.copy_object().bucket(PUBLIC).key("c").copy_source("public/copy");
    assert_eq!(refusal(failed.copy_source_if_match("\"00\"").send().await).0, 412);
}

#[tokio::test]
async fn copying_a_multipart_object_makes_a_single_one() {
    let store = Store::start().await;
    let (first, second) = (pattern(5 * MIB, 1), pattern(1_000, 2));
    let upload = store.create_upload("m").await;
    let one = store.upload_part("m", &upload, 1, first.clone()).await;
    let two = store.upload_part("m", &upload, 2, second.clone()).await;
    let complete = store.client.complete_multipart_upload().bucket(BUCKET).key("m").upload_id(&upload);
    complete.multipart_upload(listed(&[(1, &one), (2, &two)])).send().await.expect("a completion");
    let copied =
        store.client.copy_object().bucket(BUCKET).key("s").copy_source("private/m").send().await.expect("a copy");
    let whole = [first, second].concat();
    let md5 = data_encoding::HEXLOWER.encode(&Md5::digest(&whole));
    assert_eq!(copied.copy_object_result().and_then(|r| r.e_tag()), Some(format!("\"{md5}\"").as_str()));
    assert!(store.bytes("s").await == whole);
}

#[tokio::test]
async fn parts_are_copied_by_range() {
    let store = Store::start().await;
    let bytes = pattern(6 * MIB, 1);
    store.put("src", bytes.clone()).await;
    let upload = store.create_upload("t").await;
    let copy = |number, range: &str| {
        let call = store.client.upload_part_copy().bucket(BUCKET).key("t").upload_id(&upload).part_number(number);
        call.copy_source("private/src").copy_source_range(range).send()
    };
    let first = copy(1, &format!("bytes=0-{}", 5 * MIB - 1)).await.expect("a part");
    let second = copy(2, "bytes=10-19").await.expect("a part");
    assert_eq!(refusal(copy(3, &format!("bytes=0-{}", 6 * MIB)).await), (400, "InvalidArgument".into()));
    let tag = |part: &aws_sdk_s3::operation::upload_part_copy::UploadPartCopyOutput| {
        part.copy_part_result().and_then(|result| result.e_tag()).expect("a tag").to_owned()
    };
    let complete = store.client.complete_multipart_upload().bucket(BUCKET).key("t").upload_id(&upload);
    let parts = listed(&[(1, &tag(&first)), (2, &tag(&second))]);
    complete.multipart_upload(parts).send().await.expect("a completion");
    assert!(store.bytes("t").await == [&bytes[..5 * MIB], &bytes[10..20]].concat());
}
