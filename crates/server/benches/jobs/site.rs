//! A site whose uploads were abandoned: the use cases over a SQLite file, a clock that is moved, and any store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::limits::ORPHAN_AGE;
use domain::store_profile::ETagForm;
use domain::{
    ByteCount, Collection, CollectionName, Description, FileName, MediaType, Metadata, Necessity, OwnerId, OwnerNaming,
    RoleName, RoleRules, TimeSpan, Timestamp, Title, UploadRules, Visibility,
};
use futures::{StreamExt as _, stream};
use server::app::{App, AppParts, DEFAULT_COMPLETE_PATIENCE, DeliveryRules, Finisher, NewFile, NewUpload, Settings};
use server::catalog::sqlite::SqliteCatalog;
use server::catalog::{Allowance, Catalog};
use server::clock::{Clock as _, ManualClock};
use server::entropy::HostEntropy;
use server::events::memory::MemoryEvents;
use server::store::Store;
use server::store::memory::MemoryStore;
use server::store::signer::{SignerSettings, UrlSigner};

/// When the uploads begin.
const START: Timestamp = Timestamp::constant(1_790_000_000, 0);
/// How much later the night comes: an upload counts as abandoned 49 h after its last part URLs.
const NIGHT: TimeSpan = TimeSpan::from_hours(60);
/// Whose assets they are, in turn.
const OWNERS: u32 = 1_000;
/// Creations under way at once.
const AT_ONCE: usize = 16;

/// The catalog's file in a folder.
pub(crate) fn catalog(folder: &Path) -> PathBuf {
    folder.join("catalog.db")
}

/// The clock as it stands when the night comes.
pub(crate) fn night() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(START + NIGHT))
}

/// A runtime as the server has.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts")
}

/// The use cases over these.
pub(crate) fn app(catalog: Arc<dyn Catalog>, store: Arc<dyn Store>, clock: Arc<ManualClock>) -> App {
    let video = RoleRules {
        visibility: Visibility::Private,
        necessity: Necessity::Required,
        max_size: ByteCount::gib(200),
        media_types: vec![MediaType::Mp4],
    };
    let name = CollectionName::parse("videos").expect("a name");
    let roles = BTreeMap::from([(role(), video)]);
    let collections = BTreeMap::from([(name.clone(), Collection { name, roles })]);
    App::new(AppParts {
        catalog,
        store,
        events: Arc::new(MemoryEvents::default()),
        signer: UrlSigner::new(SignerSettings {
            endpoint: "http://store.test".into(),
            addressing: signing::Addressing::Path,
            region: "us-east-1".into(),
            private_bucket: "private".into(),
            public_bucket: "public".into(),
            prefix: String::new(),
            public_base_url: None,
        })
        .expect("a signer"),
        clock,
        entropy: Arc::new(HostEntropy),
        settings: Settings {
            collections,
            rules: UploadRules::default(),
            preferred_part: ByteCount::mib(16),
            allowance: Allowance { open_uploads: u32::MAX, reserved_bytes: ByteCount::gib(1 << 30) },
            owner_naming: OwnerNaming::PlainWhereSafe,
            delivery: DeliveryRules { window: TimeSpan::from_mins(10), life: TimeSpan::from_hours(1) },
            complete_patience: DEFAULT_COMPLETE_PATIENCE,
            scrub: ByteCount::mib(100),
            etag_form: ETagForm::Other,
            reconcile_budget: 1_000,
            orphan_age: ORPHAN_AGE,
        },
    })
}

fn role() -> RoleName {
    RoleName::parse("video").expect("a name")
}

/// Makes the catalog of a site with `count` abandoned uploads and, lest the breaker take the clock for wrong, half as many that
/// have just begun.
pub(crate) fn fill(folder: &Path, count: u32) {
    runtime().block_on(async {
        let clock = Arc::new(ManualClock::new(START));
        let sqlite = SqliteCatalog::open(&catalog(folder), clock.clone()).await.expect("the catalog opens");
        let sqlite: Arc<dyn Catalog> = Arc::new(sqlite);
        let store = Arc::new(MemoryStore::default().with_clock(clock.clone()));
        let app = app(sqlite.clone(), store, clock.clone());
        create(&app, count).await;
        // As it is while a server runs: the epoch rises, and no leap of the clock is seen.
        while clock.now() < START + NIGHT {
            clock.advance(TimeSpan::from_hours(1));
            app.raise_epoch().await.expect("the epoch rises");
        }
        create(&app, count / 2).await;
        sqlite.close().await;
    });
}

async fn create(app: &App, count: u32) {
    let videos = app.collection("videos").expect("there is one");
    let one = |n: u32| async move {
        let owner = OwnerId::parse(&format!("owner-{}", n % OWNERS)).expect("an owner");
        let file = NewFile {
            file_name: FileName::parse("holiday.mp4").expect("a name"),
            size: Some(ByteCount::mib(40)),
            media_type: MediaType::Mp4,
            checksum: None,
            finisher: Finisher::Owner,
        };
        let upload = NewUpload {
            title: Title::parse("A walk by the sea").expect("a title"),
            description: Description::empty(),
            metadata: Metadata::empty(),
            fingerprint: None,
            files: BTreeMap::from([(role(), file)]),
            idempotency: None,
        };
        app.create_asset(&owner, videos, upload).await.expect("it is created");
    };
    stream::iter(0..count).for_each_concurrent(AT_ONCE, one).await;
}
