//! Bucket and catalog held against each other (PROTOCOL, T12): pure, in constant memory.
//!
//! [`Merge`] walks one page of a listing and the rows of the same range of keys, both in byte order. [`judge_object`]
//! and [`judge_upload`] say what each pair means. Neither reads nor removes anything. *Invariant*: nothing that is
//! younger than [`Terms::orphan_age`] and nothing whose key is not of our grammar is ever to be removed.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::asset::{Asset, AssetStatus};
use crate::file::{Fence, File, FileState, StateName, UploadId};
use crate::file_plan::FilePlan;
use crate::id::{FileId, IdEntropy};
use crate::key::{FileKey, ObjectKey};
use crate::limits::STEP_GRACE;
use crate::owner::OwnerId;
use crate::part_plan::{MAX_OBJECT, PartPlan};
use crate::parts::ETag;
use crate::reason::Reason;
use crate::shard::Shard;
use crate::size::ByteCount;
use crate::text::{Description, FileName, Metadata, Title};
use crate::verification::VerifiedObject;

/// Something that has a key, as the store spells it without its prefix.
pub trait Keyed {
    /// The key. Keys compare by bytes.
    fn key(&self) -> &str;
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key, of our grammar or not.
    pub key: String,
    /// Its length.
    pub size: ByteCount,
    /// Its ETag.
    pub etag: ETag,
    /// When it came into being, by the store's clock.
    pub modified: Timestamp,
}

/// An open multipart upload as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUpload {
    /// The key it was opened for, of our grammar or not.
    pub key: String,
    /// The store's name for it.
    pub id: UploadId,
    /// When it was opened, by the store's clock.
    pub initiated: Timestamp,
}

/// A file's row, as far as the store is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedFile {
    /// Its id.
    pub id: FileId,
    /// Its key without its bucket, in text.
    pub key: String,
    /// Where it stands.
    pub state: StateName,
    /// Its multipart upload, once it was opened.
    pub upload_id: Option<UploadId>,
    /// The object as it was verified, in VERIFIED and CREATED.
    pub object: Option<VerifiedObject>,
    /// Since when the object is missing, if that was noticed.
    pub lost_since: Option<Timestamp>,
    /// When somebody takes it up without being asked: by its own lane where that is owed to the file, by its asset's deadline
    /// while it is pending.
    pub due_at: Option<Timestamp>,
}

impl KeyedFile {
    /// I9: nothing is owed to what is published, and everything else has a time.
    pub fn keeps_its_due_time(&self) -> bool {
        self.due_at.is_some() || self.state == StateName::Created
    }

    /// The shard that its row is in.
    pub fn shard(&self) -> Shard {
        Shard::of_key(&self.key)
    }
}

impl Keyed for ListedObject {
    fn key(&self) -> &str {
        &self.key
    }
}

impl Keyed for ListedUpload {
    fn key(&self) -> &str {
        &self.key
    }
}

impl Keyed for KeyedFile {
    fn key(&self) -> &str {
        &self.key
    }
}

/// What stands at one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pair<L, R> {
    /// The listing shows it and no row owns its key.
    Listed(L),
    /// Both know it.
    Both(L, R),
    /// A row owns the key and the listing shows nothing there.
    Known(R),
}

/// What [`Merge::step`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<L, R> {
    /// The next pair.
    Pair(Pair<L, R>),
    /// It cannot go on before [`Merge::push`].
    NeedRows,
    /// Both sides are at their end.
    Done,
}

/// Merges a page of a listing with the rows of its range of keys.
///
/// The listing is asked first and given whole; the rows come later, page by page, and a row that was written before
/// its object was is therefore always there. Keys may repeat in the listing, as uploads do, and should not among rows; a row's
/// second on a key comes as [`Pair::Known`].
#[derive(Debug)]
pub struct Merge<L, R> {
    listed: VecDeque<L>,
    rows: VecDeque<R>,
    /// No more rows will come.
    ended: bool,
    /// Whether the listing showed the first row's key.
    met: bool,
}

impl<L: Keyed, R: Keyed + Clone> Merge<L, R> {
    /// Starts with a page of a listing, in key order.
    ///
    /// # Panics
    /// If it is in another order: the store's adapter refuses such a page.
    pub fn of(listed: Vec<L>) -> Self {
        assert!(listed.is_sorted_by(|a, b| a.key() <= b.key()), "a listing is in key order");
        Self { listed: listed.into(), rows: VecDeque::new(), ended: false, met: false }
    }

    /// Adds rows in key order that come after those given before. An empty page ends them.
    ///
    /// # Panics
    /// If they do not come after those given before.
    pub fn push(&mut self, rows: Vec<R>) {
        self.ended = rows.is_empty();
        let ordered = self.rows.back().into_iter().chain(&rows).is_sorted_by(|a, b| a.key() <= b.key());
        assert!(ordered, "rows are in key order");
        self.rows.extend(rows);
    }

