//! A request's body: read no slower than it may come, and missed if it is not read to its end.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::limits::Pace;
use crate::patience::Patience;
use crate::stream::Marks;

/// Why a body did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection failed, or what came is no HTTP.
    #[error("the connection ended before the body did")]
    Connection(#[source] hyper::Error),
    /// The client sent too slowly, or nothing.
    #[error("the body came too slowly")]
    TooSlow,
}

/// The body of a request. Whoever drops it before its end makes the connection close after the answer, and linger: what
/// the client still sends is thrown away for a while, so that it can read the answer.
pub struct RequestBody {
    /// There until it is dropped.
    inner: Option<Incoming>,
    patience: Patience,
    marks: Arc<Marks>,
    rest: Rest,
    /// Whether the client sends: it was asked to, or does not wait to be asked.
    sends: bool,
}

/// What a body that was not read to its end leaves behind.
#[derive(Clone, Default)]
pub(crate) struct Rest(Arc<Mutex<Option<Left>>>);

struct Left {
    body: Incoming,
    sends: bool,
}

/// A rest of up to this size is read before the answer: it comes along with the head, or right behind it, and the
/// connection can be used again.
const SMALL_REST_BYTES: u64 = 64 << 10;
/// How long it may take.
const SMALL_REST_TIME: Duration = Duration::from_millis(500);

impl Rest {
    fn lock(&self) -> MutexGuard<'_, Option<Left>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is left of a body, if that is quickly done. Whether the connection can be used for another request.
    pub(crate) async fn is_read(&self) -> bool {
        let Some(Left { mut body, sends }) = self.lock().take() else { return true };
        if !sends || body.size_hint().upper().is_none_or(|bytes| bytes > SMALL_REST_BYTES) {
            return false;
        }
        let reading = async {
            while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                if frame.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(SMALL_REST_TIME, reading).await.unwrap_or(false)
    }
}

impl RequestBody {
    pub(crate) fn new(inner: Incoming, pace: Pace, marks: Arc<Marks>, rest: Rest, sends: bool) -> Self {
        Self { inner: Some(inner), patience: Patience::new(pace), marks, rest, sends }
    }

    fn inner(&self) -> &Incoming {
        self.inner.as_ref().expect("it is taken only when dropped")
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.sends = true;
        let inner = self.inner.as_mut().expect("it is taken only when dropped");
        match Pin::new(inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
                self.patience.moved(bytes);
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Connection)))
            }
            Poll::Pending => self.patience.poll_waiting(cx).map(|()| Some(Err(BodyError::TooSlow))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner().size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(body) = self.inner.take().filter(|body| !body.is_end_stream()) else { return };
        if self.sends {
            self.marks.leave_unread();
        }
        *self.rest.lock() = Some(Left { body, sends: self.sends });
    }
}
