//! What the store's answers mean: the one place where a status or an error code is read.
//!
//! *Invariant* (PROTOCOL, rule 7): only 200, and 404 from the right bucket, are answers. Everything else is
//! [`StoreError::Unavailable`], but for Complete, whose answer says what to try next.

use std::error::Error;
use std::fmt;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use domain::{CompleteAnswer, Reason};

use super::super::StoreError;
use super::super::operation::Operation;

/// Longest message kept of an answer, in characters: enough for S3's sentences, too little for a page of HTML.
const MAX_MESSAGE_CHARS: usize = 300;

/// A call that did not succeed, for the log.
///
/// It keeps code, message and request id of an answer, never its body or headers: S3 repeats the signed request, session
/// token included, when a signature is wrong.
#[derive(Debug)]
pub(super) struct Fault {
    operation: Operation,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// Reads what the SDK gave up with.
    pub(super) fn new<E>(operation: Operation, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let response = error.raw_response();
        let status = response.map(|response| response.status().as_u16());
        let request_id = response.and_then(|response| response.request_id()).map(str::to_owned);
        let metadata = error.as_service_error().map(ProvideErrorMetadata::meta);
        let code = metadata.and_then(|meta| meta.code()).map(str::to_owned);
        let message =
            metadata.and_then(|meta| meta.message()).map(|text| text.chars().take(MAX_MESSAGE_CHARS).collect());
        let source = match error {
            // An error that was understood has nothing more to say than is kept above.
            SdkError::ServiceError(_) if code.is_some() => None,
            other => other.into_source().ok(),
        };
        Self { operation, status, code, message, request_id, source }
    }

    /// An answer that lacks what it must have.
    pub(super) fn senseless(operation: Operation, lacks: &'static str) -> Self {
        let message = Some(format!("the answer has no usable {lacks}"));
        Self { operation, status: Some(200), code: None, message, request_id: None, source: None }
    }

    /// A call that failed on the way, after its answer began.
    pub(super) fn broken(operation: Operation, source: impl Error + Send + Sync + 'static) -> Self {
        Self { operation, status: None, code: None, message: None, request_id: None, source: Some(Box::new(source)) }
    }

