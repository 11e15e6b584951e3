//! The five algorithms, in headers and trailers, of whole objects and of parts.

use crate::signing::signed;
use crate::support::{BUCKET, MIB, Store, error_of, pattern, refusal};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, ObjectAttributes,
};
use data_encoding::BASE64;
use md5::{Digest, Md5};
use sha2::Sha256;

const ALL: [(ChecksumAlgorithm, &str); 5] = [
    (ChecksumAlgorithm::Crc32, "x-amz-checksum-crc32"),
    (ChecksumAlgorithm::Crc32C, "x-amz-checksum-crc32c"),
    (ChecksumAlgorithm::Crc64Nvme, "x-amz-checksum-crc64nvme"),
    (ChecksumAlgorithm::Sha1, "x-amz-checksum-sha1"),
    (ChecksumAlgorithm::Sha256, "x-amz-checksum-sha256"),
];

/// Values published for the text "123456789", except SHA which any tool computes.
fn known(algorithm: &ChecksumAlgorithm) -> String {
    match algorithm {
        ChecksumAlgorithm::Crc32 => BASE64.encode(&0xcbf4_3926_u32.to_be_bytes()),
        ChecksumAlgorithm::Crc32C => BASE64.encode(&0xe306_9283_u32.to_be_bytes()),
        ChecksumAlgorithm::Crc64Nvme => BASE64.encode(&0xae8b_1486_0a79_9888_u64.to_be_bytes()),
        ChecksumAlgorithm::Sha1 => BASE64.encode(&sha1::Sha1::digest(b"123456789")),
        ChecksumAlgorithm::Sha256 => BASE64.encode(&Sha256::digest(b"123456789")),
        other => panic!("{other} is not one of the five"),
    }
}

#[tokio::test]
async fn every_algorithm_is_verified_and_given_back() {
    let store = Store::start().await;
    for (algorithm, header) in ALL {
        let right = known(&algorithm);
        let put = |value: String| {
            let call = store.client.put_object().bucket(BUCKET).key("c").body(b"123456789".to_vec().into());
            call.customize().mutate_request(move |request| {
                request.headers_mut().insert(header, value.clone());
            })
        };
        let answer = put(right.clone()).send().await.expect("the right value");
        let shown = [
            answer.checksum_crc32(),
            answer.checksum_crc32_c(),
            answer.checksum_crc64_nvme(),
            answer.checksum_sha1(),
            answer.checksum_sha256(),
        ];
        assert_eq!(shown.iter().flatten().collect::<Vec<_>>(), [&right.as_str()], "{algorithm}");
        let head = store.client.head_object().bucket(BUCKET).key("c").checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.expect("a head");
        assert_eq!(head.checksum_type(), Some(&ChecksumType::FullObject), "{algorithm}");
        let mut wrong = BASE64.decode(right.as_bytes()).expect("base64");
        wrong[0] ^= 1;
        assert_eq!(refusal(put(BASE64.encode(&wrong)).send().await), (400, "BadDigest".into()), "{algorithm}");
        assert_eq!(refusal(put("AAA=".into()).send().await), (400, "InvalidRequest".into()), "{algorithm}");
    }
    assert_eq!(store.files("blobs").len(), 1, "what was refused left nothing");
}

