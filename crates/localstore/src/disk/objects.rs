//! Writing, opening, deleting and tagging objects of a bucket, with S3's rules of versioning.

use super::bucket::Bucket;
use super::manifest::{Content, Id, KeyRecord, ObjectRecord, Version, VersionId, Versioning};
use super::pins::Lease;
use crate::conditions::{TagCondition, WriteCondition, WriteVerdict};
use crate::etag::EntityTag;
use crate::refusal::Refusal;
use crate::{checksum::ObjectChecksum, clock, entropy};
use jiff::Timestamp;

/// An object whose bytes are on the disk and which is about to become visible.
#[derive(Debug)]
pub(crate) struct NewObject {
    pub(crate) etag: EntityTag,
    pub(crate) size: u64,
    pub(crate) checksum: Option<ObjectChecksum>,
    pub(crate) headers: super::manifest::Headers,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) segments: Vec<super::manifest::Segment>,
    pub(crate) upload: Option<Id>,
}

/// What a write made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Absent in a bucket that never was versioned.
    pub(crate) version: Option<VersionId>,
    pub(crate) modified: Timestamp,
}

/// What a delete did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deleted {
    /// The version that went away, or the marker that was made.
    pub(crate) version: Option<VersionId>,
    /// Whether `version` is a delete marker.
    pub(crate) marker: Option<VersionId>,
}

/// An object held open: its bytes stay as long as this lives.
#[derive(Debug)]
pub(crate) struct OpenObject {
    pub(crate) record: ObjectRecord,
    /// Absent in a bucket that never was versioned.
    pub(crate) version: Option<VersionId>,
    pub(crate) modified: Timestamp,
    pub(crate) lease: Lease,
}

/// The conditions a delete may carry.
#[derive(Debug, Default)]
pub(crate) struct DeleteCondition {
    pub(crate) if_match: Option<TagCondition>,
}

impl Bucket {
    /// A version as clients see it.
    pub(super) fn shown(&self, id: VersionId) -> Option<VersionId> {
        (self.record().versioning != Versioning::Never).then_some(id)
    }

    /// Makes an object visible, atomically: the condition is judged and the record written under the key's lock.
    /// Where certainly nothing happened the new blobs are removed.
    pub(crate) fn commit(&self, key: &str, object: NewObject, condition: &WriteCondition) -> Result<Written, Refusal> {
        let blobs: Vec<Id> = object.segments.iter().map(|segment| segment.blob).collect();
        let commit = || {
            let _admission = self.admit()?;
            let (_key, before) = self.enter(key)?;
            let after = self.commit_locked(&before, object, condition)?;
            let made = &after.versions[0];
            Ok(Written { version: self.shown(made.id), modified: made.modified })
        };
        commit().inspect_err(|refusal: &Refusal| {
            if refusal.wrote_nothing() {
                super::blob::discard(&self.layout, &blobs);
            }
        })
    }

    /// As [`Bucket::commit`], for callers that hold the admission and have entered the key, whose record is `before`, and
    /// own the blobs until this succeeds. Returns the record as it is now; the object is its first version.
    pub(super) fn commit_locked(
        &self,
        before: &KeyRecord,
        object: NewObject,
        condition: &WriteCondition,
    ) -> Result<KeyRecord, Refusal> {
        let current = before.versions.first().and_then(Version::object).map(|object| &object.etag);
        match condition.judge(current) {
            WriteVerdict::Proceed => {}
            WriteVerdict::Failed(which) => return Err(Refusal::PreconditionFailed(which)),
            WriteVerdict::Missing => return Err(Refusal::NoSuchKey { marker: None }),
        }
        let now = clock::now();
        let id = match self.record().versioning {
            Versioning::Never | Versioning::Suspended => VersionId::Null,
            Versioning::Enabled => VersionId::Named(entropy::random_id().stamped(now)),
        };
        let mut versions = before.versions.clone();
        versions.retain(|version| version.id != id);
        let record = ObjectRecord {
            generation: entropy::random_id(),
            etag: object.etag,
            size: object.size,
            checksum: object.checksum,
            headers: object.headers,
            tags: object.tags,
            segments: object.segments,
            upload: object.upload,
        };
        versions.insert(0, Version { id, modified: now, content: Content::Object(Box::new(record)) });
        let after = KeyRecord { key: before.key.clone(), versions };
        self.record_key(&before.versions, &after)?;
        Ok(after)
    }

