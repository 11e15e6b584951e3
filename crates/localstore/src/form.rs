//! What form uploads need beside s3s: the file's name, which a key's `${filename}` stands for, and AWS's error for a
//! form that breaks its policy.

use crate::access::Passage;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use s3s::{S3Error, S3ErrorCode};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// Fields before the file are looked through up to this size; s3s takes no longer field.
const MAX_PEEK: usize = 1024 * 1024;
/// An error's XML is far smaller.
const MAX_ERROR: usize = 64 * 1024;

/// Whether a request is a form upload.
pub(crate) fn is_form(method: &Method, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    *method == Method::POST && kind.to_ascii_lowercase().starts_with("multipart/form-data")
}

/// A form's body that notes its file's name while it passes.
pub(crate) struct Peeking<B> {
    inner: B,
    passage: Arc<Passage>,
    seen: Vec<u8>,
    /// Where in `seen` the file's field begins, once it is there.
    field: Option<usize>,
}

/// What the file's field is recognised by.
const FIELD: &[u8] = b"name=\"file\"";
/// A file's name and what stands around it fit into this.
const MAX_DISPOSITION: usize = 4096;

impl<B> Peeking<B> {
    pub(crate) const fn new(inner: B, passage: Arc<Passage>) -> Self {
        Self { inner, passage, seen: Vec::new(), field: None }
    }

    fn note(&mut self, data: &Bytes) {
        if self.passage.file_name().is_some() || self.seen.len() > MAX_PEEK {
            return;
        }
        // Each byte is looked at once, however small the pieces are that it comes in.
        let from = self.seen.len().saturating_sub(FIELD.len() - 1);
        self.seen.extend_from_slice(data);
        if self.field.is_none() {
            self.field = self.seen[from..].windows(FIELD.len()).position(|part| part == FIELD).map(|at| from + at);
        }
        let Some(field) = self.field else { return };
        let line = &self.seen[field..];
        let line = &line[..line.len().min(MAX_DISPOSITION)];
        let whole = data.contains(&b'\n') || line.len() == MAX_DISPOSITION;
        if let Some(name) =
            file_name(line).or_else(|| (line.len() == MAX_DISPOSITION).then(String::new)).filter(|_| whole)
        {
            self.passage.note_file_name(name);
            self.seen = Vec::new();
        }
    }
}

/// The name in `Content-Disposition: form-data; name="file"; filename="..."`, without any folders before it.
fn file_name(seen: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(seen);
    let disposition = text[text.find("name=\"file\"")?..].split_once("\r\n")?.0;
    let name = disposition.split_once("filename=\"").map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default());
    name.rsplit(['/', '\\']).next().map(str::to_owned)
}

impl<B: Body<Data = Bytes> + Unpin> Body for Peeking<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.note(data);
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

/// A form outside its policy is 403 AccessDenied on AWS; s3s says 400 InvalidPolicyDocument, as for a broken policy.
pub(crate) async fn correct(answer: Response<s3s::Body>) -> Response<s3s::Body> {
    if answer.status() != StatusCode::BAD_REQUEST {
        return answer;
    }
    let (head, body) = answer.into_parts();
    let text = match Limited::new(body, MAX_ERROR).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let broken = String::from_utf8_lossy(&text);
    let marker = "<Code>InvalidPolicyDocument</Code><Message>Policy condition";
    let Some(at) = broken.find(marker) else { return Response::from_parts(head, s3s::Body::from(text)) };
    let detail = broken[at + marker.len()..].split("</Message>").next().unwrap_or_default();
    let detail = detail.replace("&apos;", "'").replace("&quot;", "\"").replace("&amp;", "&");
    let error = S3Error::with_message(
        S3ErrorCode::AccessDenied,
        format!("Invalid according to Policy: Policy Condition failed:{detail}"),
    );
    error.to_http_response().unwrap_or_else(|_| Response::from_parts(head, s3s::Body::from(text.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_found_once_its_line_is_complete() {
        let whole = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\dir/a b.png\"\r\n\r\n";
        assert_eq!(file_name(&whole[..50]), None);
        assert_eq!(file_name(whole).as_deref(), Some("a b.png"));
        assert_eq!(file_name(b"name=\"file\"\r\n").as_deref(), Some(""));
    }
}
