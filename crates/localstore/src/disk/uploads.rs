//! Multipart uploads: opened, filled part by part, then completed or aborted.
//!
//! One upload's changes are ordered by its own lock, so Abort and Complete are serialised, and a part that arrives while
//! either happens is either part of it or refused: its bytes are under a temporary name until the lock is held and the
//! upload found open. A completed upload leaves its answer for [`COMPLETION_KEPT`].
//!
//! *Invariant:* an upload whose record lacks a completion is open, unless its key has a version made by it: then it is
//! completed. So publishing is one rename of the key's record, and needs no intent on the disk before it; in memory the
//! upload is [`Phase::Completing`] from before the rename until its outcome is certain, and nobody gets at its parts.

use super::blob::{self, SealedBlob};
use super::bucket::Bucket;
use super::layout::WriteError;
use super::manifest::{Completion, Id, KeyRecord, PartRecord, Segment, UploadRecord, Version};
use super::objects::NewObject;
use crate::conditions::WriteCondition;
use crate::refusal::Refusal;
use crate::{clock, entropy};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How long a completed upload's answer is kept for a repeated Complete: a day, as AWS appears to.
pub(crate) const COMPLETION_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A bucket's uploads.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    /// By key, then by id, which sorts by age: the order of ListMultipartUploads.
    open: BTreeMap<Box<str>, BTreeMap<Id, Arc<Upload>>>,
    completed: HashMap<Id, Arc<Upload>>,
    /// Uploads whose own records cannot be read.
    damaged: BTreeSet<Id>,
}

impl Uploads {
    /// Open uploads by key and age.
    pub(crate) const fn open(&self) -> &BTreeMap<Box<str>, BTreeMap<Id, Arc<Upload>>> {
        &self.open
    }

    fn find(&self, key: &str, id: Id) -> Option<Arc<Upload>> {
        let open = self.open.get(key).and_then(|uploads| uploads.get(&id));
        open.or_else(|| self.completed.get(&id).filter(|upload| upload.record.key == key)).cloned()
    }

    pub(super) fn insert(&mut self, upload: Arc<Upload>) {
        let is_completed = matches!(upload.lock().phase, Phase::Completed(_));
        if is_completed {
            self.completed.insert(upload.id, upload);
        } else {
            self.open.entry(upload.record.key.as_str().into()).or_default().insert(upload.id, upload);
        }
    }

    /// Sets an upload aside whose record cannot be read.
    pub(super) fn quarantine(&mut self, id: Id) {
        self.damaged.insert(id);
    }

    /// How many are set aside.
    pub(crate) fn quarantined(&self) -> usize {
        self.damaged.len()
    }

    fn close(&mut self, upload: &Upload) {
        if let Some(of_key) = self.open.get_mut(upload.record.key.as_str()) {
            of_key.remove(&upload.id);
            if of_key.is_empty() {
                self.open.remove(upload.record.key.as_str());
            }
        }
    }
}

/// One multipart upload.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) id: Id,
    /// As it was opened; a completion lies in the state.
    pub(crate) record: UploadRecord,
    state: Mutex<State>,
}

/// What changes of an upload.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) parts: BTreeMap<u16, PartRecord>,
    /// Parts of which it is not known whether the disk took their records.
    doubtful: Vec<(u16, PartRecord)>,
    /// A completion that the upload's own record does not say: the key's record has to, until then.
    is_unrecorded: bool,
}

/// Where an upload stands.
#[derive(Debug)]
pub(crate) enum Phase {
    Open,
    /// Its object is being published, or perhaps was.
    Completing,
    Completed(Completion),
    /// Its record is being removed, or perhaps was.
    Aborting,
    Aborted,
}

impl State {
    const fn is_settled(&self) -> bool {
        self.doubtful.is_empty() && !matches!(self.phase, Phase::Completing | Phase::Aborting)
    }

    /// It is over, and gives up what it held.
    fn end(&mut self) -> Vec<Id> {
        self.phase = Phase::Aborted;
        let parts = std::mem::take(&mut self.parts).into_values();
        let doubtful = std::mem::take(&mut self.doubtful).into_iter().map(|(_, part)| part);
        parts.chain(doubtful).map(|part| part.blob).collect()
    }

