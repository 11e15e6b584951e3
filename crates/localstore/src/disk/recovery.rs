//! Opening the folder: locks it, empties `tmp`, rebuilds what is kept in memory, and removes what no record names.
//!
//! It is the only cleaner after a crash, and needs no knowledge of what was going on: records say what exists. What it
//! cannot read it sets aside: one key, one part, one upload, and everything else serves. What is not of this store it
//! leaves alone. *Rule:* while anything is set aside, no blob is removed, because what cannot be read may name it.

use super::Disk;
use super::bucket::Bucket;
use super::door::{Door, Kind};
use super::index::Index;
use super::layout::{self, Layout};
use super::manifest::{BucketRecord, Id, KeyRecord, PartRecord, UploadRecord, Version, VersionId, Versioning};
use super::pins::Pins;
use super::reserve::Reserve;
use super::uploads::{Phase, Upload};
use crate::clock;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

/// The format this code writes and reads.
const FORMAT: u32 = 1;
/// Names that a folder took on longer ago than this are on the disk by themselves: kernels write everything within half
/// a minute. Younger ones are synced before anybody is told of them.
const WRITTEN_BACK_MS: u128 = 5 * 60 * 1_000;
/// Files that are not of this store and that are named in the log one by one; all are counted.
const NAMED_FOREIGN: usize = 20;

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Format {
    localstore: u32,
}

/// Why a folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("another process serves the folder")]
    Locked,
    #[error("the folder has format {0}, this program reads format {FORMAT}")]
    Format(u32),
    #[error("the folder cannot be read or written")]
    Io(#[from] io::Error),
}

impl Disk {
    /// Opens or makes a store in `root`.
    pub(crate) fn open(root: PathBuf, door: Door, reserve: Reserve) -> Result<Self, OpenError> {
        let layout = Layout::new(root, door, reserve);
        layout.make_folders(layout.root())?;
        let lock = layout.door.lock(&layout.lock())?.ok_or(OpenError::Locked)?;
        if !layout.has_room(0)? {
            tracing::error!("less than its reserve is left on the disk of the store; it takes no bodies");
            layout.keep_reserve()?;
        }
        prepare(&layout)?;
        let pins = Pins::new(layout.clone(), lock);
        let mut recovery = Recovery { layout: &layout, pins: &pins, named: HashSet::new(), damaged: 0, foreign: 0 };
        let buckets = recovery.buckets()?;
        recovery.remove_orphans()?;
        let (damaged, foreign) = (recovery.damaged, recovery.foreign);
        if foreign > 0 {
            tracing::warn!(foreign, "there are files in the store's folder that are not of this store; they stay");
        }
        let disk = Self { layout, pins, buckets: RwLock::new(buckets), damaged_at_start: damaged, foreign };
        disk.watch_space();
        Ok(disk)
    }
}

fn prepare(layout: &Layout) -> Result<(), OpenError> {
    let is_new = match layout.load_json::<Format>(&layout.format()) {
        Ok(Format { localstore: FORMAT }) => false,
        Ok(Format { localstore }) => return Err(OpenError::Format(localstore)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
    };
    layout.make_folders(&layout.temporary())?;
    for (name, kind) in layout.door.list(&layout.temporary())? {
        let path = layout.temporary().join(name);
        let removed = if kind == Kind::Folder { layout.remove_tree(&path) } else { layout.door.remove(&path) };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "what was half written stays");
        }
    }
    layout.create_fan(&layout.blobs())?;
    layout.make_folders(&layout.buckets())?;
    if is_new {
        layout.store_json(&layout.format(), &Format { localstore: FORMAT }).map_err(io::Error::other)?;
    }
    Ok(layout.door.sync_folder(layout.root())?)
}

/// A look through the folder.
struct Recovery<'a> {
    layout: &'a Layout,
    pins: &'a Arc<Pins>,
    /// Blobs that something names.
    named: HashSet<Id>,
    /// Files of this store that cannot be read.
    damaged: usize,
    /// Files that are not of this store.
    foreign: usize,
}

