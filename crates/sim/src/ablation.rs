//! Planted bugs: what breaks when a guard of the protocol is taken away.
//!
//! The code under test stays as it is. A port lies so that the code behaves as if the guard were missing. *Invariant*:
//! without an ablation nothing in here changes an answer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use domain::change::Change;
use domain::quota::{self, Delta, Usage};
use domain::{
    Asset, AssetStatus, ByteCount, CompleteAnswer, ETag, Epoch, File, FilePlan, FileState, Installation,
    InstallationId, Marker, MediaType, ObjectHead, ObjectKey, OutboxEvent, Part, Place, StateName, TimeSpan, Timestamp,
    UploadId,
};
use futures::FutureExt as _;
use server::catalog::{CatalogError, DueRow, InstallationRecord as _, Rows as _, Schedule, Written};
use server::jobs::{Job, Scheduled};
use server::store::SigningCredentials;

use crate::call::Step;
use crate::executor::lock;
use crate::world::World;

/// A guard that can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ablation {
    /// T9: the store is told to abort nothing, and is believed to have done it.
    NoAbort,
    /// T8: objects are deleted before their row's compare-and-set.
    DeleteBeforeCas,
    /// T6': CREATED is written whatever the fences are.
    CreatedWithoutCas,
    /// T6: after its Abort, the object counts as absent without a look.
    NoHeadAfterAbort,
    /// T6: the status 200 of Complete counts as success, without a look.
    TrustCompleteAnswer,
    /// T3: URLs are signed and their bound is not written.
    SignBeforeDurableBound,
    /// T6': an asset is published when its first file is verified.
    PublishHalf,
    /// T7: files that are being committed expire too.
    ExpireCommitting,
    /// T9: uploads that no row knows are not looked for.
    ForgetListUploads,
    /// T11: the row goes when the file is closed.
    NoRecheck,
    /// Rule 2: the client holds a URL that creates an object.
    ClientPut,
    /// Rule 1: the random part of keys is always the same.
    StuckEntropy,
    /// Rule 4: a file's row is written whatever its fence is.
    IgnoreFence,
    /// T12: everything in a listing counts as old enough.
    ReconcileYoung,
    /// T12: what was not listed counts as missing, without a look.
    ReconcileWithoutHead,
    /// Rule 9: the epoch is written into the markers before the catalog has it.
    MarkerBeforeCatalog,
    /// Rule 9: a marker that is ahead of the catalog is not noticed.
    IgnoreEpoch,
    /// Rule 9: a marker of another installation is not noticed.
    IgnoreInstallation,
    /// Rule 9: a marker that is gone is not noticed.
    IgnoreMissingMarker,
    /// T12: what was there before a restore was accepted counts as an orphan.
    RemoveForgotten,
    /// T12: orphans are deleted without a row.
    DeleteFromScan,
    /// T3: temporary credentials count as lasting.
    IgnoreCredentialsEnd,
    /// Rule 6: other clocks are not looked at.
    IgnoreSkew,
    /// T4: what has arrived of a file of undeclared size is frozen, whatever its owner lists.
    FreezeHalf,
    /// I9: what is committing or being destroyed has lost its time.
    LostDueTime,
    /// Due work: what has failed once is put off for ever.
    UnboundedBackoff,
    /// Due work: a row that cannot be read stops the page that it is on.
    PoisonedPage,
    /// T7: a night whose time has passed is not made up for.
    MissedNight,
}

