//! Compare-and-set of one file, and every state a file can be in.

use domain::{
    Asset, ChecksumAlgorithm, ChecksumValue, DeclaredChecksum, ETag, EventKind, Fence, File, FileState, OutboxEvent,
    Part, Reason, TimeSpan, Timestamp, UploadId, VerifiedObject,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio::task::JoinSet;

use super::Subject;
use super::samples::{self, pending};
use crate::catalog::Written;

fn rejected(asset: &Asset, role: &str, at: Timestamp) -> OutboxEvent {
    let kind = EventKind::AssetRejected { role: samples::role(role), reason: Reason::SizeMismatch };
    OutboxEvent::new(asset.id, asset.owner.clone(), kind, at)
}

fn crc32c(text: &str) -> ChecksumValue {
    ChecksumValue::parse(ChecksumAlgorithm::Crc32C, text).unwrap()
}

pub(crate) async fn advance_replaces_the_row(subject: Subject) {
    let asset = subject.reserved("mina", &["video", "thumbnail"]).await;
    let file = pending(&asset, "video");
    let next = File {
        state: FileState::Uploading,
        upload_id: Some(UploadId("2~Ab/+=.._é".to_owned())),
        deadline: file.deadline + TimeSpan::from_micros(1),
        url_not_after: Some(subject.now()),
        checksum: Some(DeclaredChecksum { algorithm: ChecksumAlgorithm::Crc32C, value: Some(crc32c("AAAAAA==")) }),
        fence: file.fence.next(),
        ..file.clone()
    };
    assert_eq!(subject.catalog.advance(file, &next, &[]).await.unwrap(), Written::Done);
    assert_eq!(subject.file(file.id).await, next);
    let read = subject.asset(asset.id).await;
    assert_eq!(pending(&read, "video"), &next);
    assert_eq!(pending(&read, "thumbnail"), pending(&asset, "thumbnail"));
    assert_eq!(read.revision, asset.revision, "an asset's revision counts the writes to its own row");
}

pub(crate) async fn advance_refuses_a_stale_fence(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = subject.open(pending(&asset, "video").id).await;
    for stale in [Fence(0), Fence(2)] {
        let stale = File { fence: stale, ..file.clone() };
        let (state, fence) = (FileState::Deleting { reason: Reason::Deleted }, stale.fence.next());
        let next = File { state, fence, ..file.clone() };
        let event = rejected(&asset, "video", subject.now());
        assert_eq!(subject.catalog.advance(&stale, &next, &[event]).await.unwrap(), Written::Stale);
        assert_eq!(subject.file(file.id).await, file);
        assert_eq!(subject.events().await, []);
    }
}

pub(crate) async fn advance_of_nothing_known_is_stale(subject: Subject) {
    let reservation = subject.reservation("mina", &["video"]);
    let file = pending(&reservation.asset, "video");
    let next = File {
        state: FileState::Uploading,
        upload_id: Some(UploadId("u".to_owned())),
        fence: Fence(1),
        ..file.clone()
    };
    assert_eq!(subject.catalog.advance(file, &next, &[]).await.unwrap(), Written::Stale);
    assert_eq!(subject.find_file(file.id).await.value, None);
}

pub(crate) async fn advance_writes_events_in_order(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = subject.file(pending(&asset, "video").id).await;
    let next =
        File { state: FileState::Deleting { reason: Reason::SizeMismatch }, fence: file.fence.next(), ..file.clone() };
    let events = [rejected(&asset, "video", subject.now()), rejected(&asset, "thumbnail", subject.now())];
    assert_eq!(subject.catalog.advance(&file, &next, &events).await.unwrap(), Written::Done);
    assert_eq!(subject.events().await, events);
}

pub(crate) async fn advance_has_one_winner(subject: Subject) {
    let asset = subject.reserved("mina", &["video"]).await;
    let file = subject.open(pending(&asset, "video").id).await;
    let mut racers = JoinSet::new();
    for number in 0..8_u8 {
        let (catalog, before) = (subject.catalog.clone(), file.clone());
        let deadline = file.deadline + TimeSpan::from_secs(number.into());
        let next = File { deadline, fence: file.fence.next(), ..file.clone() };
        let event = OutboxEvent { at: next.deadline, ..rejected(&asset, "video", subject.now()) };
        racers.spawn(async move { (catalog.advance(&before, &next, &[event]).await.unwrap(), next) });
    }
    let ended = racers.join_all().await;
    let winners: Vec<&File> = ended.iter().filter(|(came, _)| *came == Written::Done).map(|(_, next)| next).collect();
    assert_eq!(winners, [&subject.file(file.id).await]);
    let events = subject.events().await;
    assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), [winners[0].deadline]);
}

