//! T12: bucket and catalog are compared in both directions, and what does not fit is explained, then put right.
//!
//! First everything is looked at and judged ([`domain::reconcile`]), then it is decided whether the whole is plausible,
//! and only then is anything removed: an orphan under a row of its own, what lies on a CLOSED row by T9 again, a foreign
//! upload by Abort. *Invariant*: nothing is removed straight from a listing; every removal reads or writes a row first.
//! What is kept in memory is bounded by the budget, not by the bucket.

use std::collections::BTreeMap;

use domain::change;
use domain::key::FileKey;
use domain::reconcile::{
    KeyedFile, Kind, ListedObject, ListedUpload, Pair, Remedy, Terms, judge_object, judge_upload, orphan,
};
use domain::{
    ByteCount, FileId, FileState, KeyPrefix, ObjectKey, Presence, StateName, TimeSpan, Timestamp, UploadId, Visibility,
};

use super::destroy::Destruction;
use super::walk::{Walk, any_on_key};
use super::{App, Breaker, PortError, Rehearsal};
use crate::catalog::{Purpose, Written};
use crate::store::list_parts;
use crate::telemetry;

/// Findings that are told one by one, beside those that are removed; all are counted.
const MAX_TOLD: usize = 1_000;
/// Up to this many removals in one run are plausible whatever their share.
const BREAKER_FLOOR: u64 = 1_000;
/// The share of what lies in the buckets, in percent, above which removing it is implausible.
const BREAKER_PERCENT: u64 = 80;

/// What is to be done with what may have been forgotten by a restored catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// Left alone.
    Kept,
    /// Treated as any orphan: an operator has looked at it.
    Removed,
}

/// How a run goes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileTerms {
    /// Whose keys are compared; `None`: all. Runs below different prefixes do not meet, and may go side by side.
    pub below: Option<KeyPrefix>,
    /// Removals of one run, at most. The rest is left for the next.
    pub budget: u32,
    /// Whether an implausible run stops itself.
    pub breaker: Breaker,
    /// Whether anything is written or removed.
    pub rehearsal: Rehearsal,
    /// See [`Forgotten`].
    pub forgotten: Forgotten,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is to be put right, and this run only looked.
    Planned,
    /// It was put right.
    Done,
    /// Somebody else came first, or it was gone.
    Moot,
    /// The budget was spent before.
    OverBudget,
    /// It was not possible; the next run tries again.
    Failed,
    /// Nothing is to be done.
    Left,
}

/// One thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is, why, and what is to be done.
    pub kind: Kind,
    /// In which bucket.
    pub bucket: Visibility,
    /// On which key.
    pub key: String,
    /// Which upload, if it is one.
    pub upload: Option<UploadId>,
    /// Whose row owns the key, if one does.
    pub file: Option<FileId>,
    /// How much it is: an object's size, or what an upload's parts hold.
    pub bytes: ByteCount,
    /// How old it is, or how long it has been lost.
    pub age: TimeSpan,
    /// What became of it.
    pub fate: Fate,
}

/// How much of a kind there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// How many bytes, of those that were told one by one.
    pub bytes: ByteCount,
}

/// What a run saw and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReconcileReport {
    /// Objects in both buckets.
    pub objects: u64,
    /// Open uploads in both buckets.
    pub uploads: u64,
    /// Rows they were held against.
    pub rows: u64,
    /// What was found, by kind.
    pub totals: BTreeMap<Kind, Total>,
    /// What was found, one by one: everything that was to be removed within the budget, and some of the rest.
    pub findings: Vec<Finding>,
    /// Findings that were put right.
    pub done: u64,
}

impl ReconcileReport {
    fn removable(&self) -> u64 {
        let removable = self.totals.iter().filter(|(kind, _)| kind.remedy().removes());
        removable.map(|(_, total)| total.count).sum()
    }

    /// How many CREATED files miss their object.
    pub fn lost(&self) -> u64 {
        self.totals.get(&Kind::LostObject).map_or(0, |total| total.count)
    }
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The breaker stopped it before anything was removed.
    #[error("refused to remove {would_remove} of {listed} objects and uploads in one run")]
    Implausible {
        /// What would go.
        would_remove: u64,
        /// What there is.
        listed: u64,
    },
    /// What was found so far was judged as if nothing had been restored.
    #[error("a restored catalog was accepted in the middle of the run; what is left is left for the next run")]
    Restored,
    /// A port failed, or the bucket is not this catalog's; what was removed stays removed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A run under way.
struct Run<'a> {
    app: &'a App,
    terms: &'a ReconcileTerms,
    /// When a restore was last accepted, as the run began.
    accepted_at: Option<Timestamp>,
    forgotten_until: Option<Timestamp>,
    report: ReconcileReport,
    planned: u32,
    told: usize,
}

