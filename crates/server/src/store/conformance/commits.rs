//! Cases about Complete and about the object it makes.

use bytes::Bytes;
use domain::{
    ByteCount, ChecksumAlgorithm, ChecksumValue, CompleteAnswer, DeclaredChecksum, ETag, ObjectHead, ObjectKey, Part,
    Reason, UploadId, Visibility,
};

use super::super::Completion;
use super::{Difference, Harness, bytes, differs, key, listed, number, open, private_key, send, stored};

const MIB: usize = 1 << 20;

async fn head(harness: &impl Harness, key: &ObjectKey) -> Option<ObjectHead> {
    harness.store().head(key).await.expect("HEAD answers")
}

/// Opens an upload and sends `contents` as parts 1, 2, ...
async fn arrived(
    harness: &impl Harness,
    key: &ObjectKey,
    checksum: Option<ChecksumAlgorithm>,
    contents: &[Bytes],
) -> (UploadId, Vec<Part>) {
    let upload = open(harness, key, checksum).await;
    for (content, n) in contents.iter().zip(1..) {
        send(harness, key, &upload, n, content).await;
    }
    let parts = listed(harness, key, &upload).await;
    (upload, parts)
}

/// A file of one byte is an upload of one part: the last part has no minimum size.
pub async fn one_small_part_becomes_an_object(harness: &impl Harness) {
    let key = private_key();
    let (upload, parts) = arrived(harness, &key, None, &[bytes(7, 1)]).await;
    let completion = harness.store().complete(&key, &upload, &parts, None).await;
    assert_eq!(completion.answer, CompleteAnswer::Unknown);
    let found = head(harness, &key).await.expect("the object is there");
    assert_eq!(found.size, ByteCount(1));
    assert_eq!(found.content_type.as_deref(), Some("video/mp4"));
    assert!(completion.etag.is_none_or(|etag| etag == found.etag), "Complete and HEAD name two ETags");
    assert_eq!(harness.store().list_uploads(&key).await.expect("uploads are listed"), []);
}

/// The parts' bytes follow each other in number order.
pub async fn many_parts_become_one_object(harness: &impl Harness) {
    let key = key(Visibility::Public, 1);
    let contents = [bytes(1, 5 * MIB), bytes(2, 5 * MIB), bytes(3, 3)];
    let (upload, parts) = arrived(harness, &key, None, &contents).await;
    let completion = harness.store().complete(&key, &upload, &parts, None).await;
    assert_eq!(completion.answer, CompleteAnswer::Unknown);
    let found = head(harness, &key).await.expect("the object is there");
    assert_eq!(found.size, ByteCount((10 * MIB + 3) as u64));
    assert_eq!(found.content_type.as_deref(), Some("image/jpeg"));
    assert!(found.etag.as_str().ends_with("-3"), "{:?}", found.etag);
    is_public(harness, &key, contents.concat().into()).await;
}

/// What anybody reads of a public object.
async fn is_public(harness: &impl Harness, key: &ObjectKey, content: Bytes) {
    let expected = (!differs(harness, Difference::NothingIsPublic)).then_some(content);
    assert!(harness.read_anonymously(key).await == expected, "what anybody reads is not what was sent");
}

/// Whether an upload with a checksum takes parts of clients that send none with them.
async fn takes_bare_parts(harness: &impl Harness, algorithm: ChecksumAlgorithm) -> bool {
    if !differs(harness, Difference::ChecksumInEveryPart) {
        return true;
    }
    let key = private_key();
    let upload = open(harness, &key, Some(algorithm)).await;
    assert_eq!(harness.send_part(&key, &upload, number(1), bytes(1, 100)).await, None);
    assert_eq!(listed(harness, &key, &upload).await, []);
    false
}

async fn keeps_checksum(harness: &impl Harness, algorithm: ChecksumAlgorithm) {
    if !takes_bare_parts(harness, algorithm).await {
        return;
    }
    let key = private_key();
    let contents = [bytes(1, 5 * MIB), bytes(2, 12_345)];
    let (upload, parts) = arrived(harness, &key, Some(algorithm), &contents).await;
    let value = harness.checksum(algorithm, &contents);
    let declared = DeclaredChecksum { algorithm, value: Some(value.clone()) };
    let completion = harness.store().complete(&key, &upload, &parts, Some(&declared)).await;
    assert_eq!(completion.answer, CompleteAnswer::Unknown);
    let found = head(harness, &key).await.expect("the object is there");
    assert_eq!(found.checksum, kept(harness, algorithm, value));
}

