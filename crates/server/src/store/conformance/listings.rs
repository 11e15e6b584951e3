//! Cases about what a bucket holds as a whole, and about its marker.

use domain::reconcile::ListedUpload;
use domain::{Epoch, InstallationId, Marker, TimeSpan, Timestamp, UploadId, Visibility};

use super::super::{KEYS_PER_PAGE, Store, UploadCursor};
use super::{Difference, Harness, bytes, differs, key, open, private_key, stored};
use crate::clock::{Clock as _, HostClock};

const PRIVATE: Visibility = Visibility::Private;
/// In byte order. Some sort another way by locale, by length or by whole steps.
const KEYS: [&str; 8] = ["A/b", "a", "a-b", "a/", "a/b", "a/b/c", "a0", "é"];

async fn object_keys(store: &dyn Store, visibility: Visibility, prefix: &str, limit: u16) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_objects_page(visibility, prefix, after.as_deref(), limit).await.expect("a page");
        assert!(page.objects.len() <= usize::from(limit), "a page of {limit} has {}", page.objects.len());
        found.extend(page.objects.into_iter().map(|object| object.key));
        assert!(page.next.is_none() || page.next > after, "a listing goes on");
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn open_uploads(store: &dyn Store, visibility: Visibility, prefix: &str, limit: u16) -> Vec<ListedUpload> {
    let (mut found, mut after): (Vec<ListedUpload>, Option<UploadCursor>) = (Vec::new(), None);
    loop {
        let page = store.list_open_uploads_page(visibility, prefix, after.as_ref(), limit).await.expect("a page");
        assert!(page.uploads.len() <= usize::from(limit), "a page of {limit} has {}", page.uploads.len());
        found.extend(page.uploads);
        assert_ne!(page.next.as_ref().map(|next| Some(next) == after.as_ref()), Some(true), "a listing goes on");
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn marker(epoch: u64) -> Marker {
    Marker { installation: InstallationId::new(Timestamp::UNIX_EPOCH, &[7; 10]), epoch: Epoch(epoch) }
}

/// The order in which catalogs sort, whatever the length of pages.
pub async fn objects_are_listed_in_byte_order_over_pages(harness: &impl Harness) {
    for key in KEYS.iter().rev() {
        harness.put_foreign_object(PRIVATE, key, bytes(1, 1)).await;
    }
    for limit in [1, 3, KEYS_PER_PAGE] {
        assert_eq!(object_keys(harness.store(), PRIVATE, "", limit).await, KEYS, "pages of {limit}");
    }
}

/// What is listed is what HEAD says, and its time is now.
pub async fn objects_are_listed_with_size_etag_and_time(harness: &impl Harness) {
    let key = private_key();
    let etag = stored(harness, &key, &bytes(1, 100)).await;
    let page = harness.store().list_objects_page(PRIVATE, "", None, KEYS_PER_PAGE).await.expect("a page");
    let found: Vec<_> = page.objects.iter().map(|object| (&object.key, object.size.get(), &object.etag)).collect();
    assert_eq!(found, [(&key.path(), 100, &etag)]);
    let age = HostClock.now().duration_since(page.objects[0].modified);
    assert!(age.abs() < TimeSpan::from_mins(5), "{age}");
}

/// A prefix is a text, not a step, and a listing can begin anywhere.
pub async fn objects_are_listed_by_prefix_and_after(harness: &impl Harness) {
    for key in KEYS {
        harness.put_foreign_object(PRIVATE, key, bytes(1, 1)).await;
    }
    let store = harness.store();
    assert_eq!(object_keys(store, PRIVATE, "a/", 1).await, ["a/", "a/b", "a/b/c"]);
    assert_eq!(object_keys(store, PRIVATE, "b", 1).await, Vec::<String>::new());
    for (prefix, after, expected) in
        [("", "a/b", "a/b/c"), ("", "a.", "a/"), ("a/", "a/b", "a/b/c"), ("a", "A", "a"), ("a0", "a", "a0")]
    {
        let page = store.list_objects_page(PRIVATE, prefix, Some(after), 1).await.expect("a page");
        if differs(harness, Difference::BeginsWithinPrefix) && !after.starts_with(prefix) {
            assert_eq!(page.objects, []);
            continue;
        }
        assert_eq!(page.objects.first().map(|object| object.key.as_str()), Some(expected), "{prefix} {after}");
    }
}

/// The visibility of a key is its bucket.
pub async fn each_bucket_lists_its_own_objects(harness: &impl Harness) {
    let [private, public] = [PRIVATE, Visibility::Public].map(|visibility| key(visibility, 1));
    for key in [&private, &public] {
        stored(harness, key, &bytes(1, 10)).await;
        open(harness, key, None).await;
    }
    for key in [private, public] {
        let visibility = key.visibility();
        assert_eq!(object_keys(harness.store(), visibility, "", KEYS_PER_PAGE).await, [key.path()]);
        let uploads = open_uploads(harness.store(), visibility, "", KEYS_PER_PAGE).await;
        assert_eq!(uploads.into_iter().map(|upload| upload.key).collect::<Vec<_>>(), [key.path()]);
    }
}

/// Several on one key are all there, also where a page ends among them.
pub async fn uploads_are_listed_in_byte_order_over_pages(harness: &impl Harness) {
    let mine = private_key();
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.push((mine.path(), open(harness, &mine, None).await.0));
    }
    let second = key(PRIVATE, 2);
    expected.push((second.path(), open(harness, &second, None).await.0));
    expected.sort();
    for limit in [1, 2, KEYS_PER_PAGE] {
        let listed = open_uploads(harness.store(), PRIVATE, "", limit).await;
        assert!(listed.is_sorted_by(|a, b| a.key <= b.key), "pages of {limit}: {listed:?}");
        let old = listed
            .iter()
            .find(|upload| HostClock.now().duration_since(upload.initiated).abs() >= TimeSpan::from_mins(5));
        assert_eq!(old, None);
        let mut found: Vec<_> = listed.into_iter().map(|upload| (upload.key, upload.id.0)).collect();
        found.sort();
        assert_eq!(found, expected, "pages of {limit}");
    }
}

/// As objects are.
pub async fn uploads_are_listed_by_prefix(harness: &impl Harness) {
    for key in ["a", "a/b", "a/b/c", "b"] {
        harness.open_foreign_upload(PRIVATE, key).await;
    }
    let keys: Vec<String> =
        open_uploads(harness.store(), PRIVATE, "a/", 1).await.into_iter().map(|upload| upload.key).collect();
    assert_eq!(keys, ["a/b", "a/b/c"]);
}

/// Only what can still become an object or holds parts.
pub async fn completed_and_aborted_uploads_are_not_listed(harness: &impl Harness) {
    stored(harness, &private_key(), &bytes(1, 10)).await;
    let aborted: UploadId = open(harness, &key(PRIVATE, 2), None).await;
    harness.store().abort(&key(PRIVATE, 2), &aborted).await.expect("an upload is aborted");
    assert_eq!(open_uploads(harness.store(), PRIVATE, "", KEYS_PER_PAGE).await, []);
}

/// Nothing is no error.
pub async fn an_empty_bucket_lists_nothing(harness: &impl Harness) {
    let store = harness.store();
    assert_eq!(object_keys(store, PRIVATE, "", KEYS_PER_PAGE).await, Vec::<String>::new());
    assert_eq!(open_uploads(store, PRIVATE, "", KEYS_PER_PAGE).await, []);
    assert_eq!(store.find_marker(PRIVATE).await.expect("an answer"), None);
}

/// The last one written counts.
pub async fn a_marker_is_found_as_it_was_written(harness: &impl Harness) {
    let store = harness.store();
    for epoch in [1, 7, u64::try_from(i64::MAX).expect("it is positive")] {
        store.write_marker(PRIVATE, &marker(epoch)).await.expect("a marker is written");
        assert_eq!(store.find_marker(PRIVATE).await.expect("an answer"), Some(marker(epoch)));
    }
}

/// A public bucket can be the wrong one as well.
pub async fn each_bucket_has_a_marker_of_its_own(harness: &impl Harness) {
    let store = harness.store();
    store.write_marker(PRIVATE, &marker(1)).await.expect("a marker is written");
    assert_eq!(store.find_marker(Visibility::Public).await.expect("an answer"), None);
    store.write_marker(Visibility::Public, &marker(2)).await.expect("a marker is written");
    assert_eq!(store.find_marker(PRIVATE).await.expect("an answer"), Some(marker(1)));
}

/// Or every reconcile would report it; and a page that would hold nothing else still leads on.
pub async fn a_marker_is_in_no_listing(harness: &impl Harness) {
    let store = harness.store();
    store.write_marker(PRIVATE, &marker(1)).await.expect("a marker is written");
    assert_eq!(object_keys(store, PRIVATE, "", 1).await, Vec::<String>::new());
    for key in ["a", "z"] {
        harness.put_foreign_object(PRIVATE, key, bytes(1, 1)).await;
    }
    assert_eq!(object_keys(store, PRIVATE, "", 1).await, ["a", "z"]);
}

/// Or everything in it would read as lost.
pub async fn a_missing_bucket_has_no_listing_and_no_marker(harness: &impl Harness) {
    harness.remove_bucket(PRIVATE).await;
    let store = harness.store();
    store.list_objects_page(PRIVATE, "", None, 10).await.expect_err("no listing of a missing bucket");
    store.list_open_uploads_page(PRIVATE, "", None, 10).await.expect_err("no listing of a missing bucket");
    store.find_marker(PRIVATE).await.expect_err("no marker in a missing bucket");
    store.write_marker(PRIVATE, &marker(1)).await.expect_err("no marker into a missing bucket");
}
