//! reconcile and audit below a prefix: what is in it is found to its last key, and the neighbours are left alone, though
//! their names begin alike. Over the memory catalog and SQLite.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use domain::key::FileKey;
use domain::reconcile::Kind;
use domain::{
    AssetId, ByteCount, CollectionName, File, KeyPrefix, MediaType, ObjectKey, OwnerId, OwnerNaming, PartNumber,
    RoleName, TimeSpan, Timestamp, Visibility,
};
use server::app::{
    App, AuditTerms, Breaker, Completion, Fate, Forgotten, Invariant, ReconcileReport, ReconcileTerms, Rehearsal,
};
use server::catalog::memory::MemoryCatalog;
use server::catalog::sqlite::SqliteCatalog;
use server::catalog::{Allowance, Catalog};
use server::clock::ManualClock;
use server::store::memory::MemoryStore;

use crate::ground::app_over;
use crate::house::{film, mp4, new_file, png, poster, role, upload_of};

const BUCKETS: [Visibility; 2] = [Visibility::Private, Visibility::Public];
/// In the order of their keys: `-` comes before `/`, which comes before digits.
const OWNERS: [&str; 6] = ["4", "41", "42-", "42", "420", "421"];
/// More than a page of a listing.
const A_PAGE_AND_MORE: u64 = 1_005;
/// What [`Stage::wreck`] leaves of each kind.
const WRECKS: [Kind; 3] = [Kind::LostObject, Kind::OrphanObject, Kind::OrphanUpload];

/// A Landfall over any catalog.
struct Stage {
    app: App,
    catalog: Arc<dyn Catalog>,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
}

/// A key that no row owns.
fn stray(owner: &str, collection: &str, n: u64, visibility: Visibility) -> ObjectKey {
    let mut bits = [0; 10];
    bits[2..].copy_from_slice(&n.to_be_bytes());
    let asset = AssetId::new(Timestamp::constant(1_780_000_000, 0), &bits);
    let (collection, role) = (CollectionName::parse(collection).unwrap(), RoleName::parse("video").unwrap());
    let nonce = (u128::from(n) << 1 | u128::from(visibility == Visibility::Public)).to_be_bytes();
    ObjectKey::new(visibility, FileKey::new(owner.to_owned(), collection, asset, role, MediaType::Mp4, nonce))
}

fn below(text: &str) -> Option<KeyPrefix> {
    Some(KeyPrefix::parse(text).unwrap())
}

impl Stage {
    fn new(catalog: Arc<dyn Catalog>, clock: Arc<ManualClock>) -> Self {
        let store = Arc::new(MemoryStore::default().with_clock(clock.clone()));
        let allowance = Allowance { open_uploads: 5, reserved_bytes: ByteCount::gib(2) };
        let app = app_over(catalog.clone(), store.clone(), clock.clone(), allowance, OwnerNaming::PlainWhereSafe);
        Self { app, catalog, store, clock }
    }

