//! Error answers as S3 writes them, whoever refused: every body has a code, a message, the resource and the two ids that
//! its headers have too.
//!
//! s3s leaves the message out where it has nothing to add, and knows no ids. Its bodies have one shape, so they are
//! completed as text.

use crate::readable::readable;
use crate::signature::MISMATCH;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use s3s::{Body, S3Error};

/// An error's XML is far smaller.
const MAX_ERROR: usize = 64 * 1024;
const OPEN: &str = "<Error><Code>";
const CLOSE: &str = "</Error>";

/// The names of one answer, in its headers and in an error's body.
pub(crate) struct Ids {
    pub(crate) request: String,
    pub(crate) host: String,
}

/// An error as s3s writes it, still without ids.
pub(crate) fn render(error: S3Error) -> Response<Body> {
    error.to_http_response().unwrap_or_else(|_| {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        answer
    })
}

/// Completes an error's body; anything else passes as it is.
pub(crate) async fn complete(answer: Response<Body>, ids: &Ids, path: &str) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let text = match Limited::new(body, MAX_ERROR).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => {
            tracing::error!(%error, "an error's body cannot be read back");
            Bytes::new()
        }
    };
    let text = String::from_utf8_lossy(&text);
    let Some((code, message)) = read(&text) else {
        return Response::from_parts(head, Body::from(text.into_owned()));
    };
    if head.status.is_server_error() && head.status != StatusCode::NOT_IMPLEMENTED {
        tracing::error!(code, message, request = ids.request, "a request failed");
    } else {
        tracing::debug!(code, message, request = ids.request, "a request was refused");
    }
    let mut whole = text.strip_suffix(CLOSE).unwrap_or(&text).to_owned();
    if message.is_empty() {
        let at = whole.find("</Code>").map_or(whole.len(), |at| at + "</Code>".len());
        whole.insert_str(at, &format!("<Message>{}</Message>", default_message(code)));
    }
    let resource = escape(path);
    whole += &format!(
        "<Resource>{resource}</Resource><RequestId>{}</RequestId><HostId>{}</HostId>{CLOSE}",
        ids.request, ids.host
    );
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(whole))
}

/// Code and message of an error's body.
fn read(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_suffix(CLOSE)?;
    let (_, rest) = inside.split_once(OPEN)?;
    let (code, rest) = rest.split_once("</Code>")?;
    let message = rest.strip_prefix("<Message>").and_then(|rest| rest.split_once("</Message>"));
    Some((code, message.map_or("", |(message, _)| message)))
}

/// What is said where only a code is known.
fn default_message(code: &str) -> &'static str {
    match code {
        "AccessDenied" => "Access Denied",
        "EntityTooLarge" => "Your proposed upload exceeds the maximum allowed size.",
        "IncompleteBody" => "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        "InternalError" => "We encountered an internal error. Please try again.",
        "InvalidBucketName" => "The specified bucket is not valid.",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "KeyTooLongError" => "Your key is too long.",
        "MalformedXML" => "The XML you provided was not well-formed or did not validate against our published schema.",
        "MaxMessageLengthExceeded" => "Your request was too big.",
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "MissingRequestBodyError" => "Request body is empty.",
        "NotImplemented" => "A header or query parameter you provided implies functionality that is not implemented.",
        "RequestTimeTooSkewed" => "The difference between the request time and the current time is too large.",
        "SignatureDoesNotMatch" => MISMATCH,
        _ => "The request cannot be carried out.",
    }
}

fn escape(text: &str) -> String {
    readable(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use s3s::S3ErrorCode;

    fn completed(error: S3Error) -> (StatusCode, String) {
        let ids = Ids { request: "R".into(), host: "H".into() };
        let answer = complete(render(error), &ids, "/b/<k>").now_or_never().expect("nothing to wait for");
        let (head, body) = answer.into_parts();
        let bytes = body.collect().now_or_never().expect("nothing to wait for").expect("a body").to_bytes();
        (head.status, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    #[test]
    fn what_is_missing_is_added_and_nothing_twice() {
        let tail = "<Resource>/b/&lt;k&gt;</Resource><RequestId>R</RequestId><HostId>H</HostId></Error>";
        let (status, text) = completed(S3Error::new(S3ErrorCode::SignatureDoesNotMatch));
        assert_eq!(status, 403);
        assert!(text.ends_with(&format!("</Code><Message>{MISMATCH}</Message>{tail}")), "{text}");
        let (_, text) = completed(S3Error::with_message(S3ErrorCode::NoSuchKey, "gone & away"));
        assert!(text.ends_with(&format!("<Message>gone &amp; away</Message>{tail}")), "{text}");
        assert_eq!(text.matches("<Message>").count(), 1);
    }
}
