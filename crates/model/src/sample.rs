//! The one asset of the model as `domain` knows it: fixed ids, keys and times around small rows.
//!
//! It translates, both ways, and decides nothing. Fences and revisions are all alike in here: whether a copy is still
//! the row is kept beside the copy ([`crate::run::Held`]).

use std::collections::BTreeMap;

use domain::{
    Asset, AssetId, AssetStatus, ByteCount, Check, CollectionName, Description, ETag, Fence, File, FileId, FileKey,
    FileName, FilePlan, FileState, MediaType, Metadata, ObjectHead, ObjectKey, OwnerId, Part, PartPlan, Place, Reason,
    RoleName, TimeSpan, Timestamp, Title, UploadId, VerifiedObject, Visibility, limits,
};

use crate::world::{AssetRows, Content, FILES, FileRow, RowState, Spot, Status, UploadSlot};

/// When the asset was created.
const BORN: Timestamp = Timestamp::constant(1_790_000_000, 0);
/// A minute later: every grant is possible, nothing has expired.
pub(crate) const EARLY: Timestamp = Timestamp::constant(1_790_000_060, 0);
/// Thirty days later: every deadline has passed, every look is due.
pub(crate) const LATE: Timestamp = Timestamp::constant(1_790_000_000 + 30 * 86_400, 0);
/// The fence and revision of every row that was read.
const READ: Fence = Fence(1);
/// The size of every file: one part.
const SIZE: ByteCount = ByteCount::mib(1);
/// The ways a file's first bytes can look.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const HTML: &[u8] = b"<!doctype html><script>";

/// What both files are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roles {
    /// The second file is another attempt at the first one's role.
    Same,
    /// The second file fills a role of its own.
    Two,
}

/// See the module.
pub struct Sample {
    roles: [RoleName; FILES],
}

impl Sample {
    /// An asset with these roles.
    pub fn new(roles: Roles) -> Self {
        let name = |text| RoleName::parse(text).expect("a role name of the model");
        let second = match roles {
            Roles::Same => "video",
            Roles::Two => "thumbnail",
        };
        Self { roles: [name("video"), name(second)] }
    }

    /// The role of a file.
    pub(crate) fn role(&self, file: usize) -> &RoleName {
        &self.roles[file]
    }

    fn asset_id() -> AssetId {
        AssetId::new(BORN, &[7; 10])
    }

    fn file_id(file: usize) -> FileId {
        FileId::new(BORN, &[if file == 0 { 1 } else { 2 }; 10])
    }

    /// Which of the two it is.
    pub(crate) fn number(&self, file: &File) -> usize {
        (0..FILES).find(|number| Self::file_id(*number) == file.id).expect("a file of the model")
    }

    /// The store's name of an upload.
    pub(crate) fn upload_id(&self, slot: UploadSlot) -> UploadId {
        UploadId(format!("upload-{}", slot.index()))
    }

    fn etag(prefix: &str, content: Content) -> ETag {
        ETag::new(&format!("{prefix}-{content:?}"))
    }

    fn content(prefix: &str, etag: &ETag) -> Content {
        let known = Content::ALL.into_iter().find(|content| Self::etag(prefix, *content) == *etag);
        known.expect("an ETag of the model")
    }

    /// A part with this content, as ListParts shows it.
    pub(crate) fn part(&self, content: Content) -> Part {
        let number = domain::PartNumber::new(1).expect("the first part");
        Part { number, size: Self::size(content), etag: Self::etag("part", content) }
    }

    const fn size(content: Content) -> ByteCount {
        match content {
            Content::Good | Content::Other | Content::Bad => SIZE,
            Content::Short => ByteCount(SIZE.get() - 1),
        }
    }

    /// What HEAD shows of an object with this content.
    pub(crate) fn head(&self, content: Content) -> ObjectHead {
        ObjectHead {
            size: Self::size(content),
            content_type: Some(MediaType::Png.name().to_owned()),
            etag: Self::etag("object", content),
            version: None,
            checksum: None,
        }
    }

