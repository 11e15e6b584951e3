//! What two buckets hold, and what S3's calls do to it.
//!
//! Contents are symbols, a length and a tag, so that gigabytes cost nothing. Pure: no faults, no scheduling; those are
//! around it ([`crate::store`]). *Invariant*: Abort and Complete of one upload id are serialised, as the protocol
//! assumes: after either, no Complete makes an object of it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use domain::part_plan::MIN_PART;
use domain::{
    ByteCount, ChecksumAlgorithm, ChecksumValue, CompleteAnswer, DeclaredChecksum, ETag, Marker, ObjectHead, ObjectKey,
    Part, PartNumber, Reason, TimeSpan, Timestamp, UploadId, Visibility,
};
use server::store::{Completion, More, PartsPage};

use crate::chance::mix;
use crate::clocks::Moment;
use crate::profile::{ETags, LateParts, SecondComplete, StoreBehaviour};

/// A store that knows completed uploads forgets them after this time.
const COMPLETED_KNOWN: TimeSpan = TimeSpan::from_hours(24);

/// The content of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its length.
    pub(crate) size: ByteCount,
    /// What stands for its bytes: equal for equal ones.
    pub(crate) tag: u64,
    /// What it begins with; all of it, where it came as bytes.
    pub(crate) begins: Bytes,
}

impl Piece {
    /// Bytes that are no symbol.
    pub(crate) fn of(bytes: Bytes) -> Self {
        let word = |chunk: &[u8]| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let tag = bytes.chunks(8).fold(bytes.len() as u64, |tag, chunk| mix(tag ^ word(chunk)));
        Self { size: ByteCount(bytes.len() as u64), tag, begins: bytes }
    }
}

/// The checksum of pieces put together: any function of them will do, as long as both sides have the same.
pub(crate) fn checksum_of(algorithm: ChecksumAlgorithm, pieces: &[Piece]) -> ChecksumValue {
    let sum = pieces.iter().fold(0, |sum, piece| mix(sum ^ piece.tag ^ piece.size.get().rotate_left(32)));
    let text = BASE64.encode(&sum.to_be_bytes()[..algorithm.value_bytes()]);
    ChecksumValue::parse(algorithm, &text).expect("it has its algorithm's length")
}

pub(crate) struct Object {
    begins: Bytes,
    pub(crate) head: ObjectHead,
    /// As the store tells it.
    pub(crate) modified: Timestamp,
}

pub(crate) struct Upload {
    pub(crate) key: ObjectKey,
    /// As the store tells it.
    pub(crate) initiated: Timestamp,
    checksum: Option<ChecksumAlgorithm>,
    parts: BTreeMap<PartNumber, (Piece, ETag)>,
}

/// What another program has put beside ours, on a key of any form.
pub(crate) struct Foreign {
    pub(crate) size: ByteCount,
    pub(crate) mark: String,
    pub(crate) since: Timestamp,
}

/// Everything there is.
pub(crate) struct Matter {
    profile: StoreBehaviour,
    pub(crate) objects: BTreeMap<ObjectKey, Object>,
    pub(crate) open: BTreeMap<String, Upload>,
    pub(crate) markers: BTreeMap<Visibility, Marker>,
    /// Objects and uploads of others; `mark` is an ETag or an upload id.
    pub(crate) foreign_objects: BTreeMap<(Visibility, String), Foreign>,
    pub(crate) foreign_uploads: BTreeMap<(Visibility, String), Foreign>,
    /// Buckets that are not there.
    pub(crate) absent: BTreeSet<Visibility>,
    /// Parts that landed under an aborted upload id.
    hidden: BTreeMap<String, (ObjectKey, BTreeSet<PartNumber>)>,
    aborted: BTreeMap<String, ObjectKey>,
    completed: BTreeMap<String, (ObjectKey, ETag, Timestamp)>,
    /// Every upload there ever was.
    opened: BTreeMap<String, Timestamp>,
    etags: u64,
}

/// What became of a part that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PartFate {
    /// It counts, or looks as if it did.
    Stored(ETag),
    /// The store knows no such upload.
    NoSuchUpload,
}

impl Matter {
    pub(crate) fn new(profile: StoreBehaviour) -> Self {
        Self {
            profile,
            objects: BTreeMap::new(),
            open: BTreeMap::new(),
            markers: BTreeMap::new(),
            foreign_objects: BTreeMap::new(),
            foreign_uploads: BTreeMap::new(),
            absent: BTreeSet::new(),
            hidden: BTreeMap::new(),
            aborted: BTreeMap::new(),
            completed: BTreeMap::new(),
            opened: BTreeMap::new(),
            etags: 0,
        }
    }