    /// The next pair, or what it waits for.
    pub fn step(&mut self) -> Step<L, R> {
        loop {
            let Some(row) = self.rows.front() else {
                if !self.ended {
                    return Step::NeedRows;
                }
                return self.listed.pop_front().map_or(Step::Done, |listed| Step::Pair(Pair::Listed(listed)));
            };
            match self.listed.front().map(|listed| listed.key().cmp(row.key())) {
                Some(std::cmp::Ordering::Less) => {
                    let listed = self.listed.pop_front().expect("it was just looked at");
                    return Step::Pair(Pair::Listed(listed));
                }
                Some(std::cmp::Ordering::Equal) => {
                    self.met = true;
                    let row = row.clone();
                    let listed = self.listed.pop_front().expect("it was just looked at");
                    return Step::Pair(Pair::Both(listed, row));
                }
                Some(std::cmp::Ordering::Greater) | None => {
                    let row = self.rows.pop_front().expect("it was just looked at");
                    if !std::mem::take(&mut self.met) {
                        return Step::Pair(Pair::Known(row));
                    }
                }
            }
        }
    }
}

/// What does not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An object of our grammar without a row.
    OrphanObject,
    /// An upload on a key of our grammar without a row.
    OrphanUpload,
    /// The same as an orphan, but from before a restored catalog was accepted: perhaps what that catalog forgot.
    ForgottenObject,
    /// See [`Kind::ForgottenObject`].
    ForgottenUpload,
    /// An object under a row that is CLOSED.
    ObjectAfterClose,
    /// An upload on a row that is CLOSED.
    UploadAfterClose,
    /// An upload on a live row that the row does not know.
    ForeignUpload,
    /// The row's own upload, still open after its commit.
    UploadAfterCommit,
    /// An object under a row that has not committed one.
    EarlyObject,
    /// A CREATED file without its object.
    LostObject,
    /// An object whose key is not of our grammar.
    UnknownObject,
    /// An upload whose key is not of our grammar.
    UnknownUpload,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Insert a row in DELETING, then destroy it as any other.
    DestroyUnderRow,
    /// Destroy it again under its CLOSED row; the rechecks start over.
    DestroyAgain,
    /// Abort that upload and nothing else.
    Abort,
    /// Mark the row and alert; delete nothing.
    MarkLost,
    /// Nothing: say so.
    Report,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::OrphanObject,
        Self::OrphanUpload,
        Self::ForgottenObject,
        Self::ForgottenUpload,
        Self::ObjectAfterClose,
        Self::UploadAfterClose,
        Self::ForeignUpload,
        Self::UploadAfterCommit,
        Self::EarlyObject,
        Self::LostObject,
        Self::UnknownObject,
        Self::UnknownUpload,
    ];

    /// The stable code: a label in metrics and in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OrphanObject => "orphan_object",
            Self::OrphanUpload => "orphan_upload",
            Self::ForgottenObject => "forgotten_object",
            Self::ForgottenUpload => "forgotten_upload",
            Self::ObjectAfterClose => "object_after_close",
            Self::UploadAfterClose => "upload_after_close",
            Self::ForeignUpload => "foreign_upload",
            Self::UploadAfterCommit => "upload_after_commit",
            Self::EarlyObject => "early_object",
            Self::LostObject => "lost_object",
            Self::UnknownObject => "unknown_object",
            Self::UnknownUpload => "unknown_upload",
        }
    }

    /// What it means, for an operator.
    pub const fn why(self) -> &'static str {
        match self {
            Self::OrphanObject | Self::OrphanUpload => "older than 24 h, and no row owns its key",
            Self::ForgottenObject | Self::ForgottenUpload => {
                "no row owns its key, and it is older than the restore that was accepted: perhaps the backup forgot it"
            }
            Self::ObjectAfterClose | Self::UploadAfterClose => "its file was destroyed and closed; it landed later",
            Self::ForeignUpload => "older than 24 h, and not the upload that its file's row knows",
            Self::UploadAfterCommit => "its file is committed, and the store still lists the upload",
            Self::EarlyObject => "its file's row has not committed an object: was the catalog restored from a backup?",
            Self::LostObject => "its file is published, and the store says that there is no object",
            Self::UnknownObject | Self::UnknownUpload => "its key is none that Landfall makes",
        }
    }

    /// What is to be done about it.
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::OrphanObject | Self::OrphanUpload => Remedy::DestroyUnderRow,
            Self::ObjectAfterClose | Self::UploadAfterClose => Remedy::DestroyAgain,
            Self::ForeignUpload => Remedy::Abort,
            Self::LostObject => Remedy::MarkLost,
            Self::ForgottenObject
            | Self::ForgottenUpload
            | Self::UploadAfterCommit
            | Self::EarlyObject
            | Self::UnknownObject
            | Self::UnknownUpload => Remedy::Report,
        }
    }
}

impl Remedy {
    /// What will be done, for an operator.
    pub const fn as_text(self) -> &'static str {
        match self {
            Self::DestroyUnderRow => "destroyed under a row of its own",
            Self::DestroyAgain => "destroyed again",
            Self::Abort => "this upload is aborted, the file stays",
            Self::MarkLost => "marked as lost; nothing is deleted",
            Self::Report => "left alone",
        }
    }

    /// Whether something in the store goes.
    pub const fn removes(self) -> bool {
        match self {
            Self::DestroyUnderRow | Self::DestroyAgain | Self::Abort => true,
            Self::MarkLost | Self::Report => false,
        }
    }
}

