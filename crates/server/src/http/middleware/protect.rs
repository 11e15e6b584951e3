//! Keeps one request from hurting the others: panics are caught, time is bounded.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::observe::Operation;
use crate::http::bounds::{FORM_TIME, JOB_TIME, REQUEST_TIME};
use crate::http::problem;

/// What walks through everything there is.
const JOBS: [&str; 4] = ["reap", "reconcile", "audit", "scrub"];
/// What brings a file along.
const FORM: &str = "uppy_form_by_capability";

/// See the module. Dropping a use case mid-way is as safe as a crash: the jobs finish what it began.
pub(in crate::http) async fn protect(request: Request, next: Next) -> Response {
    let time = match request.extensions().get::<Operation>().map(|operation| &*operation.0) {
        Some(operation) if JOBS.contains(&operation) => JOB_TIME,
        Some(FORM) => FORM_TIME,
        Some(_) | None => REQUEST_TIME,
    };
    // Unwind safety: what a panicking handler leaves behind lies in the catalog, behind compare-and-set.
    match tokio::time::timeout(time, AssertUnwindSafe(next.run(request)).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let what = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            tracing::error!(panic = what.unwrap_or("of an unknown kind"), "a handler panicked");
            problem::internal().into_response()
        }
        Err(_elapsed) => problem::timed_out().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;
    use wire::ErrorCode;

    use super::*;
    use crate::http::problem::Denial;

    async fn answered(router: Router) -> (u16, ErrorCode) {
        let router = router.layer(axum::middleware::from_fn(protect));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        let code = response.extensions().get::<Denial>().expect("a denial").code();
        (response.status().as_u16(), code)
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let router = Router::new().route("/", get(async || -> &str { panic!("this test panics on purpose") }));
        assert_eq!(answered(router).await, (500, ErrorCode::Internal));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_ends_is_ended() {
        let router = Router::new().route("/", get(async || std::future::pending::<()>().await));
        assert_eq!(answered(router).await, (503, ErrorCode::Unavailable));
    }
}