    fn answers(&self, status: u16, codes: &[&str]) -> bool {
        self.status == Some(status) && self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// 404 that names the object. HEAD's 404 has no body to name anything; see [`Fault::is_bare_not_found`].
    pub(super) fn is_no_such_key(&self) -> bool {
        self.answers(404, &["NoSuchKey"])
    }

    /// 404 that does not say what is missing: the object, or its bucket.
    pub(super) fn is_bare_not_found(&self) -> bool {
        self.answers(404, &["NotFound", "NoSuchKey"])
    }

    /// 404 that names the multipart upload.
    pub(super) fn is_no_such_upload(&self) -> bool {
        self.answers(404, &["NoSuchUpload"])
    }

    /// The object is another than the one that was asked for by ETag.
    pub(super) fn is_precondition_failed(&self) -> bool {
        self.status == Some(412)
    }

    /// The object has not a single byte of the range that was asked for.
    pub(super) fn is_range_outside(&self) -> bool {
        self.status == Some(416)
    }

    /// The store failed inside. Ceph 16 says this, and no 404, to a Complete of an upload that was aborted.
    pub(super) fn is_internal_error(&self) -> bool {
        self.answers(500, &["InternalError"])
    }

    /// What to try after this answer to Complete.
    ///
    /// The code counts and not the status, where the code is one that S3 gives to Complete: S3 sends 200 before it knows
    /// whether it will succeed, and then the code is in the body. Held for unknown, such an answer would be met again
    /// for ever.
    pub(super) fn complete_answer(&self) -> CompleteAnswer {
        let status = self.status.unwrap_or_default();
        match self.code.as_deref() {
            Some("NoSuchUpload") => CompleteAnswer::NoSuchUpload,
            Some("InvalidPart" | "InvalidPartOrder") => CompleteAnswer::InvalidPart,
            Some("BadDigest" | "XAmzContentChecksumMismatch" | "InvalidDigest") => {
                CompleteAnswer::Refused(Reason::ChecksumMismatch)
            }
            Some("EntityTooSmall" | "EntityTooLarge") => CompleteAnswer::Refused(Reason::RefusedByStore),
            // The request never came to its upload, or came at the wrong time: the operator's to repair, not the file's.
            Some("NoSuchBucket" | "RequestTimeout" | "RequestTimeTooSkewed" | "ExpiredToken" | "InvalidToken") => {
                CompleteAnswer::Unknown
            }
            // A 400 that names no code is a proxy's.
            Some(_) if is_final(status) => CompleteAnswer::Refused(Reason::RefusedByStore),
            Some(_) | None => CompleteAnswer::Unknown,
        }
    }
}

/// 4xx that the same request would meet again. 403 ends with new credentials, 404 was looked at by code, 408 and 429 are
/// about load, 409 and 412 about somebody else's request.
fn is_final(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 401 | 403 | 404 | 408 | 409 | 412 | 429)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not succeed", self.operation.name())?;
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if let Some(code) = &self.code {
            write!(f, ", code {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message:?}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// The only conversion there is: what was not read as an answer is none.
impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(Box::new(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, code: &str) -> Fault {
        let code = (!code.is_empty()).then(|| code.to_owned());
        Fault {
            operation: Operation::Complete,
            status: Some(status),
            code,
            message: None,
            request_id: None,
            source: None,
        }
    }

    #[test]
    fn what_complete_answers_says_what_to_try() {
        use CompleteAnswer::{InvalidPart, NoSuchUpload, Refused, Unknown};
        for (status, code, expected) in [
            (404, "NoSuchUpload", NoSuchUpload),
            (400, "InvalidPart", InvalidPart),
            (400, "InvalidPartOrder", InvalidPart),
            (200, "InvalidPart", InvalidPart),
            (400, "EntityTooSmall", Refused(Reason::RefusedByStore)),
            (400, "BadDigest", Refused(Reason::ChecksumMismatch)),
            (200, "BadDigest", Refused(Reason::ChecksumMismatch)),
            (400, "XAmzContentChecksumMismatch", Refused(Reason::ChecksumMismatch)),
            (400, "InvalidRequest", Refused(Reason::RefusedByStore)),
            (405, "MethodNotAllowed", Refused(Reason::RefusedByStore)),
            (400, "ExpiredToken", Unknown),
            (400, "RequestTimeout", Unknown),
            (400, "", Unknown),
            (404, "NoSuchBucket", Unknown),
            (404, "NoSuchKey", Unknown),
            (404, "NotFound", Unknown),
            (403, "AccessDenied", Unknown),
            (403, "RequestTimeTooSkewed", Unknown),
            (408, "Odd", Unknown),
            (409, "ConditionalRequestConflict", Unknown),
            (412, "PreconditionFailed", Unknown),
            (429, "SlowDown", Unknown),
            (500, "InternalError", Unknown),
            (503, "SlowDown", Unknown),
            (200, "InternalError", Unknown),
            (200, "", Unknown),
        ] {
            assert_eq!(fault(status, code).complete_answer(), expected, "{status} {code}");
        }
    }

    #[test]
    fn only_a_404_that_names_the_thing_says_that_it_is_missing() {
        assert!(fault(404, "NoSuchKey").is_no_such_key());
        assert!(fault(404, "NoSuchUpload").is_no_such_upload());
        for (status, code) in [(404, "NoSuchBucket"), (404, ""), (403, "AccessDenied"), (503, "NoSuchKey"), (200, "")] {
            let fault = fault(status, code);
            assert!(!fault.is_no_such_key() && !fault.is_no_such_upload() && !fault.is_bare_not_found(), "{fault}");
        }
        assert!(!fault(404, "NotFound").is_no_such_key());
    }
}
