//! Any key S3 takes is one file's content here, and none leaves the folder.

use crate::support::{BUCKET, Store, files_below, refusal};

fn odd_keys() -> Vec<String> {
    let mut keys: Vec<String> = [
        "plain",
        ".",
        "..",
        "../../../../etc/passwd",
        "/",
        "//",
        "/leading",
        "trailing/",
        "a//b",
        "a/../b",
        "a/./b",
        "sp ace",
        "+plus",
        "per%20cent",
        "a&b=c",
        "q?x",
        "#hash",
        "quote\"'",
        "<xml>&amp;",
        "back\\slash",
        "caf\u{e9}",
        "e\u{301}",
        "\u{1F600}/\u{1F4A9}",
        "한국어/영상.mp4",
        "tab\tinside",
        "new\nline",
        "bell\u{7}",
        "con",
        ".lock",
        "bucket.json",
        "\u{FFFD}",
        "\u{10FFFF}",
        "*",
        "~",
        "semi;colon",
        "x:y",
        "|",
        "{}",
        "[]",
        "^",
        "`",
    ]
    .map(str::to_owned)
    .into();
    keys.push("n".repeat(1024));
    keys.push(format!("{}/{}", "d".repeat(500), "f".repeat(500)));
    keys.push("한".repeat(341));
    keys
}

#[tokio::test]
async fn odd_keys_come_back_and_stay_inside() {
    let store = Store::start().await;
    let outside = store.folder.path().join("..");
    let before: std::collections::BTreeSet<_> =
        std::fs::read_dir(&outside).expect("a folder").flatten().map(|entry| entry.path()).collect();
    let keys = odd_keys();
    for key in &keys {
        store.put(key, key.as_bytes()).await;
    }
    let store = store.restart().await;
    for key in &keys {
        assert_eq!(store.bytes(key).await, key.as_bytes(), "{key:?}");
    }
    let listed =
        store.client.list_objects_v2().bucket(BUCKET).encoding_type("url".into()).send().await.expect("a list");
    let mut expected = keys.clone();
    expected.sort();
    let decode = |key: &str| percent_encoding::percent_decode_str(key).decode_utf8().expect("UTF-8").into_owned();
    let found: Vec<_> = listed.contents().iter().filter_map(|object| object.key()).map(decode).collect();
    assert_eq!(found, expected, "in the order of UTF-8 bytes");
    let own = files_below(store.folder.path());
    assert!(own.iter().all(|path| path.starts_with(store.folder.path())));
    let after: std::collections::BTreeSet<_> =
        std::fs::read_dir(&outside).expect("a folder").flatten().map(|entry| entry.path()).collect();
    assert!(after.difference(&before).all(|path| !path.ends_with("etc")), "nothing of ours beside the folder");
    for key in &keys {
        store.client.delete_object().bucket(BUCKET).key(key).send().await.expect("a delete");
    }
    assert!(store.files("blobs").is_empty());
    assert!(store.files("buckets/private/keys").is_empty());
}

#[tokio::test]
async fn a_key_of_1025_bytes_is_too_long() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(BUCKET).key("n".repeat(1025)).body(vec![1].into()).send().await;
    assert_eq!(refusal(put), (400, "KeyTooLongError".into()));
}
