//! One small asset and its files in every state, shared by the tests of this crate.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::collections::BTreeMap;

use domain::{
    Asset, AssetId, AssetStatus, ByteCount, Check, CollectionName, Description, ETag, Fence, File, FileId, FileKey,
    FileName, FilePlan, FileState, MediaType, Metadata, ObjectKey, OwnerId, Part, PartPlan, Place, Reason, RoleName,
    StateName, TimeSpan, Timestamp, Title, UploadId, VerifiedObject, Visibility,
};

/// A moment in 2026.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

/// Two parts and a byte.
pub(crate) fn plan() -> PartPlan {
    PartPlan::for_size(ByteCount(ByteCount::mib(16).get() + 1)).unwrap()
}

/// What the store lists when all of them have arrived.
pub(crate) fn listing() -> Vec<Part> {
    let part =
        |number| Part { number, size: plan().length_of(number).unwrap(), etag: ETag::new(&format!("e{number}")) };
    plan().numbers().map(part).collect()
}

/// An object that passed.
pub(crate) fn verified() -> VerifiedObject {
    let checks = vec![Check::Size, Check::ContentType, Check::MagicBytes];
    VerifiedObject { size: plan().size(), etag: ETag::new("all-3"), version: None, checksum: None, checks }
}

/// The asset all sample files belong to.
pub(crate) fn asset_id() -> AssetId {
    AssetId::new(NOW, &[1; 10])
}

/// A file for a role in a state, announced a minute ago.
pub(crate) fn file_for(role: &str, state: StateName) -> File {
    let state = match state {
        StateName::Reserved => FileState::Reserved,
        StateName::Uploading => FileState::Uploading,
        StateName::Committing => FileState::Committing { parts: listing(), relists: 0, gone_since: None },
        StateName::Verified => FileState::Verified { object: verified() },
        StateName::Created => FileState::Created { object: verified(), lost_since: None },
        StateName::Deleting => FileState::Deleting { reason: Reason::Deleted },
        StateName::Closed => FileState::Closed {
            reason: Reason::Abandoned,
            clean_rechecks: 0,
            recheck_at: NOW + TimeSpan::from_hours(1),
        },
    };
    let role = RoleName::parse(role).unwrap();
    let nonce = [u8::try_from(role.as_str().len()).unwrap(); 16];
    let collection = CollectionName::parse("videos").unwrap();
    let key = FileKey::new("42".into(), collection, asset_id(), role.clone(), MediaType::Mp4, nonce);
    let created_at = NOW - TimeSpan::from_mins(1);
    File {
        id: FileId::new(NOW, &[nonce[0]; 10]),
        asset: asset_id(),
        role,
        key: ObjectKey::new(Visibility::Private, key),
        file_name: FileName::parse("film.mp4").unwrap(),
        plan: FilePlan::Declared(plan()),
        checksum: None,
        auto: false,
        looks: None,
        addition: false,
        created_at,
        deadline: created_at + TimeSpan::from_hours(48),
        url_not_after: None,
        upload_id: (state != FileState::Reserved).then(|| UploadId("u1".into())),
        due_at: due_at(&state),
        fence: Fence(7),
        state,
    }
}

/// When something is owed to a sample file: never of one that viewers see.
fn due_at(state: &FileState) -> Option<Timestamp> {
    match state {
        FileState::Created { .. } => None,
        FileState::Closed { recheck_at, .. } => Some(*recheck_at),
        _ => Some(NOW + TimeSpan::from_secs(30)),
    }
}

/// A file in a state.
pub(crate) fn file_in(state: StateName) -> File {
    file_for("video", state)
}

/// An asset whose roles hold these pending and published files.
pub(crate) fn asset_of(status: AssetStatus, places: &[(&str, Option<StateName>, Option<StateName>)]) -> Asset {
    let place = |(role, published, pending): &(&str, Option<StateName>, Option<StateName>)| {
        let published = published.map(|state| file_for(role, state));
        let mut pending = pending.map(|state| file_for(role, state));
        if let (Some(_), Some(file)) = (&published, &mut pending) {
            file.id = FileId::new(NOW, &[99; 10]);
        }
        (RoleName::parse(role).unwrap(), Place { published, pending })
    };
    Asset {
        id: asset_id(),
        owner: OwnerId::parse("42").unwrap(),
        collection: CollectionName::parse("videos").unwrap(),
        title: Title::parse("Film").unwrap(),
        description: Description::empty(),
        metadata: Metadata::empty(),
        fingerprint: None,
        status,
        created_at: NOW - TimeSpan::from_mins(1),
        published_at: (status == AssetStatus::Created).then_some(NOW),
        revision: Fence(3),
        places: places.iter().map(place).collect::<BTreeMap<_, _>>(),
    }
}
