//! A call that the store did not do, in a few words that hold no secret.

use std::fmt;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// Why a call was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status; `None` if there was no answer.
    pub(super) status: Option<u16>,
    /// S3's code, if one was named.
    pub(super) code: Option<String>,
    /// What went wrong on the way, if there was no answer.
    pub(super) way: Option<String>,
}

impl Refusal {
    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
        let way = match error {
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Some("no answer in time".to_owned()),
            SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(|error| error.is_io()) => {
                Some("no connection".to_owned())
            }
            SdkError::DispatchFailure(_) => Some("the request could not be sent".to_owned()),
            SdkError::ConstructionFailure(_) => Some("the request could not be made or signed".to_owned()),
            SdkError::TimeoutError(_) => Some("no answer in time".to_owned()),
            _ => None,
        };
        Self { status, code, way }
    }

    /// 404.
    pub(super) fn is_missing(&self) -> bool {
        self.status == Some(404)
    }

    /// The store does not know such a call or setting.
    pub(super) fn is_unknown_call(&self) -> bool {
        matches!(self.status, Some(405 | 501)) || self.code.as_deref() == Some("NotImplemented")
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, &self.code, &self.way) {
            (Some(status), Some(code), _) => write!(f, "{status} {code}"),
            (Some(status), None, _) => write!(f, "{status}"),
            (None, _, Some(way)) => f.write_str(way),
            (None, _, None) => f.write_str("no usable answer"),
        }
    }
}