/// What HEAD says of a checksum: nothing where the store keeps none, never another one.
fn kept(
    harness: &impl Harness,
    algorithm: ChecksumAlgorithm,
    value: ChecksumValue,
) -> Option<(ChecksumAlgorithm, ChecksumValue)> {
    (!differs(harness, Difference::NoChecksums)).then_some((algorithm, value))
}

/// A declared CRC-64/NVME passes and is found by HEAD.
pub async fn crc64nvme_is_kept_over_the_whole_object(harness: &impl Harness) {
    keeps_checksum(harness, ChecksumAlgorithm::Crc64Nvme).await;
}

/// A declared CRC-32C passes and is found by HEAD.
pub async fn crc32c_is_kept_over_the_whole_object(harness: &impl Harness) {
    keeps_checksum(harness, ChecksumAlgorithm::Crc32C).await;
}

/// A declared CRC-32 passes and is found by HEAD.
pub async fn crc32_is_kept_over_the_whole_object(harness: &impl Harness) {
    keeps_checksum(harness, ChecksumAlgorithm::Crc32).await;
}

/// The store then computes what the client did not send.
pub async fn a_checksum_may_be_declared_without_its_value(harness: &impl Harness) {
    let key = private_key();
    let algorithm = ChecksumAlgorithm::Crc64Nvme;
    if !takes_bare_parts(harness, algorithm).await {
        return;
    }
    let content = bytes(9, 1000);
    let (upload, parts) = arrived(harness, &key, Some(algorithm), std::slice::from_ref(&content)).await;
    let declared = DeclaredChecksum { algorithm, value: None };
    harness.store().complete(&key, &upload, &parts, Some(&declared)).await;
    let found = head(harness, &key).await.expect("the object is there");
    assert_eq!(found.checksum, kept(harness, algorithm, harness.checksum(algorithm, &[content])));
}

/// The upload stays alive, so that an Abort can end it. A store that keeps no checksums makes an object that has none, so
/// that nobody takes it for compared.
pub async fn a_wrong_checksum_is_refused_and_leaves_no_object(harness: &impl Harness) {
    let key = private_key();
    let algorithm = ChecksumAlgorithm::Crc64Nvme;
    if !takes_bare_parts(harness, algorithm).await {
        return;
    }
    let (upload, parts) = arrived(harness, &key, Some(algorithm), &[bytes(1, 1000)]).await;
    let declared = DeclaredChecksum {
        algorithm,
        value: Some(harness.checksum(algorithm, &[Bytes::from_static(b"something else")])),
    };
    let completion = harness.store().complete(&key, &upload, &parts, Some(&declared)).await;
    if differs(harness, Difference::NoChecksums) {
        assert_eq!(head(harness, &key).await.expect("the object is there").checksum, None);
        return;
    }
    let refused = CompleteAnswer::Refused(Reason::ChecksumMismatch);
    assert_eq!(completion, Completion { answer: refused, etag: None });
    assert_eq!(head(harness, &key).await, None);
    assert_eq!(listed(harness, &key, &upload).await, parts);
}

async fn is_invalid_then_completes(harness: &impl Harness, wrong: &[Part], upload: &UploadId, right: &[Part]) {
    let key = private_key();
    let completion = harness.store().complete(&key, upload, wrong, None).await;
    assert_eq!(completion, Completion { answer: CompleteAnswer::InvalidPart, etag: None });
    assert_eq!(head(harness, &key).await, None);
    harness.store().complete(&key, upload, right, None).await;
    assert!(head(harness, &key).await.is_some(), "the upload did not survive the wrong list");
}

/// An ETag that no part has.
pub async fn a_wrong_etag_is_an_invalid_part(harness: &impl Harness) {
    let (upload, right) = arrived(harness, &private_key(), None, &[bytes(1, 100)]).await;
    let mut wrong = right.clone();
    wrong[0].etag = ETag::new("00000000000000000000000000000000");
    is_invalid_then_completes(harness, &wrong, &upload, &right).await;
}

/// A number that no part has.
pub async fn a_part_that_never_came_is_an_invalid_part(harness: &impl Harness) {
    let (upload, right) = arrived(harness, &private_key(), None, &[bytes(1, 5 * MIB)]).await;
    let mut wrong = right.clone();
    wrong.push(Part { number: number(2), ..right[0].clone() });
    is_invalid_then_completes(harness, &wrong, &upload, &right).await;
}

