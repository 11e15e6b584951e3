//! Real sockets: what a peer may take, how long it is waited for, and that it hears its answer.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use connections::{Limits, Pace, RequestBody, Stopped, serve};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Far more than a busy machine needs.
const SOON: Duration = Duration::from_secs(60);
/// What a body of the test service has at a time.
const CHUNK: usize = 64 << 10;

/// An answer of so many bytes.
struct Filler(usize);

impl Body for Filler {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.0.min(CHUNK);
        self.0 -= next;
        Poll::Ready((next > 0).then(|| Ok(Frame::data(Bytes::from(vec![b'x'; next])))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0 as u64)
    }
}

/// A service that does what the path says, and a port that serves it.
struct Port {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinSet<Stopped>,
    /// Lets `/wait` answer.
    go: Arc<Notify>,
    /// Bodies whose reading failed.
    broken: Arc<AtomicUsize>,
}

async fn read(mut body: RequestBody) -> Result<usize, connections::BodyError> {
    let mut bytes = 0;
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(bytes)
}

impl Port {
    async fn open(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let (go, broken) = (Arc::<Notify>::default(), Arc::<AtomicUsize>::default());
        let (wait, failures) = (go.clone(), broken.clone());
        let service = move |request: Request<RequestBody>| {
            let (wait, failures) = (wait.clone(), failures.clone());
            async move {
                let (head, body) = request.into_parts();
                let (status, size) = match head.uri.path() {
                    "/wait" => {
                        wait.notified().await;
                        (200, 2)
                    }
                    "/large" => (200, 256 << 20),
                    "/read" => match read(body).await {
                        Ok(bytes) => (200, bytes),
                        Err(_) => {
                            failures.fetch_add(1, Ordering::SeqCst);
                            (400, 0)
                        }
                    },
                    "/refuse" => (413, 2),
                    _ => (200, 2),
                };
                Ok::<_, Infallible>(Response::builder().status(status).body(Filler(size)).unwrap())
            }
        };
        let serving = JoinSet::from_iter([serve(listener, limits, service, stop.clone())]);
        Self { address, stop, serving, go, broken }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A client at another address of this machine.
    async fn connect_from(&self, last: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn stop(self) -> Stopped {
        self.stop.cancel();
        let stopped = tokio::time::timeout(SOON, self.serving.join_all()).await.expect("the port stops");
        stopped[0]
    }
}

async fn send(client: &mut TcpStream, path: &str) {
    client.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
}

/// The head of the next answer, or as much of it as comes.
async fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let reading = async {
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = client.read_u8().await else { break };
            head.push(byte);
        }
        String::from_utf8(head).unwrap().to_ascii_lowercase().replacen("http", "HTTP", 1)
    };
    tokio::time::timeout(SOON, reading).await.expect("an answer or an end")
}

/// The status of the next answer; `None` if the connection ends first.
async fn status(client: &mut TcpStream) -> Option<u16> {
    head(client).await.split(' ').nth(1)?.parse().ok()
}