impl Ablation {
    /// Every guard that can be taken away.
    pub const ALL: [Self; 28] = [
        Self::NoAbort,
        Self::DeleteBeforeCas,
        Self::CreatedWithoutCas,
        Self::NoHeadAfterAbort,
        Self::TrustCompleteAnswer,
        Self::SignBeforeDurableBound,
        Self::PublishHalf,
        Self::ExpireCommitting,
        Self::ForgetListUploads,
        Self::NoRecheck,
        Self::ClientPut,
        Self::StuckEntropy,
        Self::IgnoreFence,
        Self::ReconcileYoung,
        Self::ReconcileWithoutHead,
        Self::MarkerBeforeCatalog,
        Self::IgnoreEpoch,
        Self::IgnoreInstallation,
        Self::IgnoreMissingMarker,
        Self::RemoveForgotten,
        Self::DeleteFromScan,
        Self::IgnoreCredentialsEnd,
        Self::IgnoreSkew,
        Self::FreezeHalf,
        Self::LostDueTime,
        Self::UnboundedBackoff,
        Self::PoisonedPage,
        Self::MissedNight,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAbort => "no-abort",
            Self::DeleteBeforeCas => "delete-before-cas",
            Self::CreatedWithoutCas => "created-without-cas",
            Self::NoHeadAfterAbort => "no-head-after-abort",
            Self::TrustCompleteAnswer => "trust-complete-answer",
            Self::SignBeforeDurableBound => "sign-before-durable-bound",
            Self::PublishHalf => "publish-half",
            Self::ExpireCommitting => "expire-committing",
            Self::ForgetListUploads => "forget-list-uploads",
            Self::NoRecheck => "no-recheck",
            Self::ClientPut => "client-put",
            Self::StuckEntropy => "stuck-entropy",
            Self::IgnoreFence => "ignore-fence",
            Self::ReconcileYoung => "reconcile-young",
            Self::ReconcileWithoutHead => "reconcile-without-head",
            Self::MarkerBeforeCatalog => "marker-before-catalog",
            Self::IgnoreEpoch => "ignore-epoch",
            Self::IgnoreInstallation => "ignore-installation",
            Self::IgnoreMissingMarker => "ignore-missing-marker",
            Self::RemoveForgotten => "remove-forgotten",
            Self::DeleteFromScan => "delete-from-scan",
            Self::IgnoreCredentialsEnd => "ignore-credentials-end",
            Self::IgnoreSkew => "ignore-skew",
            Self::FreezeHalf => "freeze-half",
            Self::LostDueTime => "lost-due-time",
            Self::UnboundedBackoff => "unbounded-backoff",
            Self::PoisonedPage => "poisoned-page",
            Self::MissedNight => "missed-night",
        }
    }

    /// What is taken away, for the table in the documents.
    pub const fn removes(self) -> &'static str {
        match self {
            Self::NoAbort => "T9 (a): uploads of a file that ends are aborted",
            Self::DeleteBeforeCas => "T8 before T9: the row is DELETING before its object is deleted",
            Self::CreatedWithoutCas => "T6': CREATED is written by compare-and-set",
            Self::NoHeadAfterAbort => "T6: HEAD again after the Abort of a hopeless commit",
            Self::TrustCompleteAnswer => "T6: HEAD decides, never the status of Complete",
            Self::SignBeforeDurableBound => "T3: the bound of URLs is durable before one is signed",
            Self::PublishHalf => "T6': all announced roles or none",
            Self::ExpireCommitting => "T7: what is being committed never expires",
            Self::ForgetListUploads => "T9 (a): uploads that no row knows are looked for",
            Self::NoRecheck => "T11: closed files are looked at again before their row goes",
            Self::ClientPut => "rule 2: a client never holds a URL that creates an object",
            Self::StuckEntropy => "rule 1: keys are never reused",
            Self::IgnoreFence => "rule 4: a row is written only at the fence that was read",
            Self::ReconcileYoung => "T12: what reconcile removes is at least 24 h old",
            Self::ReconcileWithoutHead => "T12: HEAD before a published file is marked as lost, not the listing",
            Self::MarkerBeforeCatalog => "rule 9: the epoch rises in the catalog first, then in the markers",
            Self::IgnoreEpoch => "rule 9: a marker ahead of the catalog stops what destroys",
            Self::IgnoreInstallation => "rule 9: another installation's marker stops what destroys",
            Self::IgnoreMissingMarker => "rule 9: a marker that is gone stops what destroys",
            Self::RemoveForgotten => "T12: what a restored catalog may have forgotten is left to the operator",
            Self::FreezeHalf => "T4: of an undeclared size, only all that its owner lists is frozen",
            Self::LostDueTime => "I9: what somebody must move has a time",
            Self::UnboundedBackoff => "due work: what fails is tried again within ten minutes",
            Self::PoisonedPage => "due work: a row that cannot be read costs itself",
            Self::MissedNight => "T7: a night without a server is made up for",
            Self::IgnoreSkew => "rule 6: a clock that is far off stops what ends and destroys",
            Self::IgnoreCredentialsEnd => "T3: no URL lives longer than what it was signed with",
            Self::DeleteFromScan => "T12: an orphan has a row in DELETING before anything of it goes",
        }
    }

    /// The laws by one of which it must be found.
    pub const fn breaks(self) -> &'static [&'static str] {
        match self {
            Self::NoAbort | Self::ClientPut => &["I2"],
            Self::DeleteBeforeCas | Self::TrustCompleteAnswer => &["I1"],
            Self::CreatedWithoutCas | Self::PublishHalf => &["I7"],
            Self::NoHeadAfterAbort => &["T6"],
            Self::SignBeforeDurableBound => &["I5"],
            Self::IgnoreCredentialsEnd => &["T3"],
            Self::IgnoreSkew => &["R6"],
            Self::FreezeHalf => &["T4"],
            Self::LostDueTime | Self::UnboundedBackoff | Self::PoisonedPage | Self::MissedNight => &["L1"],
            Self::ExpireCommitting => &["T7"],
            Self::ForgetListUploads | Self::NoRecheck => &["I8"],
            Self::StuckEntropy => &["I3"],
            Self::IgnoreFence => &["I4"],
            Self::ReconcileYoung | Self::DeleteFromScan => &["I6"],
            Self::ReconcileWithoutHead => &["T12"],
            // The jobs stand still for ever: files do not end, or what others left stays.
            Self::MarkerBeforeCatalog => &["L1", "I8"],
            Self::IgnoreEpoch | Self::IgnoreInstallation | Self::IgnoreMissingMarker | Self::RemoveForgotten => &["R9"],
        }
    }

    /// Where the search begins: at a seed that has found it, where the lowest one is minutes away. A change of the code makes
    /// other runs of the same seeds; then those behind it are tried, and this number is worth another.
    pub const fn begins_at(self) -> u64 {
        match self {
            Self::NoHeadAfterAbort => 1_051,
            Self::ExpireCommitting => 1_664,
            Self::ReconcileWithoutHead => 3_446,
            _ => 0,
        }
    }

    /// Seeds within which it must be found, from there on: few for most, more for what needs several faults in a row.
    pub const fn within(self) -> u64 {
        match self {
            Self::ReconcileWithoutHead => 10_000,
            _ => 3_000,
        }
    }

    /// The ablation of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ablation| ablation.name() == name)
    }
}

