//! Made-up assets and files. No two share an id or a key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::key::FileKey;
use domain::lifecycle::Evidence;
use domain::{
    Asset, AssetId, AssetStatus, ByteCount, Check, ChecksumAlgorithm, ChecksumValue, CollectionName, Description, ETag,
    Event, Fence, File, FileId, FileName, FilePlan, FileState, MediaType, Metadata, ObjectKey, OwnerId, OwnerNaming,
    Part, PartLength, PartPlan, Place, RoleName, TimeSpan, Timestamp, Title, UploadId, VerifiedObject, Visibility,
};

use crate::catalog::{Allowance, IdempotencyClaim, Reservation};

/// Long after 1970, and not on a whole second.
pub(crate) const START: Timestamp = Timestamp::constant(1_767_225_600, 123_456_000);
/// When a sample file counts as abandoned, counted from its making.
pub(crate) const IDLE: TimeSpan = TimeSpan::from_hours(48);
/// An allowance that refuses nothing.
pub(crate) const GENEROUS: Allowance = Allowance { open_uploads: u32::MAX, reserved_bytes: ByteCount(u64::MAX) };

/// Numbers no two samples of one run share, and that rise.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Random bits for an id: ids of one millisecond sort in the order of their making.
fn id_bits() -> [u8; 10] {
    let mut bits = [0; 10];
    bits[2..].copy_from_slice(&unique().to_be_bytes());
    bits
}

pub(crate) fn owner(name: &str) -> OwnerId {
    OwnerId::parse(name).unwrap()
}

pub(crate) fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

pub(crate) fn collection(name: &str) -> CollectionName {
    CollectionName::parse(name).unwrap()
}

pub(crate) fn asset_id(at: Timestamp) -> AssetId {
    AssetId::new(at, &id_bits())
}

pub(crate) fn file_id(at: Timestamp) -> FileId {
    FileId::new(at, &id_bits())
}

/// A file as it is announced for a role of an asset.
pub(crate) fn file(asset: &Asset, name: &str, size: ByteCount, at: Timestamp) -> File {
    let (visibility, media) =
        if name == "video" { (Visibility::Private, MediaType::Mp4) } else { (Visibility::Public, MediaType::Png) };
    let segment = asset.owner.key_segment(OwnerNaming::PlainWhereSafe);
    let nonce = u128::from(unique()).to_be_bytes();
    let key = FileKey::new(segment, asset.collection.clone(), asset.id, role(name), media, nonce);
    File {
        id: file_id(at),
        asset: asset.id,
        role: role(name),
        key: ObjectKey::new(visibility, key),
        file_name: FileName::parse(format!("{name}.bin")).unwrap(),
        plan: FilePlan::Declared(PartPlan::for_size(size).unwrap()),
        checksum: None,
        auto: false,
        looks: None,
        addition: false,
        created_at: at,
        deadline: at + IDLE,
        url_not_after: None,
        upload_id: None,
        due_at: Some(at + domain::limits::STRAY_LOOK_AFTER),
        fence: Fence::default(),
        state: FileState::Reserved,
    }
}

/// An asset without files.
pub(crate) fn bare_asset(owner: OwnerId, at: Timestamp) -> Asset {
    Asset {
        id: asset_id(at),
        owner,
        collection: collection("videos"),
        title: Title::parse("A walk").unwrap(),
        description: Description::empty(),
        metadata: Metadata::empty(),
        fingerprint: None,
        status: AssetStatus::Uploading,
        created_at: at,
        published_at: None,
        revision: Fence::default(),
        places: BTreeMap::new(),
    }
}

/// A reservation of one asset with these roles, each of 20 MiB, without key, refused by no allowance.
pub(crate) fn reservation(owner_name: &str, roles: &[&str], at: Timestamp) -> Reservation {
    let mut asset = bare_asset(owner(owner_name), at);
    for name in roles {
        let pending = Some(file(&asset, name, ByteCount::mib(20), at));
        asset.places.insert(role(name), Place { published: None, pending });
    }
    Reservation { asset, idempotency: None, allowance: GENEROUS }
}

pub(crate) fn claim(key: &str, body: &str) -> IdempotencyClaim {
    IdempotencyClaim { route: "create_asset videos".to_owned(), key: key.to_owned(), body: body.to_owned() }
}

/// The pending file of a role.
pub(crate) fn pending<'a>(asset: &'a Asset, name: &str) -> &'a File {
    asset.places[&role(name)].pending.as_ref().unwrap()
}

/// The published file of a role.
pub(crate) fn published<'a>(asset: &'a Asset, name: &str) -> &'a File {
    asset.places[&role(name)].published.as_ref().unwrap()
}

/// Every part of a file, as the store would list it; two of a file whose size nobody declared.
pub(crate) fn parts(file: &File) -> Vec<Part> {
    let part = |number| {
        let size = match file.length_of(number).unwrap() {
            PartLength::Exactly(size) => size,
            PartLength::Open => ByteCount::mib(5),
        };
        Part { number, size, etag: ETag::new(&format!("0123456789abcdef-{number}")) }
    };
    let arrived = if file.plan.size().is_some() { usize::MAX } else { 2 };
    file.numbers().take(arrived).map(part).collect()
}

/// What verification finds of a good file.
pub(crate) fn object(file: &File) -> VerifiedObject {
    let checksum = ChecksumValue::parse(ChecksumAlgorithm::Crc64Nvme, "rosUhgp5mIg=").unwrap();
    VerifiedObject {
        size: file.plan.size().unwrap(),
        etag: ETag::new("0123456789abcdef-3"),
        version: Some("3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY".to_owned()),
        checksum: Some((ChecksumAlgorithm::Crc64Nvme, checksum)),
        checks: vec![Check::Size, Check::ContentType, Check::Checksum, Check::MagicBytes],
    }
}

pub(crate) fn opened(file: &File) -> Event {
    Event::Opened(UploadId(format!("upload-of-{}", file.id)))
}

pub(crate) fn frozen(file: &File) -> Event {
    let listing = parts(file);
    let claimed = listing.iter().map(|part| (part.number, part.etag.clone())).collect();
    Event::Frozen { listing, claimed: Some(claimed), checksum: None }
}

pub(crate) fn right(file: &File) -> Event {
    Event::Arbitrated(Evidence::Right(object(file)))
}
