//! What is refused at Uppy's doors and nowhere else.

use axum::response::Response;
use domain::{ByteCount, CollectionName};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use wire::{ErrorCode, Problem};

use super::{Denial, upload_closed};
use crate::auth::CapabilityError;
use crate::http::uppy::{XML, element};

/// The address of the door is not valid.
pub fn capability(error: CapabilityError) -> Denial {
    Denial::new(ErrorCode::Unauthorized, error.to_string())
}

/// The address opens other collections.
pub fn closed_collection<'a>(open: impl Iterator<Item = &'a CollectionName>) -> Denial {
    let open: Vec<_> = open.map(CollectionName::as_str).collect();
    Denial::new(ErrorCode::Forbidden, format!("this upload address opens only {}", open.join(", ")))
}

/// There is no such upload, or it is another's.
pub fn no_upload() -> Denial {
    Denial::new(ErrorCode::NotFound, "there is no such upload, or it is not yours; start it again")
}

/// The file an upload id stands for has ended; another took its place, or none did.
pub fn upload_over() -> Denial {
    upload_closed("this upload has ended; start it again".to_owned())
}

/// The asset that a file shall be added to is published.
pub fn asset_published() -> Denial {
    upload_closed(
        "the asset is published already; only an UPLOADING asset takes a file here, PUT .../files/{role} replaces one"
            .to_owned(),
    )
}

/// Temporary credentials of the bucket were asked for.
pub fn no_bucket_credentials() -> Denial {
    let detail = "credentials of the bucket are never handed out; leave out `getTemporarySecurityCredentials`";
    Denial::new(ErrorCode::Unsupported, detail)
}

/// A request to S3 that no upload needs.
pub fn never_signed() -> Denial {
    let detail = "this request to S3 is never signed; uploads need PUT of a file or a part, and POST, GET and DELETE of \
                  an upload";
    Denial::new(ErrorCode::Unsupported, detail)
}

/// A GET would begin an upload by the session's cookie.
pub fn not_by_cookie() -> Denial {
    let detail = "a GET begins no upload by the session's cookie, which browsers send along from other pages too; send a \
                  token (`headers` in Uppy), or upload in parts (`shouldUseMultipart: true`)";
    Denial::new(ErrorCode::Forbidden, detail)
}

/// Forms are switched off.
pub fn no_forms() -> Denial {
    let detail = "this server takes no forms (`uploads.relay_forms`); set `shouldUseMultipart: true` in Uppy";
    Denial::new(ErrorCode::Unsupported, detail)
}

/// A form is over its limit.
pub fn form_too_large(limit: ByteCount) -> Denial {
    let detail = format!("a form may bring at most {limit}; set `shouldUseMultipart: true` in Uppy for larger files");
    Denial::new(ErrorCode::BodyTooLarge, detail)
}

/// What came is no form as browsers send it.
pub fn no_form(what: &str) -> Denial {
    Denial::field("body", format!("must be a form (multipart/form-data) as Uppy sends it: {what}"))
}

/// Writes a problem as S3 writes errors.
pub(super) fn write_s3_error(mut response: Response, problem: &Problem) -> Response {
    let content = element("Code", s3_code(problem.code))
        + &element("Message", &problem.detail)
        + &element("RequestId", &problem.request_id);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(XML));
    *response.body_mut() = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{content}</Error>").into();
    response
}

/// S3's own code where it has one that means the same.
fn s3_code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Unauthorized | ErrorCode::Forbidden => "AccessDenied",
        ErrorCode::NotFound | ErrorCode::Gone | ErrorCode::UploadClosed | ErrorCode::UploadExpired => "NoSuchUpload",
        ErrorCode::UploadIncomplete => "InvalidPart",
        ErrorCode::RateLimited | ErrorCode::Unavailable => "SlowDown",
        ErrorCode::StoreUnavailable | ErrorCode::CatalogUnavailable => "ServiceUnavailable",
        ErrorCode::MethodNotAllowed => "MethodNotAllowed",
        ErrorCode::BodyTooLarge => "EntityTooLarge",
        ErrorCode::Internal => "InternalError",
        other => other.as_str(),
    }
}
