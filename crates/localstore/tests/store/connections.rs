//! The store's port as a port: answers reach clients that have said everything, or are still sending.

use crate::support::{BUCKET, MIB, Store, for_seconds, pattern};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A presigned PUT of this many bytes, up to the body.
async fn head(store: &Store, key: &str, size: usize, expect: &str) -> String {
    let put = store.client.put_object().bucket(BUCKET).key(key).presigned(for_seconds(600)).await.expect("a URL");
    let path = put.uri().split_once("//").and_then(|(_, rest)| rest.split_once('/')).expect("a path").1;
    let address = store.server.address();
    format!("PUT /{path}{expect} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {size}\r\n\r\n")
}

#[tokio::test]
async fn a_put_is_answered_after_the_client_has_said_everything() {
    let store = Store::start().await;
    let bytes = pattern(3 * MIB, 1);
    for round in 0..5 {
        let mut client = TcpStream::connect(store.server.address()).await.expect("a connection");
        let key = format!("half-{round}");
        client.write_all(head(&store, &key, bytes.len(), "").await.as_bytes()).await.expect("the head");
        client.write_all(&bytes).await.expect("the body");
        client.shutdown().await.expect("the end of it");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(store.bytes(&key).await == bytes);
    }
}

#[tokio::test]
async fn a_refused_put_hears_why_while_it_is_sending() {
    let store = Store::start().await;
    let bytes = pattern(24 * MIB, 1);
    let mut client = TcpStream::connect(store.server.address()).await.expect("a connection");
    let refused = head(&store, "refused", bytes.len(), "&X-Amz-Tampered=1").await;
    client.write_all(refused.as_bytes()).await.expect("the head");
    client.write_all(&bytes).await.expect("the connection is not reset");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
}
