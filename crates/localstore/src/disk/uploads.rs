//! Multipart uploads: opened, filled part by part, then completed or aborted.
//!
//! One upload's changes are ordered by its own lock, so Abort and Complete are serialised, and a part that arrives while
//! either happens is either part of it or refused: its bytes are under a temporary name until the lock is held and the
//! upload found open. A completed upload leaves its answer for [`COMPLETION_KEPT`]. *Invariant:* an upload whose
//! record lacks a completion is open, unless its key has a version made by it (a crash between the two writes), which
//! recovery turns into a completion.

use super::blob::{self, SealedBlob};
use super::bucket::Bucket;
use super::layout;
use super::manifest::{Completion, Id, PartRecord, Segment, UploadRecord};
use super::objects::NewObject;
use crate::conditions::WriteCondition;
use crate::refusal::Refusal;
use crate::{clock, entropy};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
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
}

impl Uploads {
    pub(super) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Open uploads by key and age.
    pub(crate) const fn open(&self) -> &BTreeMap<Box<str>, BTreeMap<Id, Arc<Upload>>> {
        &self.open
    }

    fn find(&self, key: &str, id: Id) -> Option<Arc<Upload>> {
        let open = self.open.get(key).and_then(|uploads| uploads.get(&id));
        open.or_else(|| self.completed.get(&id).filter(|upload| upload.record.key == key)).cloned()
    }

    pub(super) fn insert(&mut self, upload: Arc<Upload>) {
        let is_open = matches!(upload.lock().phase, Phase::Open);
        if is_open {
            self.open.entry(upload.record.key.as_str().into()).or_default().insert(upload.id, upload);
        } else {
            self.completed.insert(upload.id, upload);
        }
    }

    fn close(&mut self, upload: &Arc<Upload>) {
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
}

/// Where an upload stands.
#[derive(Debug)]
pub(crate) enum Phase {
    Open,
    Completed(Completion),
    Aborted,
}

impl Upload {
    pub(super) const fn new(id: Id, record: UploadRecord, phase: Phase, parts: BTreeMap<u16, PartRecord>) -> Self {
        Self { id, record, state: Mutex::new(State { phase, parts }) }
    }

    /// Orders this upload's changes.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The parts that have arrived, by number.
    pub(crate) fn parts(&self) -> Result<BTreeMap<u16, PartRecord>, Refusal> {
        let state = self.lock();
        match state.phase {
            Phase::Open => Ok(state.parts.clone()),
            Phase::Completed(_) | Phase::Aborted => Err(Refusal::NoSuchUpload),
        }
    }

    /// The one place where a part becomes durable and visible.
    fn record_part(&self, bucket: &Bucket, number: u16, part: PartRecord) -> Result<PartRecord, Refusal> {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Open) {
            return Err(Refusal::NoSuchUpload);
        }
        bucket.layout.store_json(&bucket.layout.part_record(&bucket.name, self.id, number), &part)?;
        if let Some(replaced) = state.parts.insert(number, part.clone()) {
            blob::discard(&bucket.layout, &[replaced.blob]);
        }
        Ok(part)
    }
}

/// What Complete asks for, after the checks that need no disk.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) object: NewObject,
    pub(crate) parts: Vec<(u16, crate::etag::EntityTag)>,
    pub(crate) condition: WriteCondition,
}

