//! Refuses API requests beyond what the process can hold, at once instead of after a queue.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::{HttpState, problem};

/// See the module. Health, metrics and pages are not shed: an operator needs them most when the server is busy.
pub(in crate::http) async fn shed(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    match state.in_flight.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_full) => problem::overloaded().into_response(),
    }
}