#[tokio::test]
async fn an_algorithm_is_named_with_its_value_or_not_at_all() {
    let store = Store::start().await;
    let crc32 = known(&ChecksumAlgorithm::Crc32);
    let id = store.create_upload("m").await;
    for (path, query) in [("/private/c", String::new()), ("/private/m", format!("partNumber=1&uploadId={id}"))] {
        for (headers, expected) in [
            (&[("x-amz-sdk-checksum-algorithm", "CRC32")][..], "InvalidRequest"),
            (&[("x-amz-checksum-crc32", crc32.as_str()), ("x-amz-sdk-checksum-algorithm", "SHA256")], "InvalidRequest"),
            (&[("x-amz-sdk-checksum-algorithm", "CRC32"), ("x-amz-trailer", "x-amz-checksum-sha1")], "InvalidRequest"),
            (&[("x-amz-trailer", "x-amz-checksum-md5")], "InvalidRequest"),
            (&[("x-amz-trailer", "x-amz-checksum-crc32")], "MalformedTrailerError"),
            (&[("x-amz-checksum-crc32", crc32.as_str()), ("x-amz-trailer", "x-amz-checksum-sha1")], "InvalidRequest"),
        ] {
            let put = signed(&store, "PUT", path, &query, headers, b"123456789".to_vec()).send().await;
            let answer = put.expect("an answer");
            assert_eq!(answer.status(), 400, "{headers:?}");
            assert_eq!(error_of(&answer.text().await.expect("a body")).0, expected, "{path} {headers:?}");
        }
        for headers in [
            &[("x-amz-checksum-crc32", crc32.as_str()), ("x-amz-sdk-checksum-algorithm", "crc32")][..],
            // Announced, and sent before the body instead of after it.
            &[("x-amz-checksum-crc32", crc32.as_str()), ("x-amz-trailer", "x-amz-checksum-crc32")],
        ] {
            let put = signed(&store, "PUT", path, &query, headers, b"123456789".to_vec()).send().await;
            assert_eq!(put.expect("an answer").status(), 200, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn the_sdk_computes_checksums_and_the_store_agrees() {
    let store = Store::start().await;
    for (algorithm, _) in ALL {
        let put = store.checking.put_object().bucket(BUCKET).key("c").checksum_algorithm(algorithm.clone());
        put.body(pattern(300_000, 4).into()).send().await.expect("a put");
        let get = store.checking.get_object().bucket(BUCKET).key("c").checksum_mode(ChecksumMode::Enabled);
        // The SDK compares the bytes with the checksum while it reads them.
        let got = get.send().await.expect("a get").body.collect().await.expect("bytes that match their checksum");
        assert!(got.to_vec() == pattern(300_000, 4), "{algorithm}");
    }
}

#[tokio::test]
async fn a_streamed_body_with_a_trailer_is_verified() {
    let store = Store::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("body");
    std::fs::write(&path, pattern(3 * MIB, 5)).expect("a file");
    for (algorithm, _) in ALL {
        let body = aws_sdk_s3::primitives::ByteStream::read_from().path(&path).build().await.expect("a stream");
        let put = store.checking.put_object().bucket(BUCKET).key("t").checksum_algorithm(algorithm.clone()).body(body);
        put.send().await.expect("a put");
        assert!(store.bytes("t").await == pattern(3 * MIB, 5), "{algorithm}: the chunks' frames are not part of it");
        let head = store.checking.head_object().bucket(BUCKET).key("t").send().await.expect("a head");
        assert_eq!(head.content_encoding(), None, "aws-chunked is not the object's encoding");
    }
}

#[tokio::test]
async fn content_md5_is_verified() {
    let store = Store::start().await;
    let put = |md5: String| {
        store.client.put_object().bucket(BUCKET).key("m").content_md5(md5).body(b"hello".to_vec().into()).send()
    };
    put(BASE64.encode(&Md5::digest(b"hello"))).await.expect("the right MD5");
    assert_eq!(refusal(put(BASE64.encode(&Md5::digest(b"other"))).await), (400, "BadDigest".into()));
    assert_eq!(refusal(put("no base64".into()).await), (400, "InvalidDigest".into()));
}

async fn upload(
    store: &Store,
    algorithm: &ChecksumAlgorithm,
    kind: &ChecksumType,
) -> (String, CompletedMultipartUpload) {
    let create = store.checking.create_multipart_upload().bucket(BUCKET).key("p");
    let create = create.checksum_algorithm(algorithm.clone()).checksum_type(kind.clone());
    let id = create.send().await.expect("an upload").upload_id.expect("an id");
    let mut parts = Vec::new();
    for (number, bytes) in [(1, pattern(5 * MIB, 1)), (2, pattern(77, 2))] {
        let send = store.checking.upload_part().bucket(BUCKET).key("p").upload_id(&id).part_number(number);
        let part = send.checksum_algorithm(algorithm.clone()).body(bytes.into()).send().await.expect("a part");
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .set_checksum_crc32(part.checksum_crc32)
                .set_checksum_crc32_c(part.checksum_crc32_c)
                .set_checksum_crc64_nvme(part.checksum_crc64_nvme)
                .set_checksum_sha1(part.checksum_sha1)
                .set_checksum_sha256(part.checksum_sha256)
                .build(),
        );
    }
    (id, CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
}

#[tokio::test]
async fn parts_make_composite_and_full_object_checksums() {
    let store = Store::start().await;
    let whole = [pattern(5 * MIB, 1), pattern(77, 2)].concat();
    for (algorithm, kind) in [
        (ChecksumAlgorithm::Crc32, ChecksumType::FullObject),
        (ChecksumAlgorithm::Crc32C, ChecksumType::FullObject),
        (ChecksumAlgorithm::Crc64Nvme, ChecksumType::FullObject),
        (ChecksumAlgorithm::Crc32, ChecksumType::Composite),
        (ChecksumAlgorithm::Crc32C, ChecksumType::Composite),
        (ChecksumAlgorithm::Sha1, ChecksumType::Composite),
        (ChecksumAlgorithm::Sha256, ChecksumType::Composite),
    ] {
        let (id, parts) = upload(&store, &algorithm, &kind).await;
        let complete = store.checking.complete_multipart_upload().bucket(BUCKET).key("p").upload_id(&id);
        let done = complete.multipart_upload(parts).send().await.expect("a completion");
        assert_eq!(done.checksum_type(), Some(&kind), "{algorithm}");
        let shown = [
            done.checksum_crc32(),
            done.checksum_crc32_c(),
            done.checksum_crc64_nvme(),
            done.checksum_sha1(),
            done.checksum_sha256(),
        ];
        let made = shown.into_iter().flatten().next().expect("a value").to_owned();
        if kind == ChecksumType::Composite {
            assert!(made.ends_with("-2"), "{algorithm}: {made}");
        } else {
            let put = store.checking.put_object().bucket(BUCKET).key("w").checksum_algorithm(algorithm.clone());
            let put = put.body(whole.clone().into()).send().await.expect("a put");
            let shown = [put.checksum_crc32(), put.checksum_crc32_c(), put.checksum_crc64_nvme()];
            assert_eq!(shown.into_iter().flatten().next(), Some(made.as_str()), "{algorithm}");
        }
    }
    let sha_digests = [Sha256::digest(pattern(5 * MIB, 1)), Sha256::digest(pattern(77, 2))].concat();
    let composite = format!("{}-2", BASE64.encode(&Sha256::digest(sha_digests)));
    let attributes = store.checking.get_object_attributes().bucket(BUCKET).key("p");
    let attributes = attributes
        .object_attributes(ObjectAttributes::Checksum)
        .object_attributes(ObjectAttributes::ObjectParts)
        .object_attributes(ObjectAttributes::ObjectSize)
        .send()
        .await
        .expect("attributes");
    assert_eq!(attributes.checksum().and_then(|c| c.checksum_sha256()), Some(composite.as_str()));
    assert_eq!(attributes.object_size(), i64::try_from(whole.len()).ok());
    assert_eq!(attributes.object_parts().and_then(|p| p.total_parts_count()), Some(2));
    assert_eq!(attributes.object_parts().map(|p| p.parts().len()), Some(2));
}

#[tokio::test]
async fn complete_refuses_a_wrong_checksum_and_keeps_the_parts() {
    let store = Store::start().await;
    let (id, parts) = upload(&store, &ChecksumAlgorithm::Crc64Nvme, &ChecksumType::FullObject).await;
    let complete = || {
        let call = store.checking.complete_multipart_upload().bucket(BUCKET).key("p").upload_id(&id);
        call.multipart_upload(parts.clone())
    };
    let wrong = complete().checksum_crc64_nvme(BASE64.encode(&[1; 8])).send().await;
    assert_eq!(refusal(wrong), (400, "BadDigest".into()));
    let kind = complete().checksum_type(ChecksumType::Composite).send().await;
    assert_eq!(refusal(kind), (400, "InvalidRequest".into()));
    complete().send().await.expect("the right one");
    let bare =
        store.checking.create_multipart_upload().bucket(BUCKET).key("q").checksum_algorithm(ChecksumAlgorithm::Sha256);
    let bare = bare.send().await.expect("an upload").upload_id.expect("an id");
    let part = store.client.upload_part().bucket(BUCKET).key("q").upload_id(&bare).part_number(1).body(vec![1].into());
    assert_eq!(refusal(part.send().await), (400, "InvalidRequest".into()), "composite parts need their checksum");
    let odd =
        store.checking.create_multipart_upload().bucket(BUCKET).key("q").checksum_algorithm(ChecksumAlgorithm::Sha256);
    let odd = odd.checksum_type(ChecksumType::FullObject).send().await;
    assert_eq!(refusal(odd), (400, "InvalidRequest".into()), "SHA-256 has no full-object form");
}
