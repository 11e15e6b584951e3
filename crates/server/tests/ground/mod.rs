//! What the houses of all suites stand on: manual clock, memory catalog, memory store, counting entropy, the use cases.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::limits::ORPHAN_AGE;
use domain::{
    ByteCount, Collection, CollectionName, MediaType, Necessity, OwnerNaming, RoleName, RoleRules, TimeSpan, Timestamp,
    UploadRules, Visibility,
};
use server::app::{App, AppParts, DEFAULT_COMPLETE_PATIENCE, DeliveryRules, Settings};
use server::catalog::memory::MemoryCatalog;
use server::catalog::{Allowance, Catalog};
use server::clock::ManualClock;
use server::entropy::Entropy;
use server::events::memory::MemoryEvents;
use server::store::Store;
use server::store::memory::MemoryStore;
use server::store::signer::{SignerSettings, UrlSigner};

/// Numbers instead of randomness: different every time, the same in every run.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        for (byte, bits) in buffer.iter_mut().rev().zip(count.into_iter().rev().chain(std::iter::repeat(0))) {
            *byte = bits;
        }
    }
}

/// The largest clip: three of the smallest parts.
pub(crate) const CLIP_LIMIT: ByteCount = ByteCount::mib(12);

/// The use cases, and the backends under them for a test to look into.
pub(crate) struct Ground {
    pub(crate) app: App,
    pub(crate) catalog: Arc<MemoryCatalog>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
}

impl Ground {
    pub(crate) fn lay(store: MemoryStore, allowance: Allowance, owner_naming: OwnerNaming) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::constant(1_790_000_000, 0)));
        let catalog = Arc::new(MemoryCatalog::new(clock.clone()));
        let store = Arc::new(store.with_clock(clock.clone()));
        let app = app_over(catalog.clone(), store.clone(), clock.clone(), allowance, owner_naming);
        Self { app, catalog, store, clock }
    }
}

/// The use cases over any backends. Two on one catalog draw the same ids: only one of them may create anything.
pub(crate) fn app_over(
    catalog: Arc<dyn Catalog>,
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    allowance: Allowance,
    owner_naming: OwnerNaming,
) -> App {
    App::new(AppParts {
        catalog,
        store,
        events: Arc::new(MemoryEvents::default()),
        signer: signer(),
        clock,
        entropy: Arc::new(Counting::default()),
        settings: Settings {
            collections: collections(),
            rules: UploadRules::default(),
            preferred_part: ByteCount::mib(5),
            allowance,
            owner_naming,
            delivery: DeliveryRules { window: TimeSpan::from_mins(10), life: TimeSpan::from_hours(1) },
            complete_patience: DEFAULT_COMPLETE_PATIENCE,
            reconcile_budget: 1_000,
            scrub: ByteCount::mib(100),
            etag_form: domain::store_profile::ETagForm::Other,
            orphan_age: ORPHAN_AGE,
        },
    })
}

fn rules(visibility: Visibility, necessity: Necessity, media_types: &[MediaType]) -> RoleRules {
    RoleRules { visibility, necessity, max_size: ByteCount::gib(200), media_types: media_types.to_vec() }
}

fn collection(name: &str, roles: impl IntoIterator<Item = (&'static str, RoleRules)>) -> (CollectionName, Collection) {
    let name = CollectionName::parse(name).unwrap();
    let roles = roles.into_iter().map(|(role, rules)| (RoleName::parse(role).unwrap(), rules)).collect();
    (name.clone(), Collection { name, roles })
}

fn collections() -> BTreeMap<CollectionName, Collection> {
    let images = [MediaType::Jpeg, MediaType::Png];
    BTreeMap::from([
        collection(
            "videos",
            [
                ("video", rules(Visibility::Private, Necessity::Required, &[MediaType::Mp4, MediaType::WebM])),
                ("thumbnail", rules(Visibility::Public, Necessity::Optional, &images)),
                ("preview", rules(Visibility::Public, Necessity::Optional, &[MediaType::Mp4])),
            ],
        ),
        collection("images", [("image", rules(Visibility::Public, Necessity::Optional, &images))]),
        collection(
            "clips",
            [(
                "clip",
                RoleRules {
                    max_size: CLIP_LIMIT,
                    ..rules(Visibility::Private, Necessity::Required, &[MediaType::Mp4])
                },
            )],
        ),
    ])
}

fn signer() -> UrlSigner {
    UrlSigner::new(SignerSettings {
        endpoint: "http://store.test".into(),
        addressing: signing::Addressing::Path,
        region: "us-east-1".into(),
        private_bucket: "private".into(),
        public_bucket: "public".into(),
        prefix: String::new(),
        public_base_url: None,
    })
    .unwrap()
}

/// An MP4 as far as anybody looks: a `ftyp` box, then numbers.
pub(crate) fn mp4(length: u64) -> Vec<u8> {
    let head = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
    head.iter().copied().chain((0u8..=255).cycle()).take(usize::try_from(length).unwrap()).collect()
}

/// A PNG as far as anybody looks.
pub(crate) fn png(length: u64) -> Vec<u8> {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    head.iter().copied().chain(std::iter::repeat(7)).take(usize::try_from(length).unwrap()).collect()
}
