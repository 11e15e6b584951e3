//! What Complete says where the store's profile allows it.

use std::sync::Arc;

use domain::store_profile::{IfNoneMatch, ObjectSizeCheck};
use domain::{
    ByteCount, ChecksumAlgorithm, CompleteAnswer, DeclaredChecksum, ObjectKey, Part, Reason, StoreBehaviour, UploadId,
};

use super::super::S3Store;
use super::super::conformance::{S3Harness, SECRET, settings};
use crate::clock::HostClock;
use crate::store::conformance::{Harness, bytes, checksum, number, private_key};
use crate::store::{Store, list_parts};

/// Another client of the same store, which believes this of it.
async fn believing(harness: &S3Harness, behaviour: StoreBehaviour) -> S3Store {
    let settings = super::super::S3Settings { behaviour, ..settings(&harness.endpoint(), SECRET) };
    S3Store::connect(settings, Arc::new(HostClock)).await.expect("good settings")
}

async fn arrived(harness: &S3Harness, key: &ObjectKey, size: usize) -> (UploadId, Vec<Part>) {
    let upload = harness.store.open_upload(key, None).await.expect("an upload opens");
    harness.send_part(key, &upload, number(1), bytes(5, size)).await.expect("a part arrives");
    let parts = list_parts(&harness.store, key, &upload).await.expect("parts").expect("the upload");
    (upload, parts)
}

#[tokio::test]
async fn an_object_that_is_there_is_replaced_only_where_nobody_knows_better() {
    for (if_none_match, left) in
        [(IfNoneMatch::Unknown, 20), (IfNoneMatch::Ignored, 20), (IfNoneMatch::Atomic, 10), (IfNoneMatch::Racy, 10)]
    {
        let harness = S3Harness::start().await;
        let store = believing(&harness, StoreBehaviour { if_none_match, ..StoreBehaviour::default() }).await;
        let key = private_key();
        for size in [10, 20] {
            let (upload, parts) = arrived(&harness, &key, size).await;
            assert_eq!(store.complete(&key, &upload, &parts, None).await.answer, CompleteAnswer::Unknown);
        }
        let head = store.head(&key).await.expect("HEAD answers").expect("the object");
        assert_eq!(head.size, ByteCount(left), "{if_none_match:?}");
        harness.stop().await;
    }
}

#[tokio::test]
async fn the_size_of_all_parts_is_checked_where_the_store_can() {
    for (object_size, made) in [(ObjectSizeCheck::Unknown, true), (ObjectSizeCheck::Checked, false)] {
        let harness = S3Harness::start().await;
        let store = believing(&harness, StoreBehaviour { object_size, ..StoreBehaviour::default() }).await;
        let key = private_key();
        let (upload, mut parts) = arrived(&harness, &key, 10).await;
        let right = parts.clone();
        parts[0].size = ByteCount(11);
        let answer = store.complete(&key, &upload, &parts, None).await.answer;
        assert_eq!(answer == CompleteAnswer::Refused(Reason::RefusedByStore), !made, "{object_size:?}: {answer:?}");
        assert_eq!(store.head(&key).await.expect("HEAD answers").is_some(), made, "{object_size:?}");
        store.complete(&key, &upload, &right, None).await;
        assert!(store.head(&key).await.expect("HEAD answers").is_some(), "{object_size:?}");
        harness.stop().await;
    }
}

/// Garage refuses every part of an upload with a checksum, because ours carry none.
#[tokio::test]
async fn a_checksum_is_left_out_where_the_store_does_not_compare_it() {
    // Whoever asks for none gets CRC-64/NVME, on S3 as here.
    let algorithm = ChecksumAlgorithm::Crc32C;
    for (checksums, kept) in [(None, true), (Some(vec![]), false), (Some(vec![algorithm]), true)] {
        let harness = S3Harness::start().await;
        let store = believing(&harness, StoreBehaviour { checksums, ..StoreBehaviour::default() }).await;
        let (key, content) = (private_key(), bytes(5, 10));
        let upload = store.open_upload(&key, Some(algorithm)).await.expect("an upload opens");
        harness.send_part(&key, &upload, number(1), content.clone()).await.expect("a part arrives");
        let parts = list_parts(&store, &key, &upload).await.expect("parts").expect("the upload");
        let declared = DeclaredChecksum { algorithm, value: Some(checksum(algorithm, &content)) };
        store.complete(&key, &upload, &parts, Some(&declared)).await;
        let head = store.head(&key).await.expect("HEAD answers").expect("the object");
        assert_eq!(head.checksum.is_some_and(|(found, _)| found == algorithm), kept);
        harness.stop().await;
    }
}
