//! Listings in pages, against a plain model.

use crate::support::{BUCKET, Store};
use std::collections::BTreeSet;

async fn filled() -> (Store, BTreeSet<String>) {
    let store = Store::start().await;
    let mut keys = BTreeSet::new();
    for a in ["a", "b", "b-", "b0", "é", "\u{1F600}"] {
        for b in ["", "/", "/x", "/y/z", "/y/", "//"] {
            keys.insert(format!("{a}{b}"));
        }
    }
    for key in &keys {
        store.put(key, "x").await;
    }
    (store, keys)
}

/// What listing everything at once and rolling up by hand gives: (keys, prefixes).
fn model(keys: &BTreeSet<String>, prefix: &str, delimiter: &str) -> (Vec<String>, Vec<String>) {
    let (mut plain, mut rolled) = (Vec::new(), BTreeSet::new());
    for key in keys.iter().filter(|key| key.starts_with(prefix)) {
        match key[prefix.len()..].find(delimiter).filter(|_| !delimiter.is_empty()) {
            Some(at) => {
                rolled.insert(key[..prefix.len() + at + delimiter.len()].to_owned());
            }
            None => plain.push(key.clone()),
        }
    }
    (plain, rolled.into_iter().collect())
}

#[tokio::test]
async fn pages_of_any_size_add_up_to_the_model() {
    let (store, keys) = filled().await;
    for (prefix, delimiter, size) in [
        ("", "", 7),
        ("", "/", 1),
        ("", "/", 3),
        ("b", "/", 2),
        ("b/", "/", 1),
        ("b/y", "", 100),
        ("é", "//", 2),
        ("none", "/", 5),
    ] {
        let (mut plain, mut rolled, mut token) = (Vec::new(), Vec::new(), None);
        loop {
            let call = store.client.list_objects_v2().bucket(BUCKET).prefix(prefix).max_keys(size);
            let call = if delimiter.is_empty() { call } else { call.delimiter(delimiter) };
            let page = call.set_continuation_token(token).send().await.expect("a page");
            assert!(page.key_count().is_some_and(|count| count <= size));
            plain.extend(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned));
            rolled.extend(page.common_prefixes().iter().filter_map(|common| common.prefix()).map(str::to_owned));
            token = page.next_continuation_token().map(str::to_owned);
            assert_eq!(page.is_truncated(), Some(token.is_some()));
            if token.is_none() {
                break;
            }
        }
        assert_eq!((plain, rolled), model(&keys, prefix, delimiter), "{prefix:?} {delimiter:?} {size}");
    }
}

#[tokio::test]
async fn the_old_listing_pages_by_marker() {
    let (store, keys) = filled().await;
    let (mut plain, mut rolled, mut marker) = (Vec::new(), Vec::new(), None);
    loop {
        let call = store.client.list_objects().bucket(BUCKET).delimiter("/").max_keys(2).set_marker(marker);
        let page = call.send().await.expect("a page");
        plain.extend(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned));
        rolled.extend(page.common_prefixes().iter().filter_map(|common| common.prefix()).map(str::to_owned));
        marker = page.next_marker().map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    assert_eq!((plain, rolled), model(&keys, "", "/"));
}

#[tokio::test]
async fn start_after_and_zero_keys_and_encoding_are_honoured() {
    let (store, keys) = filled().await;
    let after = store.client.list_objects_v2().bucket(BUCKET).start_after("b0/x").send().await.expect("a page");
    let found: Vec<_> = after.contents().iter().filter_map(|object| object.key()).collect();
    let expected: Vec<_> = keys.iter().filter(|key| key.as_str() > "b0/x").collect();
    assert_eq!(found, expected);
    let none = store.client.list_objects_v2().bucket(BUCKET).max_keys(0).send().await.expect("a page");
    assert_eq!((none.key_count(), none.is_truncated()), (Some(0), Some(false)));
    let encoded = store.client.list_objects_v2().bucket(BUCKET).prefix("é").encoding_type("url".into());
    let encoded = encoded.send().await.expect("a page");
    assert_eq!(encoded.prefix(), Some("%C3%A9"));
    assert!(encoded.contents().iter().any(|object| object.key() == Some("%C3%A9/y/z")));
}