    /// Whether parts may come and go.
    fn require_open(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Completed(_) | Phase::Aborted => Err(Refusal::NoSuchUpload),
            Phase::Completing | Phase::Aborting => Err(unsettled()),
        }
    }
}

/// What is answered while it is not known how an upload stands.
fn unsettled() -> Refusal {
    Refusal::Unsettled(io::Error::other("how the upload stands is not known until the disk answers again"))
}

impl Upload {
    pub(super) const fn new(id: Id, record: UploadRecord, phase: Phase, parts: BTreeMap<u16, PartRecord>) -> Self {
        let state = State { phase, parts, doubtful: Vec::new(), is_unrecorded: false };
        Self { id, record, state: Mutex::new(state) }
    }

    /// Orders this upload's changes.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what is over; what is in doubt passes.
    pub(crate) fn refuse_if_over(&self) -> Result<(), Refusal> {
        match self.lock().phase {
            Phase::Open | Phase::Completing | Phase::Aborting => Ok(()),
            Phase::Completed(_) | Phase::Aborted => Err(Refusal::NoSuchUpload),
        }
    }

    /// Ends an upload whose bucket is gone, and gives up what it held.
    pub(super) fn end(&self) -> Vec<Id> {
        self.lock().end()
    }
}

/// What Complete asks for, after the checks that need no disk.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) object: NewObject,
    pub(crate) condition: WriteCondition,
}

