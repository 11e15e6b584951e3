//! Presigned URLs, by a plain HTTP client.

use crate::support::{BUCKET, Store, for_seconds};

#[tokio::test]
async fn presigned_put_and_get_work_without_credentials() {
    let store = Store::start().await;
    let put = store.client.put_object().bucket(BUCKET).key("p q+ü").presigned(for_seconds(60)).await.expect("a URL");
    let answer = store.http.put(put.uri()).body("hello").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["etag"], "\"5d41402abc4b2a76b9719d911017c592\"");
    let get = store.client.get_object().bucket(BUCKET).key("p q+ü").presigned(for_seconds(60)).await.expect("a URL");
    let answer = store.http.get(get.uri()).send().await.expect("an answer");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.text().await.expect("a body"), "hello");
}
