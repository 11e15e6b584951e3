//! What two buckets hold, and what S3's calls do to it. Pure: no failures, no counting, no locks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use domain::part_plan::MIN_PART;
use domain::reconcile::{ListedObject, ListedUpload};
use domain::{
    ByteCount, ChecksumAlgorithm, ChecksumValue, CompleteAnswer, DeclaredChecksum, ETag, Marker, ObjectHead, ObjectKey,
    Part, PartNumber, Reason, Timestamp, UploadId, Visibility,
};
use sha2::{Digest, Sha256};

use super::super::{Completion, More, ObjectsPage, PartsPage, UploadCursor, UploadsPage};
use super::SecondComplete;

/// A bucket and a key in it, of our grammar or not.
pub(super) type Place = (Visibility, String);

pub(super) fn place(key: &ObjectKey) -> Place {
    (key.visibility(), key.path())
}

/// A whole object.
struct StoredObject {
    content: Bytes,
    head: ObjectHead,
    modified: Timestamp,
}

/// An open multipart upload.
struct OpenUpload {
    place: Place,
    initiated: Timestamp,
    content_type: Option<String>,
    checksum: Option<ChecksumAlgorithm>,
    parts: BTreeMap<PartNumber, (Bytes, ETag)>,
}

/// Everything there is.
pub(super) struct Buckets {
    pub(super) present: BTreeSet<Visibility>,
    /// Objects as well, but such that no listing shows.
    pub(super) markers: BTreeMap<Visibility, Marker>,
    objects: BTreeMap<Place, StoredObject>,
    open: BTreeMap<String, OpenUpload>,
    completed: BTreeMap<String, (Place, ETag)>,
    opened: u64,
}

impl Buckets {
    pub(super) fn new() -> Self {
        Self {
            present: [Visibility::Private, Visibility::Public].into(),
            markers: BTreeMap::new(),
            objects: BTreeMap::new(),
            open: BTreeMap::new(),
            completed: BTreeMap::new(),
            opened: 0,
        }
    }

    pub(super) fn open(
        &mut self,
        place: Place,
        content_type: Option<&str>,
        checksum: Option<ChecksumAlgorithm>,
        initiated: Timestamp,
    ) -> UploadId {
        self.opened += 1;
        // Characters that some store's ids have, so that nobody builds a URL or a path of one unescaped.
        let id = format!("upload/{}+=", self.opened);
        let content_type = content_type.map(str::to_owned);
        self.open.insert(id.clone(), OpenUpload { place, initiated, content_type, checksum, parts: BTreeMap::new() });
        UploadId(id)
    }

    fn upload(&self, place: &Place, id: &UploadId) -> Option<&OpenUpload> {
        self.open.get(&id.0).filter(|upload| upload.place == *place)
    }

    pub(super) fn put_part(&mut self, place: &Place, id: &UploadId, number: PartNumber, bytes: Bytes) -> Option<ETag> {
        let upload = self.open.get_mut(&id.0).filter(|upload| upload.place == *place)?;
        let etag = ETag::new(&content_tag(&bytes));
        upload.parts.insert(number, (bytes, etag.clone()));
        Some(etag)
    }

    pub(super) fn list_parts(
        &self,
        place: &Place,
        id: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Option<PartsPage> {
        let upload = self.upload(place, id)?;
        let mut rest = upload
            .parts
            .iter()
            .filter(|(number, _)| after.is_none_or(|after| **number > after))
            .map(|(number, (bytes, etag))| Part { number: *number, size: length(bytes), etag: etag.clone() });
        let parts = rest.by_ref().take(usize::from(limit)).collect();
        let more = if rest.next().is_some() { More::Follows } else { More::Ends };
        Some(PartsPage { parts, more })
    }

    pub(super) fn complete(
        &mut self,
        place: &Place,
        id: &UploadId,
        parts: &[Part],
        checksum: Option<&DeclaredChecksum>,
        second: SecondComplete,
        now: Timestamp,
    ) -> Completion {
        match self.assemble(place, id, parts, checksum, now) {
            Ok(object) => {
                let etag = object.head.etag.clone();
                self.objects.insert(place.clone(), object);
                self.open.remove(&id.0);
                self.completed.insert(id.0.clone(), (place.clone(), etag.clone()));
                Completion { answer: CompleteAnswer::Unknown, etag: Some(etag) }
            }
            Err(CompleteAnswer::NoSuchUpload) => self.complete_again(place, id, second),
            Err(answer) => Completion { answer, etag: None },
        }
    }

    fn complete_again(&self, place: &Place, id: &UploadId, second: SecondComplete) -> Completion {
        let before = self.completed.get(&id.0).filter(|(completed, _)| completed == place);
        match (before, second) {
            (None, _) | (Some(_), SecondComplete::NoSuchUpload) => {
                Completion { answer: CompleteAnswer::NoSuchUpload, etag: None }
            }
            (Some((_, etag)), SecondComplete::Succeeds) => {
                Completion { answer: CompleteAnswer::Unknown, etag: Some(etag.clone()) }
            }
            (Some(_), SecondComplete::AccessDenied) => Completion { answer: CompleteAnswer::Unknown, etag: None },
        }
    }

    fn assemble(
        &self,
        place: &Place,
        id: &UploadId,
        parts: &[Part],
        declared: Option<&DeclaredChecksum>,
        modified: Timestamp,
    ) -> Result<StoredObject, CompleteAnswer> {
        let upload = self.upload(place, id).ok_or(CompleteAnswer::NoSuchUpload)?;
        let mut content = BytesMut::new();
        let mut tags = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let stored = upload.parts.get(&part.number).filter(|(_, etag)| *etag == part.etag);
            let (bytes, etag) = stored.ok_or(CompleteAnswer::InvalidPart)?;
            if at + 1 < parts.len() && length(bytes) < MIN_PART {
                return Err(CompleteAnswer::Refused(Reason::RefusedByStore));
            }
            content.extend_from_slice(bytes);
            tags.extend_from_slice(etag.as_str().as_bytes());
        }
        let checksum = upload.checksum.map(|algorithm| (algorithm, checksum_of(algorithm, &content)));
        if let Some(DeclaredChecksum { algorithm, value: Some(declared) }) = declared {
            match &checksum {
                Some((kept, value)) if kept == algorithm && value == declared => {}
                Some((kept, _)) if kept == algorithm => {
                    return Err(CompleteAnswer::Refused(Reason::ChecksumMismatch));
                }
                // Another algorithm than the upload was opened with.
                Some(_) | None => return Err(CompleteAnswer::Refused(Reason::RefusedByStore)),
            }
        }
        let head = ObjectHead {
            size: length(&content),
            content_type: upload.content_type.clone(),
            etag: ETag::new(&format!("{}-{}", content_tag(&tags), parts.len())),
            version: None,
            checksum,
        };
        Ok(StoredObject { content: content.freeze(), head, modified })
    }

