//! JSON bodies: content type, size, encoding, syntax and shape, in that order.
//!
//! Syntax is 400 with a position, shape is 422 with a field. Not here: what the values mean.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use domain::ByteCount;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use wire::{
    AcceptRestoreRequest, CapabilityRequest, CompleteRequest, ErrorCode, FieldProblem, GrantRequest, LoginLinkRequest,
    ReapRequest, ReconcileRequest,
};

use super::fields::shortened;
use crate::http::bounds::SESSION_BODY_LIMIT;
use crate::http::problem::{self, Denial};
use crate::http::{BodyLimits, HttpState, uppy};

/// A body that must be there.
pub(in crate::http) struct JsonBody<T>(pub(in crate::http) T);

/// A body that must be there, of somebody who is not known yet.
pub(in crate::http) struct BriefJson<T>(pub(in crate::http) T);

/// A body that may be left out.
pub(in crate::http) struct OptionalJsonBody<T>(pub(in crate::http) T);

/// A request that may come without a body.
pub(in crate::http) trait OptionalRequest: DeserializeOwned + Default + Send + 'static {
    /// How large it may be.
    fn limit(limits: &BodyLimits) -> ByteCount;
}

impl OptionalRequest for CompleteRequest {
    fn limit(limits: &BodyLimits) -> ByteCount {
        limits.complete
    }
}

impl OptionalRequest for AcceptRestoreRequest {
    fn limit(limits: &BodyLimits) -> ByteCount {
        limits.usual
    }
}

impl OptionalRequest for ReconcileRequest {
    fn limit(limits: &BodyLimits) -> ByteCount {
        limits.usual
    }
}

impl OptionalRequest for ReapRequest {
    fn limit(limits: &BodyLimits) -> ByteCount {
        limits.usual
    }
}

impl OptionalRequest for CapabilityRequest {
    fn limit(limits: &BodyLimits) -> ByteCount {
        limits.usual
    }
}

impl OptionalRequest for LoginLinkRequest {
    fn limit(limits: &BodyLimits) -> ByteCount {
        limits.usual
    }
}

impl OptionalRequest for GrantRequest {
    fn limit(limits: &BodyLimits) -> ByteCount {
        limits.usual
    }
}

impl<T: DeserializeOwned + Send + 'static> FromRequest<HttpState> for JsonBody<T> {
    type Rejection = Denial;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Denial> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        let raw = read(&parts.headers, body, state.parts.body_limits.usual).await?;
        Ok(Self(parse_body(state, raw).await?))
    }
}

impl<T: DeserializeOwned> FromRequest<HttpState> for BriefJson<T> {
    type Rejection = Denial;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Denial> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        let limit = state.parts.body_limits.usual.min(SESSION_BODY_LIMIT);
        parse(&read(&parts.headers, body, limit).await?).map(Self)
    }
}

impl<T: OptionalRequest> FromRequest<HttpState> for OptionalJsonBody<T> {
    type Rejection = Denial;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Denial> {
        let (parts, body) = request.into_parts();
        let raw = read(&parts.headers, body, T::limit(&state.parts.body_limits)).await?;
        if raw.is_empty() {
            return Ok(Self(T::default()));
        }
        require_json(&parts.headers)?;
        Ok(Self(parse_body::<Option<T>>(state, raw).await?.unwrap_or_default()))
    }
}

/// A JSON body of whatever type it says it is: `fetch` calls a text `text/plain` unless told otherwise.
pub(in crate::http) struct AnyJson<T>(pub(in crate::http) T);

/// The same as long as that of `complete`.
pub(in crate::http) struct LongJson<T>(pub(in crate::http) T);

/// A text as long as the body of `complete`.
pub(in crate::http) struct LongText(pub(in crate::http) String);

impl<T: DeserializeOwned + Send + 'static> FromRequest<HttpState> for AnyJson<T> {
    type Rejection = Denial;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Denial> {
        let (parts, body) = request.into_parts();
        let raw = read(&parts.headers, body, state.parts.body_limits.usual).await?;
        parse_body(state, raw).await.map(Self)
    }
}

impl<T: DeserializeOwned + Send + 'static> FromRequest<HttpState> for LongJson<T> {
    type Rejection = Denial;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Denial> {
        let (parts, body) = request.into_parts();
        let raw = read(&parts.headers, body, state.parts.body_limits.complete).await?;
        parse_body(state, raw).await.map(Self)
    }
}

