//! What every store must do, as one suite: each case is one test per backend, made by
//! [`store_conformance!`](crate::store_conformance).
//!
//! Not a test of fault handling: the stores here are well. *Invariant*: a case looks at the store only through the port,
//! and through what a client could do ([`Harness`]).

pub mod commits;
pub mod listings;
pub mod removals;
pub mod uploads;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64;
use domain::{
    AssetId, ChecksumAlgorithm, ChecksumValue, CollectionName, ETag, FileKey, MediaType, ObjectKey, Part, PartNumber,
    RoleName, Timestamp, UploadId, Visibility,
};

use super::{Store, list_parts};

/// What a store may do otherwise than AWS without being wrong: the protocol does not depend on it.
///
/// A case that meets one says what must hold instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It keeps no checksums but the ETag: Complete and PUT compare none, HEAD names none.
    NoChecksums,
    /// Complete with less than all the parts that arrived is an invalid part. Ours names all of them.
    AllPartsOrNone,
    /// The refusal of an expired URL does not say that it expired.
    SilentAboutExpiry,
    /// An upload that was opened with a checksum takes no part without one, and ours carry none.
    ChecksumInEveryPart,
    /// It has no bucket policies: nobody reads without a signature, whatever the bucket.
    NothingIsPublic,
    /// It puts parts together that S3 calls too small.
    SmallParts,
    /// DELETE of an object ends the uploads on its key.
    DeleteEndsUploads,
    /// An ETag says nothing of the content: the same bytes sent twice have two, as with encryption by a key service.
    ETagsOfNothing,
    /// A listing that is to begin before its prefix is empty. Ours begin within it.
    BeginsWithinPrefix,
}

/// A store of its own for one case, with what clients and operators do beside the port.
#[async_trait]
pub trait Harness: Send + Sync + Sized {
    /// Starts with two empty buckets.
    async fn start() -> Self;

    /// The store under test.
    fn store(&self) -> &dyn Store;

    /// What it does otherwise than AWS.
    fn differences(&self) -> &'static [Difference] {
        &[]
    }

    /// The store's checksum of an object of these parts. A simulated store's is a symbol, as its contents are.
    fn checksum(&self, algorithm: ChecksumAlgorithm, parts: &[Bytes]) -> ChecksumValue {
        checksum(algorithm, &parts.concat())
    }

    /// Sends a part as a client does. `None`: no such upload.
    async fn send_part(&self, key: &ObjectKey, upload: &UploadId, number: PartNumber, bytes: Bytes) -> Option<ETag>;

    /// What anybody gets of an object without a signature.
    async fn read_anonymously(&self, key: &ObjectKey) -> Option<Bytes>;

    /// Opens an upload on a key of any form, as another program with access to the bucket may. `path` is without the
    /// store's prefix, as [`ObjectKey::path`].
    async fn open_foreign_upload(&self, visibility: Visibility, path: &str);

    /// Puts an object on a key of any form, as another program may. `path` is without the store's prefix.
    async fn put_foreign_object(&self, visibility: Visibility, path: &str, bytes: Bytes);

    /// Takes an empty bucket away.
    async fn remove_bucket(&self, visibility: Visibility);

    /// Ends what `start` began.
    async fn stop(self);
}

