//! What doctor saw of the store.

use domain::store_profile::{ETagForm, IfNoneMatch, ObjectSizeCheck, SecondComplete};
use domain::{ChecksumAlgorithm, StoreBehaviour, StoreProfile, Timestamp};

use super::Subject;

fn profile(store: &str, if_none_match: IfNoneMatch) -> StoreProfile {
    let behaviour = StoreBehaviour {
        if_none_match,
        object_size: ObjectSizeCheck::Checked,
        etag: ETagForm::Md5OfParts,
        second_complete: SecondComplete::NoSuchUpload,
        checksums: Some(vec![ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32]),
    };
    StoreProfile { store: store.to_owned(), seen_at: Timestamp::UNIX_EPOCH, behaviour }
}

pub(crate) async fn no_profile_before_doctor_looked(subject: Subject) {
    assert_eq!(subject.catalog.load_profile().await.unwrap(), None);
}

pub(crate) async fn the_last_profile_is_kept(subject: Subject) {
    for seen in [profile("first", IfNoneMatch::Atomic), profile("second", IfNoneMatch::Ignored)] {
        subject.catalog.store_profile(&seen).await.unwrap();
        assert_eq!(subject.catalog.load_profile().await.unwrap(), Some(seen));
    }
}