impl Bucket {
    /// Opens an upload.
    pub(crate) fn create_upload(&self, record: UploadRecord) -> Result<Arc<Upload>, Refusal> {
        let _admission = self.admit()?;
        self.layout.require_room(0)?;
        let id = entropy::random_id().stamped(record.initiated);
        let folder = self.layout.upload(&self.name, id);
        let path = self.layout.upload_record(&self.name, id);
        let opened = self.layout.door.make_folder(&folder).map_err(WriteError::Before);
        let opened = opened.and_then(|()| self.layout.store_json(&path, &record));
        let opened = opened.and_then(|()| self.layout.sync_parent(&folder).map_err(WriteError::Perhaps));
        let upload = Arc::new(Upload::new(id, record, Phase::Open, BTreeMap::new()));
        let known = match &opened {
            Ok(()) => true,
            Err(WriteError::Before(_)) => false,
            // Nobody was told of it. If its record cannot be taken back, it is an open upload like any other.
            Err(WriteError::Perhaps(_)) => self.layout.remove_durably(&path).is_err(),
        };
        if known {
            self.uploads.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(&upload));
        } else {
            self.layout.remove_upload(&folder);
        }
        opened?;
        Ok(upload)
    }

    /// An upload of a key, open or lately completed.
    pub(crate) fn upload(&self, key: &str, id: &str) -> Result<Arc<Upload>, Refusal> {
        let id: Id = id.parse().map_err(|_| Refusal::NoSuchUpload)?;
        let uploads = self.uploads.read().unwrap_or_else(PoisonError::into_inner);
        if uploads.damaged.contains(&id) {
            return Err(Refusal::Damaged("the record of this upload cannot be read".to_owned()));
        }
        uploads.find(key, id).ok_or(Refusal::NoSuchUpload)
    }

    /// Runs `read` over the open uploads; keep it brief, and lock no upload in it.
    pub(crate) fn with_uploads<T>(&self, read: impl FnOnce(&Uploads) -> T) -> T {
        read(&self.uploads.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An upload's state with nothing in doubt; it costs the key's lock only where something was.
    fn settled_state<'a>(&self, upload: &'a Upload) -> Result<MutexGuard<'a, State>, Refusal> {
        let state = upload.lock();
        if state.is_settled() {
            return Ok(state);
        }
        drop(state);
        let key = self.lock_key(&upload.record.key);
        self.settle(&upload.record.key)?;
        drop(key);
        let state = upload.lock();
        if state.is_settled() { Ok(state) } else { Err(unsettled()) }
    }

    /// The parts that have arrived, by number.
    pub(crate) fn parts(&self, upload: &Upload) -> Result<BTreeMap<u16, PartRecord>, Refusal> {
        let state = self.settled_state(upload)?;
        state.require_open()?;
        Ok(state.parts.clone())
    }

    /// Takes a part in, replacing one of the same number.
    pub(crate) fn add_part(&self, upload: &Arc<Upload>, number: u16, bytes: SealedBlob) -> Result<PartRecord, Refusal> {
        let _admission = self.admit()?;
        let (size, digests) = (bytes.size, bytes.digests.clone());
        let part = PartRecord {
            blob: bytes.publish(&self.layout)?,
            size,
            etag: crate::etag::EntityTag::of_md5(digests.md5),
            modified: clock::now(),
            checksums: digests.values,
        };
        self.record_part(upload, number, &part).inspect_err(|refusal| {
            if refusal.wrote_nothing() {
                blob::discard(&self.layout, &[part.blob]);
            }
        })?;
        Ok(part)
    }

    /// The one place where a part becomes durable and visible.
    fn record_part(&self, upload: &Arc<Upload>, number: u16, part: &PartRecord) -> Result<(), Refusal> {
        // Not one word of this part is on the disk yet, also if what went before it is in doubt.
        let mut state = self.settled_state(upload).map_err(|refusal| match refusal {
            Refusal::Unsettled(error) => Refusal::Io(error),
            other => other,
        })?;
        state.require_open()?;
        let path = self.layout.part_record(&self.name, upload.id, number);
        match self.layout.store_json(&path, part) {
            Ok(()) => self.take_part(&mut state, number, part),
            Err(WriteError::Before(error)) => return Err(error.into()),
            Err(WriteError::Perhaps(error)) => {
                state.doubtful.push((number, part.clone()));
                self.leave_unsettled(upload);
                return Err(Refusal::Unsettled(error));
            }
        }
        Ok(())
    }

    fn take_part(&self, state: &mut State, number: u16, part: &PartRecord) {
        if let Some(replaced) = state.parts.insert(number, part.clone()) {
            blob::discard(&self.layout, &[replaced.blob]);
        }
    }

    /// Ends an upload and removes what it held. After a completion this does nothing, as on AWS.
    pub(crate) fn abort_upload(&self, upload: &Arc<Upload>) -> Result<(), Refusal> {
        let _admission = self.admit()?;
        // The key's record is read, because only it can name blobs of this upload.
        let (key, record) = self.enter(&upload.record.key)?;
        let mut state = upload.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Completed(_) => return Ok(()),
            Phase::Aborted => return Err(Refusal::NoSuchUpload),
            Phase::Completing | Phase::Aborting => return Err(unsettled()),
        }
        if let Some(version) = made_by(&record, upload.id) {
            let (_, done) = self.finish_upload(upload, &mut state, version);
            self.forget_parts(upload, &done);
            return Ok(());
        }
        match self.layout.remove_durably(&self.layout.upload_record(&self.name, upload.id)) {
            Ok(()) => {
                let blobs = self.end_abort(upload, &mut state);
                drop(state);
                drop(key);
                self.forget_aborted(upload, &blobs);
            }
            Err(WriteError::Before(error)) => return Err(error.into()),
            Err(WriteError::Perhaps(error)) => {
                state.phase = Phase::Aborting;
                self.leave_unsettled(upload);
                return Err(Refusal::Unsettled(error));
            }
        }
        Ok(())
    }

    /// The upload's record is durably gone: so is the upload. What it held is returned.
    fn end_abort(&self, upload: &Upload, state: &mut State) -> Vec<Id> {
        let blobs = state.end();
        self.uploads.write().unwrap_or_else(PoisonError::into_inner).close(upload);
        self.note_settled(upload);
        blobs
    }

    fn forget_aborted(&self, upload: &Upload, blobs: &[Id]) {
        blob::discard(&self.layout, blobs);
        self.layout.remove_upload(&self.layout.upload(&self.name, upload.id));
    }

    /// Ends an upload whose own record cannot be read. Its parts are not known: the next start finds what nobody names.
    pub(crate) fn abort_damaged(&self, key: &str, id: &str) -> Result<(), Refusal> {
        let _admission = self.admit()?;
        let id: Id = id.parse().map_err(|_| Refusal::NoSuchUpload)?;
        let (_key, record) = self.enter(key)?;
        if made_by(&record, id).is_some() {
            return Ok(());
        }
        self.layout.remove_durably(&self.layout.upload_record(&self.name, id))?;
        self.layout.remove_upload(&self.layout.upload(&self.name, id));
        self.uploads.write().unwrap_or_else(PoisonError::into_inner).damaged.remove(&id);
        Ok(())
    }

    /// Turns parts into an object. `plan` sees the upload's parts under its lock and says what to make of them; the
    /// object's record, then the upload's completion become durable under the key's lock.
    pub(crate) fn complete_upload(
        &self,
        upload: &Arc<Upload>,
        plan: impl FnOnce(&BTreeMap<u16, PartRecord>) -> Result<Finish, Refusal>,
        same: impl FnOnce(&Completion) -> bool,
    ) -> Result<Completion, Refusal> {
        let _admission = self.admit()?;
        let (key, before) = self.enter(&upload.record.key)?;
        let mut state = upload.lock();
        if let Phase::Completed(completion) = &state.phase {
            return if same(completion) { Ok(completion.clone()) } else { Err(Refusal::NoSuchUpload) };
        }
        state.require_open()?;
        if !state.is_settled() {
            return Err(unsettled());
        }
        let finish = plan(&state.parts)?;
        state.phase = Phase::Completing;
        match self.commit_locked(&before, finish.object, &finish.condition) {
            Ok(after) => {
                let (completion, done) = self.finish_upload(upload, &mut state, &after.versions[0]);
                drop(state);
                drop(key);
                self.forget_parts(upload, &done);
                Ok(completion)
            }
            Err(refusal) => {
                if refusal.wrote_nothing() {
                    state.phase = Phase::Open;
                } else {
                    self.leave_unsettled(upload);
                }
                Err(refusal)
            }
        }
    }

    /// What is in doubt about one upload is looked at on the disk: its parts, and how it ended. `record` is its key's.
    /// A start calls this as well.
    pub(super) fn settle_upload(&self, upload: &Arc<Upload>, record: &KeyRecord) -> Result<(), Refusal> {
        let mut state = upload.lock();
        while let Some((number, part)) = state.doubtful.last().cloned() {
            let path = self.layout.part_record(&self.name, upload.id, number);
            if self.layout.settle_json(&path, &part).map_err(Refusal::Unsettled)? {
                self.take_part(&mut state, number, &part);
            } else {
                blob::discard(&self.layout, &[part.blob]);
            }
            state.doubtful.pop();
        }
        match state.phase {
            Phase::Completing => match made_by(record, upload.id) {
                Some(version) => {
                    let (_, done) = self.finish_upload(upload, &mut state, version);
                    self.forget_parts(upload, &done);
                }
                None => state.phase = Phase::Open,
            },
            Phase::Aborting => {
                let path = self.layout.upload_record(&self.name, upload.id);
                if self.layout.settle_removal(&path).map_err(Refusal::Unsettled)? {
                    let blobs = self.end_abort(upload, &mut state);
                    self.forget_aborted(upload, &blobs);
                } else {
                    state.phase = Phase::Open;
                }
            }
            Phase::Open | Phase::Completed(_) | Phase::Aborted => {}
        }
        self.note_settled(upload);
        Ok(())
    }

    /// The upload's object is durably there: so the upload is completed, and its record says so if the disk lets it.
    fn finish_upload(&self, upload: &Arc<Upload>, state: &mut State, made: &Version) -> (Completion, Leftovers) {
        let completion = self.completion_of(made, &state.parts);
        state.phase = Phase::Completed(completion.clone());
        let record = UploadRecord { completion: Some(completion.clone()), ..upload.record.clone() };
        let stored = self.layout.store_json(&self.layout.upload_record(&self.name, upload.id), &record);
        state.is_unrecorded = stored.is_err();
        if let Err(error) = stored {
            tracing::error!(upload = %upload.id, %error, "a completion stands in its object's record only, for now");
        }
        let parts = std::mem::take(&mut state.parts);
        let is_unused = |number: &u16| completion.parts.binary_search_by_key(number, |(used, _)| *used).is_err();
        let unused = parts.iter().filter(|(number, _)| is_unused(number)).map(|(_, part)| part.blob).collect();
        // A start that has to complete the upload once more takes the parts' tags from their records.
        let records = if state.is_unrecorded { Vec::new() } else { parts.into_keys().collect() };
        let mut uploads = self.uploads.write().unwrap_or_else(PoisonError::into_inner);
        uploads.close(upload);
        uploads.completed.insert(upload.id, Arc::clone(upload));
        (completion, Leftovers { unused, records })
    }

    /// How an upload ended that made this version, told by the version and the parts' records.
    fn completion_of(&self, made: &Version, parts: &BTreeMap<u16, PartRecord>) -> Completion {
        let object = made.object().expect("an upload makes objects");
        let numbers = object.segments.iter().filter_map(|segment| segment.part);
        Completion {
            at: made.modified,
            etag: object.etag,
            version: self.shown(made.id),
            checksum: object.checksum.clone(),
            parts: numbers.filter_map(|number| Some((number, parts.get(&number)?.etag))).collect(),
        }
    }

    /// After a completion: parts nobody asked for, and the records of all.
    fn forget_parts(&self, upload: &Upload, leftovers: &Leftovers) {
        blob::discard(&self.layout, &leftovers.unused);
        for number in &leftovers.records {
            let path = self.layout.part_record(&self.name, upload.id, *number);
            if let Err(error) = self.layout.door.remove(&path) {
                tracing::debug!(path = %path.display(), %error, "a part's record stays until the next start");
            }
        }
    }

    /// Before the version goes that an upload made: an upload whose own record does not say that it was completed is
    /// forgotten. That takes no space.
    pub(super) fn forget_unrecorded(&self, id: Id) -> Result<(), Refusal> {
        let found = self.with_uploads(|uploads| uploads.completed.get(&id).cloned());
        let Some(upload) = found else { return Ok(()) };
        let mut state = upload.lock();
        if state.is_unrecorded {
            // However the removal ends, nothing has happened to the key.
            match self.layout.remove_durably(&self.layout.upload_record(&self.name, id)) {
                Ok(()) => state.is_unrecorded = false,
                Err(WriteError::Before(error) | WriteError::Perhaps(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Forgets completions older than [`COMPLETION_KEPT`]; says how many.
    pub(crate) fn forget_completions(&self, now: Timestamp) -> usize {
        let completed: Vec<Arc<Upload>> = self.with_uploads(|uploads| uploads.completed.values().cloned().collect());
        let mut forgotten = 0;
        for upload in completed {
            let state = upload.lock();
            let Phase::Completed(completion) = &state.phase else { continue };
            if now.duration_since(completion.at) < COMPLETION_KEPT {
                continue;
            }
            // The record first: what is left of the folder without it says nothing.
            if let Err(error) = self.layout.remove_durably(&self.layout.upload_record(&self.name, upload.id)) {
                tracing::warn!(upload = %upload.id, %error, "an old completion is forgotten later");
                continue;
            }
            self.uploads.write().unwrap_or_else(PoisonError::into_inner).completed.remove(&upload.id);
            self.layout.remove_upload(&self.layout.upload(&self.name, upload.id));
            forgotten += 1;
        }
        forgotten
    }
}

/// What a completion leaves on the disk.
struct Leftovers {
    /// Parts nobody asked for.
    unused: Vec<Id>,
    /// Parts whose records nobody needs any more.
    records: Vec<u16>,
}

/// The version of a key that an upload made.
fn made_by(record: &KeyRecord, upload: Id) -> Option<&Version> {
    record.versions.iter().find(|version| version.object().is_some_and(|object| object.upload == Some(upload)))
}

/// The segment a part becomes in an object.
pub(crate) fn segment_of(number: u16, part: &PartRecord) -> Segment {
    Segment { blob: part.blob, size: part.size, part: Some(number), checksums: part.checksums.clone() }
}
