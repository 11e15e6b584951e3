//! Files by the thousand, written straight into catalog and store: fifty of them make one asset.
//!
//! Not how files come about (`House::create` is), and more roles than a collection may have; the rows and objects are as
//! those are, and an audit finds nothing wrong with them.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::key::FileKey;
use domain::{
    Asset, AssetId, AssetStatus, ByteCount, Check, CollectionName, Description, Event, Fence, File, FileId, FileName,
    FilePlan, FileState, MediaType, Metadata, ObjectKey, OwnerId, PartPlan, Place, TimeSpan, Timestamp, Title,
    UploadId, VerifiedObject, Visibility, change, decide,
};
use server::catalog::{Allowance, Reservation, Reserved, Rows as _, Written};
use server::store::Store;

use crate::house::{House, role};

/// Files of one asset.
const FILES: u64 = 50;
const CONTENT: &[u8] = b"film";
const GENEROUS: Allowance = Allowance { open_uploads: u32::MAX, reserved_bytes: ByteCount(u64::MAX) };

fn bits(n: u64) -> [u8; 10] {
    let mut bits = [0; 10];
    bits[2..].copy_from_slice(&n.to_be_bytes());
    bits
}

fn announced(asset: &Asset, n: u64) -> File {
    let (role, at) = (role(&format!("file_{}", n % FILES)), asset.created_at);
    let owner = asset.owner.as_str().to_owned();
    let nonce = u128::from(n).to_be_bytes();
    let key = FileKey::new(owner, asset.collection.clone(), asset.id, role.clone(), MediaType::Mp4, nonce);
    File {
        id: FileId::new(at, &bits(n)),
        asset: asset.id,
        role,
        key: ObjectKey::new(Visibility::Private, key),
        file_name: FileName::parse("film.mp4").unwrap(),
        plan: FilePlan::Declared(PartPlan::for_size(ByteCount(CONTENT.len() as u64)).unwrap()),
        checksum: None,
        auto: false,
        looks: None,
        addition: false,
        created_at: at,
        deadline: at + TimeSpan::from_hours(48),
        url_not_after: None,
        upload_id: None,
        due_at: Some(at + domain::limits::STRAY_LOOK_AFTER),
        fence: Fence::default(),
        state: FileState::Reserved,
    }
}

/// The asset of the files from `first` on, of one of 97 owners.
fn asset(first: u64, at: Timestamp) -> Asset {
    let number = first / FILES;
    let mut asset = Asset {
        id: AssetId::new(at, &bits(number)),
        owner: OwnerId::parse(&format!("o{}", number % 97)).unwrap(),
        collection: CollectionName::parse("videos").unwrap(),
        title: Title::parse("Crowd").unwrap(),
        description: Description::empty(),
        metadata: Metadata::empty(),
        fingerprint: None,
        status: AssetStatus::Uploading,
        created_at: at,
        published_at: None,
        revision: Fence::default(),
        places: BTreeMap::new(),
    };
    for n in first..first + FILES {
        let file = announced(&asset, n);
        asset.places.insert(file.role.clone(), Place { published: None, pending: Some(file) });
    }
    asset
}

impl House {
    /// Reserves one asset and lets each of its files take a step; gives them as they are then.
    async fn crowd_of(&self, first: u64, step: impl AsyncFn(&File) -> File) -> Asset {
        let mut asset = asset(first, self.clock_now());
        let reservation = Reservation { asset: asset.clone(), idempotency: None, allowance: GENEROUS };
        assert_eq!(self.catalog.reserve(&reservation).await.unwrap(), Reserved::Fresh);
        for place in asset.places.values_mut() {
            let file = place.pending.as_mut().expect("it is announced");
            let next = step(file).await;
            assert_eq!(self.catalog.advance(file, &next, &[]).await.unwrap(), Written::Done);
            *file = next;
        }
        asset
    }

    /// Files with these numbers, whole fifties, that are CREATED, with their objects.
    pub(crate) async fn publish_crowd(&self, numbers: std::ops::Range<u64>) {
        for first in numbers.step_by(FILES as usize) {
            let verified = async |file: &File| {
                self.store.put_foreign_object(file.key.visibility(), &file.key.path(), Bytes::from_static(CONTENT));
                let head = self.store.head(&file.key).await.unwrap().expect("it was just put there");
                let (size, etag, version) = (head.size, head.etag, head.version);
                let checks = vec![Check::Size, Check::ContentType, Check::MagicBytes];
                let object = VerifiedObject { size, etag, version, checksum: head.checksum, checks };
                let upload_id = Some(UploadId(format!("completed-{}", file.id)));
                File { upload_id, fence: file.fence.next(), state: FileState::Verified { object }, ..file.clone() }
            };
            let asset = self.crowd_of(first, verified).await;
            let publication = change::publish(&asset, self.clock_now()).unwrap();
            assert_eq!(self.catalog.apply(&publication).await.unwrap(), Written::Done);
        }
    }

    /// Files with these numbers, whole fifties, that are UPLOADING, each with its open upload and nothing else.
    pub(crate) async fn open_crowd(&self, numbers: std::ops::Range<u64>) {
        for first in numbers.step_by(FILES as usize) {
            let opened = async |file: &File| {
                let upload = self.store.open_foreign_upload(file.key.visibility(), &file.key.path());
                decide(file, &Event::Opened(upload), self.clock_now()).unwrap().next
            };
            self.crowd_of(first, opened).await;
        }
    }
}