/// What the lying ports remember.
#[derive(Default)]
pub(crate) struct Ablated {
    forgotten: BTreeSet<String>,
    believed: BTreeMap<ObjectKey, ObjectHead>,
    aborted: BTreeSet<ObjectKey>,
}

/// An Abort that nobody sends.
pub(crate) fn forget(world: &World, upload: &UploadId) {
    lock(&world.ablated).forgotten.insert(upload.0.clone());
}

/// Whether the listings leave an upload out.
pub(crate) fn denies(world: &World, upload: &UploadId) -> bool {
    world.is_ablated(Ablation::NoAbort) && lock(&world.ablated).forgotten.contains(&upload.0)
}

/// Complete answered 200, with an Error body that is not read.
pub(crate) fn trust_answer(world: &World, key: &ObjectKey, parts: &[Part], answer: CompleteAnswer) {
    if world.is_ablated(Ablation::TrustCompleteAnswer) && answer == CompleteAnswer::Unknown {
        let head = ObjectHead {
            size: ByteCount(parts.iter().map(|part| part.size.get()).sum()),
            content_type: Some(key.content_type().name().to_owned()),
            etag: ETag::new("believed"),
            version: None,
            checksum: None,
        };
        lock(&world.ablated).believed.insert(key.clone(), head);
    }
}

/// An Abort was answered.
pub(crate) fn abort_answered(world: &World, key: &ObjectKey) {
    if world.is_ablated(Ablation::NoHeadAfterAbort) {
        lock(&world.ablated).aborted.insert(key.clone());
    }
}

