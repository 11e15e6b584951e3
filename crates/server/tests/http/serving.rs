//! The router on a real socket: graceful stop, cut-off bodies.

use std::time::Duration;

use connections::{Limits, Stopped};
use serde_json::json;
use server::http::serve;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::house::{House, film};

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving =
        tokio::task::JoinSet::from_iter([serve(listener, house.router.clone(), Limits::default(), stop.clone())]);

    let mut client = TcpStream::connect(address).await.unwrap();
    let body = json!({"title": "F", "files": {"video": film(1000)}}).to_string();
    let token = house.token("42", server::auth::Scopes::none());
    let head = format!(
        "POST /v1/videos HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body only when a handler reads it: the request is under way.
    let mut asked = [0; 25];
    client.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stop.cancel();
    client.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let stopped = tokio::time::timeout(Duration::from_secs(10), serving.join_all()).await.unwrap();
    assert_eq!(stopped, [Stopped::Clean]);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving =
        tokio::task::JoinSet::from_iter([serve(listener, house.router.clone(), Limits::default(), stop.clone())]);
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stop.cancel();
    let stopped = tokio::time::timeout(Duration::from_secs(10), serving.join_all()).await.unwrap();
    assert_eq!(stopped, [Stopped::Clean]);
}

#[tokio::test]
async fn a_request_says_once_which_host_it_is_for() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving =
        tokio::task::JoinSet::from_iter([serve(listener, house.router.clone(), Limits::default(), stop.clone())]);
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nhost: x\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nhost: [::1]:8080\r\n", 200),
        ("GET /healthz HTTP/1.0\r\n", 200),
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost:\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nhost: x\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nHost: y\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: a b\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: x, y\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: you@x\r\n", 400),
        ("GET /healthz HTTP/1.0\r\nhost: x\r\nhost: y\r\n", 400),
    ] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status.to_string().as_str()), "{head}: {answer}");
        assert_eq!(answer.contains("\"code\":\"malformed_request\""), status == 400, "{answer}");
    }
    stop.cancel();
    serving.join_all().await;
}

#[tokio::test]
async fn a_client_that_has_said_everything_still_hears_its_answer() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving =
        tokio::task::JoinSet::from_iter([serve(listener, house.router.clone(), Limits::default(), stop.clone())]);
    let body = json!({"title": "F", "files": {"video": film(1000)}}).to_string();
    let token = house.token("42", server::auth::Scopes::none());
    let request = format!(
        "POST /v1/videos HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    for _ in 0..20 {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    }
    stop.cancel();
    assert_eq!(serving.join_all().await, [Stopped::Clean]);
}