impl App {
    /// Compares both buckets with the catalog, or what is below a prefix in both.
    ///
    /// # Errors
    /// See [`ReconcileError`].
    pub async fn reconcile(&self, terms: ReconcileTerms) -> Result<ReconcileReport, ReconcileError> {
        self.require_calm_now().await?;
        let outlook = self.outlook().await?;
        let forgotten_until = match terms.forgotten {
            Forgotten::Kept => outlook.installation.forgotten_until(),
            Forgotten::Removed => None,
        };
        let report = ReconcileReport::default();
        let accepted_at = outlook.installation.accepted_at;
        let mut run = Run { app: self, terms: &terms, accepted_at, forgotten_until, report, planned: 0, told: 0 };
        for bucket in [Visibility::Private, Visibility::Public] {
            run.compare_objects(bucket, outlook.at).await?;
            run.compare_uploads(bucket, outlook.at).await?;
        }
        run.check_plausible()?;
        match terms.rehearsal {
            Rehearsal::DryRun => {}
            Rehearsal::Real => run.put_right().await?,
        }
        if terms.below.is_none() {
            telemetry::reconciled(run.report.totals.iter().map(|(kind, total)| (*kind, total.count)));
        }
        Ok(run.report)
    }
}

impl Run<'_> {
    fn at(&self, now: Timestamp) -> Terms {
        Terms { now, orphan_age: self.app.parts.settings.orphan_age, forgotten_until: self.forgotten_until }
    }

    async fn compare_objects(&mut self, bucket: Visibility, now: Timestamp) -> Result<(), PortError> {
        let mut walk: Walk<'_, ListedObject> = Walk::new(self.app, bucket, self.terms.below.as_ref(), now);
        while let Some(pair) = walk.next().await? {
            let terms = self.at(walk.now());
            let (object, row) = match pair {
                Pair::Listed(object) => (object, None),
                Pair::Both(object, row) => (object, Some(row)),
                Pair::Known(row) => {
                    if row.state == StateName::Created {
                        self.seek_lost(bucket, &row).await?;
                    }
                    continue;
                }
            };
            self.report.objects += 1;
            if let Some(row) = row.as_ref().filter(|row| row.lost_since.is_some()) {
                self.seek_lost(bucket, row).await?;
            }
            if let Some(kind) = judge_object(&object, row.as_ref(), &terms) {
                let (bytes, age) = (object.size, terms.age(object.modified));
                let file = row.map(|row| row.id);
                self.note(Finding { kind, bucket, key: object.key, upload: None, file, bytes, age, fate: Fate::Left });
            }
        }
        self.report.rows += walk.rows;
        Ok(())
    }

    async fn compare_uploads(&mut self, bucket: Visibility, now: Timestamp) -> Result<(), PortError> {
        let mut walk: Walk<'_, ListedUpload> = Walk::new(self.app, bucket, self.terms.below.as_ref(), now);
        while let Some(pair) = walk.next().await? {
            let terms = self.at(walk.now());
            let (upload, row) = match pair {
                Pair::Listed(upload) => (upload, None),
                Pair::Both(upload, row) => (upload, Some(row)),
                Pair::Known(_) => continue,
            };
            self.report.uploads += 1;
            let Some(kind) = judge_upload(&upload, row.as_ref(), &terms) else { continue };
            let age = terms.age(upload.initiated);
            let bytes = if self.has_room(kind) { self.measure(bucket, &upload).await? } else { ByteCount::ZERO };
            let (file, id) = (row.map(|row| row.id), Some(upload.id));
            self.note(Finding { kind, bucket, key: upload.key, upload: id, file, bytes, age, fate: Fate::Left });
        }
        Ok(())
    }

    /// What an upload's parts hold. One whose key is not ours is not asked: its key is not the port's.
    async fn measure(&self, bucket: Visibility, upload: &ListedUpload) -> Result<ByteCount, PortError> {
        let Some(key) = FileKey::parse(&upload.key) else { return Ok(ByteCount::ZERO) };
        let key = ObjectKey::new(bucket, key);
        let parts = list_parts(&*self.app.parts.store, &key, &upload.id).await.map_err(PortError::store)?;
        let sizes = parts.unwrap_or_default().into_iter().map(|part| part.size);
        Ok(sizes.fold(ByteCount::ZERO, ByteCount::saturating_add))
    }

    /// Whether a finding of this kind would be kept one by one.
    fn has_room(&self, kind: Kind) -> bool {
        (kind.remedy().removes() && self.planned < self.terms.budget) || self.told < MAX_TOLD
    }

    fn note(&mut self, mut finding: Finding) {
        let total = self.report.totals.entry(finding.kind).or_default();
        total.count += 1;
        total.bytes = total.bytes.saturating_add(finding.bytes);
        let remedy = finding.kind.remedy();
        if remedy.removes() && self.planned < self.terms.budget {
            self.planned += 1;
            finding.fate = Fate::Planned;
        } else if self.told < MAX_TOLD {
            self.told += 1;
            if remedy.removes() {
                finding.fate = Fate::OverBudget;
            }
        } else {
            return;
        }
        self.report.findings.push(finding);
    }

    /// A CREATED file whose object was not listed, or that was lost: the row is read, HEAD is asked, the row is read
    /// again, and only then is it marked, or unmarked.
    async fn seek_lost(&mut self, bucket: Visibility, row: &KeyedFile) -> Result<(), PortError> {
        let parts = &self.app.parts;
        let find = async || parts.catalog.find_file(row.shard(), row.id).await.map_err(PortError::catalog);
        let created = |file: &domain::File| matches!(file.state, FileState::Created { .. });
        let Some(before) = find().await?.value.filter(created) else { return Ok(()) };
        let there = parts.store.head(&before.key).await.map_err(PortError::store)?.is_some();
        let read = find().await?;
        let Some(file) = read.value.filter(|file| *file == before) else { return Ok(()) };
        let lost_since = file.state.lost_since();
        let presence = if there { Presence::There } else { Presence::Missing };
        let mut fate = Fate::Left;
        if there == lost_since.is_some() {
            fate = match self.terms.rehearsal {
                Rehearsal::DryRun => Fate::Planned,
                Rehearsal::Real => self.mark(&file, presence).await?,
            };
        }
        if there {
            tracing::info!(file = %file.id, key = %file.key.path(), "a lost object is back");
            return Ok(());
        }
        tracing::error!(file = %file.id, asset = %file.asset, %bucket, key = %file.key.path(),
            "the object of a published file is missing from the store; restore it, nothing is deleted");
        let age = read.now.duration_since(lost_since.unwrap_or(read.now));
        let (key, bytes) = (file.key.path(), file.plan.reserved());
        if fate == Fate::Done {
            self.report.done += 1;
        }
        let kind = Kind::LostObject;
        let total = self.report.totals.entry(kind).or_default();
        total.count += 1;
        total.bytes = total.bytes.saturating_add(bytes);
        if self.told < MAX_TOLD {
            self.told += 1;
            let finding = Finding { kind, bucket, key, upload: None, file: Some(file.id), bytes, age, fate };
            self.report.findings.push(finding);
        }
        Ok(())
    }

    async fn mark(&self, file: &domain::File, presence: Presence) -> Result<Fate, PortError> {
        let found = self.app.parts.catalog.find_asset(file.shard(), file.asset, Purpose::Decide).await;
        let found = found.map_err(PortError::catalog)?;
        let change = found.value.and_then(|asset| change::seek(&asset, file, presence, found.now).ok());
        let Some(change) = change.filter(|change| !change.files.is_empty()) else { return Ok(Fate::Moot) };
        Ok(match self.app.apply(&change).await? {
            Written::Done => Fate::Done,
            Written::Stale => Fate::Moot,
        })
    }

    /// A wrong bucket has another marker, and a restored catalog another epoch; this is for what nobody thought of.
    fn check_plausible(&self) -> Result<(), ReconcileError> {
        let (would_remove, listed) = (self.report.removable(), self.report.objects + self.report.uploads);
        let implausible = would_remove > BREAKER_FLOOR && would_remove * 100 > listed * BREAKER_PERCENT;
        match self.terms.breaker {
            Breaker::Armed if implausible => Err(ReconcileError::Implausible { would_remove, listed }),
            Breaker::Armed | Breaker::Overridden => Ok(()),
        }
    }

    /// A walk may be long, and so may be what it leads to.
    async fn require_same_catalog(&self) -> Result<(), ReconcileError> {
        let outlook = self.app.outlook().await?;
        if outlook.installation.accepted_at == self.accepted_at { Ok(()) } else { Err(ReconcileError::Restored) }
    }

    async fn put_right(&mut self) -> Result<(), ReconcileError> {
        // The look around is as old as the walk was long.
        self.app.require_calm_now().await?;
        let mut adopted = BTreeMap::new();
        for at in 0..self.report.findings.len() {
            let finding = self.report.findings[at].clone();
            if finding.fate != Fate::Planned || !finding.kind.remedy().removes() {
                continue;
            }
            self.require_same_catalog().await?;
            let fate = match self.remove(&finding, &mut adopted).await {
                Ok(fate) => fate,
                Err(error @ (PortError::Bucket(_) | PortError::Skew(_))) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(
                        key = finding.key,
                        kind = finding.kind.code(),
                        error = &error as &dyn std::error::Error,
                        "not put right; the next run tries again"
                    );
                    Fate::Failed
                }
            };
            if fate == Fate::Done {
                self.report.done += 1;
                tracing::info!(key = finding.key, bucket = %finding.bucket, kind = finding.kind.code(), "put right");
            }
            self.report.findings[at].fate = fate;
        }
        Ok(())
    }

    /// Whether something on this key may have been forgotten by a restored catalog. Then all of it stays, whatever came
    /// later, because what is destroyed under a row is the whole key.
    async fn holds_forgotten(&self, key: &ObjectKey) -> Result<bool, PortError> {
        let Some(until) = self.forgotten_until else { return Ok(false) };
        let store = &*self.app.parts.store;
        let object = |object: &ListedObject| object.modified <= until;
        let upload = |upload: &ListedUpload| upload.initiated <= until;
        Ok(any_on_key(store, key, object).await.map_err(PortError::store)?
            || any_on_key(store, key, upload).await.map_err(PortError::store)?)
    }

    /// `adopted` is what became of the keys that got a row in this run: all that lies on a key goes together.
    async fn remove(&self, finding: &Finding, adopted: &mut BTreeMap<String, Fate>) -> Result<Fate, PortError> {
        let parts = &self.app.parts;
        let Some(key) = FileKey::parse(&finding.key) else { return Ok(Fate::Left) };
        let key = ObjectKey::new(finding.bucket, key);
        match (finding.kind.remedy(), finding.file, &finding.upload) {
            (Remedy::DestroyUnderRow, _, upload) => {
                if let Some(fate) = adopted.get(&finding.key) {
                    return Ok(*fate);
                }
                if self.holds_forgotten(&key).await? {
                    return Ok(Fate::Left);
                }
                let now = parts.catalog.now().await.map_err(PortError::catalog)?;
                let mut bits = [0; 10];
                parts.entropy.fill(&mut bits);
                let orphan = orphan(&key, upload.is_none().then_some(finding.bytes), upload.clone(), now, &bits);
                let there = async || {
                    let found = parts.catalog.find_file(orphan.file.shard(), orphan.file.id).await?;
                    Ok(found.value.is_some())
                };
                match self.app.compare_and_set(|| parts.catalog.adopt_orphan(&orphan), there).await? {
                    Written::Stale => Ok(Fate::Moot),
                    Written::Done => {
                        // Until it is known better, and if it never is.
                        adopted.insert(finding.key.clone(), Fate::Failed);
                        let fate = fate(self.app.destroy_file(&orphan.file).await?);
                        adopted.insert(finding.key.clone(), fate);
                        Ok(fate)
                    }
                }
            }
            (Remedy::DestroyAgain, Some(file), _) => {
                let found = parts.catalog.find_file(key.file_key().shard(), file).await.map_err(PortError::catalog)?;
                match found.value.filter(|file| matches!(file.state, FileState::Closed { .. })) {
                    Some(file) => Ok(fate(self.app.destroy_again(&file).await?)),
                    None => Ok(Fate::Moot),
                }
            }
            (Remedy::Abort, Some(file), Some(upload)) => {
                self.app.require_calm().await?;
                let found = parts.catalog.find_file(key.file_key().shard(), file).await.map_err(PortError::catalog)?;
                // An id that a row knows never changes; a row without one may be about to get this one.
                let foreign = |file: &domain::File| file.upload_id.as_ref().is_some_and(|own| own != upload);
                if !found.value.is_some_and(|file| file.state.reason().is_none() && foreign(&file)) {
                    return Ok(Fate::Moot);
                }
                parts.store.abort(&key, upload).await.map_err(PortError::store)?;
                Ok(Fate::Done)
            }
            (Remedy::DestroyAgain | Remedy::Abort | Remedy::MarkLost | Remedy::Report, _, _) => Ok(Fate::Left),
        }
    }
}

/// What is still there is left to its row's job, and told as not done.
const fn fate(destruction: Destruction) -> Fate {
    match destruction {
        Destruction::Clean => Fate::Done,
        Destruction::Remaining => Fate::Failed,
    }
}
