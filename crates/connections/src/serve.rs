//! Accepting, serving, stopping.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::body::{RequestBody, Rest};
use crate::limits::Limits;
use crate::room::{Place, Room};
use crate::stream::{self, Marks, Stream};

/// After a failed accept the port pauses this long, and twice as long after each that follows: out of descriptors it
/// would else do nothing but fail.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest such pause: descriptors come back when connections end.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What came of stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Every request that was under way got its answer.
    Clean,
    /// Some took longer than [`Limits::grace`] and were cut off.
    CutOff,
}

/// Serves until `stop` is cancelled: then accepts nobody, answers what is under way, and ends. Each request carries the
/// [`SocketAddr`] of its peer. An error of the service closes the connection without an answer.
pub async fn serve<S, F, B, E>(listener: TcpListener, limits: Limits, service: S, stop: CancellationToken) -> Stopped
where
    S: Fn(Request<RequestBody>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    let (room, limits) = (Room::new(&limits), Arc::new(limits));
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            Some(_ended) = connections.join_next() => continue,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok(Some((stream, address, place))) => {
                pause = FIRST_PAUSE;
                connections.spawn(hold(stream, address, place, &limits, &graceful, service.clone()));
            }
            Ok(None) => pause = FIRST_PAUSE,
            // Out of descriptors, or the client is gone already: others may fare better in a moment.
            Err(error) => {
                tracing::warn!(%error, ?pause, "a connection was not accepted");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    drop(listener);
    let ended = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    match tokio::time::timeout(limits.grace, ended).await {
        Ok(()) => Stopped::Clean,
        Err(_elapsed) => Stopped::CutOff,
    }
}

/// Takes the next connection when there is a place for it; `None` if its peer has as many as it may.
async fn accept(listener: &TcpListener, room: &Room) -> std::io::Result<Option<(TcpStream, SocketAddr, Place)>> {
    let free = room.free().await;
    let (stream, address) = listener.accept().await?;
    let Some(place) = room.take(free, address.ip()) else {
        stream::refuse(&stream);
        return Ok(None);
    };
    Ok(Some((stream, address, place)))
}

fn hold<S, F, B, E>(
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
    limits: &Arc<Limits>,
    graceful: &GracefulShutdown,
    service: S,
) -> impl Future<Output = ()> + Send + 'static
where
    S: Fn(Request<RequestBody>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    // Small answers must not wait for more to be sent with them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY is not set");
    }
    let marks = Arc::<Marks>::default();
    let io = TokioIo::new(Stream::new(stream, limits, marks.clone()));
    let pace = limits.reading;
    let place = Arc::new(place);
    let taken = place.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        marks.begin_answer();
        let (mut head, body) = request.into_parts();
        let rest = Rest::default();
        let body = RequestBody::new(body, pace, marks.clone(), rest.clone(), !head.headers.contains_key(EXPECT));
        head.extensions.insert(address);
        let (answer, marks, taken) = (service(Request::from_parts(head, body)), marks.clone(), taken.clone());
        async move {
            let mut response = answer.await?;
            let is_read = rest.is_read().await;
            if is_read {
                marks.read_after_all();
            }
            // Whoever would send the next request on this connection must know that there will be none. Where places are
            // scarce, one request is a turn: connections that are kept for later would keep everybody else out.
            if !is_read || taken.is_wanted() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, E>(response)
        }
    });
    // Telling HTTP/1 from HTTP/2 has no time limit in hyper-util, so a silent connection would stay for ever.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.buffer_bytes)
        // Who has said all it has to say may still want to hear.
        .half_close(true);
    let watched = graceful.watch(builder.serve_connection(io, service).into_owned());
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(error = &*error, "a connection ended early");
        }
        drop(place);
    }
}
