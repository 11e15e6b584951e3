//! What callers of the catalog owe it, as assertions.
//!
//! These are programmer errors, not operating errors: they panic, before anything is written. Every backend checks what
//! can be seen from the arguments alone; the memory backend also holds them against its rows.

use std::collections::BTreeSet;

use domain::change::Change;
use domain::reconcile::Orphan;
use domain::{
    Asset, AssetStatus, EventKind, File, FileId, FileState, Installation, OutboxEvent, Reason, Sizing, StateName,
    Timestamp,
};

use super::{AssetQuery, Reservation, Survey};

/// Most assets of one page.
const MAX_PAGE: u32 = 100;

/// A reservation holds a new asset whose files are all announced and untouched.
pub(super) fn of_reservation(reservation: &Reservation) {
    let asset = &reservation.asset;
    of_asset(asset);
    assert_eq!(asset.status, AssetStatus::Uploading, "a new asset is UPLOADING");
    assert!(asset.pending().next().is_some(), "a new asset announces at least one file");
    for file in asset.pending() {
        of_announced(file);
    }
    if let Some(claim) = &reservation.idempotency {
        assert!((1..=255).contains(&claim.key.chars().count()), "an Idempotency-Key has 1 to 255 characters");
    }
}

/// A page has a size.
pub(super) fn of_query(query: &AssetQuery) {
    assert!((1..=MAX_PAGE).contains(&query.limit), "a page has 1 to {MAX_PAGE} assets");
    assert!(query.look_at >= 1, "a search looks at something");
}

/// A step of one file raises its fence by one and is not the publication, which needs all of an asset's files.
pub(super) fn of_advance(before: &File, next: &File, events: &[OutboxEvent]) {
    of_file(next);
    assert_eq!(next.id, before.id, "a step is of one file");
    assert_eq!(next.fence, before.fence.next(), "a write raises the fence by one");
    assert_ne!(next.state.name(), StateName::Created, "files become CREATED together, by `apply` (I7)");
    for event in events {
        assert_eq!(event.asset, next.asset, "an event is about the file's asset");
        assert_ne!(event.kind, EventKind::AssetCreated, "an asset becomes CREATED by `apply` (I7)");
        of_time(event.at);
    }
}

/// A change agrees with itself.
pub(super) fn of_change(change: &Change) {
    let asset = &change.asset;
    of_asset(asset);
    assert_eq!(asset.revision, change.from_revision.next(), "a change raises the revision by one");
    let mut changed = BTreeSet::new();
    for (from, file) in &change.files {
        of_file(file);
        assert_eq!(file.fence, from.next(), "a write raises the fence by one");
        assert_eq!(file.asset, asset.id, "a change is about one asset");
        assert!(changed.insert(file.id), "a change writes a file once");
        assert!(
            asset.files().filter(|placed| placed.id == file.id).all(|placed| placed == file),
            "places show a changed file as it shall be"
        );
    }
    if let Some(file) = &change.announced {
        of_announced(file);
        let place = asset.places.get(&file.role);
        assert_eq!(place.and_then(|place| place.pending.as_ref()), Some(file), "an announced file is pending");
        assert!(!changed.contains(&file.id), "an announced file is new");
    }
    for event in &change.events {
        assert_eq!((event.asset, &event.owner), (asset.id, &asset.owner), "an event is about the changed asset");
        of_time(event.at);
    }
    let publications = change.events.iter().filter(|event| event.kind == EventKind::AssetCreated).count();
    assert!(publications <= usize::from(asset.status == AssetStatus::Created), "an asset is created once (I7)");
}

/// An orphan's row is one that is being destroyed, of an asset that is gone.
pub(super) fn of_orphan(orphan: &Orphan) {
    let Orphan { asset, file } = orphan;
    of_asset(asset);
    of_file(file);
    assert_eq!(asset.status, AssetStatus::Gone(Reason::Orphan), "nobody has an orphan");
    assert!(asset.places.is_empty(), "no place points at an orphan");
    assert_eq!(file.asset, asset.id, "an orphan's file is of its asset");
    assert_eq!(file.state, FileState::Deleting { reason: Reason::Orphan }, "an orphan is being destroyed");
}

/// Every write raises the epoch, and what was once known is not forgotten.
pub(super) fn of_installation(from: &Installation, next: &Installation) {
    assert!(next.epoch > from.epoch, "every write raises the epoch");
    for (before, after) in [(from.marked_at, next.marked_at), (from.accepted_at, next.accepted_at)] {
        assert!(before.is_none() || after.is_some(), "what was once known is not forgotten");
        after.iter().copied().for_each(of_time);
    }
}

/// A step keeps everything but state, upload id, deadline, `url_not_after`, checksum, fence, the next look and what is
/// known of the size, and when something is owed to it, and never goes back.
pub(super) fn of_step(row: &File, next: &File) {
    let kept = File {
        state: row.state.clone(),
        upload_id: row.upload_id.clone(),
        deadline: row.deadline,
        url_not_after: row.url_not_after,
        checksum: row.checksum.clone(),
        due_at: row.due_at,
        fence: row.fence,
        plan: row.plan,
        looks: row.looks,
        ..next.clone()
    };
    assert_eq!(&kept, row, "a step keeps what a file is");
    assert!(
        row.plan.may_become(&next.plan),
        "a step keeps what a file is: a limit until its size is known, a size for ever"
    );
    assert_eq!(next.fence, row.fence.next(), "a write raises the fence by one");
    assert!(next.state.name() >= row.state.name(), "a state's rank never falls (I4)");
}

