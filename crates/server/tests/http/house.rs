//! A whole Landfall behind its router: manual clock, memory catalog, memory store. Every answer is held against the
//! OpenAPI document: an answer that is not documented fails the test that got it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use domain::rate::Rate;
use domain::{Asset, ByteCount, OwnerId, OwnerNaming, PartNumber, RoleName, TimeSpan, Timestamp};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use server::app::App;
use server::auth::{Authenticator, LoginCodes, Scope, Scopes, TokenRequest, TokenRules};
use server::catalog::memory::MemoryCatalog;
use server::catalog::{Allowance, Figures as _};
use server::clock::ManualClock;
use server::http::{BodyLimits, HttpParts, HttpState, ReapClock, RelayForms, RequestLimits, WebFile};
use server::limits::Limits;
use server::limits::memory::MemoryLimits;
use server::store::memory::MemoryStore;
use server::telemetry::{Metrics, Overview};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::ground::{Counting, Ground};
pub(crate) use crate::ground::{mp4, png};

/// What a test may want otherwise.
pub(crate) struct Plan {
    pub(crate) burst: u32,
    /// Movable also means one's own machine: login links.
    pub(crate) reap_clock: ReapClock,
    pub(crate) allowance: Allowance,
    pub(crate) naming: OwnerNaming,
    pub(crate) requests: RequestLimits,
    pub(crate) link_burst: u32,
    pub(crate) origins: Vec<String>,
    pub(crate) public_url: &'static str,
    pub(crate) web_files: &'static [WebFile],
    pub(crate) relay_forms: RelayForms,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            burst: 10_000,
            reap_clock: ReapClock::Movable,
            allowance: Allowance { open_uploads: 50, reserved_bytes: ByteCount::gib(100) },
            naming: OwnerNaming::PlainWhereSafe,
            requests: RequestLimits::default(),
            link_burst: 10_000,
            origins: Vec::new(),
            public_url: "http://api.test",
            web_files: &[],
            relay_forms: RelayForms::Allowed,
        }
    }
}

pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) app: App,
    pub(crate) catalog: Arc<MemoryCatalog>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) authenticator: Authenticator,
    pub(crate) overview: Arc<Overview>,
    pub(crate) draining: CancellationToken,
    pub(crate) stopping: CancellationToken,
    document: Value,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
    /// The body as JSON; null if it is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Status, code and field, as tables have them.
    pub(crate) fn verdict(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.body[name].as_str().unwrap_or_default();
        (self.status.as_u16(), text("code"), text("field"))
    }

    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }
}

/// An announced video.
pub(crate) fn film(size: u64) -> Value {
    json!({"file_name": "휴가 🎬.mp4", "size": size, "content_type": "video/mp4"})
}

