//! Starting, refusing to start, and stopping.

use crate::support::{BUCKET, Store, config, pattern};
use localstore::{LocalStore, StartError};

#[tokio::test]
async fn a_taken_port_a_taken_folder_and_a_useless_one_are_named() {
    let store = Store::start().await;
    let other = tempfile::tempdir().expect("a folder");
    let mut taken = config(other.path());
    taken.listen = store.server.address();
    let error = LocalStore::start(taken).await.expect_err("the port is taken");
    assert!(matches!(error, StartError::PortInUse(_)), "{error:?}");
    assert!(error.to_string().contains("choose another address"));
    let error = LocalStore::start(config(store.folder.path())).await.expect_err("the folder is taken");
    assert!(matches!(error, StartError::FolderInUse(_)), "{error:?}");
    let file = other.path().join("file");
    std::fs::write(&file, "x").expect("a file");
    let error = LocalStore::start(config(&file)).await.expect_err("no folder");
    assert!(matches!(error, StartError::FolderUnusable { .. }), "{error:?}");
    let foreign = tempfile::tempdir().expect("a folder");
    std::fs::write(foreign.path().join("format.json"), "{\"localstore\": 99}").expect("a file");
    let error = LocalStore::start(config(foreign.path())).await.expect_err("a foreign format");
    assert!(matches!(error, StartError::ForeignFormat { format: 99, .. }), "{error:?}");
    let shown = format!("{:?}", config(foreign.path()));
    assert!(!shown.contains("odd=characters"), "the secret is not shown: {shown}");
}

#[tokio::test]
async fn stopping_lets_a_request_finish() {
    let store = Store::start().await;
    let bytes = pattern(2_000_000, 1);
    store.put("k", bytes.clone()).await;
    let got = store.client.get_object().bucket(BUCKET).key("k").send().await.expect("a get");
    let stopping = tokio::spawn(store.server.stop());
    assert!(got.body.collect().await.expect("a body").to_vec() == bytes);
    stopping.await.expect("a clean stop");
    let later = store.client.get_object().bucket(BUCKET).key("k").send().await;
    assert!(later.is_err(), "nobody listens");
}

#[tokio::test]
async fn leftovers_are_removed_at_start() {
    let store = Store::start().await;
    store.put("k", "kept").await;
    let folder = store.folder.path().to_owned();
    std::fs::write(folder.join("tmp/half"), "half a body").expect("a file");
    let orphan = "ab".to_owned() + &"0".repeat(30);
    std::fs::write(folder.join("blobs/ab").join(&orphan), "nobody's").expect("a file");
    std::fs::create_dir_all(folder.join("buckets/unborn/keys")).expect("a folder");
    let store = store.restart().await;
    assert!(store.files("tmp").is_empty());
    assert_eq!(store.files("blobs").len(), 1);
    assert!(!folder.join("buckets/unborn").exists());
    assert_eq!(store.bytes("k").await, b"kept");
}