/// What was frozen is what is completed, or nothing is.
pub async fn a_part_replaced_after_listing_is_an_invalid_part(harness: &impl Harness) {
    let key = private_key();
    let (upload, frozen) = arrived(harness, &key, None, &[bytes(1, 100)]).await;
    send(harness, &key, &upload, 1, &bytes(2, 100)).await;
    let fresh = listed(harness, &key, &upload).await;
    is_invalid_then_completes(harness, &frozen, &upload, &fresh).await;
}

/// S3 puts no parts under 5 MiB together, but for the last.
pub async fn a_small_part_in_the_middle_is_refused(harness: &impl Harness) {
    let key = private_key();
    let (upload, parts) = arrived(harness, &key, None, &[bytes(1, 5 * MIB - 1), bytes(2, 10)]).await;
    let completion = harness.store().complete(&key, &upload, &parts, None).await;
    if differs(harness, Difference::SmallParts) {
        assert_eq!(head(harness, &key).await.map(|found| found.size), Some(ByteCount((5 * MIB + 9) as u64)));
        return;
    }
    let refused = CompleteAnswer::Refused(Reason::RefusedByStore);
    assert_eq!(completion, Completion { answer: refused, etag: None });
    assert_eq!(head(harness, &key).await, None);
}

/// Stores may say success, or that they know no such upload, or nothing of use; the object is the same.
pub async fn a_second_complete_changes_nothing(harness: &impl Harness) {
    let key = private_key();
    let (upload, parts) = arrived(harness, &key, None, &[bytes(1, 100)]).await;
    harness.store().complete(&key, &upload, &parts, None).await;
    let first = head(harness, &key).await.expect("the object is there");
    let again = harness.store().complete(&key, &upload, &parts, None).await;
    match again.answer {
        CompleteAnswer::Unknown => assert!(again.etag.is_none_or(|etag| etag == first.etag)),
        CompleteAnswer::NoSuchUpload => assert_eq!(again.etag, None),
        other @ (CompleteAnswer::NotCalled | CompleteAnswer::InvalidPart | CompleteAnswer::Refused(_)) => {
            panic!("a second Complete says {other:?}")
        }
    }
    assert_eq!(head(harness, &key).await, Some(first));
}

/// A part that was sent and not frozen is in no object.
pub async fn parts_that_were_not_named_are_left_out(harness: &impl Harness) {
    let key = key(Visibility::Public, 1);
    let (upload, parts) = arrived(harness, &key, None, &[bytes(1, 100), bytes(2, 200)]).await;
    let completion = harness.store().complete(&key, &upload, &parts[..1], None).await;
    if differs(harness, Difference::AllPartsOrNone) {
        assert_eq!(completion, Completion { answer: CompleteAnswer::InvalidPart, etag: None });
        assert_eq!(head(harness, &key).await, None);
        assert_eq!(listed(harness, &key, &upload).await, parts);
        return;
    }
    assert_eq!(head(harness, &key).await.map(|found| found.size), Some(ByteCount(100)));
    is_public(harness, &key, bytes(1, 100)).await;
    assert_eq!(harness.store().list_uploads(&key).await.expect("uploads are listed"), []);
}

/// Inspection reads the object that HEAD saw, and no more of it than it asked for.
pub async fn bytes_are_read_from_the_same_object_only(harness: &impl Harness) {
    let key = private_key();
    let content = bytes(5, 1000);
    let etag = stored(harness, &key, &content).await;
    let store = harness.store();
    let first = store.read(&key, &etag, 0, ByteCount(64)).await.expect("a read").expect("the same object");
    assert_eq!(first, content[..64]);
    let all = store.read(&key, &etag, 0, ByteCount::kib(64)).await.expect("a read").expect("the same object");
    assert_eq!(all, content);
    let middle = store.read(&key, &etag, 990, ByteCount(64)).await.expect("a read").expect("the same object");
    assert_eq!(middle, content[990..]);
    let past = store.read(&key, &etag, 1000, ByteCount(64)).await.expect("a read").expect("the same object");
    assert_eq!(past, content[..0]);
    let stale = ETag::new("00000000000000000000000000000000-1");
    assert_eq!(store.read(&key, &stale, 0, ByteCount(64)).await.expect("a read"), None);
}

/// The bucket decides.
pub async fn a_public_object_is_read_by_anybody_and_a_private_one_by_nobody(harness: &impl Harness) {
    let content = bytes(5, 1000);
    let [private, public] = [Visibility::Private, Visibility::Public].map(|visibility| key(visibility, 1));
    stored(harness, &private, &content).await;
    stored(harness, &public, &content).await;
    is_public(harness, &public, content).await;
    assert_eq!(harness.read_anonymously(&private).await, None);
}
