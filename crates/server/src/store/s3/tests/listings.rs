//! Listings of buckets that hold keys which no XML can carry.

use domain::Visibility;

use super::super::conformance::S3Harness;
use crate::store::conformance::{Harness, bytes};
use crate::store::{KEYS_PER_PAGE, Store};

/// In byte order: what XML cannot carry, what its readers change, and what percent-encoding must not confuse.
const ODD: [&str; 6] = ["odd\u{1}", "odd\r", "odd +%2B", "odd%20", "odd\u{fffe}", "odd\u{ffff}"];

#[tokio::test]
async fn odd_keys_are_listed_as_they_are() {
    let harness = S3Harness::start().await;
    let bucket = harness.bucket(Visibility::Private);
    let client = &harness.store.client;
    for odd in ODD {
        let full = harness.store.layout.full_text(odd);
        client.put_object().bucket(bucket).key(&full).body(bytes(1, 10).into()).send().await.expect("a put");
        client.create_multipart_upload().bucket(bucket).key(&full).send().await.expect("an upload");
    }
    let page = harness.store.list_objects_page(Visibility::Private, "", None, KEYS_PER_PAGE).await.expect("a page");
    assert_eq!(page.objects.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ODD);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = harness.store.list_open_uploads_page(Visibility::Private, "", after.as_ref(), 1).await;
        let page = page.expect("a page");
        found.extend(page.uploads.into_iter().map(|upload| upload.key));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, ODD);
    harness.stop().await;
}