/// What the code is shown instead of an object's head.
pub(crate) fn seen_head(world: &World, key: &ObjectKey, there: Option<ObjectHead>) -> Option<ObjectHead> {
    let mut ablated = lock(&world.ablated);
    if ablated.aborted.remove(key) {
        return None;
    }
    there.or_else(|| ablated.believed.get(key).cloned())
}

/// What the code is shown of an object that is only believed in.
pub(crate) fn bytes_instead(world: &World, key: &ObjectKey) -> Option<Bytes> {
    let believed = lock(&world.ablated).believed.contains_key(key);
    believed.then(|| Bytes::from_static(beginning_of(key.content_type())))
}

/// How a file of a type begins.
pub(crate) fn beginning_of(media: MediaType) -> &'static [u8] {
    match media {
        MediaType::Mp4 => b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41",
        _ => b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    }
}

/// The asset without the files that are not verified, once another is.
pub(crate) fn shown_for_publication(world: &World, mut asset: Asset) -> Asset {
    let verified = |place: &Place| place.pending.as_ref().is_some_and(|file| file.state.name() == StateName::Verified);
    if world.is_ablated(Ablation::PublishHalf)
        && asset.status == AssetStatus::Uploading
        && asset.places.values().any(verified)
    {
        asset.places.retain(|_, place| verified(place));
    }
    asset
}

/// What is done before, or to, a change on its way to the catalog.
pub(crate) fn before_apply(world: &World, change: &Change) -> Change {
    let mut change = change.clone();
    if world.is_ablated(Ablation::DeleteBeforeCas) {
        let ended = change.files.iter().filter(|(_, file)| file.state.name() == StateName::Deleting);
        ended.for_each(|(_, file)| {
            lock(&world.matter).delete(&file.key);
        });
    }
    if world.is_ablated(Ablation::PublishHalf) && change.asset.status == AssetStatus::Created {
        for (role, place) in world.catalog.asset(change.asset.id).into_iter().flat_map(|asset| asset.places) {
            change.asset.places.entry(role).or_insert(place);
        }
    }
    change
}

/// Writes a publication that lost its race all the same.
pub(crate) fn after_apply(world: &World, change: &Change, written: Written) -> Result<Written, CatalogError> {
    let publication = change.files.iter().any(|(_, file)| file.state.name() == StateName::Created);
    if !(world.is_ablated(Ablation::CreatedWithoutCas) && publication && written == Written::Stale) {
        return Ok(written);
    }
    let Some(asset) = world.catalog.asset(change.asset.id) else { return Ok(written) };
    let mut forced = change.clone();
    forced.from_revision = asset.revision;
    forced.asset.revision = asset.revision.next();
    forced.delta = quota::delta(Usage::of_status(asset.status), Usage::of_status(forced.asset.status));
    for (from, file) in &mut forced.files {
        let Some(row) = world.row(file.id) else { return Ok(written) };
        forced.delta += Delta::of_step(&row, file);
        (*from, file.fence) = (row.fence, row.fence.next());
        let place = forced.asset.places.values_mut().flat_map(|place| place.published.iter_mut());
        place.filter(|placed| placed.id == file.id).for_each(|placed| placed.fence = file.fence);
    }
    world.catalog.apply(&forced).now_or_never().expect("memory answers at once")
}

/// What is frozen of a file of undeclared size: its first part, as if no other had arrived and nobody had asked its owner.
pub(crate) fn before_advance(world: &World, next: &File, step: Step) -> File {
    let mut next = next.clone();
    if world.is_ablated(Ablation::FreezeHalf)
        && step == Step::Frozen
        && let FilePlan::Settled { size, .. } = &mut next.plan
        && let FileState::Committing { parts, .. } = &mut next.state
    {
        parts.truncate(1);
        *size = parts[0].size;
    }
    next
}

