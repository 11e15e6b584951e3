//! Cases about open uploads, their listings, and the buckets they are in.

use domain::Visibility;

use super::super::{More, StoreError};
use super::{Difference, Harness, bytes, differs, key, listed, number, open, private_key, send};

/// An upload exists as soon as it was opened.
pub async fn an_opened_upload_is_listed_and_empty(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    assert_eq!(listed(harness, &key, &upload).await, []);
    assert_eq!(harness.store().list_uploads(&key).await.expect("uploads are listed"), [upload]);
    assert_eq!(harness.store().head(&key).await.expect("HEAD answers"), None);
}

/// Pages hold what was asked for, in number order whatever the order of arrival, and the marker goes on from there.
pub async fn parts_are_listed_in_order_over_pages(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    for n in [3, 10, 1, 2, 9] {
        send(harness, &key, &upload, n, &bytes(n as u8, n as usize)).await;
    }
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let after = seen.last().map(|(number, _)| *number);
        let page = harness.store().list_parts_page(&key, &upload, after, 2).await.expect("a page").expect("the upload");
        pages += 1;
        assert!(page.parts.len() <= 2 && pages <= 4, "a page of 2 has {} parts, {pages} pages", page.parts.len());
        seen.extend(page.parts.into_iter().map(|part| (part.number, part.size.get())));
        if page.more == More::Ends {
            break;
        }
    }
    let expected = [1, 2, 3, 9, 10].map(|n| (number(n), n));
    assert_eq!(seen, expected);
    let all = listed(harness, &key, &upload).await;
    assert_eq!(all.into_iter().map(|part| (part.number, part.size.get())).collect::<Vec<_>>(), expected);
}

/// The last PUT of a number counts, and its ETag is the one in the listing.
pub async fn a_part_sent_again_replaces_the_first(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    let first = send(harness, &key, &upload, 1, &bytes(1, 100)).await;
    let second = send(harness, &key, &upload, 1, &bytes(2, 200)).await;
    assert_ne!(first, second);
    let parts = listed(harness, &key, &upload).await;
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].size.get(), &parts[0].etag), (200, &second));
}

/// Whoever sends a part, it is the same part.
pub async fn a_part_sent_by_the_server_is_like_any_other(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    let content = bytes(7, 1000);
    let sent = harness.store().send_part(&key, &upload, number(1), content.clone()).await.expect("the store answers");
    let sent = sent.expect("the upload exists");
    let parts = listed(harness, &key, &upload).await;
    assert_eq!((parts.len(), parts[0].size.get(), &parts[0].etag), (1, 1000, &sent));
    let replaced = send(harness, &key, &upload, 1, &bytes(8, 10)).await;
    assert_ne!(replaced, sent);
    let again = harness.store().send_part(&key, &upload, number(1), content).await.expect("the store answers");
    assert_eq!(again.expect("the upload exists") != sent, differs(harness, Difference::ETagsOfNothing));
    assert_eq!(listed(harness, &key, &upload).await[0].size.get(), 1000);
}

/// An upload that has ended takes no part, and that is an answer.
pub async fn a_part_sent_by_the_server_needs_its_upload(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    harness.store().abort(&key, &upload).await.expect("an abort is answered");
    let sent = harness.store().send_part(&key, &upload, number(1), bytes(1, 10)).await.expect("the store answers");
    assert_eq!(sent, None);
}

/// A listing by prefix finds longer keys too; the port's does not.
pub async fn uploads_of_longer_keys_are_not_listed(harness: &impl Harness) {
    let key = private_key();
    harness.open_foreign_upload(Visibility::Private, &format!("{}x", key.path())).await;
    harness.open_foreign_upload(Visibility::Private, &format!("{}/part", key.path())).await;
    assert_eq!(harness.store().list_uploads(&key).await.expect("uploads are listed"), []);
    let upload = open(harness, &key, None).await;
    assert_eq!(harness.store().list_uploads(&key).await.expect("uploads are listed"), [upload]);
}

/// An open that was lost and made again leaves two: T9 has to find both.
pub async fn two_uploads_of_one_key_are_both_listed(harness: &impl Harness) {
    let key = private_key();
    let mut opened = [open(harness, &key, None).await.0, open(harness, &key, None).await.0];
    assert_ne!(opened[0], opened[1]);
    let found = harness.store().list_uploads(&key).await.expect("uploads are listed");
    let mut found: Vec<String> = found.into_iter().map(|upload| upload.0).collect();
    opened.sort();
    found.sort();
    assert_eq!(found, opened);
}

/// The visibility of a key is its bucket.
pub async fn the_other_bucket_has_uploads_of_its_own(harness: &impl Harness) {
    let [private, public] = [Visibility::Private, Visibility::Public].map(|visibility| key(visibility, 1));
    let upload = open(harness, &public, None).await;
    assert_eq!(harness.store().list_uploads(&private).await.expect("uploads are listed"), []);
    assert_eq!(harness.store().list_uploads(&public).await.expect("uploads are listed"), [upload]);
}

/// What URLs are signed with works now.
pub async fn signing_credentials_have_not_ended(harness: &impl Harness) {
    let found = harness.store().signing_credentials().await.expect("there are credentials");
    assert!(!found.credentials.access_key_id().is_empty());
    // A harness has credentials that last; the renewal of others has its own tests.
    assert_eq!(found.end, None);
}

/// Readiness.
pub async fn a_well_store_passes_the_probe(harness: &impl Harness) {
    harness.store().probe().await.expect("both buckets answer");
}

/// Readiness notices the loss of the bucket that is asked first,
pub async fn the_probe_finds_a_missing_private_bucket(harness: &impl Harness) {
    harness.remove_bucket(Visibility::Private).await;
    let StoreError::Unavailable(_) = harness.store().probe().await.expect_err("a bucket is missing");
}

/// and of the other.
pub async fn the_probe_finds_a_missing_public_bucket(harness: &impl Harness) {
    harness.remove_bucket(Visibility::Public).await;
    let StoreError::Unavailable(_) = harness.store().probe().await.expect_err("a bucket is missing");
}

/// The most dangerous 404: it would read as "the object is gone", "the upload is gone", "all is destroyed".
pub async fn a_missing_bucket_is_no_answer(harness: &impl Harness) {
    let key = private_key();
    let upload = open(harness, &key, None).await;
    harness.store().abort(&key, &upload).await.expect("an upload is aborted");
    harness.remove_bucket(Visibility::Private).await;
    let store = harness.store();
    store.open_upload(&key, None).await.expect_err("nothing opens in a missing bucket");
    store.head(&key).await.expect_err("HEAD says nothing about a missing bucket");
    store.list_parts_page(&key, &upload, None, 10).await.expect_err("nor does ListParts");
    store.list_uploads(&key).await.expect_err("nor ListMultipartUploads");
    store.abort(&key, &upload).await.expect_err("nor Abort");
    store.delete(&key).await.expect_err("nor DELETE");
}
