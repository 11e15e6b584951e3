//! The router: every route with its document, and the layers around them.

use axum::{Router, middleware as layer};
use utoipa_axum::router::OpenApiRouter;

use super::middleware::{admit, admit_by_capability, admit_by_uppy, cors, hear_out, observe, protect, shed};
use super::problem::{self, Denial};
use super::{
    HttpState, admin, assets, capabilities, collections, events, files, grants, health, jobs, openapi, pages, parts,
    sessions, uppy,
};

/// What needs a token.
pub(super) fn protected() -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .merge(collections::routes())
        .merge(assets::routes())
        .merge(files::routes())
        .merge(parts::routes())
        .merge(grants::routes())
        .merge(capabilities::routes())
        .merge(events::routes())
        .merge(sessions::routes())
        .merge(jobs::routes())
        .merge(admin::routes())
}

/// What anybody may see.
pub(super) fn open() -> OpenApiRouter<HttpState> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(health::routes())
        .merge(pages::routes())
        .merge(grants::open())
        .merge(sessions::open())
}

/// The document of Uppy's doors.
pub(super) fn doors() -> OpenApiRouter<HttpState> {
    uppy::by_header().merge(uppy::by_capability())
}

/// The whole server side of HTTP. From the outside in: pages of other origins admitted, observed (request id, log, metric, problem documents, security
/// headers), protected (panics, time), then for `/v1` shed, authenticated and rate-limited.
pub fn router(state: HttpState) -> Router {
    let (protected, _) = protected().split_for_parts();
    let (open, _) = open().split_for_parts();
    let (by_header, _) = uppy::by_header().split_for_parts();
    let (by_capability, _) = uppy::by_capability().split_for_parts();
    let by_header = by_header
        .route_layer(layer::from_fn_with_state(state.clone(), admit))
        .route_layer(layer::from_fn(admit_by_uppy));
    protected
        .route_layer(layer::from_fn_with_state(state.clone(), admit))
        .merge(by_header)
        .merge(by_capability.route_layer(layer::from_fn_with_state(state.clone(), admit_by_capability)))
        .route_layer(layer::from_fn_with_state(state.clone(), shed))
        .merge(open)
        .fallback(pages::file)
        .method_not_allowed_fallback(wrong_method)
        .layer(layer::from_fn_with_state(state.clone(), protect))
        .layer(layer::from_fn_with_state(state.clone(), observe))
        .layer(cors(&state.parts.origins))
        .layer(layer::from_fn(hear_out))
        .with_state(state)
}

async fn wrong_method() -> Denial {
    problem::wrong_method()
}
