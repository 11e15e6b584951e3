//! A connection's bytes: written no slower than they may be read, and closed so that the last answer arrives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::limits::Limits;
use crate::patience::Patience;

/// What the requests of a connection tell its stream.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// A body was not read to its end: its client may still be sending.
    unread: AtomicBool,
    /// An answer begins: its reader has all its time again.
    begins: AtomicBool,
}

impl Marks {
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    pub(crate) fn read_after_all(&self) {
        self.unread.store(false, Ordering::Relaxed);
    }

    pub(crate) fn begin_answer(&self) {
        self.begins.store(true, Ordering::Relaxed);
    }
}

/// What is thrown away at a time.
const WASTE_BYTES: usize = 16 << 10;

/// A TCP stream that waits for its peer only so long.
pub(crate) struct Stream {
    inner: TcpStream,
    marks: Arc<Marks>,
    writing: Patience,
    linger: Duration,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    pub(crate) fn new(inner: TcpStream, limits: &Limits, marks: Arc<Marks>) -> Self {
        Self { inner, marks, writing: Patience::new(limits.writing), linger: limits.linger, lingering: None }
    }

    /// What became of a write, with the reader's patience counted.
    fn written(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if self.marks.begins.swap(false, Ordering::Relaxed) {
            self.writing.begin();
        }
        match outcome {
            Poll::Ready(Ok(bytes)) => {
                self.writing.moved(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.writing.poll_waiting(cx).map(|()| Err(too_slow())),
        }
    }

    /// Reads on and throws away until the client has heard enough, or too long has passed.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut waste = [0; WASTE_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut self.inner).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.marks.leave_unread(),
                // The client is done, or gone.
                Poll::Ready(Ok(()) | Err(_)) => return Poll::Ready(()),
                // Nothing is under way.
                Poll::Pending if !self.marks.unread.load(Ordering::Relaxed) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            let linger = self.linger;
            let end = self.lingering.get_or_insert_with(|| Box::pin(sleep(linger)));
            if end.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if buffer.filled().is_empty() {
                return Poll::Pending;
            }
        }
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the answer was read too slowly")
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.written(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, parts);
        self.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// Says that no more comes, and lingers: a socket that is closed over unread bytes resets the connection, and the
    /// client finds that instead of its answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
        }
        self.poll_linger(cx).map(Ok)
    }
}

/// Refuses a connection at once, without waiting for anything.
pub(crate) fn refuse(stream: &TcpStream) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    // What has come already is read, because closing over it would reset the connection. All of this is a courtesy.
    let mut waste = [0; WASTE_BYTES];
    let _ = stream.try_read(&mut waste);
    let _ = stream.try_write(ANSWER);
}
