//! The frame of an `aws-chunked` body, watched while s3s decodes it.
//!
//! s3s takes the end of the bytes for the end of the body, whether the closing chunk of size 0 came or not, and holds one
//! chunk in memory until it is whole. So this body ends in an error unless the closing chunk and what follows it came
//! whole, refuses signed chunks that are too large to hold, and cuts unsigned ones, which may be as large as the object.
//! What a frame may look like is read more strictly than by s3s, so that both see the same chunks.

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use s3s::StdError;
use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A chunk's size, its extension and the end of line: 8 digits, `;chunk-signature=`, 64 digits, CR LF.
const MAX_HEAD: usize = 8 + 17 + 64 + 2;
/// Clients sign chunks of 64 KiB to 1 MiB.
const MAX_SIGNED_CHUNK: u64 = 16 * 1024 * 1024;
/// The end of the closing chunk, and of the trailers after it.
const END: &[u8] = b"\r\n\r\n";

/// Whether the chunks of a body are signed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunks {
    Signed,
    Unsigned,
}

impl Chunks {
    /// How a request's body is cut into chunks, if it is.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        match headers.get("x-amz-content-sha256")?.to_str().ok()? {
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Some(Self::Unsigned),
            kind if kind.starts_with("STREAMING-") => Some(Self::Signed),
            _ => None,
        }
    }
}

/// What is wrong with a frame. The texts reach [`crate::protocol`], where they become S3's errors.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadFrame {
    #[error("the closing chunk of the body is missing or cut")]
    Unclosed,
    #[error("the frame of a chunk cannot be read")]
    Malformed,
    #[error("a signed chunk is larger than {MAX_SIGNED_CHUNK} bytes")]
    TooLarge,
}

impl BadFrame {
    pub(crate) const ALL: [Self; 3] = [Self::Unclosed, Self::Malformed, Self::TooLarge];
}

/// Where in the frame the next byte stands.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In the line before a chunk; what is there of it.
    Head(Vec<u8>),
    /// In a chunk, with so many bytes to come.
    Data(u64),
    /// Behind a chunk, with so many bytes of its CR LF seen.
    DataEnd(usize),
    /// Behind the line of the closing chunk, with so many of the last bytes of [`END`] seen.
    Close(usize),
}

/// A body whose frame is watched.
pub(crate) struct Framed<B> {
    inner: B,
    chunks: Chunks,
    place: Place,
    ready: VecDeque<Bytes>,
    is_over: bool,
}

impl<B> Framed<B> {
    pub(crate) const fn new(inner: B, chunks: Chunks) -> Self {
        Self { inner, chunks, place: Place::Head(Vec::new()), ready: VecDeque::new(), is_over: false }
    }

    /// Follows the frame through some bytes. Signed chunks pass as they are; unsigned ones are cut where the bytes are.
    fn follow(&mut self, mut bytes: Bytes) -> Result<(), BadFrame> {
        if self.chunks == Chunks::Signed {
            self.ready.push_back(bytes.clone());
        }
        while !bytes.is_empty() {
            match &mut self.place {
                Place::Head(line) => {
                    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
                    line.extend_from_slice(&bytes.split_to(end));
                    if line.len() > MAX_HEAD {
                        return Err(BadFrame::Malformed);
                    }
                    if line.ends_with(b"\n") {
                        let size = size_of(line)?;
                        self.place = self.open(size)?;
                    }
                }
                Place::Data(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= here as u64;
                    let is_whole = *left == 0;
                    let data = bytes.split_to(here);
                    if self.chunks == Chunks::Unsigned {
                        let head = format!("{here:x}\r\n").into();
                        self.ready.extend([head, data, Bytes::from_static(b"\r\n")]);
                    }
                    if is_whole {
                        self.place = Place::DataEnd(0);
                    }
                }
                Place::DataEnd(seen) => {
                    if bytes.get_u8() != b"\r\n"[*seen] {
                        return Err(BadFrame::Malformed);
                    }
                    *seen += 1;
                    if *seen == 2 {
                        self.place = Place::Head(Vec::new());
                    }
                }
                Place::Close(seen) => {
                    for byte in &bytes {
                        *seen = match (*byte == END[*seen % END.len()], byte) {
                            (true, _) => *seen % END.len() + 1,
                            (false, b'\r') => 1,
                            (false, _) => 0,
                        };
                    }
                    if self.chunks == Chunks::Unsigned {
                        self.ready.push_back(bytes.clone());
                    }
                    bytes.clear();
                }
            }
        }
        Ok(())
    }

