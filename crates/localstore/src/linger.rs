//! Refusals that reach a client which is still sending.
//!
//! A server that answers and closes while bytes are on their way makes the network reset the connection, and a browser
//! then sees a broken network instead of "403, expired". So what is left of a refused request's body is read and
//! thrown away first, within limits.

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

/// What is thrown away at most: more than a usual part, less than would be a burden.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// How long it may take.
const MAX_TIME: Duration = Duration::from_secs(10);

/// A request's body that can be taken back from whoever reads it.
#[derive(Clone)]
pub(crate) struct Shared {
    inner: Arc<Mutex<State>>,
}

struct State {
    body: Option<Incoming>,
    /// Whether the client sends: it was asked to, or does not wait to be asked.
    sends: bool,
}

impl Shared {
    pub(crate) fn new(body: Incoming, headers: &HeaderMap) -> Self {
        let sends = !headers.contains_key(header::EXPECT);
        Self { inner: Arc::new(Mutex::new(State { body: Some(body), sends })) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on to the end, within limits. A client that waits for leave to send has sent nothing and is not asked to.
    pub(crate) async fn drain(&self) {
        let (body, sends) = {
            let mut state = self.lock();
            (state.body.take(), state.sends)
        };
        let Some(mut body) = body.filter(|body| sends && !body.is_end_stream()) else { return };
        let reading = async {
            let mut thrown = 0;
            while let Some(Ok(frame)) = body.frame().await {
                thrown += frame.data_ref().map_or(0, Bytes::len);
                if thrown > MAX_BYTES {
                    break;
                }
            }
        };
        if tokio::time::timeout(MAX_TIME, reading).await.is_err() {
            tracing::debug!("a refused body took too long to end");
        }
    }
}

impl Body for Shared {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut state = self.lock();
        state.sends = true;
        match &mut state.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.lock().body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
