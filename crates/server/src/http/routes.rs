//! The router: every route with its document, and the layers around them.

use axum::{Router, middleware as layer};
use utoipa_axum::router::OpenApiRouter;

use super::middleware::{
    admit, admit_by_capability, admit_by_link, admit_by_uppy, admit_stranger, cors, name_peer, observe, protect,
    refuse_foreign_pages, require_host,
};
use super::problem::{self, Denial};
use super::{
    HttpState, admin, assets, capabilities, collections, events, files, grants, health, jobs, openapi, pages, parts,
    sessions, uppy, usage,
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
        .merge(usage::routes())
        .merge(sessions::routes())
        .merge(jobs::routes())
        .merge(admin::routes())
}

/// What anybody may see.
pub(super) fn open() -> OpenApiRouter<HttpState> {
    OpenApiRouter::with_openapi(openapi::frame()).merge(health::routes()).merge(pages::routes())
}

/// What anybody may do, as often as others leave room for.
pub(super) fn strangers() -> [OpenApiRouter<HttpState>; 2] {
    [grants::open(), sessions::open()]
}

/// The document of Uppy's doors.
pub(super) fn doors() -> OpenApiRouter<HttpState> {
    uppy::by_header().merge(uppy::by_capability())
}

/// The whole server side of HTTP. From the outside in: pages of other origins admitted, observed (request id, log, metric, problem documents, security
/// headers), protected (panics, time), then authenticated, rate-limited and given room, or counted by peer.
pub fn router(state: HttpState) -> Router {
    let (protected, _) = protected().split_for_parts();
    let (open, _) = open().split_for_parts();
    let [(links, _), (sessions, _)] = strangers().map(OpenApiRouter::split_for_parts);
    let (by_header, _) = uppy::by_header().split_for_parts();
    let (by_capability, _) = uppy::by_capability().split_for_parts();
    let by_header = by_header
        .route_layer(layer::from_fn_with_state(state.clone(), admit))
        .route_layer(layer::from_fn(admit_by_uppy));
    let by_capability = by_capability.route_layer(layer::from_fn_with_state(state.clone(), admit_by_capability));
    let doors =
        by_header.merge(by_capability).route_layer(layer::from_fn_with_state(state.clone(), refuse_foreign_pages));
    let public_url = state.public_url.clone();
    let router = protected
        .route_layer(layer::from_fn_with_state(state.clone(), admit))
        .merge(doors)
        .merge(links.route_layer(layer::from_fn_with_state(state.clone(), admit_by_link)))
        .merge(sessions.route_layer(layer::from_fn_with_state(state.clone(), admit_stranger)))
        .merge(open)
        .fallback(pages::file)
        .method_not_allowed_fallback(wrong_method)
        .layer(layer::from_fn_with_state(state.clone(), protect))
        .layer(layer::from_fn_with_state(state.clone(), name_peer))
        .layer(layer::from_fn(require_host))
        .layer(layer::from_fn_with_state(state.clone(), observe))
        .layer(cors(&state.parts.origins))
        .with_state(state);
    public_url.serve(router)
}

async fn wrong_method() -> Denial {
    problem::wrong_method()
}
