//! Sends one part to the store.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::Answer;
use super::effects::{aside, unchanged, unreadable};
use crate::client::{excerpt, innermost, retry_after};
use crate::part_body::PartBody;
use crate::progress::{Attempt, Gauge};
use crate::session::{Event, PartFailure, Ticket};
use crate::source::Source;

/// How much of a store's error answer is read.
const MAX_ERROR_BYTES: usize = 4 << 10;

/// PUTs a part from its file, and gives up when nothing moves for as long as `stall`.
pub(super) fn part(
    store: &reqwest::Client,
    source: Arc<Source>,
    ticket: Ticket,
    gauge: &Arc<Gauge>,
    stall: Duration,
) -> impl Future<Output = Answer> + Send + 'static {
    let (store, attempt) = (store.clone(), Attempt::start(gauge));
    async move {
        aside(&source, unchanged).await?;
        let sent = tokio::select! {
            sent = put(&store, &source, &ticket, &attempt) => sent,
            () = stalled(&attempt, stall) => {
                Err(weather(format!("nothing has moved for {} s", stall.as_secs()), None))
            }
        };
        if let Some(error) = attempt.unreadable() {
            let error = io::Error::new(error.kind(), error.to_string());
            return aside(&source, |source| Err(unreadable(source, error))).await;
        }
        // Bytes sent after the file was written to are of another file.
        aside(&source, unchanged).await?;
        Ok(Event::PartEnded(ticket.role, ticket.number, sent))
    }
}

fn weather(detail: String, retry_after: Option<domain::TimeSpan>) -> PartFailure {
    PartFailure::Weather { detail, retry_after }
}

async fn put(
    store: &reqwest::Client,
    source: &Arc<Source>,
    ticket: &Ticket,
    attempt: &Arc<Attempt>,
) -> Result<(), PartFailure> {
    let headers = headers(ticket)?;
    let body = PartBody::new(Arc::clone(source), ticket.offset, ticket.length, Arc::clone(attempt));
    let request = store.put(&ticket.url).headers(headers).body(reqwest::Body::wrap(body));
    let mut response = request.send().await.map_err(|error| {
        if error.is_builder() {
            return PartFailure::Refused { detail: "the part's URL is not a URL".to_owned() };
        }
        weather(format!("the store cannot be reached: {}", innermost(error)), None)
    })?;
    let status = response.status();
    let wish = retry_after(response.headers());
    let mut text = Vec::new();
    // Read to the end, so that the connection can be used again.
    while let Ok(Some(piece)) = response.chunk().await {
        text.extend_from_slice(&piece[..piece.len().min(MAX_ERROR_BYTES - text.len())]);
        if text.len() == MAX_ERROR_BYTES {
            break;
        }
    }
    if status.is_success() {
        return Ok(());
    }
    let detail = format!("the store answered {}: {}", status.as_u16(), complaint(&text));
    let is_weather = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
    Err(if is_weather { weather(detail, wish) } else { PartFailure::Refused { detail } })
}

fn headers(ticket: &Ticket) -> Result<HeaderMap, PartFailure> {
    let mut headers = HeaderMap::new();
    for (name, value) in &ticket.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return Err(PartFailure::Refused { detail: format!("the header {name:?} cannot be sent") });
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

/// What an S3 error says: its code and message, or the beginning of whatever it is. Other elements of it may repeat the
/// signed request, so they are left out.
pub fn complaint(text: &[u8]) -> String {
    let xml = String::from_utf8_lossy(text);
    let element = |name: &str| {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let rest = &xml[xml.find(&open)? + open.len()..];
        Some(excerpt(&rest.as_bytes()[..rest.find(&close)?]))
    };
    match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code,
        (None, _) if xml.trim_start().starts_with('<') => "no reason given".to_owned(),
        (None, _) => excerpt(text),
    }
}

/// Ends when no byte has been handed to the connection, and no answer has come, for as long as `stall`.
async fn stalled(attempt: &Attempt, stall: Duration) {
    loop {
        let before = attempt.handed_bytes();
        tokio::time::sleep(stall).await;
        if attempt.handed_bytes() == before {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn a_complaint_never_repeats_the_request() {
        let xml = b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message>\
            <StringToSign>secret</StringToSign></Error>";
        assert_eq!(complaint(xml), "AccessDenied: Request has expired");
        assert_eq!(complaint(b"<html><StringToSign>secret"), "no reason given");
        assert_eq!(complaint(b"upstream\nhas gone"), "upstream has gone");
    }
}