    /// What the object begins with.
    pub(crate) fn first_bytes(&self, content: Content) -> &'static [u8] {
        match content {
            Content::Good | Content::Other | Content::Short => PNG,
            Content::Bad => HTML,
        }
    }

    fn verified(content: Content) -> VerifiedObject {
        let checks = vec![Check::Size, Check::ContentType, Check::MagicBytes];
        let etag = Self::etag("object", content);
        VerifiedObject { size: Self::size(content), etag, version: None, checksum: None, checks }
    }

    /// The file that a row stands for.
    ///
    /// # Panics
    /// If there is no row.
    pub(crate) fn file(&self, number: usize, row: FileRow) -> File {
        let state = match row.state {
            RowState::Absent | RowState::Purged => panic!("there is no row to make a file of"),
            RowState::Reserved => FileState::Reserved,
            RowState::Uploading => FileState::Uploading,
            RowState::Committing { part, relists, gone } => {
                FileState::Committing { parts: vec![self.part(part)], relists, gone_since: gone.then_some(EARLY) }
            }
            RowState::Verified(content) => FileState::Verified { object: Self::verified(content) },
            RowState::Created(content) => FileState::Created { object: Self::verified(content), lost_since: None },
            RowState::Deleting => FileState::Deleting { reason: Reason::Deleted },
            RowState::Closed { clean } => FileState::Closed {
                reason: Reason::Deleted,
                clean_rechecks: clean,
                recheck_at: EARLY + limits::RECHECK_AFTER[usize::from(clean)],
            },
        };
        let role = self.roles[number].clone();
        let collection = CollectionName::parse("videos").expect("a collection of the model");
        let nonce = [if number == 0 { 1 } else { 2 }; 16];
        let key = FileKey::new("42".into(), collection, Self::asset_id(), role.clone(), MediaType::Png, nonce);
        let ended = matches!(state, FileState::Deleting { .. } | FileState::Closed { .. });
        let idle = if row.granted { limits::DEFAULT_IDLE + limits::DEFAULT_URL_LIFE } else { limits::DEFAULT_IDLE };
        File {
            id: Self::file_id(number),
            asset: Self::asset_id(),
            role,
            key: ObjectKey::new(Visibility::Private, key),
            file_name: FileName::parse("film.png").expect("a file name of the model"),
            plan: FilePlan::Declared(PartPlan::for_size(SIZE).expect("a size of the model")),
            checksum: None,
            auto: false,
            looks: None,
            addition: false,
            created_at: BORN,
            deadline: EARLY + idle,
            // Of what has ended, the rows do not say whether anybody holds a URL: somebody may.
            url_not_after: (row.granted || ended).then(|| EARLY + limits::DEFAULT_URL_LIFE * 2),
            upload_id: row.upload.map(|slot| self.upload_id(slot)),
            due_at: (!row.undue && !matches!(state, FileState::Created { .. })).then_some(EARLY),
            fence: READ,
            state,
        }
    }

    /// The row that a file is.
    pub(crate) fn row(&self, file: &File) -> FileRow {
        let state = match &file.state {
            FileState::Reserved => RowState::Reserved,
            FileState::Uploading => RowState::Uploading,
            FileState::Committing { parts, relists, gone_since } => {
                let [part] = &parts[..] else { panic!("files of the model have one part") };
                let part = Self::content("part", &part.etag);
                RowState::Committing { part, relists: *relists, gone: gone_since.is_some() }
            }
            FileState::Verified { object } => RowState::Verified(Self::content("object", &object.etag)),
            FileState::Created { object, .. } => RowState::Created(Self::content("object", &object.etag)),
            FileState::Deleting { .. } => RowState::Deleting,
            FileState::Closed { clean_rechecks, .. } => RowState::Closed { clean: *clean_rechecks },
        };
        let upload = file.upload_id.as_ref().map(|id| {
            let known = UploadSlot::ALL.into_iter().find(|slot| self.upload_id(*slot) == *id);
            known.expect("an upload of the model")
        });
        // The bound of URLs decides about grants only, and those are possible in UPLOADING only.
        let granted = state == RowState::Uploading && file.url_not_after.is_some();
        FileRow { state, upload, granted, undue: !file.keeps_its_due_time() }
    }

    /// The asset that rows stand for.
    pub(crate) fn asset(&self, rows: &AssetRows) -> Asset {
        let mut places: BTreeMap<RoleName, Place> = BTreeMap::new();
        for number in 0..FILES {
            let file = || self.file(number, rows.rows[number]);
            match rows.spots[number] {
                Spot::Unplaced => {}
                Spot::Pending => places.entry(self.roles[number].clone()).or_default().pending = Some(file()),
                Spot::Published => places.entry(self.roles[number].clone()).or_default().published = Some(file()),
            }
        }
        Asset {
            id: Self::asset_id(),
            owner: OwnerId::parse("42").expect("an owner of the model"),
            collection: CollectionName::parse("videos").expect("a collection of the model"),
            title: Title::parse("Film").expect("a title of the model"),
            description: Description::empty(),
            metadata: Metadata::empty(),
            fingerprint: None,
            status: match rows.status {
                Status::Uploading => AssetStatus::Uploading,
                Status::Created => AssetStatus::Created,
                Status::Gone => AssetStatus::Gone(Reason::Deleted),
            },
            created_at: BORN,
            published_at: (rows.status == Status::Created).then(|| BORN + TimeSpan::from_secs(30)),
            revision: READ,
            places,
        }
    }

    /// What an asset shows.
    pub(crate) fn status(&self, asset: &Asset) -> Status {
        match asset.status {
            AssetStatus::Uploading => Status::Uploading,
            AssetStatus::Created => Status::Created,
            AssetStatus::Gone(_) => Status::Gone,
        }
    }

    /// How the roles of an asset point at the two files.
    pub(crate) fn spots(&self, asset: &Asset) -> [Spot; FILES] {
        let mut spots = [Spot::Unplaced; FILES];
        for place in asset.places.values() {
            for (file, spot) in [(&place.pending, Spot::Pending), (&place.published, Spot::Published)] {
                if let Some(file) = file {
                    spots[self.number(file)] = spot;
                }
            }
        }
        spots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_being_files() {
        let sample = Sample::new(Roles::Two);
        let states = [
            RowState::Reserved,
            RowState::Uploading,
            RowState::Committing { part: Content::Other, relists: 3, gone: true },
            RowState::Verified(Content::Good),
            RowState::Created(Content::Other),
            RowState::Deleting,
            RowState::Closed { clean: 2 },
        ];
        for state in states {
            let upload = (state != RowState::Reserved).then_some(UploadSlot::Second);
            let granted = state == RowState::Uploading;
            let owes = matches!(state, RowState::Committing { .. } | RowState::Deleting | RowState::Closed { .. });
            for (number, undue) in [(0, false), (1, owes)] {
                let row = FileRow { state, upload, granted, undue };
                let file = sample.file(number, row);
                assert_eq!((sample.row(&file), sample.number(&file)), (row, number));
            }
        }
    }
}
