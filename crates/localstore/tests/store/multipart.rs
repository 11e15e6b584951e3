//! Multipart uploads.

use crate::support::{BUCKET, MIB, Store, pattern};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

pub fn listed(parts: &[(i32, &str)]) -> CompletedMultipartUpload {
    let part = |(number, tag): &(i32, &str)| CompletedPart::builder().part_number(*number).e_tag(*tag).build();
    CompletedMultipartUpload::builder().set_parts(Some(parts.iter().map(part).collect())).build()
}

#[tokio::test]
async fn parts_become_an_object_without_being_copied() {
    let store = Store::start().await;
    let (first, second) = (pattern(5 * MIB, 1), pattern(123, 2));
    let upload = store.create_upload("m").await;
    let two = store.upload_part("m", &upload, 2, second.clone()).await;
    let one = store.upload_part("m", &upload, 1, first.clone()).await;
    let before = store.files("blobs");
    let parts = listed(&[(1, &one), (2, &two)]);
    let complete = || {
        store.client.complete_multipart_upload().bucket(BUCKET).key("m").upload_id(&upload).multipart_upload(parts.clone())
    };
    let done = complete().send().await.expect("a completion");
    assert!(done.e_tag().is_some_and(|tag| tag.ends_with("-2\"")));
    assert_eq!(store.files("blobs"), before, "completing moves no bytes");
    let again = complete().send().await.expect("the same completion again");
    assert_eq!(again.e_tag(), done.e_tag());
    assert!(store.bytes("m").await == [first, second].concat());
}
