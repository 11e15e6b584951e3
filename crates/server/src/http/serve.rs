//! Serves the router on a listener until told to stop, and then lets what is under way end.

use axum::Router;
use axum::body::Body;
use connections::{Limits, Stopped};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Serves until `stop` is cancelled: then accepts nobody, answers what is under way, and ends.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) -> Stopped {
    let answer = move |request: http::Request<_>| router.clone().oneshot(request.map(Body::new));
    connections::serve(listener, limits, answer, stop).await
}
