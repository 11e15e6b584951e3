//! What handlers stand on. Made once at start; cheap to clone, all clones are one.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Once};

use bytes::Bytes;
use connections::Network;
use domain::{ByteCount, Collection, OwnerId};
use tokio_util::sync::CancellationToken;

use super::admission::{Admission, RequestLimits};
use super::bounds::{BODY_LIMIT, COMPLETE_BODY_LIMIT};
use super::health::Readiness;
use super::heavy::Heavy;
use super::openapi::{self, Operations};
use super::pages::{WebClient, WebFile};
use super::public_url::PublicUrl;
use crate::app::App;
use crate::auth::{Authenticator, LoginCodes, Sessions};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::telemetry::{Metrics, Overview};
use crate::vitals::Vitals;

/// Largest request bodies. They are read into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Of every request but `complete`.
    pub usual: ByteCount,
    /// Of `complete`, which may name every part of every file.
    pub complete: ByteCount,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { usual: BODY_LIMIT, complete: COMPLETE_BODY_LIMIT }
    }
}

/// Whether an administrator may say what time it is for `reap`. It moves only what counts as expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReapClock {
    /// Only the catalog's time counts: what a shared catalog or store needs.
    Fixed,
    /// `now` may be given: SQLite and the embedded store, on one's own machine.
    Movable,
}

/// Whether the server passes small files on that come as forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayForms {
    /// At most [`crate::app::RELAY_LIMIT`] each.
    Allowed,
    /// No byte of a file goes through the server.
    Refused,
}

impl RelayForms {
    pub(super) fn allowed(self) -> bool {
        self == Self::Allowed
    }
}

/// What the HTTP layer is made of.
pub struct HttpParts {
    /// The use cases.
    pub app: App,
    /// Knows who is calling.
    pub authenticator: Authenticator,
    /// The codes of login links; `None` where the installation is not one's own machine.
    pub logins: Option<Arc<LoginCodes>>,
    /// Knows which owner calls too often.
    pub limits: Arc<dyn Limits>,
    /// Knows which peer follows links too often.
    pub peer_limits: Arc<dyn Limits>,
    /// Knows which peer sends too many wrong login codes.
    pub guess_limits: Arc<dyn Limits>,
    /// How much may be under way at once.
    pub request_limits: RequestLimits,
    /// The proxies whose word about their clients' addresses counts.
    pub trusted_proxies: Vec<Network>,
    /// Tells the time that tokens are judged at.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub entropy: Arc<dyn Entropy>,
    /// What the operator's page shows.
    pub overview: Arc<Overview>,
    /// Writes `/metrics`.
    pub metrics: Metrics,
    /// What is read into memory at most.
    pub body_limits: BodyLimits,
    /// The API's base URL, as links name it.
    pub public_url: String,
    /// Origins whose pages may call the API; empty: none but the server's own.
    pub origins: Vec<String>,
    /// The files of the web client; none if it was not built.
    pub web_files: &'static [WebFile],
    /// The files that the process stands on.
    pub vitals: Vitals,
    /// Whether `reap` takes `now`.
    pub reap_clock: ReapClock,
    /// Whether forms are taken.
    pub relay_forms: RelayForms,
    /// Cancelled when the process is about to end: `/readyz` says so, so that nobody sends more.
    pub draining: CancellationToken,
    /// Cancelled when it ends: streams of events end with it.
    pub stopping: CancellationToken,
}

/// What handlers stand on.
#[derive(Clone)]
pub struct HttpState(Arc<Shared>);

/// The parts, and what follows from them.
pub struct Shared {
    pub(super) parts: HttpParts,
    pub(super) sessions: Sessions,
    pub(super) public_url: PublicUrl,
    pub(super) admission: Admission,
    pub(super) heavy: Heavy,
    /// Whether it was said that a proxy is not trusted.
    pub(super) untrusted_proxy: Once,
    pub(super) readiness: Readiness,
    pub(super) operations: Operations,
    pub(super) document: Bytes,
    pub(super) web_client: WebClient,
    collections: BTreeMap<String, Arc<Collection>>,
}

impl HttpState {
    /// Puts the layer together.
    pub fn new(parts: HttpParts) -> Self {
        let configured = parts.app.settings().collections.iter();
        let collections = configured.map(|(name, of)| (name.to_string(), Arc::new(of.clone()))).collect();
        let public_url = PublicUrl::new(&parts.public_url);
        let mut document = openapi::openapi();
        openapi::name_server(&mut document, &public_url);
        Self(Arc::new(Shared {
            admission: Admission::new(parts.request_limits),
            heavy: Heavy::default(),
            untrusted_proxy: Once::new(),
            readiness: Readiness::default(),
            operations: Operations::of(&document),
            document: serde_json::to_vec_pretty(&document).expect("a document is plain data").into(),
            web_client: WebClient::new(parts.web_files, &parts.app.store_origins()),
            collections,
            sessions: parts.authenticator.sessions(),
            public_url,
            parts,
        }))
    }
}

impl Deref for HttpState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Shared {
    pub(super) fn app(&self) -> &App {
        &self.parts.app
    }

    pub(super) fn collection(&self, name: &str) -> Option<Arc<Collection>> {
        self.collections.get(name).cloned()
    }

    pub(super) fn collection_names(&self) -> impl Iterator<Item = &str> {
        self.collections.keys().map(String::as_str)
    }

    /// The owner as logs name it: as the bucket does. So a log line leads to the objects, and an installation that
    /// hides its owners from the bucket (`hash_owners`) hides them from the log as well.
    pub(super) fn log_name(&self, owner: &OwnerId) -> String {
        owner.key_segment(self.app().settings().owner_naming)
    }
}
