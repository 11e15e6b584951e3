//! What can go wrong in a call, for programs and for people.

use std::error::Error as _;
use std::fmt::Write as _;

use domain::TimeSpan;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use wire::{ErrorCode, Problem};

/// A server may ask for patience, but not for an hour of silence.
const MAX_RETRY_AFTER: TimeSpan = TimeSpan::from_mins(5);
/// How much of an answer that is no problem document is shown.
const EXCERPT_CHARS: usize = 200;

/// Why a call gave no answer that can be used. Holds no URL and no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Nobody answered: no connection, a broken one, or too late.
    #[error("the server cannot be reached: {detail}")]
    Unreachable {
        /// What happened on the way.
        detail: String,
    },
    /// The server said what is wrong.
    #[error("{}", .problem.detail)]
    Problem {
        /// What it said.
        problem: Box<Problem>,
        /// How long it asks to wait.
        retry_after: Option<TimeSpan>,
    },
    /// Something answered with an error that is not Landfall's: a proxy, or another program.
    #[error("status {status}: {detail}")]
    Foreign {
        /// The HTTP status.
        status: u16,
        /// The beginning of its text.
        detail: String,
        /// How long it asks to wait.
        retry_after: Option<TimeSpan>,
    },
    /// A success that cannot be understood.
    #[error("the server sent {detail}")]
    Unintelligible {
        /// What is wrong with it.
        detail: String,
    },
}

impl ApiError {
    pub(super) fn unreachable(error: reqwest::Error) -> Self {
        Self::Unreachable { detail: innermost(error) }
    }

    /// What an answer that is no success says: a problem document, or the excerpt of whatever it is.
    pub fn answered(status: u16, body: &[u8], retry_after: Option<TimeSpan>) -> Self {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => Self::Problem { problem: Box::new(problem), retry_after },
            Err(_) => Self::Foreign { status, detail: excerpt(body), retry_after },
        }
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem { problem, .. } => Some(problem.status),
            Self::Foreign { status, .. } => Some(*status),
            Self::Unreachable { .. } | Self::Unintelligible { .. } => None,
        }
    }

    /// The stable code, if the server gave one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Problem { problem, .. } => Some(problem.code),
            Self::Unreachable { .. } | Self::Foreign { .. } | Self::Unintelligible { .. } => None,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_weather(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Problem { problem, .. } => problem.retryable,
            Self::Foreign { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Unintelligible { .. } => false,
        }
    }

    /// How long the server asks to wait, at most five minutes.
    pub fn retry_after(&self) -> Option<TimeSpan> {
        match self {
            Self::Problem { retry_after, .. } | Self::Foreign { retry_after, .. } => *retry_after,
            Self::Unreachable { .. } | Self::Unintelligible { .. } => None,
        }
    }

    /// What to do next, where it is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { .. } => Some("is it running? Start it with `landfall serve`, or name it by --server"),
            Self::Foreign { .. } | Self::Unintelligible { .. } => {
                Some("is this the address of a Landfall server? Name it by --server")
            }
            Self::Problem { problem, .. } => hint_for(problem.code),
        }
    }
}

fn hint_for(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::Unauthorized => Some("mint a token with `landfall token --owner NAME`, give it by LANDFALL_TOKEN"),
        ErrorCode::Forbidden => Some("this token does not allow it; ask for one that does"),
        ErrorCode::NotFound => Some("`landfall list` shows your assets; --collection names another collection"),
        ErrorCode::UnknownRole | ErrorCode::MissingRole => Some("--collection and --role say where a file belongs"),
        ErrorCode::NotCreated => Some("wait until `landfall show ID` says CREATED"),
        ErrorCode::TooManyOpenUploads | ErrorCode::TooManyReservedBytes => {
            Some("`landfall list --status UPLOADING` shows unfinished uploads, `landfall delete ID` cancels one")
        }
        ErrorCode::RateLimited
        | ErrorCode::Conflict
        | ErrorCode::StoreUnavailable
        | ErrorCode::CatalogUnavailable
        | ErrorCode::Unavailable
        | ErrorCode::IdempotencyKeyInProgress => Some("try again in a while"),
        ErrorCode::Internal => Some("the request id finds it in the server's log"),
        ErrorCode::Gone | ErrorCode::UploadExpired | ErrorCode::UploadClosed => Some("start a new upload"),
        ErrorCode::FileLost => Some("upload it again, or wait until the server's operator has restored it"),
        ErrorCode::UploadRejected => Some("look at the local file: it is not what its name says, or it is damaged"),
        ErrorCode::MalformedRequest
        | ErrorCode::InvalidJson
        | ErrorCode::Unsupported
        | ErrorCode::InvalidRequest
        | ErrorCode::MethodNotAllowed
        | ErrorCode::OriginNotAllowed
        | ErrorCode::UploadIncomplete
        | ErrorCode::RoleOccupied
        | ErrorCode::IdempotencyKeyReused
        | ErrorCode::BodyTooLarge
        | ErrorCode::UnsupportedMediaType => None,
    }
}

/// The reason of a failed request without its URL, which may be presigned: the innermost cause says most.
pub(crate) fn innermost(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut detail = if error.is_timeout() { "no answer in time".to_owned() } else { error.to_string() };
    let mut cause = error.source();
    while let Some(next) = cause {
        if next.source().is_none() {
            let text = next.to_string();
            if !detail.contains(&text) {
                // Writing to a String does not fail.
                let _ = write!(detail, ": {text}");
            }
        }
        cause = next.source();
    }
    detail
}

/// `Retry-After` in seconds. Its other form, a date, is left alone: our own backoff does as well.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<TimeSpan> {
    let seconds: u32 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(TimeSpan::from_secs(i64::from(seconds)).min(MAX_RETRY_AFTER))
}

/// The beginning of a text, on one line.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * EXCERPT_CHARS)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(EXCERPT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_problem_documents_and_survives_others() {
        let problem = r#"{"type": "/problems/not_found", "title": "Not found", "status": 404, "detail": "no such asset",
            "instance": "/v1/videos/x", "code": "not_found", "message": "no such asset", "request_id": "r",
            "retryable": false}"#;
        let error = ApiError::answered(404, problem.as_bytes(), None);
        assert_eq!((error.code(), error.status(), error.is_weather()), (Some(ErrorCode::NotFound), Some(404), false));
        assert_eq!(error.to_string(), "no such asset");

        let error = ApiError::answered(502, b"<html>\n<b>Bad\x1b[31m Gateway</b>", None);
        assert!(error.is_weather());
        assert_eq!(error.to_string(), "status 502: <html> <b>Bad[31m Gateway</b>");
    }

    #[test]
    fn a_server_cannot_ask_for_an_hour() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        for (text, seconds) in [("7", Some(7)), ("86400", Some(300)), ("Wed, 21 Oct 2026 07:28:00 GMT", None)] {
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers), seconds.map(TimeSpan::from_secs), "{text}");
        }
    }
}
