//! The use cases: load, decide, compare-and-set, perform.
//!
//! Each file is one thing that somebody wants. All of them work the same way: read a row with its time from the
//! catalog, let `domain` decide, write the decision by compare-and-set, and only then act on the store. *Invariant*:
//! no HTTP and no SQL in here, and no store call between the start and the end of a catalog call.

mod accept;
mod announce;
mod arrive;
mod audit;
mod cancel;
mod commit;
mod complete;
mod create;
mod delete;
mod destroy;
mod expire;
mod find;
mod grant;
mod guard;
mod integrity;
mod list;
mod live;
mod patch;
mod publish;
mod read;
mod recheck;
mod reconcile;
mod relay;
mod scrub;
mod settle;
mod step;
mod strays;
mod survey;
mod usage;
mod walk;
mod watch;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::store_profile::ETagForm;
use domain::{ByteCount, Collection, CollectionName, Lane, OwnerNaming, TimeSpan, UploadRules};
use signing::PresignError;
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument as _;

pub use accept::{AcceptError, Accepted, Consent};
pub use announce::{AnnounceError, WithdrawError};
pub use arrive::Arrival;
pub use audit::{AuditReport, AuditTerms, Breach, HIDDEN_GRACE, Invariant, LONGEST_GRACE};
pub use commit::{Begin, Commit};
pub use complete::{Claim, CompleteError, Completed, Completion, Scope};
pub use create::{CreateError, FileProblem, Finisher, IdempotencyKey, NewFile, NewUpload, Opened};
pub use delete::DeleteError;
pub use destroy::Destruction;
pub use expire::{Breaker, ExpireError, ExpireReport, Expiry, Rehearsal};
pub use find::FindError;
pub use grant::{GrantError, PartWanted};
pub use guard::{Mismatch, OUTLOOK_KEPT, OtherClock, Outlook, Skew};
pub use integrity::Integrity;
pub use list::PartsError;
pub use patch::PatchError;
pub use publish::Publication;
pub use read::{Intent, ReadError, ReadUrl, Reading};
pub use recheck::Recheck;
pub use reconcile::{Fate, Finding, Forgotten, ReconcileError, ReconcileReport, ReconcileTerms, Total};
pub use relay::RELAY_LIMIT;
pub use scrub::{Damage, InvalidCursor, Pace, ScrubCursor, ScrubReport, ScrubTerms};
pub use strays::Strays;
pub use survey::{Happening, SurveyPage, SurveyedAsset};
pub use usage::Erased;

use crate::background::{Background, HostBackground};
use crate::catalog::{Allowance, Catalog, CatalogError};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::events::Events;
use crate::store::signer::UrlSigner;
use crate::store::{Store, StoreError};

/// How often a lost compare-and-set is tried again before the caller is told to come back. Each loss means that
/// somebody else made progress.
const MAX_RACES: u32 = 8;

/// Assets that requests commit at once. Each holds up to 64 KiB of a file for inspection and a connection to the store;
/// the others wait their turn, and after [`Settings::complete_patience`] their callers are told so.
const MAX_COMMITS: usize = 32;

/// What the operator chose.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The collections by name.
    pub collections: BTreeMap<CollectionName, Collection>,
    /// How long uploads and URLs live.
    pub rules: UploadRules,
    /// The part size to prefer.
    pub preferred_part: ByteCount,
    /// What one owner may have unfinished at once.
    pub allowance: Allowance,
    /// Whether owner ids may stand in object keys.
    pub owner_naming: OwnerNaming,
    /// How private files are read.
    pub delivery: DeliveryRules,
    /// How long `complete` waits for the commit before it answers "still at it".
    pub complete_patience: TimeSpan,
    /// How much of what is published one daily run reads and compares.
    pub scrub: ByteCount,
    /// How the store makes ETags, as far as that is known.
    pub etag_form: ETagForm,
    /// How much one run of reconcile may remove.
    pub reconcile_budget: u32,
    /// How long reconcile leaves alone what no row owns.
    pub orphan_age: TimeSpan,
}

/// How long read URLs live, and how long they stay byte-equal.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryRules {
    /// URLs signed within one window are the same.
    pub window: TimeSpan,
    /// What a URL is good for at the least.
    pub life: TimeSpan,
}

/// The answer of `complete` waits this long by default: load balancers and browsers give up between 30 s and 60 s.
pub const DEFAULT_COMPLETE_PATIENCE: TimeSpan = TimeSpan::from_secs(25);

