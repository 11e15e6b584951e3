//! Many at once.

use crate::multipart::listed;
use crate::support::{BUCKET, MIB, Store, pattern, refusal};
use std::sync::Arc;
use tokio::task::JoinSet;

const WRITERS: u64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_of_many_conditional_puts_wins() {
    let store = Arc::new(Store::start().await);
    for round in 0..5 {
        let key = format!("race-{round}");
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (store, key) = (Arc::clone(&store), key.clone());
            writers.spawn(async move {
                let bytes = pattern(50_000, writer);
                let put = store.client.put_object().bucket(BUCKET).key(&key).if_none_match("*").body(bytes.into());
                match put.send().await {
                    Ok(_) => Some(writer),
                    Err(error) => {
                        assert_eq!(refusal::<(), _>(Err(error)), (412, "PreconditionFailed".into()));
                        None
                    }
                }
            });
        }
        let won: Vec<u64> = writers.join_all().await.into_iter().flatten().collect();
        assert_eq!(won.len(), 1, "one winner");
        assert_eq!(store.bytes(&key).await, pattern(50_000, won[0]), "and its bytes are there");
    }
    assert_eq!(store.files("blobs").len(), 5, "the losers left nothing");
    assert!(store.files("tmp").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_of_many_conditional_completions_wins() {
    let store = Arc::new(Store::start().await);
    let mut finishers = JoinSet::new();
    for writer in 0..6 {
        let upload = store.create_upload("race").await;
        let tag = store.upload_part("race", &upload, 1, pattern(1_000, writer)).await;
        let store = Arc::clone(&store);
        finishers.spawn(async move {
            let complete = store.client.complete_multipart_upload().bucket(BUCKET).key("race").upload_id(&upload);
            let complete = complete.if_none_match("*").multipart_upload(listed(&[(1, &tag)]));
            match complete.send().await {
                Ok(_) => 1,
                Err(error) => {
                    assert_eq!(refusal::<(), _>(Err(error)).0, 412);
                    0
                }
            }
        });
    }
    assert_eq!(finishers.join_all().await.into_iter().sum::<i32>(), 1);
    // The losers' uploads are still open: nothing they sent is lost.
    let open = store.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a list");
    assert_eq!(open.uploads().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_match_lets_one_of_many_replacements_through() {
    let store = Arc::new(Store::start().await);
    let tag = store.put("k", "start").await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, tag) = (Arc::clone(&store), tag.clone());
        writers.spawn(async move {
            let put = store.client.put_object().bucket(BUCKET).key("k").if_match(tag).body(pattern(99, writer).into());
            usize::from(put.send().await.is_ok())
        });
    }
    assert_eq!(writers.join_all().await.into_iter().sum::<usize>(), 1);
    let missing = store.client.put_object().bucket(BUCKET).key("none").if_match(tag).body(vec![1].into()).send().await;
    assert_eq!(refusal(missing), (404, "NoSuchKey".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_sees_two_objects_mixed() {
    let store = Arc::new(Store::start().await);
    let objects: Vec<Vec<u8>> = (0..4).map(|seed| pattern(2 * MIB, seed)).collect();
    store.put("k", objects[0].clone()).await;
    let mut tasks = JoinSet::new();
    for bytes in objects.clone() {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for _ in 0..10 {
                store.put("k", bytes.clone()).await;
            }
        });
    }
    for _ in 0..4 {
        let (store, objects) = (Arc::clone(&store), objects.clone());
        tasks.spawn(async move {
            for _ in 0..10 {
                let got = store.bytes("k").await;
                assert!(objects.contains(&got), "a whole object, one of those that were written");
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(store.files("blobs").len(), 1);
}

#[tokio::test]
async fn a_read_under_way_survives_replacement_and_deletion() {
    let store = Store::start().await;
    let bytes = pattern(24 * MIB, 1);
    store.put("k", bytes.clone()).await;
    let got = store.client.get_object().bucket(BUCKET).key("k").send().await.expect("a get");
    store.put("k", "other").await;
    store.client.delete_object().bucket(BUCKET).key("k").send().await.expect("a delete");
    assert!(got.body.collect().await.expect("a body").to_vec() == bytes);
    wait_until(|| store.files("blobs").is_empty()).await;
}

/// Waits for what happens just after an answer, for at most ten seconds.
pub(crate) async fn wait_until(condition: impl Fn() -> bool) {
    let limit = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while !condition() {
        assert!(tokio::time::Instant::now() < limit, "waited ten seconds in vain");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