/// An announcement is a change that brings a file.
pub(super) fn of_announcement(change: &Change) {
    assert!(change.announced.is_some(), "an announcement brings a file");
    of_change(change);
}

fn of_announced(file: &File) {
    of_file(file);
    assert_eq!(file.state, FileState::Reserved, "a new file is RESERVED");
    assert_eq!(file.url_not_after, None, "a new file has been granted nothing");
}

fn of_file(file: &File) {
    assert_eq!(file.key.file_key().asset(), file.asset, "a key names the file's asset");
    let opened = file.upload_id.is_some();
    of_plan(file);
    assert!(file.keeps_its_due_time(), "what owes something has a time (I9)");
    file.due_at.iter().copied().for_each(of_time);
    match &file.state {
        FileState::Reserved => assert!(!opened, "a RESERVED file has no upload yet"),
        FileState::Uploading => assert!(opened, "an UPLOADING file has its upload id"),
        FileState::Committing { parts, gone_since, .. } => {
            assert!(opened, "a COMMITTING file has its upload id");
            assert!(!parts.is_empty(), "a COMMITTING file has its frozen parts");
            gone_since.iter().copied().for_each(of_time);
        }
        FileState::Closed { recheck_at, .. } => of_time(*recheck_at),
        FileState::Verified { .. } | FileState::Created { .. } | FileState::Deleting { .. } => {}
    }
    of_time(file.created_at);
    of_time(file.deadline);
    file.url_not_after.iter().copied().for_each(of_time);
}

/// A size is settled by the freeze, and not before.
fn of_plan(file: &File) {
    match file.state.name() {
        StateName::Reserved | StateName::Uploading => {
            assert_ne!(file.plan.sizing(), Sizing::Settled, "a size settles with the freeze");
        }
        StateName::Committing | StateName::Verified | StateName::Created => {
            assert!(file.plan.size().is_some(), "a frozen file has a size");
        }
        StateName::Deleting | StateName::Closed => {}
    }
    if let Some(looks) = file.looks {
        of_time(looks.since);
        looks.next.iter().copied().for_each(of_time);
    }
}

/// A page has rows, and some may be looked at for it.
pub(super) fn of_survey(survey: &Survey) {
    assert!((1..=MAX_PAGE).contains(&survey.limit), "a page has 1 to {MAX_PAGE} assets");
    assert!(survey.look_at >= 1, "a page looks at something");
}

/// An asset's status and the files its places point at agree.
fn of_asset(asset: &Asset) {
    let mut seen: BTreeSet<FileId> = BTreeSet::new();
    let mut keys = BTreeSet::new();
    for (role, place) in &asset.places {
        for file in place.published.iter().chain(&place.pending) {
            of_file(file);
            assert_eq!((file.asset, &file.role), (asset.id, role), "a place holds files of its asset and role");
            assert!(seen.insert(file.id), "a file has one place");
            assert!(keys.insert(&file.key), "a key belongs to one file (I3)");
        }
        let published = place.published.as_ref().map(|file| file.state.name());
        let pending = place.pending.as_ref().map(|file| file.state.name());
        let ended = |state: Option<StateName>| state.is_none_or(|state| state >= StateName::Deleting);
        match asset.status {
            AssetStatus::Uploading => assert_eq!(published, None, "nothing is published before its asset (I7)"),
            AssetStatus::Created => {
                assert!(
                    published.is_none_or(|state| state == StateName::Created),
                    "a CREATED asset shows CREATED files"
                );
            }
            AssetStatus::Gone(_) => assert!(ended(published) && ended(pending), "an asset goes with its files"),
        }
        assert_ne!(pending, Some(StateName::Created), "what is pending is not published");
        let on_its_way = place.pending.iter().find(|file| file.state.reason().is_none());
        let published = asset.status == AssetStatus::Created;
        assert!(on_its_way.is_none_or(|file| file.addition == published), "a file knows what it was announced for");
    }
    let forgotten = asset.title.is_forgotten() && asset.fingerprint.is_none();
    match asset.status {
        AssetStatus::Uploading | AssetStatus::Created => {
            assert!(!asset.title.is_forgotten(), "an asset has a title");
        }
        AssetStatus::Gone(_) => assert!(forgotten, "an asset goes with what its owner wrote about it"),
    }
    match asset.status {
        AssetStatus::Uploading => assert_eq!(asset.published_at, None, "an UPLOADING asset was never published"),
        AssetStatus::Created => assert!(asset.published_at.is_some(), "a CREATED asset knows since when"),
        AssetStatus::Gone(_) => {}
    }
    of_time(asset.created_at);
    asset.published_at.iter().copied().for_each(of_time);
}

/// Catalogs keep microseconds.
fn of_time(time: Timestamp) {
    assert_eq!(time.as_nanosecond() % 1_000, 0, "times are whole microseconds");
}