    pub(crate) fn open(&mut self, key: &ObjectKey, checksum: Option<ChecksumAlgorithm>, now: Moment) -> UploadId {
        // Characters that some store's ids have, so that nobody puts one into a URL unescaped.
        let id = format!("upload/{}+=", self.opened.len() + 1);
        self.opened.insert(id.clone(), now.real);
        let upload = Upload { key: key.clone(), initiated: now.told, checksum, parts: BTreeMap::new() };
        self.open.insert(id.clone(), upload);
        UploadId(id)
    }

    fn etag(&mut self, content: u64) -> ETag {
        let tag = match self.profile.etags {
            ETags::OfContent => mix(content),
            ETags::OfNothing => {
                self.etags += 1;
                mix(self.etags ^ 0x5EC5)
            }
        };
        ETag::new(&HEXLOWER.encode(&[tag.to_be_bytes(), mix(tag).to_be_bytes()].concat()))
    }

    /// A part arrives. `began_before_abort`: its request was on its way when the upload was aborted, if it was.
    pub(crate) fn put_part(
        &mut self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        piece: Piece,
        arrival: Arrival,
    ) -> PartFate {
        let known = self.open.get(&upload.0).is_some_and(|open| open.key == *key);
        if known {
            let etag = self.etag(piece.tag ^ piece.size.get().rotate_left(17));
            let open = self.open.get_mut(&upload.0).expect("it was there a line before");
            open.parts.insert(number, (piece, etag.clone()));
            return PartFate::Stored(etag);
        }
        let was_aborted = self.aborted.get(&upload.0) == Some(key);
        if was_aborted && arrival == Arrival::Late && self.profile.late_parts == LateParts::Stay {
            self.hidden.entry(upload.0.clone()).or_insert((key.clone(), BTreeSet::new())).1.insert(number);
            return PartFate::Stored(self.etag(piece.tag));
        }
        PartFate::NoSuchUpload
    }

    pub(crate) fn list_parts(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: Option<PartNumber>,
        limit: u16,
    ) -> Option<PartsPage> {
        if self.hidden.get(&upload.0).is_some_and(|(place, _)| place == key) {
            // The id is known again; what lies under it counts for nothing.
            return Some(PartsPage { parts: Vec::new(), more: More::Ends });
        }
        let open = self.open.get(&upload.0).filter(|open| open.key == *key)?;
        let later = open.parts.iter().filter(|(number, _)| after.is_none_or(|after| **number > after));
        let mut rest =
            later.map(|(number, (piece, etag))| Part { number: *number, size: piece.size, etag: etag.clone() });
        let parts = rest.by_ref().take(self.profile.page.min(usize::from(limit))).collect();
        let more = if rest.next().is_some() { More::Follows } else { More::Ends };
        Some(PartsPage { parts, more })
    }

    pub(crate) fn complete(
        &mut self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[Part],
        declared: Option<&DeclaredChecksum>,
        now: Moment,
    ) -> Completion {
        let pieces = match self.assemble(key, upload, parts) {
            Ok(pieces) => pieces,
            Err(CompleteAnswer::NoSuchUpload) => return self.complete_again(key, upload, now.real),
            Err(answer) => return Completion { answer, etag: None },
        };
        let kept = self.open[&upload.0].checksum.filter(|_| self.profile.keeps_checksums);
        let checksum = kept.map(|algorithm| (algorithm, checksum_of(algorithm, &pieces)));
        if let (Some(DeclaredChecksum { value: Some(value), .. }), Some((_, sum))) = (declared, &checksum)
            && value != sum
        {
            return Completion { answer: CompleteAnswer::Refused(Reason::ChecksumMismatch), etag: None };
        }
        let etag = self.etag(pieces.iter().fold(1, |sum, piece| mix(sum ^ piece.tag)));
        let head = ObjectHead {
            size: ByteCount(pieces.iter().map(|piece| piece.size.get()).sum()),
            content_type: Some(key.content_type().name().to_owned()),
            etag: ETag::new(&format!("{}-{}", etag.as_str(), parts.len())),
            version: None,
            checksum,
        };
        let etag = head.etag.clone();
        self.objects.insert(key.clone(), Object { begins: pieces[0].begins.clone(), head, modified: now.told });
        self.open.remove(&upload.0);
        self.completed.insert(upload.0.clone(), (key.clone(), etag.clone(), now.real));
        Completion { answer: CompleteAnswer::Unknown, etag: self.profile.names_etag.then_some(etag) }
    }