/// An announced thumbnail.
pub(crate) fn poster(size: u64) -> Value {
    json!({"file_name": "poster.png", "size": size, "content_type": "image/png"})
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(Plan::default())
    }

    pub(crate) fn with(plan: Plan) -> Self {
        let Ground { app, catalog, store, clock } = Ground::lay(MemoryStore::default(), plan.allowance, plan.naming);
        let secret = b"a secret of thirty-two bytes, ok";
        let authenticator = Authenticator::hs256(secret, TokenRules::default()).unwrap();
        let rate = Rate::per_minute(60, plan.burst).unwrap();
        let (draining, stopping) = (CancellationToken::new(), CancellationToken::new());
        let overview = Arc::<Overview>::default();
        let limiter = |rate| -> Arc<dyn Limits> { Arc::new(MemoryLimits::new(rate, 100, clock.clone())) };
        let state = HttpState::new(HttpParts {
            app: app.clone(),
            authenticator: authenticator.clone(),
            logins: (plan.reap_clock == ReapClock::Movable).then(Arc::<LoginCodes>::default),
            limits: limiter(rate),
            peer_limits: limiter(Rate::per_minute(60, plan.link_burst).unwrap()),
            guess_limits: limiter(Rate::per_minute(60, 20).unwrap()),
            request_limits: plan.requests,
            trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()],
            clock: clock.clone(),
            entropy: Arc::new(Counting::default()),
            overview: overview.clone(),
            metrics: Metrics::start(),
            body_limits: BodyLimits::default(),
            public_url: plan.public_url.to_owned(),
            origins: plan.origins,
            vitals: server::vitals::Vitals::default(),
            web_files: plan.web_files,
            reap_clock: plan.reap_clock,
            relay_forms: plan.relay_forms,
            draining: draining.clone(),
            stopping: stopping.clone(),
        });
        let document = serde_json::to_value(server::http::openapi()).unwrap();
        let router = server::http::router(state);
        Self { router, app, catalog, store, clock, authenticator, overview, draining, stopping, document }
    }

    /// A token of this owner that works for an hour.
    pub(crate) fn token(&self, owner: &str, scopes: Scopes) -> String {
        let request = TokenRequest { owner: OwnerId::parse(owner).unwrap(), ttl: TimeSpan::from_hours(1), scopes };
        self.authenticator.mint(&request, domain_now(&self.clock))
    }

    /// Sends a request as it is, and holds its answer against the document.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = self.send_undocumented(request).await;
        self.check_documented(&method, &path, &answer);
        answer
    }

    /// Sends what the document does not speak of: a browser's preflight.
    pub(crate) async fn send_undocumented(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static("api.test"));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let raw = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, raw, body }
    }

    /// Starts a request of owner 42.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let token = self.token("42", Scopes::none());
        Request::builder().method(method).uri(path).header(AUTHORIZATION, format!("Bearer {token}"))
    }

    /// Sends a JSON body, or none for null, as owner 42.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.request(method, path);
        self.send(with_json(request, &body)).await
    }

    /// The same as another owner.
    pub(crate) async fn call_as(&self, owner: &str, method: Method, path: &str, body: Value) -> Answer {
        let token = self.token(owner, Scopes::none());
        let request = Request::builder().method(method).uri(path).header(AUTHORIZATION, format!("Bearer {token}"));
        self.send(with_json(request, &body)).await
    }

    /// Starts a request of an administrator.
    pub(crate) fn admin_request(&self, method: Method, path: &str) -> http::request::Builder {
        let token = self.token("root", [Scope::Admin].into_iter().collect());
        Request::builder().method(method).uri(path).header(AUTHORIZATION, format!("Bearer {token}"))
    }

    /// Sends a JSON body, or none for null, as an administrator.
    pub(crate) async fn call_as_admin(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(with_json(self.admin_request(method, path), &body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    /// Creates a video with these files and gives its path.
    pub(crate) async fn create(&self, files: Value) -> String {
        let answer = self.post("/v1/videos", json!({"title": "Film", "files": files})).await.expect(201);
        format!("/v1/videos/{}", answer.id())
    }

    /// A published film of this size, by its path.
    pub(crate) async fn created_film(&self, size: u64) -> String {
        let path = self.create(json!({"video": film(size)})).await;
        self.send_file(&path, "video", &mp4(size)).await;
        self.post(&format!("{path}/complete"), Value::Null).await.expect(200);
        path
    }

    /// The row behind a path, in any status.
    pub(crate) async fn row(&self, path: &str) -> Asset {
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        self.catalog.find_asset_anywhere(id).await.unwrap().value.unwrap()
    }

    /// Puts all parts of a pending file into the store, as its client does with the URLs.
    pub(crate) async fn send_file(&self, path: &str, role: &str, content: &[u8]) {
        let asset = self.row(path).await;
        let file = asset.places[&RoleName::parse(role).unwrap()].pending.clone().unwrap();
        let size = usize::try_from(file.plan.part_size().get()).unwrap();
        for (part, number) in content.chunks(size).zip(1..) {
            let number = PartNumber::new(number).unwrap();
            assert!(self.store.put_part(&file.key, file.upload(), number, Bytes::copy_from_slice(part)).is_some());
        }
    }

    /// Objects and hidden uploads over both buckets.
    pub(crate) fn bucket(&self) -> (usize, usize) {
        (self.store.objects().len(), self.store.uploads().len())
    }

    /// Holds an answer against the document: the operation has this status, and its problems name this code.
    fn check_documented(&self, method: &Method, path: &str, answer: &Answer) {
        let Some((template, operation)) = self.operation(method, path) else {
            assert!(matches!(answer.status.as_u16(), 401 | 404 | 405), "{method} {path} is not documented");
            return;
        };
        let response = &operation["responses"][answer.status.as_str()];
        assert!(response.is_object(), "{method} {template} does not document {}: {}", answer.status, answer.body);
        if template.starts_with("/v1/") && answer.status.as_u16() >= 400 {
            let code = answer.body["code"].as_str().expect("an error is a problem");
            let documented = &response["content"]["application/problem+json"]["examples"][code];
            assert!(documented.is_object(), "{method} {template} does not document {code}");
        }
    }

    /// The most literal template that matches, as the router chooses.
    fn operation(&self, method: &Method, path: &str) -> Option<(&str, &Value)> {
        let matches = |template: &&String| {
            let (mut wanted, mut given) = (template.split('/'), path.split('/'));
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return true,
                    (Some(t), Some(g)) if t == g || (t.starts_with('{') && !g.is_empty()) => {}
                    _ => return false,
                }
            }
        };
        let paths = self.document["paths"].as_object().unwrap();
        let template = paths.keys().filter(matches).min_by_key(|template| template.matches('{').count())?;
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let operation = &paths[template][method.as_str().to_lowercase()];
        operation.is_object().then_some((template.as_str(), operation))
    }
}

fn domain_now(clock: &ManualClock) -> Timestamp {
    server::clock::Clock::now(clock)
}

pub(crate) fn with_json(request: http::request::Builder, body: &Value) -> Request<Body> {
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}