    async fn sqlite(path: &Path) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::constant(1_790_000_000, 0)));
        let catalog = SqliteCatalog::open(&path.join("catalog.sqlite"), clock.clone()).await.unwrap();
        Self::new(Arc::new(catalog), clock)
    }

    fn memory() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::constant(1_790_000_000, 0)));
        Self::new(Arc::new(MemoryCatalog::new(clock.clone())), clock)
    }

    async fn open(&self, owner: &str, collection: &str) -> (AssetId, Vec<File>) {
        // Ids sort by their time.
        self.clock.advance(TimeSpan::from_secs(1));
        let of = self.app.collection(collection).unwrap().clone();
        let files = match collection {
            "images" => vec![(role("image"), new_file(MediaType::Png, 50))],
            _ => vec![film(100), poster(50)],
        };
        let owner = OwnerId::parse(owner).unwrap();
        let id = self.app.create_asset(&owner, &of, upload_of(files)).await.unwrap().asset.id;
        let asset = self.catalog.find_asset_anywhere(id).await.unwrap().value.unwrap();
        (id, asset.places.into_values().filter_map(|place| place.pending).collect())
    }

    async fn publish(&self, owner: &str, collection: &str) -> Vec<File> {
        let (id, files) = self.open(owner, collection).await;
        for file in &files {
            let content = if file.key.content_type() == MediaType::Mp4 { mp4(100) } else { png(50) };
            self.store.put_part(&file.key, file.upload(), PartNumber::new(1).unwrap(), Bytes::from(content)).unwrap();
        }
        let (owner, of) = (OwnerId::parse(owner).unwrap(), self.app.collection(collection).unwrap().clone());
        self.app.complete_asset(&owner, &of, id, &Completion::default()).await.unwrap();
        files
    }

    /// Of each kind of [`WRECKS`] two per owner, one in a bucket and as near to its owner's last key as can be. Gives
    /// what is wrong, with its kind.
    async fn wreck(&self) -> BTreeSet<(Kind, String)> {
        let mut wrong = BTreeSet::new();
        for owner in OWNERS {
            self.publish(owner, "images").await;
            self.publish(owner, "videos").await;
            self.open(owner, "videos").await;
            for file in self.publish(owner, "videos").await {
                self.store.lose_object(&file.key);
                wrong.insert((Kind::LostObject, file.key.path()));
            }
            for bucket in BUCKETS {
                let (object, upload) = (stray(owner, "videos", 1, bucket), stray(owner, "images", 2, bucket));
                self.store.put_foreign_object(bucket, &object.path(), Bytes::from_static(b"orphan"));
                self.store.open_foreign_upload(bucket, &upload.path());
                wrong.insert((Kind::OrphanObject, object.path()));
                wrong.insert((Kind::OrphanUpload, upload.path()));
            }
        }
        wrong
    }

    async fn reconcile(&self, below: Option<KeyPrefix>, rehearsal: Rehearsal) -> ReconcileReport {
        let (breaker, forgotten) = (Breaker::Armed, Forgotten::Kept);
        self.app.reconcile(ReconcileTerms { below, budget: 1_000, breaker, rehearsal, forgotten }).await.unwrap()
    }

    /// Every object and every open upload.
    fn bucket(&self) -> BTreeSet<String> {
        let all = self.store.objects().into_iter().chain(self.store.uploads());
        all.map(|(bucket, key)| format!("{bucket} {key}")).collect()
    }

    /// The keys of rows that are marked.
    async fn marked(&self) -> BTreeSet<String> {
        let mut marked = BTreeSet::new();
        for bucket in BUCKETS {
            let rows = self.catalog.list_keys(bucket, "", None, 1_000).await.unwrap().value;
            marked.extend(rows.into_iter().filter(|row| row.lost_since.is_some()).map(|row| row.key));
        }
        marked
    }
}

fn found(report: &ReconcileReport) -> BTreeSet<(Kind, String)> {
    report.findings.iter().map(|finding| (finding.kind, finding.key.clone())).collect()
}

/// Of what is wrong, that below a prefix.
fn of(wrong: &BTreeSet<(Kind, String)>, prefix: &str) -> BTreeSet<(Kind, String)> {
    wrong.iter().filter(|(_, key)| key.starts_with(prefix)).cloned().collect()
}

fn keys(wrong: &BTreeSet<(Kind, String)>, kind: Kind) -> BTreeSet<String> {
    wrong.iter().filter(|(of, _)| *of == kind).map(|(_, key)| key.clone()).collect()
}

async fn each_prefix_is_a_run_of_its_own(stage: Stage) {
    let mut wrong = stage.wreck().await;
    stage.clock.advance(TimeSpan::from_hours(25));
    // So that a listing has a page after which more comes, and rows to the end of the prefix and no further.
    for owner in ["42", "421"] {
        for n in 10..10 + A_PAGE_AND_MORE {
            let young = stray(owner, "videos", n, Visibility::Private);
            stage.store.put_foreign_object(Visibility::Private, &young.path(), Bytes::from_static(b"young"));
        }
    }
    let before = stage.bucket();
    for prefix in ["42/images/", "42/videos/", "42/"] {
        let report = stage.reconcile(below(prefix), Rehearsal::DryRun).await;
        assert_eq!(found(&report), of(&wrong, prefix), "{prefix}");
    }
    assert_eq!((stage.bucket(), stage.marked().await), (before.clone(), BTreeSet::new()));

    let report = stage.reconcile(below("42/"), Rehearsal::Real).await;
    let expected = of(&wrong, "42/");
    assert_eq!((found(&report), expected.len()), (expected.clone(), 2 * WRECKS.len()));
    assert!(report.findings.iter().all(|finding| finding.fate == Fate::Done));
    // One image, one film and its poster, the orphans, and what is young; an upload of the two that are open, and the orphans.
    assert_eq!((report.objects, report.uploads), (3 + 2 + A_PAGE_AND_MORE, 2 + 2));
    let gone: BTreeSet<String> = before.difference(&stage.bucket()).cloned().collect();
    assert_eq!(gone.len(), 4);
    assert!(gone.iter().all(|thing| thing.contains(" 42/")), "{gone:?}");
    assert_eq!(stage.marked().await, keys(&expected, Kind::LostObject));
    wrong.retain(|thing| !expected.contains(thing));

    let again = stage.reconcile(below("42/"), Rehearsal::Real).await;
    assert_eq!(found(&again), of(&expected, "42/").into_iter().filter(|(kind, _)| *kind == Kind::LostObject).collect());
    assert_eq!((again.done, again.lost()), (0, 2), "what is marked stays marked, and is told again");
    let nobody = stage.reconcile(below("422/"), Rehearsal::Real).await;
    assert_eq!((found(&nobody), nobody.objects, nobody.rows), (BTreeSet::new(), 0, 0));
    // Side by side.
    let [left, right] = ["4/", "421/"].map(|prefix| stage.reconcile(below(prefix), Rehearsal::Real));
    let (left, right) = futures::join!(left, right);
    for (prefix, report) in [("4/", left), ("421/", right)] {
        let expected = of(&wrong, prefix);
        assert_eq!((found(&report), report.done), (expected.clone(), 6), "{prefix}: {:?}", report.findings);
        wrong.retain(|(kind, key)| *kind == Kind::LostObject || !expected.contains(&(*kind, key.clone())));
    }
    let rest = stage.reconcile(None, Rehearsal::Real).await;
    wrong.extend(of(&expected, "42/").into_iter().filter(|(kind, _)| *kind == Kind::LostObject));
    assert_eq!(found(&rest), wrong);
}