/// What the use cases stand on.
pub struct AppParts {
    /// The truth.
    pub catalog: Arc<dyn Catalog>,
    /// The matter.
    pub store: Arc<dyn Store>,
    /// Tells news to whoever listens.
    pub events: Arc<dyn Events>,
    /// Signs what clients use.
    pub signer: UrlSigner,
    /// This host's clock. Nothing is decided by it; it is held against the catalog's.
    pub clock: Arc<dyn Clock>,
    /// Random bits of ids and keys.
    pub entropy: Arc<dyn Entropy>,
    /// What the operator chose.
    pub settings: Settings,
}

/// The use cases. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct App {
    parts: Arc<AppParts>,
    background: Arc<dyn Background>,
    committing: Arc<Semaphore>,
    awaited: Arc<arrive::Awaited>,
    guard: Arc<guard::Guard>,
    damages: Arc<scrub::Damages>,
}

impl App {
    /// Puts the use cases on their ports and on the runtime that the caller runs on.
    pub fn new(parts: AppParts) -> Self {
        Self::with_background(parts, Arc::new(HostBackground::default()))
    }

    /// Puts the use cases on their ports and on another runtime, such as a simulated one.
    pub fn with_background(parts: AppParts, background: Arc<dyn Background>) -> Self {
        let committing = Arc::new(Semaphore::new(MAX_COMMITS));
        Self {
            parts: Arc::new(parts),
            background,
            committing,
            awaited: Arc::default(),
            guard: Arc::default(),
            damages: Arc::default(),
        }
    }

    /// What the operator chose.
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// A collection by the name in a path.
    pub fn collection(&self, name: &str) -> Option<&Collection> {
        let name = CollectionName::parse(name).ok()?;
        self.parts.settings.collections.get(&name)
    }

    /// The catalog, for readiness and figures.
    pub fn catalog(&self) -> &dyn Catalog {
        &*self.parts.catalog
    }

    /// The store, for readiness.
    pub fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    /// Where clients send parts and read objects: the origins of all URLs they are given.
    pub fn store_origins(&self) -> Vec<String> {
        self.parts.signer.origins()
    }

    /// Whether what a lane works on answers, and may be worked on.
    ///
    /// # Errors
    /// If it does not, or may not.
    pub(crate) async fn probe(&self, lane: Lane) -> Result<(), PortError> {
        match lane {
            Lane::Drive | Lane::Deliver => self.require_bucket_now().await,
            Lane::Expire | Lane::Destroy | Lane::Recheck => self.require_calm_now().await,
        }
    }

    /// Random bits, to spread what would come at once.
    pub(crate) fn chance(&self) -> u32 {
        let mut bits = [0; 4];
        self.parts.entropy.fill(&mut bits);
        u32::from_be_bytes(bits)
    }

    /// A panic was caught, and what it was about goes on.
    pub(crate) fn caught(&self, panic: Box<dyn Any + Send>) {
        self.background.caught(panic);
    }

    /// Finishes what was started on behalf of requests: commits and clean-ups that outlive their request.
    pub async fn drain(&self) {
        self.background.drain().await;
    }

    /// Runs work that must not end when the request that started it does. Its outcome never comes if it panics.
    fn outlive<F>(&self, work: F) -> oneshot::Receiver<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (tell, outcome) = oneshot::channel();
        let work = async move {
            // Nobody may be waiting any more: that is what it outlives.
            drop(tell.send(work.await));
        };
        self.background.start(Box::pin(work.in_current_span()));
        outcome
    }
}

/// A port did not do its part. Every use case can fail so; nothing is decided by it.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The catalog.
    #[error("the catalog failed")]
    Catalog(#[source] CatalogError),
    /// The store.
    #[error("the object store failed")]
    Store(#[source] StoreError),
    /// A URL could not be signed: a bucket, key or region that cannot be.
    #[error("a URL could not be signed")]
    Presign(#[source] PresignError),
    /// The row changed under us again and again.
    #[error("too many others changed the same row")]
    Contended,
    /// Catalog and buckets do not belong together.
    #[error(transparent)]
    Bucket(Mismatch),
    /// A clock is too far off to end or destroy anything.
    #[error(transparent)]
    Skew(Skew),
}

impl PortError {
    fn catalog(error: CatalogError) -> Self {
        Self::Catalog(error)
    }

    fn store(error: StoreError) -> Self {
        Self::Store(error)
    }
}