impl Bucket {
    /// Opens an upload.
    pub(crate) fn create_upload(&self, record: UploadRecord) -> Result<Arc<Upload>, Refusal> {
        let _admission = self.admit()?;
        let id = entropy::random_id().stamped(record.initiated);
        fs::create_dir(self.layout.upload(&self.name, id))?;
        self.layout.store_json(&self.layout.upload_record(&self.name, id), &record)?;
        layout::sync_folder(&self.layout.uploads(&self.name))?;
        let upload = Arc::new(Upload::new(id, record, Phase::Open, BTreeMap::new()));
        self.uploads.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(&upload));
        Ok(upload)
    }

    /// An upload of a key, open or lately completed.
    pub(crate) fn upload(&self, key: &str, id: &str) -> Result<Arc<Upload>, Refusal> {
        let id: Id = id.parse().map_err(|_| Refusal::NoSuchUpload)?;
        let uploads = self.uploads.read().unwrap_or_else(PoisonError::into_inner);
        uploads.find(key, id).ok_or(Refusal::NoSuchUpload)
    }

    /// Runs `read` over the open uploads; keep it brief.
    pub(crate) fn with_uploads<T>(&self, read: impl FnOnce(&Uploads) -> T) -> T {
        read(&self.uploads.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a part in, replacing one of the same number.
    pub(crate) fn add_part(&self, upload: &Upload, number: u16, bytes: SealedBlob) -> Result<PartRecord, Refusal> {
        let _admission = self.admit()?;
        let (size, digests) = (bytes.size, bytes.digests.clone());
        let part = PartRecord {
            blob: bytes.publish(&self.layout)?,
            size,
            etag: crate::etag::EntityTag::of_md5(digests.md5),
            modified: clock::now(),
            checksums: digests.values,
        };
        let blob = part.blob;
        upload.record_part(self, number, part).inspect_err(|refusal| {
            if refusal.wrote_nothing() {
                blob::discard(&self.layout, &[blob]);
            }
        })
    }

    /// Ends an upload and removes what it held. After a completion this does nothing, as on AWS.
    pub(crate) fn abort_upload(&self, upload: &Arc<Upload>) -> Result<(), Refusal> {
        let _admission = self.admit()?;
        let mut state = upload.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Completed(_) => return Ok(()),
            Phase::Aborted => return Err(Refusal::NoSuchUpload),
        }
        layout::remove_durably(&self.layout.upload_record(&self.name, upload.id))?;
        state.phase = Phase::Aborted;
        let blobs: Vec<Id> = std::mem::take(&mut state.parts).into_values().map(|part| part.blob).collect();
        self.uploads.write().unwrap_or_else(PoisonError::into_inner).close(upload);
        blob::discard(&self.layout, &blobs);
        remove_leftover(&self.layout.upload(&self.name, upload.id));
        Ok(())
    }

    /// Turns parts into an object. `plan` sees the upload's parts under its lock and says what to make of them; the
    /// object's record, the upload's completion and nothing in between become durable under the key's lock. `wanted`
    /// is ascending.
    pub(crate) fn complete_upload(
        &self,
        upload: &Arc<Upload>,
        wanted: &[u16],
        plan: impl FnOnce(&BTreeMap<u16, PartRecord>) -> Result<Finish, Refusal>,
        same: impl FnOnce(&Completion) -> bool,
    ) -> Result<Completion, Refusal> {
        let _admission = self.admit()?;
        let mut state = upload.lock();
        match &state.phase {
            Phase::Open => {}
            Phase::Completed(completion) if same(completion) => return Ok(completion.clone()),
            Phase::Completed(_) | Phase::Aborted => return Err(Refusal::NoSuchUpload),
        }
        let finish = plan(&state.parts)?;
        let (etag, checksum) = (finish.object.etag, finish.object.checksum.clone());
        let mut completion = None;
        {
            let _key = self.lock_key(&upload.record.key);
            self.commit_locked(&upload.record.key, finish.object, &finish.condition, |written| {
                let done = Completion {
                    at: written.modified,
                    etag,
                    version: written.version,
                    checksum,
                    parts: finish.parts,
                };
                let record = UploadRecord { completion: Some(done.clone()), ..upload.record.clone() };
                completion = Some(done);
                // The object is there whatever becomes of this: the next start finds it and writes the completion.
                let path = self.layout.upload_record(&self.name, upload.id);
                if let Err(error) = self.layout.store_json(&path, &record) {
                    tracing::error!(upload = %upload.id, %error, "a completion is remembered until the next start only");
                }
            })?;
        }
        let completion = completion.ok_or_else(|| io::Error::other("a commit always runs its continuation"))?;
        state.phase = Phase::Completed(completion.clone());
        let unused: Vec<Id> = state
            .parts
            .iter()
            .filter(|(number, _)| wanted.binary_search(number).is_err())
            .map(|(_, part)| part.blob)
            .collect();
        let numbers: Vec<u16> = std::mem::take(&mut state.parts).into_keys().collect();
        drop(state);
        self.forget_parts(upload, &numbers, &unused);
        Ok(completion)
    }

    /// After a completion: parts nobody asked for, and the records of all.
    fn forget_parts(&self, upload: &Arc<Upload>, numbers: &[u16], unused: &[Id]) {
        {
            let mut uploads = self.uploads.write().unwrap_or_else(PoisonError::into_inner);
            uploads.close(upload);
            uploads.completed.insert(upload.id, Arc::clone(upload));
        }
        blob::discard(&self.layout, unused);
        for number in numbers {
            let path = self.layout.part_record(&self.name, upload.id, *number);
            if let Err(error) = fs::remove_file(&path) {
                tracing::debug!(path = %path.display(), %error, "a part's record stays until the next start");
            }
        }
    }

    /// Forgets completions older than [`COMPLETION_KEPT`]; says how many.
    pub(crate) fn forget_completions(&self, now: Timestamp) -> usize {
        let old: Vec<Id> = self.with_uploads(|uploads| {
            let is_old = |upload: &Upload| match &upload.lock().phase {
                Phase::Completed(completion) => now.duration_since(completion.at) >= COMPLETION_KEPT,
                Phase::Open | Phase::Aborted => false,
            };
            uploads.completed.values().filter(|upload| is_old(upload)).map(|upload| upload.id).collect()
        });
        for id in &old {
            self.uploads.write().unwrap_or_else(PoisonError::into_inner).completed.remove(id);
            remove_leftover(&self.layout.upload(&self.name, *id));
        }
        old.len()
    }
}

/// The segment a part becomes in an object.
pub(crate) fn segment_of(number: u16, part: &PartRecord) -> Segment {
    Segment { blob: part.blob, size: part.size, part: Some(number), checksums: part.checksums.clone() }
}

/// Removes a folder whose meaning is gone already; a failure is made good at the next start.
pub(super) fn remove_leftover(folder: &std::path::Path) {
    match fs::remove_dir_all(folder) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %folder.display(), %error, "a leftover folder stays until the next start"),
    }
}