/// What a bucket's keys say.
#[derive(Default)]
struct Keys {
    index: Index,
    quarantined: Vec<(String, String)>,
    /// Versions that uploads made which still have a folder.
    made_by: HashMap<Id, Version>,
    is_versioned: bool,
}

impl Recovery<'_> {
    fn buckets(&mut self) -> io::Result<BTreeMap<String, Arc<Bucket>>> {
        let mut buckets = BTreeMap::new();
        for (name, kind) in self.layout.door.list(&self.layout.buckets())? {
            if kind != Kind::Folder || !s3s::path::check_bucket_name(&name) {
                self.note_foreign(&self.layout.buckets().join(name));
                continue;
            }
            if let Some(bucket) = self.open_bucket(&name)? {
                buckets.insert(name, Arc::new(bucket));
            }
        }
        Ok(buckets)
    }

    fn open_bucket(&mut self, name: &str) -> io::Result<Option<Bucket>> {
        let path = self.layout.bucket_record(name);
        let found = match self.read::<BucketRecord>(&path)? {
            Found::Absent if self.is_leftover(name)? => {
                // It was being made or deleted.
                self.layout.remove_leftover(&self.layout.bucket(name));
                return Ok(None);
            }
            found => found,
        };
        self.layout.create_fan(&self.layout.keys(name))?;
        self.layout.make_folders(&self.layout.uploads(name))?;
        self.sync_if_recent(&self.layout.uploads(name), 0)?;
        let uploads = self.layout.door.list(&self.layout.uploads(name))?;
        let ids: HashSet<Id> = uploads.iter().filter_map(|(folder, _)| folder.parse().ok()).collect();
        let keys = self.keys(name, &ids)?;
        let record = match found {
            Found::Whole(record) => record,
            Found::Absent | Found::Damaged(_) => {
                self.damaged += 1;
                tracing::error!(
                    bucket = name,
                    "the bucket's settings cannot be read; its rules are gone, its objects are not"
                );
                // A bucket that keeps versions must go on keeping them.
                let versioning = if keys.is_versioned { Versioning::Enabled } else { Versioning::Never };
                BucketRecord::new(clock::now(), versioning)
            }
        };
        let bucket = Bucket::new(name.to_owned(), self.layout.clone(), Arc::clone(self.pins), record);
        *bucket.index.write().unwrap_or_else(PoisonError::into_inner) = keys.index;
        for (stem, reason) in keys.quarantined {
            bucket.quarantine(stem, reason);
        }
        for (folder, kind) in uploads {
            match folder.parse::<Id>() {
                Ok(id) if kind == Kind::Folder => self.open_upload(&bucket, id, keys.made_by.get(&id))?,
                Ok(_) | Err(_) => self.note_foreign(&self.layout.uploads(name).join(folder)),
            }
        }
        Ok(Some(bucket))
    }

    /// Whether a bucket without settings holds no object and nothing of anybody else. Open uploads go with their bucket.
    fn is_leftover(&self, name: &str) -> io::Result<bool> {
        let list = |folder: &Path| match self.layout.door.list(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            names => names,
        };
        for (name_inside, _) in list(&self.layout.bucket(name))? {
            if name_inside != "keys" && name_inside != "uploads" {
                return Ok(false);
            }
        }
        for (fan, kind) in list(&self.layout.keys(name))? {
            if kind != Kind::Folder || !list(&self.layout.keys(name).join(fan))?.is_empty() {
                return Ok(false);
            }
        }
        for (folder, _) in list(&self.layout.uploads(name))? {
            if folder.parse::<Id>().is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn keys(&mut self, bucket: &str, uploads: &HashSet<Id>) -> io::Result<Keys> {
        let mut keys = Keys::default();
        let folder = self.layout.keys(bucket);
        // A folder of the fan that is no younger than the fan has never held a name.
        let made = self.layout.door.changed_ms(&folder)?;
        for (fan, kind) in self.layout.door.list(&folder)? {
            let folder = folder.join(&fan);
            if kind != Kind::Folder || !layout::fan().any(|name| name == fan) {
                self.note_foreign(&folder);
                continue;
            }
            self.sync_if_recent(&folder, made)?;
            for (file, kind) in self.layout.door.list(&folder)? {
                let path = folder.join(&file);
                let is_hex =
                    |stem: &str| stem.len() == 64 && stem.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                match file.strip_suffix(".json").filter(|stem| is_hex(stem)) {
                    Some(stem) => self.key(stem, kind, &path, uploads, &mut keys)?,
                    None => self.note_foreign(&path),
                }
            }
        }
        Ok(keys)
    }

    fn key(&mut self, stem: &str, kind: Kind, path: &Path, uploads: &HashSet<Id>, keys: &mut Keys) -> io::Result<()> {
        let found =
            if kind == Kind::File { self.read::<KeyRecord>(path)? } else { Found::Damaged("no file".to_owned()) };
        let reason = match found {
            Found::Whole(record) if record.versions.is_empty() => "it names no version".to_owned(),
            Found::Whole(record) if Layout::key_stem(&record.key) != stem => "it is another key's".to_owned(),
            Found::Whole(record) => {
                keys.index.apply(&record);
                for version in record.versions {
                    keys.is_versioned |= version.id != VersionId::Null;
                    let Some(object) = version.object() else { continue };
                    self.named.extend(object.segments.iter().map(|segment| segment.blob));
                    if let Some(id) = object.upload.filter(|id| uploads.contains(id)) {
                        keys.made_by.insert(id, version);
                    }
                }
                return Ok(());
            }
            Found::Damaged(reason) => reason,
            Found::Absent => "it cannot be opened".to_owned(),
        };
        self.damaged += 1;
        tracing::error!(path = %path.display(), reason, "the record of a key cannot be read; the key is set aside");
        keys.quarantined.push((stem.to_owned(), reason));
        Ok(())
    }

    fn open_upload(&mut self, bucket: &Bucket, id: Id, made: Option<&Version>) -> io::Result<()> {
        let folder = self.layout.upload(&bucket.name, id);
        let record = match self.read::<UploadRecord>(&self.layout.upload_record(&bucket.name, id))? {
            Found::Whole(record) => record,
            Found::Absent => {
                // Aborted, or never acknowledged.
                self.layout.remove_upload(&folder);
                return Ok(());
            }
            Found::Damaged(reason) => {
                self.damaged += 1;
                tracing::error!(path = %folder.display(), reason, "the record of an upload cannot be read; it is set aside");
                bucket.uploads.write().unwrap_or_else(PoisonError::into_inner).quarantine(id);
                return Ok(());
            }
        };
        if let Some(completion) = record.completion.clone() {
            self.remove_parts(&folder)?;
            let upload = Upload::new(id, record, Phase::Completed(completion), BTreeMap::new());
            bucket.uploads.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::new(upload));
            return Ok(());
        }
        let mut parts = self.parts(&folder)?;
        self.sync_if_recent(&folder, 0)?;
        let is_damaged = bucket.is_quarantined(&record.key);
        if made.is_none() && !is_damaged {
            self.keep_whole(&mut parts)?;
        }
        self.named.extend(parts.values().map(|part| part.blob));
        let key = KeyRecord { key: record.key.clone(), versions: made.cloned().into_iter().collect() };
        // Whether it was completed its key's record tells: now, or when that can be read again.
        let upload = Arc::new(Upload::new(id, record, Phase::Completing, parts));
        bucket.uploads.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(&upload));
        if is_damaged {
            bucket.leave_unsettled(&upload);
            return Ok(());
        }
        bucket.settle_upload(&upload, &key).map_err(io::Error::other)
    }

    /// Removes the records of parts that a completion left.
    fn remove_parts(&self, folder: &Path) -> io::Result<()> {
        for (file, _) in self.layout.door.list(folder)? {
            if layout::part_number(&file).is_some()
                && let Err(error) = self.layout.door.remove(&folder.join(&file))
            {
                tracing::debug!(file, %error, "a part's record stays until the next start");
            }
        }
        Ok(())
    }

    /// Drops parts whose bytes are not there any more: they have to come again.
    fn keep_whole(&mut self, parts: &mut BTreeMap<u16, PartRecord>) -> io::Result<()> {
        let mut lost = Vec::new();
        for (number, part) in &*parts {
            if self.layout.door.size(&self.layout.blob(part.blob))? != Some(part.size) {
                lost.push(*number);
            }
        }
        parts.retain(|number, _| !lost.contains(number));
        Ok(())
    }

    fn parts(&mut self, folder: &Path) -> io::Result<BTreeMap<u16, PartRecord>> {
        let mut parts = BTreeMap::new();
        for (file, kind) in self.layout.door.list(folder)? {
            let path = folder.join(&file);
            let Some(number) = layout::part_number(&file).filter(|_| kind == Kind::File) else {
                if file != "upload.json" {
                    self.note_foreign(&path);
                }
                continue;
            };
            match self.read::<PartRecord>(&path)? {
                Found::Whole(part) => {
                    parts.insert(number, part);
                }
                Found::Absent => {}
                Found::Damaged(reason) => {
                    self.damaged += 1;
                    tracing::error!(path = %path.display(), reason, "the record of a part cannot be read; it has to come again");
                }
            }
        }
        Ok(parts)
    }

    fn remove_orphans(&mut self) -> io::Result<()> {
        let blobs = self.layout.blobs();
        for (fan, kind) in self.layout.door.list(&blobs)? {
            let folder = blobs.join(&fan);
            if kind != Kind::Folder || !layout::fan().any(|name| name == fan) {
                self.note_foreign(&folder);
                continue;
            }
            for (name, kind) in self.layout.door.list(&folder)? {
                let path = folder.join(&name);
                match name.parse::<Id>() {
                    Ok(id) if kind == Kind::File && self.named.contains(&id) => {}
                    Ok(_) if kind == Kind::File && self.damaged == 0 => {
                        tracing::info!(blob = %name, "removing bytes that no object or upload names");
                        if let Err(error) = self.layout.door.remove(&path) {
                            tracing::warn!(blob = %name, %error, "an unused blob stays until the next start");
                        }
                    }
                    Ok(_) if kind == Kind::File => {}
                    Ok(_) | Err(_) => self.note_foreign(&path),
                }
            }
        }
        Ok(())
    }

    /// Lets names that a folder took on lately survive a loss of power, before anybody is told that they are there: the
    /// process before this one may have ended between a rename and its sync. `since`: when it was surely on the disk.
    fn sync_if_recent(&self, folder: &Path, since: u128) -> io::Result<()> {
        let changed = self.layout.door.changed_ms(folder)?;
        let now = u128::try_from(clock::now().as_millisecond()).unwrap_or(0);
        let is_recent = changed > since && changed.saturating_add(WRITTEN_BACK_MS) > now;
        if is_recent { self.layout.door.sync_folder(folder) } else { Ok(()) }
    }

    /// Reads a record. What will not become readable by trying again is told apart from a start that went wrong.
    fn read<T: DeserializeOwned>(&self, path: &Path) -> io::Result<Found<T>> {
        match self.layout.load_json(path) {
            Ok(record) => Ok(Found::Whole(record)),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Ok(Found::Absent),
                io::ErrorKind::InvalidData | io::ErrorKind::IsADirectory | io::ErrorKind::PermissionDenied => {
                    Ok(Found::Damaged(error.to_string()))
                }
                _ if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::IO) => {
                    Ok(Found::Damaged(error.to_string()))
                }
                _ => Err(error),
            },
        }
    }

    fn note_foreign(&mut self, path: &Path) {
        self.foreign += 1;
        if self.foreign <= NAMED_FOREIGN {
            tracing::warn!(path = %path.display(), "not of this store; it stays");
        }
    }
}

/// What a record's file holds.
enum Found<T> {
    Whole(T),
    Absent,
    Damaged(String),
}
