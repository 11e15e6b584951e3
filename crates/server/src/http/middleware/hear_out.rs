//! Reads on after a refusal, so that it reaches a client which is still sending.
//!
//! A server that answers and closes while bytes are on their way makes the network reset the connection, and the client
//! sees a broken network instead of "413, too large". What is left of a refused body is therefore read and thrown away
//! first, within limits. *Rule*: only after an error, and never from a client that waits to be asked for its body.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::header::EXPECT;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use crate::http::bounds::{HEARD_OUT_BYTES, HEARD_OUT_TIME};

/// See the module.
pub(in crate::http) async fn hear_out(request: Request, next: Next) -> Response {
    let waits = request.headers().contains_key(EXPECT);
    let (head, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(State { body, waits })));
    let response = next.run(Request::from_parts(head, Body::new(shared.clone()))).await;
    if !response.status().is_success() {
        // Whoever sends longer than this is cut off, as anybody would have been.
        let _ = tokio::time::timeout(HEARD_OUT_TIME, shared.throw_away()).await;
    }
    response
}

/// A body that can still be read when its reader has given up.
#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

struct State {
    body: Body,
    /// Whether the client sends nothing until somebody reads.
    waits: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn throw_away(mut self) {
        let mut thrown = 0;
        while !self.lock().waits && thrown < HEARD_OUT_BYTES.get() {
            let Some(Ok(frame)) = self.frame().await else { return };
            thrown += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
    }
}

impl http_body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut state = self.lock();
        state.waits = false;
        Pin::new(&mut state.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.lock().body)
    }
}