    /// What follows the line of a chunk of this size.
    fn open(&mut self, size: u64) -> Result<Place, BadFrame> {
        if self.chunks == Chunks::Signed && size > MAX_SIGNED_CHUNK {
            return Err(BadFrame::TooLarge);
        }
        if size > 0 {
            return Ok(Place::Data(size));
        }
        if self.chunks == Chunks::Unsigned {
            self.ready.push_back(Bytes::from_static(b"0\r\n"));
        }
        // The line's own end counts: without trailers one more CR LF follows.
        Ok(Place::Close(2))
    }

    fn is_closed(&self) -> bool {
        self.place == Place::Close(END.len())
    }
}

/// The size in a chunk's line: hexadecimal digits, then nothing or a signature.
fn size_of(line: &[u8]) -> Result<u64, BadFrame> {
    let line = line.strip_suffix(b"\r\n").ok_or(BadFrame::Malformed)?;
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let is_number = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| is_number).ok_or(BadFrame::Malformed)?;
    u64::from_str_radix(text, 16).map_err(|_| BadFrame::Malformed)
}

impl<B: Body<Data = Bytes> + Unpin> Body for Framed<B>
where
    StdError: From<B::Error>,
{
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            let followed = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().map_or(Ok(()), |bytes| self.follow(bytes)),
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => {
                    self.is_over = true;
                    if self.is_closed() { Ok(()) } else { Err(BadFrame::Unclosed) }
                }
            };
            if let Err(bad) = followed {
                self.is_over = true;
                self.ready.clear();
                return Poll::Ready(Some(Err(bad.into())));
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use http_body_util::{BodyExt, StreamBody};
    use proptest::prelude::*;

    /// The bytes that come out, of a body that comes in pieces of this size.
    fn through(text: &[u8], piece: usize, chunks: Chunks) -> Result<Vec<u8>, String> {
        let pieces: Vec<Result<_, StdError>> =
            text.chunks(piece).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        let framed = Framed::new(StreamBody::new(futures::stream::iter(pieces)), chunks);
        let collected = framed.collect().now_or_never().expect("nothing to wait for");
        collected.map(|all| all.to_bytes().to_vec()).map_err(|error| error.to_string())
    }

    const SIGNED: &[u8] = b"5;chunk-signature=ab\r\nhello\r\n0;chunk-signature=cd\r\n\r\n";
    const TRAILED: &[u8] = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";

    #[test]
    fn a_whole_body_passes_and_every_shorter_one_does_not() {
        for piece in [1, 3, 1_000] {
            assert_eq!(through(SIGNED, piece, Chunks::Signed).as_deref(), Ok(SIGNED));
            for cut in 0..SIGNED.len() {
                assert!(through(&SIGNED[..cut], piece, Chunks::Signed).is_err(), "{cut} bytes");
            }
            assert!(through(TRAILED, piece, Chunks::Unsigned).is_ok());
            for cut in 0..TRAILED.len() {
                assert!(through(&TRAILED[..cut], piece, Chunks::Unsigned).is_err(), "{cut} bytes");
            }
        }
    }

    #[test]
    fn frames_that_could_be_read_in_two_ways_are_refused() {
        for bad in [
            "+5\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "\r\n",
        ] {
            assert!(through(bad.as_bytes(), 7, Chunks::Unsigned).is_err(), "{bad:?}");
        }
        let large = format!("{:x};chunk-signature=ab\r\n", MAX_SIGNED_CHUNK + 1);
        assert_eq!(through(large.as_bytes(), 9, Chunks::Signed), Err(BadFrame::TooLarge.to_string()));
    }

    /// The data of unsigned chunks.
    fn decoded(mut framed: &[u8]) -> Vec<u8> {
        let mut data = Vec::new();
        loop {
            let end = framed.windows(2).position(|pair| pair == b"\r\n").expect("a line");
            let size = usize::try_from(size_of(&framed[..end + 2]).expect("a size")).expect("small");
            if size == 0 {
                return data;
            }
            data.extend_from_slice(&framed[end + 2..end + 2 + size]);
            framed = &framed[end + 4 + size..];
        }
    }

    proptest! {
        #[test]
        fn cutting_unsigned_chunks_changes_no_data(
            sizes in prop::collection::vec(1_usize..40, 0..6), piece in 1_usize..50,
        ) {
            let mut text = Vec::new();
            let mut data = Vec::new();
            for (number, size) in (0_u8..).zip(sizes) {
                let chunk = vec![b'a' + number; size];
                text.extend_from_slice(format!("{size:x}\r\n").as_bytes());
                text.extend_from_slice(&chunk);
                text.extend_from_slice(b"\r\n");
                data.extend(chunk);
            }
            text.extend_from_slice(b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
            let out = through(&text, piece, Chunks::Unsigned).expect("a whole body");
            prop_assert!(out.ends_with(b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n") || data.is_empty());
            prop_assert_eq!(decoded(&out), data);
        }
    }
}
