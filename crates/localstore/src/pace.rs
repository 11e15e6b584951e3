//! Bodies slowed down on purpose, for the `BytesPerSecond` fault. A body without that fault passes untouched.

use crate::access::Passage;
use crate::clock;
use crate::faults::Fault;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::time::Sleep;

/// A body that waits between frames so that its bytes move no faster than its request's fault says.
pub(crate) struct Paced<B> {
    inner: B,
    passage: Arc<Passage>,
    began: Option<Instant>,
    moved: u64,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    pub(crate) const fn new(inner: B, passage: Arc<Passage>) -> Self {
        Self { inner, passage, began: None, moved: 0, pause: None }
    }

    fn owed(&mut self) -> Option<Duration> {
        let Some(Fault::BytesPerSecond(rate)) = self.passage.fault() else { return None };
        let elapsed = clock::since(*self.began.get_or_insert_with(clock::monotonic));
        let due = Duration::from_millis(self.moved.saturating_mul(1_000) / (*rate).max(1));
        due.checked_sub(elapsed).filter(|owed| !owed.is_zero())
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Paced<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.moved += data.len() as u64;
            self.pause = self.owed().map(|owed| Box::pin(tokio::time::sleep(owed)));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
