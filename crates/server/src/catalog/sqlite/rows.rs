//! Rows to domain values and back. The order of columns is written down here and nowhere else.
//!
//! *Invariant*: a row that cannot be understood is an error that names table, id and column, never a guess.

use domain::key::FileKey;
use domain::reconcile::KeyedFile;
use domain::{
    Asset, AssetStatus, ByteCount, ChecksumAlgorithm, ChecksumValue, CollectionName, DeclaredChecksum, Description,
    Fence, File, FileName, FilePlan, FileState, Fingerprint, Looks, Metadata, ObjectKey, OwnerId, PartPlan, Reason,
    RoleName, Shard, Sizing, StateName, Timestamp, Title, UploadId, Visibility,
};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Column as _, Decode, Row as _, Type};
use std::collections::BTreeMap;

use crate::catalog::{BoxError, CatalogError};

/// The columns of an asset, as [`asset`] reads them.
macro_rules! asset_columns {
    ($a:literal) => {
        concat!(
            $a,
            ".id, ",
            $a,
            ".owner, ",
            $a,
            ".collection, ",
            $a,
            ".title, ",
            $a,
            ".description, ",
            $a,
            ".metadata, ",
            $a,
            ".fingerprint, ",
            $a,
            ".status, ",
            $a,
            ".gone_reason, ",
            $a,
            ".created_at, ",
            $a,
            ".published_at, ",
            $a,
            ".revision"
        )
    };
}

/// The columns of a file, as [`file`] reads them. `owner` and `recheck_at` are for conditions only.
macro_rules! file_columns {
    ($f:literal) => {
        concat!(
            $f,
            ".id, ",
            $f,
            ".asset, ",
            $f,
            ".role, ",
            $f,
            ".visibility, ",
            $f,
            ".object_key, ",
            $f,
            ".file_name, ",
            $f,
            ".size_bytes, ",
            $f,
            ".part_size_bytes, ",
            $f,
            ".sizing, ",
            $f,
            ".unweighed_grants, ",
            $f,
            ".checksum_algorithm, ",
            $f,
            ".checksum_value, ",
            $f,
            ".auto, ",
            $f,
            ".looked_since, ",
            $f,
            ".look_at, ",
            $f,
            ".addition, ",
            $f,
            ".created_at, ",
            $f,
            ".deadline, ",
            $f,
            ".url_not_after, ",
            $f,
            ".upload_id, ",
            $f,
            ".due_at, ",
            $f,
            ".fence, ",
            $f,
            ".state, ",
            $f,
            ".state_data"
        )
    };
}

pub(super) use {asset_columns, file_columns};

/// How many columns [`file_columns`] names.
pub(super) const FILE_COLUMNS: usize = 24;

/// A value that the domain does not know.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not known")]
struct Unknown(String);

/// A state column that says something else than the state itself.
#[derive(Debug, thiserror::Error)]
#[error("the state's name and its data differ")]
struct StateMismatch;

/// A combination of columns that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("does not fit the columns beside it")]
struct Misfit;

/// Reads a row's columns one after the other.
pub(super) struct Cells<'r> {
    row: &'r SqliteRow,
    next: usize,
    table: &'static str,
    /// The row's id, once read.
    id: String,
}

impl<'r> Cells<'r> {
    /// Starts at column `first` of a row of `table`.
    pub(super) fn new(row: &'r SqliteRow, table: &'static str, first: usize) -> Self {
        Self { row, next: first, table, id: String::new() }
    }

    /// The error for the column read last.
    fn corrupt(&self, source: impl Into<BoxError>) -> CatalogError {
        let column = self.row.columns().get(self.next.saturating_sub(1)).map_or("?", |column| column.name());
        CatalogError::Unreadable { what: format!("{} {}, column {column}", self.table, self.id), source: source.into() }
    }