    /// Opens an object, the current one or a named version.
    pub(crate) fn open(&self, key: &str, version: Option<VersionId>) -> Result<OpenObject, Refusal> {
        let (_key, record) = self.enter(key)?;
        let found = select(&record, version)?;
        let (id, modified) = (found.id, found.modified);
        let Some(object) = found.object() else {
            return Err(match version {
                Some(id) => Refusal::IsDeleteMarker(id),
                None => Refusal::NoSuchKey { marker: Some(id) },
            });
        };
        let lease = self.pins.hold(object.generation);
        Ok(OpenObject { record: object.clone(), version: self.shown(id), modified, lease })
    }

    /// Deletes the current object (or covers it with a marker), or removes one version for good. What is not there is
    /// deleted already.
    pub(crate) fn delete(
        &self,
        key: &str,
        version: Option<VersionId>,
        condition: &DeleteCondition,
    ) -> Result<Deleted, Refusal> {
        let _admission = self.admit()?;
        let _key = self.lock_key(key);
        let before = match self.settled_record(key) {
            // Whoever wants the key gone need not know what its record said.
            Err(Refusal::Damaged(_)) if version.is_none() && condition.if_match.is_none() => {
                self.remove_damaged(key)?;
                return Ok(Deleted::default());
            }
            found => found?,
        };
        if let Some(wanted) = &condition.if_match {
            let found = select(&before, version).ok().and_then(Version::object).map(|object| object.etag);
            match WriteCondition::Present(wanted.clone()).judge(found.as_ref()) {
                WriteVerdict::Proceed => {}
                WriteVerdict::Failed(which) => return Err(Refusal::PreconditionFailed(which)),
                WriteVerdict::Missing => return Err(Refusal::NoSuchKey { marker: None }),
            }
        }
        match version {
            Some(id) => self.delete_version(&before, id),
            None => self.delete_current(&before),
        }
    }

    fn delete_version(&self, before: &KeyRecord, id: VersionId) -> Result<Deleted, Refusal> {
        let mut versions = before.versions.clone();
        let Some(at) = versions.iter().position(|version| version.id == id) else {
            return Ok(Deleted { version: Some(id), marker: None });
        };
        let gone = versions.remove(at);
        self.record_key(&before.versions, &KeyRecord { key: before.key.clone(), versions })?;
        let marker = matches!(gone.content, Content::DeleteMarker).then_some(id);
        Ok(Deleted { version: Some(id), marker })
    }

    fn delete_current(&self, before: &KeyRecord) -> Result<Deleted, Refusal> {
        let now = clock::now();
        let id = match self.record().versioning {
            Versioning::Never => {
                if !before.versions.is_empty() {
                    let gone = KeyRecord { key: before.key.clone(), versions: Vec::new() };
                    self.record_key(&before.versions, &gone)?;
                }
                return Ok(Deleted::default());
            }
            Versioning::Enabled => VersionId::Named(entropy::random_id().stamped(now)),
            Versioning::Suspended => VersionId::Null,
        };
        let mut versions = before.versions.clone();
        versions.retain(|version| version.id != id);
        versions.insert(0, Version { id, modified: now, content: Content::DeleteMarker });
        self.record_key(&before.versions, &KeyRecord { key: before.key.clone(), versions })?;
        Ok(Deleted { version: Some(id), marker: Some(id) })
    }

    /// Replaces an object's tags; its bytes and its age stay.
    pub(crate) fn replace_tags(
        &self,
        key: &str,
        version: Option<VersionId>,
        tags: Vec<(String, String)>,
    ) -> Result<Option<VersionId>, Refusal> {
        let _admission = self.admit()?;
        let (_key, before) = self.enter(key)?;
        let id = select(&before, version)?.id;
        let mut after = before.clone();
        for found in after.versions.iter_mut().filter(|found| found.id == id) {
            match &mut found.content {
                Content::DeleteMarker if version.is_some() => return Err(Refusal::IsDeleteMarker(id)),
                Content::DeleteMarker => return Err(Refusal::NoSuchKey { marker: Some(id) }),
                Content::Object(object) => object.tags.clone_from(&tags),
            }
        }
        self.record_key(&before.versions, &after)?;
        Ok(self.shown(id))
    }
}

fn select(record: &KeyRecord, version: Option<VersionId>) -> Result<&Version, Refusal> {
    match version {
        None => record.versions.first().ok_or(Refusal::NoSuchKey { marker: None }),
        Some(id) => record.versions.iter().find(|found| found.id == id).ok_or(Refusal::NoSuchVersion),
    }
}