/// Makes one `#[tokio::test]` of each case for a [`Harness`].
#[macro_export]
macro_rules! store_conformance {
    ($harness:ty) => {
        $crate::store_conformance!(@cases $harness, uploads:
            an_opened_upload_is_listed_and_empty,
            parts_are_listed_in_order_over_pages,
            a_part_sent_again_replaces_the_first,
            a_part_sent_by_the_server_is_like_any_other,
            a_part_sent_by_the_server_needs_its_upload,
            uploads_of_longer_keys_are_not_listed,
            two_uploads_of_one_key_are_both_listed,
            the_other_bucket_has_uploads_of_its_own,
            signing_credentials_have_not_ended,
            a_well_store_passes_the_probe,
            the_probe_finds_a_missing_private_bucket,
            the_probe_finds_a_missing_public_bucket,
            a_missing_bucket_is_no_answer,
        );
        $crate::store_conformance!(@cases $harness, commits:
            one_small_part_becomes_an_object,
            many_parts_become_one_object,
            crc64nvme_is_kept_over_the_whole_object,
            crc32c_is_kept_over_the_whole_object,
            crc32_is_kept_over_the_whole_object,
            a_checksum_may_be_declared_without_its_value,
            a_wrong_checksum_is_refused_and_leaves_no_object,
            a_wrong_etag_is_an_invalid_part,
            a_part_that_never_came_is_an_invalid_part,
            a_part_replaced_after_listing_is_an_invalid_part,
            a_small_part_in_the_middle_is_refused,
            a_second_complete_changes_nothing,
            parts_that_were_not_named_are_left_out,
            bytes_are_read_from_the_same_object_only,
            a_public_object_is_read_by_anybody_and_a_private_one_by_nobody,
        );
        $crate::store_conformance!(@cases $harness, removals:
            nothing_is_absent_and_no_error,
            an_aborted_upload_is_gone_everywhere,
            aborting_twice_and_what_never_was,
            aborting_one_upload_spares_the_other,
            aborting_a_completed_upload_spares_the_object,
            a_deleted_object_is_gone,
            deleting_twice_and_what_never_was,
            deleting_spares_other_keys_and_uploads,
        );
        $crate::store_conformance!(@cases $harness, listings:
            objects_are_listed_in_byte_order_over_pages,
            objects_are_listed_with_size_etag_and_time,
            objects_are_listed_by_prefix_and_after,
            each_bucket_lists_its_own_objects,
            uploads_are_listed_in_byte_order_over_pages,
            uploads_are_listed_by_prefix,
            completed_and_aborted_uploads_are_not_listed,
            an_empty_bucket_lists_nothing,
            a_marker_is_found_as_it_was_written,
            each_bucket_has_a_marker_of_its_own,
            a_marker_is_in_no_listing,
            a_missing_bucket_has_no_listing_and_no_marker,
        );
    };
    (@cases $harness:ty, $group:ident: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let harness = <$harness as $crate::store::conformance::Harness>::start().await;
                $crate::store::conformance::$group::$case(&harness).await;
                $crate::store::conformance::Harness::stop(harness).await;
            }
        )+
    };
}

/// A key of asset `n`, the same in every run.
pub fn key(visibility: Visibility, n: u8) -> ObjectKey {
    let (role, media) = match visibility {
        Visibility::Private => ("video", MediaType::Mp4),
        Visibility::Public => ("thumbnail", MediaType::Jpeg),
    };
    let asset = AssetId::new(Timestamp::UNIX_EPOCH, &[n; 10]);
    let collection = CollectionName::parse("videos").expect("a name");
    let role = RoleName::parse(role).expect("a name");
    ObjectKey::new(visibility, FileKey::new("member-42".to_owned(), collection, asset, role, media, [n; 16]))
}

/// Whether the store differs from AWS in this.
fn differs(harness: &impl Harness, difference: Difference) -> bool {
    harness.differences().contains(&difference)
}

/// The key most cases use.
pub fn private_key() -> ObjectKey {
    key(Visibility::Private, 1)
}

/// A part's number.
///
/// # Panics
/// If it is none.
pub fn number(n: u64) -> PartNumber {
    PartNumber::new(n).expect("a case uses part numbers")
}

/// `len` bytes that differ by `seed`.
pub fn bytes(seed: u8, len: usize) -> Bytes {
    (0..len).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}

/// Opens an upload that must open.
async fn open(harness: &impl Harness, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>) -> UploadId {
    harness.store().open_upload(key, checksum).await.expect("an upload opens")
}

/// Sends a part that must arrive.
async fn send(harness: &impl Harness, key: &ObjectKey, upload: &UploadId, n: u64, bytes: &Bytes) -> ETag {
    harness.send_part(key, upload, number(n), bytes.clone()).await.expect("a part arrives")
}

/// All parts of an upload that must exist.
async fn listed(harness: &impl Harness, key: &ObjectKey, upload: &UploadId) -> Vec<Part> {
    list_parts(harness.store(), key, upload).await.expect("parts are listed").expect("the upload exists")
}

/// Makes an object of one part and returns its ETag as HEAD says it.
async fn stored(harness: &impl Harness, key: &ObjectKey, content: &Bytes) -> ETag {
    let upload = open(harness, key, None).await;
    send(harness, key, &upload, 1, content).await;
    let parts = listed(harness, key, &upload).await;
    harness.store().complete(key, &upload, &parts, None).await;
    harness.store().head(key).await.expect("HEAD answers").expect("the object is there").etag
}

/// The checksum of `content` as S3 writes it.
pub(crate) fn checksum(algorithm: ChecksumAlgorithm, content: &[u8]) -> ChecksumValue {
    let text = match algorithm {
        ChecksumAlgorithm::Crc64Nvme => BASE64.encode(&crc_fast::crc64_nvme(content).to_be_bytes()),
        ChecksumAlgorithm::Crc32C => BASE64.encode(&crc_fast::crc32_iscsi(content).to_be_bytes()),
        ChecksumAlgorithm::Crc32 => BASE64.encode(&crc_fast::crc32_iso_hdlc(content).to_be_bytes()),
    };
    ChecksumValue::parse(algorithm, &text).expect("a checksum has its algorithm's length")
}
