//! The body of one part's PUT: read from the file in small pieces while it is being sent.
//!
//! It never holds more than the piece that is being sent and the next one. Its length is known and exact, so the
//! request carries `Content-Length`, which is signed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::progress::Attempt;
use crate::source::Source;

/// Bytes read at a time. Large enough that the hop to a blocking thread costs little.
const PIECE_BYTES: u64 = 256 << 10;

/// Streams `left` bytes of a file.
pub(crate) struct PartBody {
    source: Arc<Source>,
    attempt: Arc<Attempt>,
    /// Where the next read starts.
    offset: u64,
    /// Bytes not yet asked from the file.
    unread: u64,
    /// Bytes not yet handed on.
    left: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl PartBody {
    pub(crate) fn new(source: Arc<Source>, offset: u64, length: u64, attempt: Arc<Attempt>) -> Self {
        Self { source, attempt, offset, unread: length, left: length, reading: None }
    }

    fn read_ahead(&mut self) {
        let length = self.unread.min(PIECE_BYTES);
        if self.reading.is_some() || length == 0 {
            return;
        }
        let (source, offset) = (Arc::clone(&self.source), self.offset);
        self.offset += length;
        self.unread -= length;
        self.reading = Some(tokio::task::spawn_blocking(move || {
            let mut buffer = Vec::new();
            source.read(offset, length as usize, &mut buffer)?;
            Ok(Bytes::from(buffer))
        }));
    }
}

impl Body for PartBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.read_ahead();
        let Some(reading) = self.reading.as_mut() else {
            return Poll::Ready(None);
        };
        let read = ready!(Pin::new(reading).poll(cx)).unwrap_or_else(|error| Err(io::Error::other(error)));
        self.reading = None;
        let piece = match read {
            Ok(piece) => piece,
            Err(error) => {
                let told = io::Error::new(error.kind(), "the local file cannot be read");
                self.attempt.blame_file(error);
                return Poll::Ready(Some(Err(told)));
            }
        };
        self.left -= piece.len() as u64;
        self.attempt.hand(piece.len() as u64);
        self.read_ahead();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