    /// The next column as it is.
    pub(super) fn take<T: Decode<'r, Sqlite> + Type<Sqlite>>(&mut self) -> Result<T, CatalogError> {
        let at = self.next;
        self.next += 1;
        self.row.try_get(at).map_err(|error| self.corrupt(error))
    }

    /// The next column, parsed.
    pub(super) fn parse<T, E: Into<BoxError>>(
        &mut self,
        parse: impl FnOnce(&'r str) -> Result<T, E>,
    ) -> Result<T, CatalogError> {
        let text: &str = self.take()?;
        parse(text).map_err(|error| self.corrupt(error))
    }

    /// The next column, parsed if there is something.
    pub(super) fn parse_optional<T, E: Into<BoxError>>(
        &mut self,
        parse: impl FnOnce(&'r str) -> Result<T, E>,
    ) -> Result<Option<T>, CatalogError> {
        let text: Option<&str> = self.take()?;
        text.map(parse).transpose().map_err(|error| self.corrupt(error))
    }

    /// The next column as a role, where a join found one.
    pub(super) fn optional_role(&mut self) -> Result<Option<RoleName>, CatalogError> {
        self.parse_optional(RoleName::parse)
    }

    /// The next column as this row's id, which later errors name.
    pub(super) fn id<T: std::str::FromStr<Err: Into<BoxError>>>(&mut self) -> Result<T, CatalogError> {
        self.id = self.take()?;
        self.id.parse().map_err(|error| self.corrupt(error))
    }

    /// The next column as what later errors call this row.
    pub(super) fn name(&mut self) -> Result<(), CatalogError> {
        self.id = self.take()?;
        Ok(())
    }

    /// The next column as a number that is never negative.
    pub(super) fn unsigned(&mut self) -> Result<u64, CatalogError> {
        let number: i64 = self.take()?;
        u64::try_from(number).map_err(|error| self.corrupt(error))
    }

    /// The next column as a time.
    pub(super) fn time(&mut self) -> Result<Timestamp, CatalogError> {
        let micros: i64 = self.take()?;
        Timestamp::from_microsecond(micros).map_err(|error| self.corrupt(error))
    }

    /// The next column as a time, if there is one.
    pub(super) fn optional_time(&mut self) -> Result<Option<Timestamp>, CatalogError> {
        let micros: Option<i64> = self.take()?;
        micros.map(Timestamp::from_microsecond).transpose().map_err(|error| self.corrupt(error))
    }
}

/// Microseconds since 1970, as columns hold times.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A number as columns hold it.
///
/// # Panics
/// If it is 2^63 or more: sizes end at 48.8 TiB, and fences count writes.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("sizes and fences stay below 2^63")
}

/// A shard as columns hold it.
pub(super) fn shard(shard: Shard) -> i64 {
    i64::from(shard.get())
}

/// A state as the `state_data` column holds it.
pub(super) fn state_data(state: &FileState) -> String {
    serde_json::to_string(state).expect("a state is plain data")
}

/// What the `recheck_at` column holds.
pub(super) fn recheck_at(state: &FileState) -> Option<i64> {
    match state {
        FileState::Closed { recheck_at, .. } => Some(micros(*recheck_at)),
        FileState::Reserved
        | FileState::Uploading
        | FileState::Committing { .. }
        | FileState::Verified { .. }
        | FileState::Created { .. }
        | FileState::Deleting { .. } => None,
    }
}

/// What the `gone_reason` column holds.
pub(super) fn gone_reason(status: AssetStatus) -> Option<&'static str> {
    match status {
        AssetStatus::Gone(reason) => Some(reason.code()),
        AssetStatus::Uploading | AssetStatus::Created => None,
    }
}

/// Reads an asset without its places from column `first` on.
pub(super) fn asset(row: &SqliteRow, first: usize) -> Result<Asset, CatalogError> {
    let mut cells = Cells::new(row, "assets", first);
    let asset = Asset {
        id: cells.id()?,
        owner: cells.parse(OwnerId::parse)?,
        collection: cells.parse(CollectionName::parse)?,
        title: cells.parse(|text| if text.is_empty() { Ok(Title::forgotten()) } else { Title::parse(text) })?,
        description: cells.parse(Description::parse)?,
        metadata: cells.parse(Metadata::parse)?,
        fingerprint: cells.parse_optional(Fingerprint::parse)?,
        status: status(&mut cells)?,
        created_at: cells.time()?,
        published_at: cells.optional_time()?,
        revision: Fence(cells.unsigned()?),
        places: BTreeMap::new(),
    };
    match asset.status {
        AssetStatus::Uploading | AssetStatus::Created if asset.title.is_forgotten() => Err(cells.corrupt(Misfit)),
        AssetStatus::Uploading | AssetStatus::Created | AssetStatus::Gone(_) => Ok(asset),
    }
}

fn status(cells: &mut Cells<'_>) -> Result<AssetStatus, CatalogError> {
    let name: &str = cells.take()?;
    let reason = cells.parse_optional(str::parse::<Reason>)?;
    match (name, reason) {
        ("UPLOADING", None) => Ok(AssetStatus::Uploading),
        ("CREATED", None) => Ok(AssetStatus::Created),
        ("GONE", Some(reason)) => Ok(AssetStatus::Gone(reason)),
        _ => Err(cells.corrupt(Misfit)),
    }
}