/// By what a pair is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The catalog's time.
    pub now: Timestamp,
    /// How old something must be before it can be an orphan: [`crate::limits::ORPHAN_AGE`] but in a drill.
    pub orphan_age: SignedDuration,
    /// Nothing that is as old as this or older is an orphan; it is forgotten ([`Kind::ForgottenObject`]).
    pub forgotten_until: Option<Timestamp>,
}

impl Terms {
    /// How old something is.
    pub fn age(&self, since: Timestamp) -> SignedDuration {
        self.now.duration_since(since)
    }

    fn is_old(&self, since: Timestamp) -> bool {
        self.age(since) >= self.orphan_age
    }

    fn is_forgotten(&self, since: Timestamp) -> bool {
        self.forgotten_until.is_some_and(|until| since <= until)
    }
}

/// What an object and its row, if it has one, mean. `None`: nothing is wrong, or it is too young to tell.
pub fn judge_object(object: &ListedObject, row: Option<&KeyedFile>, terms: &Terms) -> Option<Kind> {
    let Some(row) = row else {
        if FileKey::parse(&object.key).is_none() {
            return Some(Kind::UnknownObject);
        }
        return match (terms.is_forgotten(object.modified), terms.is_old(object.modified)) {
            (true, _) => Some(Kind::ForgottenObject),
            (false, true) => Some(Kind::OrphanObject),
            (false, false) => None,
        };
    };
    match row.state {
        StateName::Reserved | StateName::Uploading => Some(Kind::EarlyObject),
        StateName::Committing | StateName::Verified | StateName::Created | StateName::Deleting => None,
        StateName::Closed => Some(Kind::ObjectAfterClose),
    }
}

/// What an open upload and its key's row, if there is one, mean. `None`: nothing is wrong, or it is too young to tell.
pub fn judge_upload(upload: &ListedUpload, row: Option<&KeyedFile>, terms: &Terms) -> Option<Kind> {
    let Some(row) = row else {
        if FileKey::parse(&upload.key).is_none() {
            return Some(Kind::UnknownUpload);
        }
        return match (terms.is_forgotten(upload.initiated), terms.is_old(upload.initiated)) {
            (true, _) => Some(Kind::ForgottenUpload),
            (false, true) => Some(Kind::OrphanUpload),
            (false, false) => None,
        };
    };
    let own = row.upload_id.as_ref() == Some(&upload.id);
    let old = terms.is_old(upload.initiated);
    match row.state {
        // Whoever opened its own may not have written the id down yet, however old it is. When the row ends, all go.
        StateName::Reserved => None,
        StateName::Uploading | StateName::Committing if own => None,
        StateName::Verified | StateName::Created if own => old.then_some(Kind::UploadAfterCommit),
        StateName::Uploading | StateName::Committing | StateName::Verified | StateName::Created => {
            old.then_some(Kind::ForeignUpload)
        }
        // It is being destroyed.
        StateName::Deleting => None,
        StateName::Closed => Some(Kind::UploadAfterClose),
    }
}

/// A row for what has none: in DELETING, so that it is destroyed as everything else is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// An asset that is gone, for the file to be of; inserted unless the catalog has one of that id.
    pub asset: Asset,
    /// The file.
    pub file: File,
}

/// The row of an orphan. `size` is the object's, if there is one; `upload` the upload's, if there is one.
pub fn orphan(
    key: &ObjectKey,
    size: Option<ByteCount>,
    upload: Option<UploadId>,
    now: Timestamp,
    entropy: &IdEntropy,
) -> Orphan {
    let parts = key.file_key();
    // A row must have a size that can be planned; nobody will upload by this plan.
    let size = size.unwrap_or(ByteCount(1)).clamp(ByteCount(1), MAX_OBJECT);
    let asset = Asset {
        id: parts.asset(),
        // Whose it was, the key tells only where it names owners in clear; nobody is told of it.
        owner: OwnerId::parse(parts.owner_segment()).expect("a key's owner segment is an owner id"),
        collection: parts.collection().clone(),
        title: Title::forgotten(),
        description: Description::empty(),
        metadata: Metadata::empty(),
        fingerprint: None,
        status: AssetStatus::Gone(Reason::Orphan),
        created_at: now,
        published_at: None,
        revision: Fence::default(),
        places: BTreeMap::new(),
    };
    let file = File {
        id: FileId::new(now, entropy),
        asset: asset.id,
        role: parts.role().clone(),
        key: key.clone(),
        file_name: FileName::parse("orphan").expect("a file name"),
        plan: FilePlan::Declared(PartPlan::for_size(size).expect("the size was held within its bounds")),
        checksum: None,
        auto: false,
        looks: None,
        addition: false,
        created_at: now,
        deadline: now,
        url_not_after: None,
        upload_id: upload,
        due_at: Some(now + STEP_GRACE),
        fence: Fence::default(),
        state: FileState::Deleting { reason: Reason::Orphan },
    };
    Orphan { asset, file }
}