    fn complete_again(&self, key: &ObjectKey, upload: &UploadId, now: Timestamp) -> Completion {
        let before = self
            .completed
            .get(&upload.0)
            .filter(|(completed, _, at)| completed == key && now.duration_since(*at) < COMPLETED_KNOWN);
        match (before, self.profile.second_complete) {
            (Some((_, etag, _)), SecondComplete::Succeeds) => Completion {
                answer: CompleteAnswer::Unknown,
                etag: Some(etag.clone()).filter(|_| self.profile.names_etag),
            },
            (Some(_), SecondComplete::NoSuchUpload) | (None, _) => {
                Completion { answer: CompleteAnswer::NoSuchUpload, etag: None }
            }
        }
    }

    fn assemble(&self, key: &ObjectKey, upload: &UploadId, parts: &[Part]) -> Result<Vec<Piece>, CompleteAnswer> {
        let open = self.open.get(&upload.0).filter(|open| open.key == *key).ok_or(CompleteAnswer::NoSuchUpload)?;
        let piece = |part: &Part| open.parts.get(&part.number).filter(|(_, etag)| *etag == part.etag);
        let pieces: Option<Vec<Piece>> = parts.iter().map(|part| piece(part).map(|(piece, _)| piece.clone())).collect();
        let pieces = pieces.ok_or(CompleteAnswer::InvalidPart)?;
        let (last, others) = pieces.split_last().expect("the port asks for at least one part");
        let unequal = others.iter().any(|piece| piece.size != others[0].size || last.size > others[0].size);
        if others.iter().any(|piece| piece.size < MIN_PART) || (self.profile.equal_parts && unequal) {
            return Err(CompleteAnswer::Refused(Reason::RefusedByStore));
        }
        Ok(pieces)
    }

    pub(crate) fn head(&self, key: &ObjectKey) -> Option<&ObjectHead> {
        self.objects.get(key).map(|object| &object.head)
    }

    pub(crate) fn read(&self, key: &ObjectKey, etag: &ETag, from: u64, limit: ByteCount) -> Option<Bytes> {
        let object = self.objects.get(key).filter(|object| object.head.etag == *etag)?;
        let length = object.begins.len();
        let begin = usize::try_from(from).map_or(length, |from| from.min(length));
        let end = usize::try_from(limit.get()).map_or(length, |limit| limit.saturating_add(begin).min(length));
        Some(object.begins.slice(begin..end))
    }

    /// Ends an upload. True if something was there to end.
    pub(crate) fn abort(&mut self, key: &ObjectKey, upload: &UploadId) -> bool {
        if self.hidden.get(&upload.0).is_some_and(|(place, _)| place == key) {
            self.hidden.remove(&upload.0);
        }
        if self.open.get(&upload.0).is_none_or(|open| open.key != *key) {
            return false;
        }
        self.open.remove(&upload.0);
        self.aborted.insert(upload.0.clone(), key.clone());
        true
    }

    /// Removes an object. True if it was there.
    pub(crate) fn delete(&mut self, key: &ObjectKey) -> bool {
        self.objects.remove(key).is_some()
    }

    /// Open uploads on a key. Those that were aborted are not listed, whatever lies under them.
    pub(crate) fn uploads_on(&self, key: &ObjectKey) -> Vec<UploadId> {
        self.open.iter().filter(|(_, open)| open.key == *key).map(|(id, _)| UploadId(id.clone())).collect()
    }

    /// Every object.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectKey> {
        self.objects.keys()
    }

    /// Every open upload: its id and its key.
    pub(crate) fn uploads(&self) -> impl Iterator<Item = (&str, &ObjectKey)> {
        self.open.iter().map(|(id, open)| (id.as_str(), &open.key))
    }

    /// When an upload was opened, whatever became of it.
    pub(crate) fn opened_at(&self, upload: &UploadId) -> Option<Timestamp> {
        self.opened.get(&upload.0).copied()
    }

    /// Every aborted upload under which parts lie.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = (&str, &ObjectKey)> {
        self.hidden.iter().map(|(id, (key, _))| (id.as_str(), key))
    }
}

/// When a part's request began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Now: it finds what is there now.
    Now,
    /// Earlier: an Abort in between did not see it.
    Late,
}