/// Reads a file from column `first` on.
pub(super) fn file(row: &SqliteRow, first: usize) -> Result<File, CatalogError> {
    let mut cells = Cells::new(row, "files", first);
    Ok(File {
        id: cells.id()?,
        asset: cells.parse(str::parse)?,
        role: cells.parse(RoleName::parse)?,
        key: key(&mut cells)?,
        file_name: cells.parse(FileName::parse)?,
        plan: plan(&mut cells)?,
        checksum: checksum(&mut cells)?,
        auto: cells.take()?,
        looks: looks(&mut cells)?,
        addition: cells.take()?,
        created_at: cells.time()?,
        deadline: cells.time()?,
        url_not_after: cells.optional_time()?,
        upload_id: cells.take::<Option<String>>()?.map(UploadId),
        due_at: cells.optional_time()?,
        fence: Fence(cells.unsigned()?),
        state: state(&mut cells)?,
    })
}

/// Reads a file from column `first` on, where a join found one.
pub(super) fn optional_file(row: &SqliteRow, first: usize) -> Result<Option<File>, CatalogError> {
    let id: Option<&str> = Cells::new(row, "files", first).take()?;
    id.map(|_| file(row, first)).transpose()
}

/// Reads a file as `keys::LIST` selects it. A state that cannot be read is told of in the log; the row still owns its key.
pub(super) fn keyed_file(cells: &mut Cells<'_>) -> Result<KeyedFile, CatalogError> {
    let id = cells.id()?;
    let key: String = cells.take()?;
    let state = cells.parse(|name| StateName::from_name(name).ok_or_else(|| Unknown(name.to_owned())))?;
    let upload_id = cells.take::<Option<String>>()?.map(UploadId);
    let held: Option<FileState> = cells.parse_optional(serde_json::from_str).unwrap_or_else(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a row's state was left out of a list");
        None
    });
    let held = held.filter(|held| held.name() == state);
    let lost_since = held.as_ref().and_then(FileState::lost_since);
    let due_at = cells.optional_time()?;
    let object = held.and_then(|held| held.object().cloned());
    Ok(KeyedFile { id, key, state, upload_id, object, lost_since, due_at })
}

fn key(cells: &mut Cells<'_>) -> Result<ObjectKey, CatalogError> {
    let visibility = cells.parse(|name| {
        let known = [Visibility::Private, Visibility::Public].into_iter().find(|known| known.to_string() == name);
        known.ok_or_else(|| Unknown(name.to_owned()))
    })?;
    let path = cells.parse(|path| FileKey::parse(path).ok_or_else(|| Unknown(path.to_owned())))?;
    Ok(ObjectKey::new(visibility, path))
}

fn plan(cells: &mut Cells<'_>) -> Result<FilePlan, CatalogError> {
    let bytes = ByteCount(cells.unsigned()?);
    let part_size = ByteCount(cells.unsigned()?);
    PartPlan::restore(bytes, part_size).ok_or_else(|| cells.corrupt(Misfit))?;
    let sizing = cells.parse(|name| Sizing::from_name(name).ok_or_else(|| Unknown(name.to_owned())))?;
    let unweighed = u16::try_from(cells.unsigned()?).map_err(|error| cells.corrupt(error))?;
    FilePlan::restore(sizing, bytes, part_size, unweighed).ok_or_else(|| cells.corrupt(Misfit))
}

fn looks(cells: &mut Cells<'_>) -> Result<Option<Looks>, CatalogError> {
    match (cells.optional_time()?, cells.optional_time()?) {
        (Some(since), next) => Ok(Some(Looks { since, next })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(cells.corrupt(Misfit)),
    }
}

fn checksum(cells: &mut Cells<'_>) -> Result<Option<DeclaredChecksum>, CatalogError> {
    let all = [ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32C, ChecksumAlgorithm::Crc32];
    let algorithm = cells.parse_optional(|name| {
        all.into_iter().find(|known| known.name() == name).ok_or_else(|| Unknown(name.to_owned()))
    })?;
    let text: Option<&str> = cells.take()?;
    match (algorithm, text) {
        (None, None) => Ok(None),
        (Some(algorithm), None) => Ok(Some(DeclaredChecksum { algorithm, value: None })),
        (Some(algorithm), Some(text)) => {
            let value = ChecksumValue::parse(algorithm, text).map_err(|error| cells.corrupt(error))?;
            Ok(Some(DeclaredChecksum { algorithm, value: Some(value) }))
        }
        (None, Some(_)) => Err(cells.corrupt(Misfit)),
    }
}

fn state(cells: &mut Cells<'_>) -> Result<FileState, CatalogError> {
    let name: &str = cells.take()?;
    let state: FileState = cells.parse(serde_json::from_str)?;
    if state.name().as_str() == name { Ok(state) } else { Err(cells.corrupt(StateMismatch)) }
}

/// Reads a state's name and how many files are in it.
pub(super) fn state_count(row: &SqliteRow) -> Result<(StateName, u64), CatalogError> {
    let mut cells = Cells::new(row, "files", 0);
    let state = cells.parse(|name| StateName::from_name(name).ok_or_else(|| Unknown(name.to_owned())))?;
    Ok((state, cells.unsigned()?))
}