/// What is done after a step of one file.
pub(crate) fn after_advance(
    world: &World,
    next: &File,
    events: &[OutboxEvent],
    written: Written,
) -> Result<Written, CatalogError> {
    let closed = matches!(next.state, FileState::Closed { .. });
    if world.is_ablated(Ablation::NoRecheck) && closed && written == Written::Done {
        lock(&world.truth).check(&world.catalog, &lock(&world.matter));
        return world.catalog.purge(next.shard(), next.id, next.fence).now_or_never().expect("memory answers at once");
    }
    if world.is_ablated(Ablation::IgnoreFence) && written == Written::Stale {
        let Some(row) = world.row(next.id) else { return Ok(written) };
        let forced = File { fence: row.fence.next(), ..next.clone() };
        return world.catalog.advance(&row, &forced, events).now_or_never().expect("memory answers at once");
    }
    Ok(written)
}

/// A lane's page as the code is shown it.
pub(crate) fn seen_page(world: &World, page: Vec<DueRow<File>>) -> Result<Vec<DueRow<File>>, CatalogError> {
    let lost = |row: &DueRow<File>| {
        let moving = |file: &File| matches!(file.state.name(), StateName::Committing | StateName::Deleting);
        (world.is_ablated(Ablation::LostDueTime) && row.row.as_ref().is_ok_and(moving))
            || (world.is_ablated(Ablation::UnboundedBackoff) && row.attempts > 0)
    };
    let mut seen = Vec::new();
    for row in page.into_iter().filter(|row| !lost(row)) {
        match row.row {
            Err(error) if world.is_ablated(Ablation::PoisonedPage) => return Err(error),
            _ => seen.push(row),
        }
    }
    Ok(seen)
}

/// What is known of something done by the clock, as the code is shown it: what was missed comes at its next time.
pub(crate) fn seen_schedule(world: &World, schedule: &mut Schedule) {
    if world.is_ablated(Ablation::MissedNight) && schedule.name == Scheduled::Expire.name() {
        schedule.due_at = schedule.due_at.max(world.now() + TimeSpan::from_mins(30));
    }
}

/// Whether reconcile believes its listing.
pub(crate) fn believes_listing(world: &World) -> bool {
    world.is_ablated(Ablation::ReconcileWithoutHead) && world.executor.runs(Job::Scheduled(Scheduled::Reconcile))
}

/// The marker as the code is shown it.
pub(crate) fn seen_marker(world: &World, marker: Option<Marker>) -> Option<Marker> {
    let unused = InstallationId::new(world.now(), &[0; 10]);
    let known = || {
        let found = world.catalog.load_installation(unused).now_or_never().expect("memory answers at once");
        found.expect("memory is there").value
    };
    match (world.ablation, marker) {
        (Some(Ablation::IgnoreEpoch), Some(marker)) => Some(Marker { epoch: Epoch::FIRST, ..marker }),
        (Some(Ablation::IgnoreInstallation), Some(marker)) => Some(Marker { installation: known().id, ..marker }),
        (Some(Ablation::IgnoreMissingMarker), None) if known().marked_at.is_some() => Some(known().marker()),
        (_, marker) => marker,
    }
}

/// What the catalog knows about itself, as the code is shown it.
pub(crate) fn seen_installation(world: &World, installation: Installation) -> Installation {
    // Those who accept must see what they have written.
    if world.is_ablated(Ablation::RemoveForgotten) && world.executor.runs(Job::Scheduled(Scheduled::Reconcile)) {
        return Installation { accepted_at: None, ..installation };
    }
    installation
}

/// What there is to sign with, as the code is shown it.
pub(crate) fn seen_credentials(world: &World, found: SigningCredentials) -> SigningCredentials {
    if world.is_ablated(Ablation::IgnoreCredentialsEnd) {
        return SigningCredentials { end: None, ..found };
    }
    found
}

/// When the listings say that something came into being.
pub(crate) fn listed_age(world: &World, when: &mut Timestamp) {
    if world.is_ablated(Ablation::ReconcileYoung) {
        *when = Timestamp::UNIX_EPOCH;
    }
}

/// Shows a file that is being committed as one that is still uploading.
pub(crate) fn mask_committing(asset: &mut Asset) {
    let pending = asset.places.values_mut().filter_map(|place| place.pending.as_mut());
    for file in pending.filter(|file| file.state.name() == StateName::Committing) {
        file.state = FileState::Uploading;
    }
}