/// Whether a connection has ended, however it did.
async fn ends(client: &mut TcpStream) -> bool {
    let mut waste = vec![0; CHUNK];
    let reading = async { while client.read(&mut waste).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::time::timeout(SOON, reading).await.is_ok()
}

fn quick() -> Limits {
    let pace = Pace { idle: Duration::from_millis(300), bytes_per_second: 1_000, total: Duration::from_secs(30) };
    Limits { reading: pace, writing: pace, ..Limits::default() }
}

#[tokio::test]
async fn who_never_reads_is_closed_and_gives_its_place_back() {
    let port = Port::open(Limits { at_once: 1, ..quick() }).await;
    let mut first = port.connect().await;
    send(&mut first, "/large").await;
    // There is one place: the second is served when the first is closed, and no sooner.
    let mut second = port.connect().await;
    send(&mut second, "/").await;
    assert_eq!(status(&mut second).await, Some(200));
    drop(second);
    assert!(ends(&mut first).await);
    assert_eq!(port.stop().await, Stopped::Clean);
}

#[tokio::test]
async fn a_body_that_stops_or_drips_is_given_up() {
    let port = Port::open(quick()).await;
    let head = "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n";
    let mut silent = port.connect().await;
    silent.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut silent).await, Some(400));
    let mut dripping = port.connect().await;
    dripping.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = dripping.into_split();
    let drips = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            if writer.write_all(b"x").await.is_err() {
                return;
            }
        }
    };
    let mut answer = [0; 12];
    let answered = tokio::time::timeout(SOON, reader.read_exact(&mut answer));
    tokio::select! {
        read = answered => assert_eq!((read.unwrap().unwrap(), &answer), (12, b"HTTP/1.1 400")),
        () = drips => panic!("the connection is closed without an answer"),
    }
    assert_eq!(port.broken.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_sends_no_head_is_closed() {
    let port = Port::open(Limits { head: Duration::from_millis(200), ..Limits::default() }).await;
    let mut silent = port.connect().await;
    assert!(ends(&mut silent).await);
    let mut slow = port.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
    assert!(ends(&mut slow).await);
    let mut idle = port.connect().await;
    send(&mut idle, "/").await;
    assert_eq!(status(&mut idle).await, Some(200));
    assert!(ends(&mut idle).await, "between two requests too");
}

#[tokio::test]
async fn a_client_that_has_said_everything_still_hears_its_answer() {
    let port = Port::open(Limits::default()).await;
    let mut client = port.connect().await;
    send(&mut client, "/wait").await;
    client.shutdown().await.unwrap();
    // The server has seen the end before it has an answer.
    let mut early = [0];
    let nothing = tokio::time::timeout(Duration::from_millis(100), client.read(&mut early)).await;
    assert!(nothing.is_err(), "the connection stays open: {nothing:?}");
    port.go.notify_one();
    assert_eq!(status(&mut client).await, Some(200));
    assert!(ends(&mut client).await);
    assert_eq!(port.stop().await, Stopped::Clean);
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let port = Port::open(Limits::default()).await;
    let mut client = port.connect().await;
    let size = 32 << 20;
    client
        .write_all(format!("POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    // As most programs do: everything is sent before anything is read.
    client.write_all(&vec![b'x'; size]).await.expect("the connection is not reset");
    assert_eq!(status(&mut client).await, Some(413));
    assert!(ends(&mut client).await);
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_a_client_that_sends_for_ever() {
    let port = Port::open(Limits { linger: Duration::from_millis(300), ..Limits::default() }).await;
    let mut client = port.connect().await;
    client.write_all(b"POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut client).await, Some(413), "at once");
    let chunk = vec![b'x'; CHUNK];
    let sending = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        while client.write_all(&chunk).await.is_ok() {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(SOON, sending).await.expect("the connection is closed in the end");
}

#[tokio::test]
async fn one_peer_leaves_room_for_others() {
    let port = Port::open(Limits { at_once: 4, per_peer: 2, ..Limits::default() }).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut client = port.connect_from(2).await;
        send(&mut client, "/").await;
        assert_eq!(status(&mut client).await, Some(200));
        held.push(client);
    }
    let mut one_more = port.connect_from(2).await;
    assert_eq!(status(&mut one_more).await, Some(503));
    assert!(ends(&mut one_more).await);
    let mut other = port.connect_from(3).await;
    send(&mut other, "/").await;
    assert_eq!(status(&mut other).await, Some(200));
    // Whoever leaves may come back.
    drop(held.pop());
    let again = async {
        loop {
            let mut client = port.connect_from(2).await;
            send(&mut client, "/").await;
            if status(&mut client).await == Some(200) {
                return;
            }
        }
    };
    tokio::time::timeout(SOON, again).await.unwrap();
}

#[tokio::test]
async fn where_places_are_scarce_a_request_is_a_turn() {
    let patient = Limits { head: Duration::from_secs(3_600), ..Limits::default() };
    // More clients than places, and each would keep its connection.
    let port = Port::open(Limits { at_once: 2, ..patient.clone() }).await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(port.connect().await);
    }
    for client in &mut clients {
        send(client, "/").await;
        assert_eq!(status(client).await, Some(200));
    }
    // More connections of one peer than it may have: those it has make room as soon as they are used.
    let port = Port::open(Limits { per_peer: 1, ..patient }).await;
    let mut first = port.connect_from(2).await;
    send(&mut first, "/").await;
    assert!(!head(&mut first).await.contains("connection: close"), "nobody wants its place");
    assert_eq!(first.read_exact(&mut [0; 2]).await.unwrap(), 2);
    assert_eq!(status(&mut port.connect_from(2).await).await, Some(503));
    send(&mut first, "/").await;
    assert!(head(&mut first).await.contains("connection: close\r\n"));
    assert!(ends(&mut first).await);
}

#[tokio::test]
async fn what_takes_longer_than_the_grace_is_cut_off() {
    let port = Port::open(Limits { grace: Duration::from_millis(100), ..Limits::default() }).await;
    let mut client = port.connect().await;
    send(&mut client, "/").await;
    assert_eq!(status(&mut client).await, Some(200));
    let mut body = [0; 2];
    let mut waiting = port.connect().await;
    send(&mut waiting, "/wait").await;
    let nothing = tokio::time::timeout(Duration::from_millis(100), waiting.read(&mut body)).await;
    assert!(nothing.is_err(), "it is under way");
    assert_eq!(port.stop().await, Stopped::CutOff);
    assert!(ends(&mut waiting).await && ends(&mut client).await);
}

#[tokio::test]
async fn a_small_body_that_nobody_reads_keeps_the_connection_and_a_large_one_says_that_it_ends() {
    let port = Port::open(Limits::default()).await;
    let mut client = port.connect().await;
    for _ in 0..3 {
        client.write_all(b"POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n").await.unwrap();
        // As programs do that send head and body by two calls.
        tokio::task::yield_now().await;
        client.write_all(b"0123456789").await.unwrap();
        let head = head(&mut client).await;
        assert!(head.starts_with("HTTP/1.1 413 ") && !head.contains("connection: close"), "{head}");
        client.read_exact(&mut [0; 2]).await.unwrap_or_else(|error| panic!("{error}: {head}"));
    }
    client.write_all(b"POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n0123456789").await.unwrap();
    let head = head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 413 ") && head.contains("connection: close\r\n"), "{head}");
    assert!(ends(&mut client).await);
}
