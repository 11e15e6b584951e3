//! The suite that every store passes, over the simulated one in calm weather: its description is held by the same cases
//! as the real ones.
//!
//! Not a test of faults. *Invariant*: a store differs from AWS here only in what its row of facts says, and in that
//! nobody reads from it without a signature and its contents and their checksums are symbols.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{ByteCount, ChecksumAlgorithm, ChecksumValue, ETag, ObjectKey, PartNumber, UploadId, Visibility};
use server::clock::{Clock as _, HostClock};
use server::store::Store;
use server::store::conformance::{Difference, Harness};
use tokio::task::{JoinSet, yield_now};

use crate::chance::Chance;
use crate::clocks::Clocks;
use crate::credentials::Issuer;
use crate::executor::lock;
use crate::matter::{Arrival, Foreign, PartFate, Piece, checksum_of};
use crate::profile::PROFILES;
use crate::scheduler::Climate;
use crate::store::SimStore;
use crate::world::{Weather, World};

/// The simulated store number `PROFILE` of [`PROFILES`].
struct Simulated<const PROFILE: usize> {
    world: Arc<World>,
    store: SimStore,
    /// Lets its calls go, one after the other.
    serving: JoinSet<()>,
}

impl<const PROFILE: usize> Simulated<PROFILE> {
    fn foreign(&self, bytes: &Bytes) -> Foreign {
        let piece = Piece::of(bytes.clone());
        Foreign { size: piece.size, mark: format!("{:x}", piece.tag), since: self.world.moment().told }
    }
}

#[async_trait]
impl<const PROFILE: usize> Harness for Simulated<PROFILE> {
    async fn start() -> Self {
        let world = World::new(1, PROFILES[PROFILE], None);
        world.clock.set(HostClock.now());
        *lock(&world.issuer) = Issuer::lasting();
        *lock(&world.clocks) = Clocks::agreed();
        lock(&world.desk).weather = Weather::Calm;
        let climate = Climate::of(&mut Chance::new(1));
        let served = world.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            loop {
                // The judge finds keys without rows, because nobody uses the catalog here.
                let (Ok(_) | Err(_)) = served.step(&climate, 0);
                yield_now().await;
            }
        });
        Self { store: SimStore::new(world.clone(), 0), world, serving }
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn differences(&self) -> &'static [Difference] {
        use Difference::{ETagsOfNothing, NoChecksums, NothingIsPublic};
        match PROFILES[PROFILE].name {
            "aws-kms" => &[NothingIsPublic, ETagsOfNothing],
            "ceph" | "garage" => &[NothingIsPublic, NoChecksums],
            "r2" => &[NothingIsPublic, NoChecksums, ETagsOfNothing],
            _ => &[NothingIsPublic],
        }
    }

    fn checksum(&self, algorithm: ChecksumAlgorithm, parts: &[Bytes]) -> ChecksumValue {
        checksum_of(algorithm, &parts.iter().cloned().map(Piece::of).collect::<Vec<_>>())
    }

    async fn send_part(&self, key: &ObjectKey, upload: &UploadId, number: PartNumber, bytes: Bytes) -> Option<ETag> {
        match lock(&self.world.matter).put_part(key, upload, number, Piece::of(bytes), Arrival::Now) {
            PartFate::Stored(etag) => Some(etag),
            PartFate::NoSuchUpload => None,
        }
    }

    async fn read_anonymously(&self, _key: &ObjectKey) -> Option<Bytes> {
        None
    }

    async fn open_foreign_upload(&self, visibility: Visibility, path: &str) {
        let foreign = Foreign { size: ByteCount::ZERO, ..self.foreign(&Bytes::from(path.to_owned())) };
        lock(&self.world.matter).foreign_uploads.insert((visibility, path.to_owned()), foreign);
    }

    async fn put_foreign_object(&self, visibility: Visibility, path: &str, bytes: Bytes) {
        let foreign = self.foreign(&bytes);
        lock(&self.world.matter).foreign_objects.insert((visibility, path.to_owned()), foreign);
    }

    async fn remove_bucket(&self, visibility: Visibility) {
        lock(&self.world.matter).absent.insert(visibility);
    }

    async fn stop(mut self) {
        self.serving.shutdown().await;
    }
}

macro_rules! over {
    ($($name:ident: $profile:literal),+ $(,)?) => {
        $(
            mod $name {
                server::store_conformance!(super::Simulated<$profile>);
            }
        )+

        #[test]
        fn every_simulated_store_is_held() {
            let names = [$((PROFILES[$profile].name, stringify!($name))),+];
            assert_eq!(names.len(), PROFILES.len());
            names.iter().for_each(|(profile, name)| assert_eq!(profile.replace('-', "_"), *name));
        }
    };
}

over! { aws: 0, aws_kms: 1, ceph: 2, garage: 3, minio: 4, r2: 5 }
