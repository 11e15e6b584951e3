//! A process that runs out of descriptors. Alone in its binary: the limit is the whole process's.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use connections::{Limits, RequestBody, raise_descriptor_limit, serve};
use http::{Request, Response};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

struct Nothing;

impl http_body::Body for Nothing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(None)
    }
}

#[tokio::test]
async fn a_port_without_descriptors_serves_again_when_there_are_some() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    // The client waits in the backlog, and no number is left for its connection.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
    let service = |_: Request<RequestBody>| async { Ok::<_, Infallible>(Response::new(Nothing)) };
    let _serving = JoinSet::from_iter([serve(listener, Limits::default(), service, CancellationToken::new())]);
    let mut answer = [0; 15];
    let nothing = tokio::time::timeout(Duration::from_millis(200), client.read(&mut answer)).await;
    assert!(nothing.is_err(), "neither answered nor closed: {nothing:?}");
    raise_descriptor_limit().unwrap();
    tokio::time::timeout(Duration::from_secs(60), client.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}