/// Reserves a file, brings it to a state, and reads it back both ways.
async fn assert_survives(subject: &Subject, state: FileState, checksum: Option<DeclaredChecksum>) {
    let mut reservation = subject.reservation("mina", &["video"]);
    let place = reservation.asset.places.get_mut(&samples::role("video")).unwrap();
    place.pending.as_mut().unwrap().checksum = checksum;
    let asset = subject.reserve(&reservation).await;
    let file = pending(&asset, "video");
    assert_eq!(&subject.file(file.id).await, file);

    let next = File { upload_id: Some(UploadId("u".to_owned())), fence: file.fence.next(), ..file.clone() };
    let next = match state {
        FileState::Reserved => return,
        FileState::Created { object, .. } => {
            let verified = File { state: FileState::Verified { object: object.clone() }, ..next };
            assert_eq!(subject.catalog.advance(file, &verified, &[]).await.unwrap(), Written::Done);
            subject.publish(asset.id).await;
            let state = FileState::Created { object, lost_since: None };
            File { state, fence: verified.fence.next(), due_at: None, ..verified }
        }
        state @ (FileState::Uploading
        | FileState::Committing { .. }
        | FileState::Verified { .. }
        | FileState::Deleting { .. }
        | FileState::Closed { .. }) => {
            let next = File { state, ..next };
            assert_eq!(subject.catalog.advance(file, &next, &[]).await.unwrap(), Written::Done);
            next
        }
    };
    assert_eq!(subject.file(file.id).await, next);
    assert_eq!(subject.asset(asset.id).await.files().collect::<Vec<_>>(), [&next]);
}

pub(crate) async fn every_state_survives(subject: Subject) {
    let sample = subject.reservation("mina", &["video"]).asset;
    let file = pending(&sample, "video");
    let full = samples::object(file);
    let bare = VerifiedObject { version: None, checksum: None, checks: vec![], ..full.clone() };
    let parts = samples::parts(file);
    let now = subject.now();
    let mut states = vec![FileState::Reserved, FileState::Uploading];
    for gone_since in [None, Some(now)] {
        states.push(FileState::Committing { parts: parts.clone(), relists: 5, gone_since });
    }
    for object in [full, bare] {
        states.push(FileState::Verified { object: object.clone() });
        states.push(FileState::Created { object, lost_since: None });
    }
    for reason in Reason::ALL {
        states.push(FileState::Deleting { reason });
        states.push(FileState::Closed { reason, clean_rechecks: 2, recheck_at: now });
    }
    for state in states {
        assert_survives(&subject, state, None).await;
    }
    let algorithms = [
        (ChecksumAlgorithm::Crc64Nvme, "rosUhgp5mIg="),
        (ChecksumAlgorithm::Crc32C, "yZRlqg=="),
        (ChecksumAlgorithm::Crc32, "y/Q5Jg=="),
    ];
    for (algorithm, text) in algorithms {
        let value = ChecksumValue::parse(algorithm, text).unwrap();
        for value in [None, Some(value)] {
            assert_survives(&subject, FileState::Uploading, Some(DeclaredChecksum { algorithm, value })).await;
        }
    }
}

fn times() -> impl Strategy<Value = Timestamp> {
    (0..4_102_444_800_000_000_i64).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn objects() -> impl Strategy<Value = VerifiedObject> {
    let checksum = proptest::option::of(Just((ChecksumAlgorithm::Crc32C, crc32c("yZRlqg=="))));
    let size = (1..=domain::part_plan::MAX_OBJECT.get()).prop_map(domain::ByteCount);
    (size, "\\PC{0,40}", proptest::option::of("\\PC{0,40}"), checksum).prop_map(|(size, etag, version, checksum)| {
        VerifiedObject { size, etag: ETag::new(&etag), version, checksum, checks: vec![domain::Check::Size] }
    })
}

fn states() -> impl Strategy<Value = FileState> {
    let number = (1..=10_000_u64).prop_map(|number| domain::PartNumber::new(number).unwrap());
    let part = (number, any::<u64>(), "\\PC{0,40}").prop_map(|(number, size, etag)| Part {
        number,
        size: domain::ByteCount(size),
        etag: ETag::new(&etag),
    });
    let parts = proptest::collection::vec(part, 1..20);
    let reason = proptest::sample::select(Reason::ALL.to_vec());
    prop_oneof![
        (parts, any::<u8>(), proptest::option::of(times()))
            .prop_map(|(parts, relists, gone_since)| FileState::Committing { parts, relists, gone_since }),
        objects().prop_map(|object| FileState::Verified { object }),
        objects().prop_map(|object| FileState::Created { object, lost_since: None }),
        reason.clone().prop_map(|reason| FileState::Deleting { reason }),
        (reason, any::<u8>(), times()).prop_map(|(reason, clean_rechecks, recheck_at)| FileState::Closed {
            reason,
            clean_rechecks,
            recheck_at
        }),
    ]
}

pub(crate) async fn random_states_survive(subject: Subject) {
    let mut runner = TestRunner::deterministic();
    for _ in 0..64 {
        let state = states().new_tree(&mut runner).unwrap().current();
        assert_survives(&subject, state, None).await;
    }
}