impl FromRequest<HttpState> for LongText {
    type Rejection = Denial;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Denial> {
        let (parts, body) = request.into_parts();
        let raw = read(&parts.headers, body, state.parts.body_limits.complete).await?;
        let text = String::from_utf8(raw.into()).map_err(|_| Denial::field("body", "must be UTF-8"))?;
        Ok(Self(text))
    }
}

/// A form that is read when its turn has come.
pub(in crate::http) struct FormBody {
    boundary: String,
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<HttpState> for FormBody {
    type Rejection = Denial;

    async fn from_request(request: Request, _state: &HttpState) -> Result<Self, Denial> {
        let (parts, body) = request.into_parts();
        let named = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = uppy::boundary(named);
        let boundary = boundary.ok_or_else(|| problem::uppy::no_form("its Content-Type says otherwise"))?;
        Ok(Self { boundary, headers: parts.headers, body })
    }
}

impl FormBody {
    /// Its boundary and its bytes. `None`: it has more than `limit`.
    pub(in crate::http) async fn read(self, limit: ByteCount) -> Result<Option<(String, Bytes)>, Denial> {
        match read(&self.headers, self.body, limit).await {
            Ok(bytes) => Ok(Some((self.boundary, bytes))),
            Err(denial) if denial.code() == ErrorCode::BodyTooLarge => Ok(None),
            Err(denial) => Err(denial),
        }
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Denial> {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let structured = essence.starts_with("application/") && essence.ends_with("+json");
    if essence == "application/json" || structured {
        return Ok(());
    }
    Err(Denial::new(ErrorCode::UnsupportedMediaType, "send the body as JSON, with `Content-Type: application/json`"))
}

async fn read(headers: &HeaderMap, body: Body, limit: ByteCount) -> Result<Bytes, Denial> {
    let announced = headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit.get()) {
        return Err(too_large(limit));
    }
    match Limited::new(body, usize::try_from(limit.get()).unwrap_or(usize::MAX)).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large(limit)),
        Err(_cut_off) => {
            Err(Denial::new(ErrorCode::InvalidJson, "the body ended before it was complete; send it again"))
        }
    }
}

fn too_large(limit: ByteCount) -> Denial {
    Denial::new(ErrorCode::BodyTooLarge, format!("the body may have at most {} bytes", limit.get()))
}

/// Parses a body where it holds up nobody.
async fn parse_body<T: DeserializeOwned + Send + 'static>(state: &HttpState, raw: Bytes) -> Result<T, Denial> {
    state.heavy.run(raw.len(), move || parse(&raw)).await?
}

fn parse<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Denial> {
    if let Err(error) = std::str::from_utf8(raw) {
        let detail = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
        return Err(Denial::new(ErrorCode::InvalidJson, detail));
    }
    let mut reader = serde_json::Deserializer::from_slice(raw);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(refused)?;
    reader.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

fn refused(error: serde_path_to_error::Error<serde_json::Error>) -> Denial {
    match error.inner().classify() {
        Category::Syntax | Category::Eof | Category::Io => syntax(error.inner()),
        Category::Data => {
            let path = error.path().to_string();
            let path = if path == "." { "" } else { &path };
            Denial::invalid(vec![shape(path, &error.inner().to_string())])
        }
    }
}

fn syntax(error: &serde_json::Error) -> Denial {
    Denial::new(ErrorCode::InvalidJson, format!("the body is not valid JSON: {}", shortened(&error.to_string())))
}

/// Turns serde's message into "field, what is wrong with it". Serde names absent and repeated fields
/// only in its text.
fn shape(path: &str, message: &str) -> FieldProblem {
    let (what, position) = match message.rsplit_once(" at line ") {
        Some((what, position)) => (what, format!(" (line {position})")),
        None => (message, String::new()),
    };
    for (kind, detail) in [("missing field `", "is required"), ("duplicate field `", "is given twice")] {
        if let Some(name) = what.strip_prefix(kind).and_then(|rest| rest.strip_suffix('`')) {
            return FieldProblem { field: joined(path, name), detail: detail.to_owned() };
        }
    }
    let unknown = what.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    // Where an object was read by itself, its path ends before the field.
    let whole = unknown.filter(|(name, _)| !path.ends_with(name)).map(|(name, _)| joined(path, name));
    let path = whole.as_deref().unwrap_or(path);
    let what = match unknown {
        Some((_name, expected)) => format!("is not a known field{expected}"),
        None if what.starts_with("invalid ") => format!("has an {what}"),
        None => format!("is wrong: {what}"),
    };
    let field = if path.is_empty() { "body" } else { path };
    FieldProblem { field: field.to_owned(), detail: shortened(&format!("{what}{position}")) }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