    pub(super) fn head(&self, place: &Place) -> Option<&ObjectHead> {
        self.objects.get(place).map(|object| &object.head)
    }

    pub(super) fn content(&self, place: &Place) -> Option<&Bytes> {
        self.objects.get(place).map(|object| &object.content)
    }

    pub(super) fn remove(&mut self, place: &Place) {
        self.objects.remove(place);
    }

    pub(super) fn abort(&mut self, place: &Place, id: &UploadId) {
        if self.upload(place, id).is_some() {
            self.open.remove(&id.0);
        }
    }

    pub(super) fn uploads_on(&self, place: &Place) -> Vec<UploadId> {
        self.open.iter().filter(|(_, upload)| upload.place == *place).map(|(id, _)| UploadId(id.clone())).collect()
    }

    /// Puts an object without an upload.
    pub(super) fn put(&mut self, place: Place, content: Bytes, modified: Timestamp) {
        let etag = ETag::new(&content_tag(&content));
        let head = ObjectHead { size: length(&content), content_type: None, etag, version: None, checksum: None };
        self.objects.insert(place, StoredObject { content, head, modified });
    }

    pub(super) fn objects_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> ObjectsPage {
        // A key after `after`, or the first with the prefix: whichever comes later.
        let start = match after.filter(|after| *after >= prefix) {
            Some(after) => Excluded((visibility, after.to_owned())),
            None => Included((visibility, prefix.to_owned())),
        };
        let later = self.objects.range((start, Unbounded));
        let mut later = later.take_while(|((bucket, key), _)| *bucket == visibility && key.starts_with(prefix));
        let listed = later.by_ref().take(usize::from(limit)).map(|((_, key), object)| ListedObject {
            key: key.clone(),
            size: object.head.size,
            etag: object.head.etag.clone(),
            modified: object.modified,
        });
        let objects: Vec<ListedObject> = listed.collect();
        let next = later.next().and(objects.last()).map(|last| last.key.clone());
        ObjectsPage { objects, next }
    }

    pub(super) fn uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        limit: u16,
    ) -> UploadsPage {
        let listed = self.open.iter().map(|(id, upload)| (&upload.place, id, upload.initiated));
        let mut sorted: Vec<_> = listed
            .filter(|((bucket, key), _, _)| *bucket == visibility && key.starts_with(prefix))
            .filter(|((_, key), id, _)| {
                after.is_none_or(|after| {
                    let id_after = after.id.as_ref().is_some_and(|after| **id > after.0);
                    *key > after.key || (*key == after.key && id_after)
                })
            })
            .collect();
        sorted.sort();
        let more = sorted.len() > usize::from(limit);
        sorted.truncate(usize::from(limit));
        let upload = |((_, key), id, initiated): (&Place, &String, Timestamp)| ListedUpload {
            key: key.clone(),
            id: UploadId(id.clone()),
            initiated,
        };
        let uploads: Vec<ListedUpload> = sorted.into_iter().map(upload).collect();
        let last = uploads.last().filter(|_| more);
        let next = last.map(|last| UploadCursor { key: last.key.clone(), id: Some(last.id.clone()) });
        UploadsPage { uploads, next }
    }

    /// Every object and every open upload, by key.
    pub(super) fn listing(&self) -> (Vec<Place>, Vec<Place>) {
        let objects = self.objects.keys().cloned().collect();
        let mut uploads: Vec<Place> = self.open.values().map(|upload| upload.place.clone()).collect();
        uploads.sort();
        (objects, uploads)
    }
}

fn length(bytes: &[u8]) -> ByteCount {
    ByteCount(bytes.len() as u64)
}

/// Looks like an MD5 and is none, so that nobody counts on one.
fn content_tag(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes)[..16])
}

fn checksum_of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> ChecksumValue {
    let named = match algorithm {
        ChecksumAlgorithm::Crc64Nvme => crc_fast::CrcAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Crc32C => crc_fast::CrcAlgorithm::Crc32Iscsi,
        ChecksumAlgorithm::Crc32 => crc_fast::CrcAlgorithm::Crc32IsoHdlc,
    };
    let value = crc_fast::checksum(named, bytes).to_be_bytes();
    let text = data_encoding::BASE64.encode(&value[value.len() - algorithm.value_bytes()..]);
    ChecksumValue::parse(algorithm, &text).expect("a computed checksum has its algorithm's length")
}
