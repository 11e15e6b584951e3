//! Serves the router on a listener until told to stop, and then lets what is under way end.

use std::convert::Infallible;
use std::pin::pin;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::bounds::{ACCEPT_PAUSE, GRACE_TIME, HEAD_TIME};

/// What came of stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Every request that was under way got its answer.
    Clean,
    /// Some took longer than [`GRACE_TIME`] and were cut off.
    CutOff,
}

/// Serves until `stop` is cancelled: then accepts nobody, answers what is under way, and ends.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> Stopped {
    let (connections, tasks) = (GracefulShutdown::new(), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _peer)) => hold(&connections, &tasks, stream, router.clone()),
            // Out of file descriptors, or the client is gone already: others may fare better in a moment.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    match tokio::time::timeout(GRACE_TIME, async { tokio::join!(connections.shutdown(), tasks.wait()) }).await {
        Ok(_) => Stopped::Clean,
        Err(_elapsed) => Stopped::CutOff,
    }
}

fn hold(connections: &GracefulShutdown, tasks: &TaskTracker, stream: TcpStream, router: Router) {
    // Small answers must not wait for more to be sent with them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY is not set");
    }
    let service =
        hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| answer(router.clone(), request));
    // Telling HTTP/1 from HTTP/2 has no time limit in hyper-util, so a silent connection would stay for ever.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let watched = connections.watch(connection);
    tasks.spawn(async move {
        if let Err(error) = pin!(watched).await {
            tracing::debug!(error = &*error, "a connection ended early");
        }
    });
}

async fn answer(router: Router, request: Request<hyper::body::Incoming>) -> Result<Response<Body>, Infallible> {
    router.oneshot(request.map(Body::new)).await
}
