//! A TCP proxy on loopback that counts what passes each way, and can stop it at a chosen moment.
//!
//! It knows of HTTP/1.1 only that a request's first line begins a chunk, which holds for clients that do not pipeline.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use super::clock::{SOON, until};

/// Where a trapped request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Before it reaches the other side.
    Request,
    /// When it has taken effect, and before anybody hears of it.
    Answer,
}

/// What a trap looks for: the request's line, such as `POST /bucket/key?uploads HTTP/1.1`.
type Wanted = Box<dyn Fn(&str) -> bool + Send + Sync>;

#[derive(Default)]
struct Shared {
    up: AtomicU64,
    down: AtomicU64,
    target: Mutex<Option<SocketAddr>>,
    trap: Mutex<Option<(Wanted, Hold)>>,
    sprung: AtomicU64,
    /// Bytes that may pass upwards before everything upwards stands still.
    gate: AtomicU64,
    opened: Notify,
    lines: Mutex<Vec<String>>,
}

/// The proxy. It ends with the test.
#[derive(Clone)]
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    cut: watch::Sender<u64>,
    released: watch::Sender<u64>,
}

impl Proxy {
    /// Listens on a free port and passes on to whatever `lead_to` names.
    #[expect(clippy::disallowed_methods, reason = "the proxy lives until its test ends")]
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared { gate: AtomicU64::new(u64::MAX), ..Shared::default() });
        let proxy = Self { shared, address, cut: watch::Sender::new(0), released: watch::Sender::new(0) };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = accepting.clone();
                tokio::spawn(async move { proxy.pass(client).await });
            }
        });
        proxy
    }

    /// Its own address as a URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Passes on to this address, with or without `http://` before it.
    pub(crate) fn lead_to(&self, address: &str) {
        let address = address.trim_start_matches("http://").parse().expect("an address");
        *self.shared.target.lock().expect("no panic") = Some(address);
    }

    /// Bytes from clients so far.
    pub(crate) fn up(&self) -> u64 {
        self.shared.up.load(Ordering::SeqCst)
    }

    /// Bytes to clients so far.
    pub(crate) fn down(&self) -> u64 {
        self.shared.down.load(Ordering::SeqCst)
    }

    /// The lines of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.lines.lock().expect("no panic").clone()
    }

    /// Lets this many bytes pass upwards, then holds everything until `open`.
    pub(crate) fn shut_after(&self, bytes: u64) {
        self.shared.gate.store(self.up() + bytes, Ordering::SeqCst);
    }

    /// Lets everything pass.
    pub(crate) fn open(&self) {
        self.shared.gate.store(u64::MAX, Ordering::SeqCst);
        self.shared.opened.notify_waiters();
    }

    /// Ends every connection; what they held is lost.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|count| *count += 1);
    }

    /// Waits until everything upwards stands still.
    pub(crate) async fn shut(&self) {
        let full = async || (self.up() >= self.shared.gate.load(Ordering::SeqCst)).then_some(());
        until("the gate is reached", SOON, full).await;
    }

    /// Holds the next request that fits.
    pub(crate) fn trap(&self, hold: Hold, wanted: impl Fn(&str) -> bool + Send + Sync + 'static) {
        *self.shared.trap.lock().expect("no panic") = Some((Box::new(wanted), hold));
    }

    /// Waits until the trap holds a request.
    pub(crate) async fn sprung(&self) {
        let sprung = || self.shared.sprung.swap(0, Ordering::SeqCst);
        until("a request is trapped", SOON, async || (sprung() > 0).then_some(())).await;
    }

    /// Lets go of what is held.
    pub(crate) fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    async fn hold(&self) {
        let mut released = self.released.subscribe();
        self.shared.sprung.fetch_add(1, Ordering::SeqCst);
        released.changed().await.expect("the proxy lives");
    }

    async fn pass(&self, client: TcpStream) {
        let target = *self.shared.target.lock().expect("no panic");
        let Some(target) = target else { return };
        let Ok(server) = TcpStream::connect(target).await else { return };
        let mut cut = self.cut.subscribe();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let mute = Arc::new(AtomicBool::new(false));
        let up = self.pass_up(from_client, to_server, Arc::clone(&mute));
        let down = self.pass_down(from_server, to_client, mute);
        tokio::select! {
            () = async { tokio::join!(up, down); } => {}
            _ = cut.changed() => {}
        }
    }

    async fn pass_up(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mute: Arc<AtomicBool>) {
        let mut buffer = vec![0; 32 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let chunk = &buffer[..length];
            if let Some(line) = request_line(chunk) {
                match self.springs(&line) {
                    Some(Hold::Request) => self.hold().await,
                    Some(Hold::Answer) => mute.store(true, Ordering::SeqCst),
                    None => {}
                }
                self.shared.lines.lock().expect("no panic").push(line);
            }
            self.count_up(length as u64).await;
            if to.write_all(chunk).await.is_err() {
                return;
            }
        }
    }

    /// Counts, and stands still where the gate is shut.
    async fn count_up(&self, length: u64) {
        let up = self.shared.up.fetch_add(length, Ordering::SeqCst) + length;
        loop {
            let opened = self.shared.opened.notified();
            if up < self.shared.gate.load(Ordering::SeqCst) {
                return;
            }
            opened.await;
        }
    }

    async fn pass_down(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mute: Arc<AtomicBool>) {
        let mut buffer = vec![0; 32 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if mute.swap(false, Ordering::SeqCst) {
                // The answer has come, so the effect has happened: now the trap has its prey.
                self.hold().await;
            }
            self.shared.down.fetch_add(length as u64, Ordering::SeqCst);
            if to.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    }

    fn springs(&self, line: &str) -> Option<Hold> {
        let mut trap = self.shared.trap.lock().expect("no panic");
        trap.take_if(|(wanted, _)| wanted(line)).map(|(_, hold)| hold)
    }
}

/// The first line of a request, if a chunk begins one.
fn request_line(chunk: &[u8]) -> Option<String> {
    const METHODS: [&[u8]; 5] = [b"GET /", b"HEAD /", b"PUT /", b"POST /", b"DELETE /"];
    METHODS.iter().find(|method| chunk.starts_with(method))?;
    let end = chunk.iter().position(|byte| *byte == b'\r')?;
    String::from_utf8(chunk[..end].to_vec()).ok()
}
