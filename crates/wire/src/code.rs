//! The stable codes of all errors the API answers with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong. Programs switch on this; people read `detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the head of the request is not as HTTP asks.
    MalformedRequest,
    /// 400: the body is not JSON, or not UTF-8.
    InvalidJson,
    /// 400: this is never offered, or switched off here.
    Unsupported,
    /// 422: a field is unknown, absent or out of range; `field` names it.
    InvalidRequest,
    /// 422: the collection has no such role.
    UnknownRole,
    /// 422: the collection requires a role that was not announced.
    MissingRole,
    /// 401: no token, or one that is not valid.
    Unauthorized,
    /// 403: the token does not allow this.
    Forbidden,
    /// 403: a page of this origin may change nothing by the session's cookie.
    OriginNotAllowed,
    /// 404: there is no such thing, or it is somebody else's.
    NotFound,
    /// 405: the path exists, the method does not.
    MethodNotAllowed,
    /// 410: it was deleted, or its upload expired.
    Gone,
    /// 409: it is not published yet.
    NotCreated,
    /// 409: the upload is not in a state that allows this.
    UploadClosed,
    /// 409: parts are missing or wrong; send them and complete again.
    UploadIncomplete,
    /// 422: the file failed verification and was removed; announce its role again.
    UploadRejected,
    /// 410: the upload's deadline has passed.
    UploadExpired,
    /// 410: the file's object is missing from the store; its operator has been told.
    FileLost,
    /// 409: the role has a file on its way.
    RoleOccupied,
    /// 422: the Idempotency-Key was used with another body.
    IdempotencyKeyReused,
    /// 409: the first request with this Idempotency-Key is still running.
    IdempotencyKeyInProgress,
    /// 413: the body is over its limit.
    BodyTooLarge,
    /// 415: the body is not `application/json`.
    UnsupportedMediaType,
    /// 429: too many requests.
    RateLimited,
    /// 429: too many unfinished uploads of this owner.
    TooManyOpenUploads,
    /// 429: this owner's unfinished uploads reserve too many bytes.
    TooManyReservedBytes,
    /// 409: somebody else changed it at the same moment, again and again.
    Conflict,
    /// 503: the object store cannot be reached or refuses to work.
    StoreUnavailable,
    /// 503: the catalog cannot be reached.
    CatalogUnavailable,
    /// 503: the server is shutting down or overloaded.
    Unavailable,
    /// 500: a defect of the server.
    Internal,
}

impl ErrorCode {
    /// The code as it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed_request",
            Self::InvalidJson => "invalid_json",
            Self::Unsupported => "unsupported",
            Self::InvalidRequest => "invalid_request",
            Self::UnknownRole => "unknown_role",
            Self::MissingRole => "missing_role",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Gone => "gone",
            Self::NotCreated => "not_created",
            Self::UploadClosed => "upload_closed",
            Self::UploadIncomplete => "upload_incomplete",
            Self::UploadRejected => "upload_rejected",
            Self::UploadExpired => "upload_expired",
            Self::FileLost => "file_lost",
            Self::RoleOccupied => "role_occupied",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::IdempotencyKeyInProgress => "idempotency_key_in_progress",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimited => "rate_limited",
            Self::TooManyOpenUploads => "too_many_open_uploads",
            Self::TooManyReservedBytes => "too_many_reserved_bytes",
            Self::Conflict => "conflict",
            Self::StoreUnavailable => "store_unavailable",
            Self::CatalogUnavailable => "catalog_unavailable",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status it always comes with.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedRequest | Self::InvalidJson | Self::Unsupported => 400,
            Self::Unauthorized => 401,
            Self::Forbidden | Self::OriginNotAllowed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotCreated
            | Self::UploadClosed
            | Self::UploadIncomplete
            | Self::RoleOccupied
            | Self::IdempotencyKeyInProgress
            | Self::Conflict => 409,
            Self::Gone | Self::UploadExpired | Self::FileLost => 410,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidRequest
            | Self::UnknownRole
            | Self::MissingRole
            | Self::UploadRejected
            | Self::IdempotencyKeyReused => 422,
            Self::RateLimited | Self::TooManyOpenUploads | Self::TooManyReservedBytes => 429,
            Self::Internal => 500,
            Self::StoreUnavailable | Self::CatalogUnavailable | Self::Unavailable => 503,
        }
    }

    /// Whether the same request may succeed later without being changed.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::IdempotencyKeyInProgress
            | Self::RateLimited
            | Self::TooManyOpenUploads
            | Self::TooManyReservedBytes
            | Self::Conflict
            | Self::StoreUnavailable
            | Self::CatalogUnavailable
            | Self::Unavailable
            | Self::Internal => true,
            Self::MalformedRequest
            | Self::InvalidJson
            | Self::Unsupported
            | Self::InvalidRequest
            | Self::UnknownRole
            | Self::MissingRole
            | Self::Unauthorized
            | Self::Forbidden
            | Self::OriginNotAllowed
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::Gone
            | Self::NotCreated
            | Self::UploadClosed
            | Self::UploadIncomplete
            | Self::UploadRejected
            | Self::UploadExpired
            | Self::FileLost
            | Self::RoleOccupied
            | Self::IdempotencyKeyReused
            | Self::BodyTooLarge
            | Self::UnsupportedMediaType => false,
        }
    }

    /// The short, constant title of its problem document.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request is malformed",
            Self::InvalidJson => "The body is not valid JSON",
            Self::Unsupported => "Not offered",
            Self::InvalidRequest => "The request is not valid",
            Self::UnknownRole => "Unknown role",
            Self::MissingRole => "A required role is missing",
            Self::Unauthorized => "Not authenticated",
            Self::Forbidden => "Not allowed",
            Self::OriginNotAllowed => "This page may not do that",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Gone => "Gone",
            Self::NotCreated => "Not published yet",
            Self::UploadClosed => "The upload is closed",
            Self::UploadIncomplete => "The upload is incomplete",
            Self::UploadRejected => "The upload was rejected",
            Self::UploadExpired => "The upload has expired",
            Self::FileLost => "The file is lost",
            Self::RoleOccupied => "The role has a file on its way",
            Self::IdempotencyKeyReused => "The Idempotency-Key was used for another request",
            Self::IdempotencyKeyInProgress => "The first request is still running",
            Self::BodyTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::RateLimited => "Too many requests",
            Self::TooManyOpenUploads => "Too many unfinished uploads",
            Self::TooManyReservedBytes => "Too many bytes reserved",
            Self::Conflict => "Changed at the same moment",
            Self::StoreUnavailable => "The object store is unavailable",
            Self::CatalogUnavailable => "The catalog is unavailable",
            Self::Unavailable => "The server is unavailable",
            Self::Internal => "Internal error",
        }
    }
}