#[tokio::test]
async fn each_prefix_is_a_run_of_its_own_over_the_memory_catalog() {
    each_prefix_is_a_run_of_its_own(Stage::memory()).await;
}

#[tokio::test]
async fn each_prefix_is_a_run_of_its_own_over_sqlite() {
    let home = tempfile::tempdir().unwrap();
    each_prefix_is_a_run_of_its_own(Stage::sqlite(home.path()).await).await;
}

async fn an_audit_below_a_prefix_sees_its_part_of_all(stage: Stage) {
    let wrong = stage.wreck().await;
    let invariant = |kind| match kind {
        Kind::LostObject => Invariant::I1,
        Kind::OrphanObject => Invariant::I2,
        _ => Invariant::I8,
    };
    let mut breaches = 0;
    for owner in OWNERS {
        let (prefix, mut seen) = (format!("{owner}/"), Vec::new());
        for prefix in [prefix.clone(), format!("{owner}/images/"), format!("{owner}/videos/")] {
            let terms = AuditTerms { below: below(&prefix), grace: TimeSpan::ZERO };
            let report = stage.app.audit(&terms).await.unwrap();
            let mut told: Vec<_> =
                report.told.into_iter().map(|breach| (breach.key, breach.invariant.name())).collect();
            told.sort();
            let expected = of(&wrong, &prefix).into_iter().map(|(kind, key)| (key, invariant(kind).name()));
            assert_eq!(told, expected.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(), "{prefix}");
            seen.push((report.objects, report.uploads, report.rows, report.breaches));
        }
        let [all, images, videos] = seen[..] else { panic!("three runs") };
        assert_eq!(all, (images.0 + videos.0, images.1 + videos.1, images.2 + videos.2, images.3 + videos.3));
        breaches += all.3;
    }
    let whole = stage.app.audit(&AuditTerms { below: None, grace: TimeSpan::ZERO }).await.unwrap();
    assert_eq!((whole.breaches, breaches), (wrong.len() as u64, wrong.len() as u64));
}

#[tokio::test]
async fn an_audit_below_a_prefix_sees_its_part_of_all_over_the_memory_catalog() {
    an_audit_below_a_prefix_sees_its_part_of_all(Stage::memory()).await;
}

#[tokio::test]
async fn an_audit_below_a_prefix_sees_its_part_of_all_over_sqlite() {
    let home = tempfile::tempdir().unwrap();
    an_audit_below_a_prefix_sees_its_part_of_all(Stage::sqlite(home.path()).await).await;
}

/// A number that was changed by hand is told, with what it should be.
#[tokio::test]
async fn an_audit_holds_what_owners_have_against_a_count() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::sqlite(folder.path()).await;
    stage.publish("42", "videos").await;
    stage.open("42", "videos").await;
    let audit = async || stage.app.audit(&AuditTerms::default()).await.unwrap();
    assert_eq!(audit().await.told, []);
    let url = format!("sqlite://{}", folder.path().join("catalog.sqlite").display());
    let other = sqlx::sqlite::SqlitePool::connect(&url).await.unwrap();
    sqlx::raw_sql("UPDATE owners SET open_uploads = 3, stored_bytes = 0").execute(&other).await.unwrap();
    other.close().await;
    let told = audit().await.told;
    assert_eq!((told.len(), told[0].invariant, told[0].key.as_str()), (1, Invariant::Usage, "42/"));
    let expected = "its owner is counted with 3 open uploads, 150 bytes reserved, 0 bytes stored; \
        it is 1 open uploads, 150 bytes reserved, 150 bytes stored";
    assert_eq!(told[0].what, expected);
}
