//! A stand-in for Landfall and its store, as far as the driver can tell: the documented calls over real sockets, parts
//! in memory, sizes and order checked, and faults on request. It is not the server: no catalog, no token, no limits.

mod api;
mod store;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use bytes::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::ServiceExt;
use wire::CreateRequest;

/// Which call a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Route {
    Create,
    Show,
    PartUrls,
    Parts,
    Complete,
    Delete,
    Put,
}

/// What goes wrong, once.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The connection is cut before anything happens.
    Cut,
    /// It happens, and then the connection is cut.
    CutAfter,
    /// Nobody ever answers.
    Hang,
    /// This problem, and nothing happens.
    Problem(u16, &'static str),
    /// A 503 of the store or a proxy, with no problem document.
    Busy,
    /// `complete`: 202, and CREATED only at the third look.
    Slow,
    /// PUT: the URL has expired.
    Expired,
    /// PUT: acknowledged, but lost.
    Lose,
}

pub(crate) struct FakeFile {
    pub(crate) size: u64,
    pub(crate) part_size: u64,
    pub(crate) parts: BTreeMap<u16, Bytes>,
}

pub(crate) struct FakeAsset {
    pub(crate) request: CreateRequest,
    pub(crate) title: String,
    pub(crate) files: BTreeMap<String, FakeFile>,
    pub(crate) is_created: bool,
    pub(crate) looks_left: Option<u32>,
    pub(crate) rejected: Option<String>,
}

#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) assets: BTreeMap<String, FakeAsset>,
    pub(crate) keys: HashMap<String, (CreateRequest, String)>,
    pub(crate) faults: HashMap<Route, VecDeque<Fault>>,
    /// Calls that came in, faults included.
    pub(crate) calls: BTreeMap<Route, usize>,
    /// Asset, role and number of each part that was taken.
    pub(crate) taken: Vec<(String, String, u16)>,
    pub(crate) puts_now: usize,
    pub(crate) most_puts: usize,
    pub(crate) urls_issued: u64,
    /// URLs up to this one are refused.
    pub(crate) expired_up_to: u64,
}

/// A running server; stops when dropped.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    shared: Shared,
    _connections: JoinSet<()>,
}

#[derive(Clone)]
pub(crate) struct Shared {
    facts: Arc<Mutex<Facts>>,
    address: SocketAddr,
}

impl Shared {
    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap()
    }
}

/// Marks an answer that must not be sent.
#[derive(Clone)]
struct Severed;

fn severed() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Severed);
    response
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { facts: Arc::default(), address };
        let router = api::routes().merge(store::routes()).layer(from_fn_with_state(shared.clone(), break_things));
        let mut connections = JoinSet::new();
        connections.spawn(accept(listener, router.with_state(shared.clone())));
        Self { address, shared, _connections: connections }
    }

    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.shared.facts()
    }

    pub(crate) fn script(&self, route: Route, faults: impl IntoIterator<Item = Fault>) {
        self.facts().faults.entry(route).or_default().extend(faults);
    }

    pub(crate) fn calls(&self, route: Route) -> usize {
        self.facts().calls.get(&route).copied().unwrap_or(0)
    }
}

async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let router = router.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let router = router.clone();
                async move {
                    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
                    let severed = response.extensions().get::<Severed>().is_some();
                    if severed { Err(std::io::Error::other("cut")) } else { Ok(response) }
                }
            });
            // A cut connection ends with an error; that is its purpose.
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn route_of(request: &Request) -> Route {
    let path = request.uri().path();
    match (request.method().as_str(), path) {
        ("PUT", _) => Route::Put,
        ("DELETE", _) => Route::Delete,
        ("POST", path) if path.ends_with("/part-urls") => Route::PartUrls,
        ("POST", path) if path.ends_with("/complete") => Route::Complete,
        ("POST", _) => Route::Create,
        (_, path) if path.ends_with("/parts") => Route::Parts,
        _ => Route::Show,
    }
}

async fn break_things(State(shared): State<Shared>, mut request: Request, next: Next) -> Response<Body> {
    let route = route_of(&request);
    let fault = {
        let mut facts = shared.facts();
        *facts.calls.entry(route).or_default() += 1;
        facts.faults.get_mut(&route).and_then(VecDeque::pop_front)
    };
    match fault {
        None => next.run(request).await,
        Some(Fault::Cut) => severed(),
        Some(Fault::CutAfter) => {
            next.run(request).await;
            severed()
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Busy) => (axum::http::StatusCode::SERVICE_UNAVAILABLE, "slow down").into_response(),
        Some(Fault::Problem(status, code)) => api::problem(status, code, "as the script says", |_| {}),
        Some(Fault::Expired) => store::expired(),
        Some(fault @ (Fault::Slow | Fault::Lose)) => {
            request.extensions_mut().insert(fault);
            next.run(request).await
        }
    }
}
