//! The OpenAPI document: what stands above the operations, and how their problems are described.
//!
//! The operations describe themselves where they are handled. *Invariant*: the document is the same in every build of
//! one source, so that it can be compared.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use http::Method;
use serde_json::json;
use utoipa::OpenApi;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use wire::ErrorCode;

use super::problem::{Denial, PROBLEM_JSON};
use super::{PublicUrl, routes};
use crate::auth::SESSION_COOKIE;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Landfall",
        description = "Direct-to-object-storage uploads: ask for permission, send the parts straight to the store, say \
                       that you are done. What arrived is verified before anybody sees it.\n\n\
                       Every error is an `application/problem+json` document; programs switch on its `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    security(("bearer" = []), ("session" = [])),
    components(schemas(wire::Problem)),
    tags(
        (name = "assets", description = "What becomes visible as one: a video with its thumbnail and preview"),
        (name = "files", description = "The files of an asset, one for each role"),
        (name = "parts", description = "Sending a file: URLs for its parts, and what has arrived"),
        (name = "uppy", description = "Doors for Uppy's own `@uppy/aws-s3`, as Companion answers it"),
        (name = "sessions", description = "Signing in with a browser"),
        (name = "admin", description = "For operators; needs a token with the scope `admin`"),
        (name = "operations", description = "Health, metrics and these pages")
    )
)]
struct Frame;

/// The document without operations.
pub(super) fn frame() -> utoipa::openapi::OpenApi {
    let mut frame = Frame::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A JWT whose `sub` is the owner. `landfall token --owner 42` mints one for a local installation.",
        ))
        .build();
    let components = frame.components.get_or_insert_default();
    components.security_schemes.insert("bearer".to_owned(), SecurityScheme::Http(bearer).into());
    let about = "A session, begun by `POST /v1/session`. Calls that change something also need an allowed `Origin`.";
    let session = ApiKey::Cookie(ApiKeyValue::with_description(SESSION_COOKIE, about));
    components.security_schemes.insert("session".to_owned(), SecurityScheme::ApiKey(session).into());
    frame
}

/// The document of everything this server answers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let open = routes::strangers().into_iter().fold(routes::open(), |all, some| all.merge(some));
    open.merge(routes::protected()).merge(routes::doors()).into_openapi()
}

/// Says where this server is, for whoever reads the document from it.
pub(super) fn name_server(document: &mut utoipa::openapi::OpenApi, public_url: &PublicUrl) {
    for server in document.servers.iter_mut().flatten() {
        server.url = public_url.path_at("/");
    }
}

/// Which operation a route is, by its method.
pub(super) struct Operations(HashMap<(Method, String), Arc<str>>);

impl Operations {
    pub(super) fn of(document: &utoipa::openapi::OpenApi) -> Self {
        let mut names = HashMap::new();
        for (path, item) in &document.paths.paths {
            let methods = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ];
            for (method, operation) in methods {
                if let Some(name) = operation.as_ref().and_then(|operation| operation.operation_id.as_deref()) {
                    names.insert((method, path.clone()), Arc::from(name));
                }
            }
        }
        Self(names)
    }

    /// The operation id. HEAD is answered by what answers GET.
    pub(super) fn find(&self, method: &Method, route: &str) -> Option<Arc<str>> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(&(method.clone(), route.to_owned())).cloned()
    }
}

/// What every operation under `/v1` may answer.
const EVERYWHERE: [ErrorCode; 8] = [
    ErrorCode::InvalidRequest,
    ErrorCode::Unauthorized,
    ErrorCode::OriginNotAllowed,
    ErrorCode::NotFound,
    ErrorCode::RateLimited,
    ErrorCode::CatalogUnavailable,
    ErrorCode::Unavailable,
    ErrorCode::Internal,
];

/// What every operation with a JSON body may answer.
pub(super) const WITH_BODY: [ErrorCode; 3] =
    [ErrorCode::InvalidJson, ErrorCode::BodyTooLarge, ErrorCode::UnsupportedMediaType];

/// One response for each status, with an example for each code.
pub(super) fn problem_responses(own: &[&[ErrorCode]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in EVERYWHERE.iter().chain(own.iter().copied().flatten()) {
        let codes = by_status.entry(code.status()).or_default();
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), problem_response(&codes).into())).collect()
}

fn problem_response(codes: &[ErrorCode]) -> Response {
    let named: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.title()).value(Some(example(*code))).build();
        (code.as_str().to_owned(), example)
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).examples_from_iter(examples).build();
    ResponseBuilder::new().description(named.join("; ")).content(PROBLEM_JSON, content).build()
}

fn example(code: ErrorCode) -> serde_json::Value {
    let mut example = json!(Denial::new(code, code.title()).document("/v1/videos", "req_0123456789abcdef"));
    let more = match code {
        ErrorCode::InvalidRequest => json!({"field": "files.video.size"}),
        ErrorCode::UnknownRole => json!({"field": "files.poster"}),
        ErrorCode::MissingRole => json!({"field": "files.video"}),
        ErrorCode::UploadIncomplete => json!({
            "missing": [{"role": "video", "numbers": [3, 4]}],
            "wrong": [{"role": "video", "number": 2, "expected": "8388608", "got": "8388607"}]
        }),
        ErrorCode::UploadRejected => json!({"role": "video", "reason": "content_mismatch"}),
        ErrorCode::Gone => json!({"reason": "deleted"}),
        _ => json!({}),
    };
    example.as_object_mut().expect("a problem is an object").extend(more.as_object().cloned().unwrap_or_default());
    example
}

/// Declares which problems an operation answers with, besides those of every operation.
macro_rules! problems {
    ($(#[$doc:meta])* $name:ident: $($codes:expr),+ $(,)?) => {
        $(#[$doc])*
        pub(super) enum $name {}

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                $crate::http::openapi::problem_responses(&[$(&$codes),+])
            }
        }
    };
}
pub(super) use problems;
