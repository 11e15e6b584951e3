//! Opening the folder: locks it, empties `tmp`, rebuilds what is kept in memory, and removes what no record names.
//!
//! It is the only cleaner after a crash, and needs no knowledge of what was going on: records say what exists.

use super::Disk;
use super::bucket::Bucket;
use super::index::Index;
use super::layout::{self, Layout};
use super::manifest::{BucketRecord, Completion, Id, KeyRecord, PartRecord, UploadRecord, Version};
use super::pins::Pins;
use super::uploads::{self, Phase, Upload};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

/// The format this code writes and reads.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
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
    pub(crate) fn open(root: PathBuf) -> Result<Self, OpenError> {
        fs::create_dir_all(&root)?;
        let layout = Layout::new(root);
        let lock = File::options().create(true).truncate(false).write(true).open(layout.lock())?;
        match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(OpenError::Locked),
            Err(error) => return Err(io::Error::from(error).into()),
        }
        prepare(&layout)?;
        let pins = Pins::new(layout.clone(), lock);
        let mut named = HashSet::new();
        let mut buckets = BTreeMap::new();
        for name in names_in(&layout.buckets())? {
            if !s3s::path::check_bucket_name(&name) || !layout.bucket_record(&name).exists() {
                // A bucket whose record never came, or is gone already, was being made or deleted.
                uploads::remove_leftover(&layout.bucket(&name));
                continue;
            }
            let bucket = open_bucket(&layout, &pins, name.clone(), &mut named)?;
            buckets.insert(name, Arc::new(bucket));
        }
        remove_orphans(&layout, &named)?;
        Ok(Self { layout, pins, buckets: RwLock::new(buckets) })
    }
}

fn prepare(layout: &Layout) -> Result<(), OpenError> {
    if layout.format().exists() {
        let format: Format = layout::load_json(&layout.format())?;
        if format.localstore != FORMAT {
            return Err(OpenError::Format(format.localstore));
        }
    }
    uploads::remove_leftover(&layout.temporary());
    fs::create_dir_all(layout.temporary())?;
    layout::create_fan(&layout.blobs())?;
    fs::create_dir_all(layout.buckets())?;
    if !layout.format().exists() {
        layout.store_json(&layout.format(), &Format { localstore: FORMAT })?;
    }
    Ok(layout::sync_folder(layout.root())?)
}

fn open_bucket(layout: &Layout, pins: &Arc<Pins>, name: String, named: &mut HashSet<Id>) -> io::Result<Bucket> {
    let record: BucketRecord = layout::load_json(&layout.bucket_record(&name))?;
    layout::create_fan(&layout.keys(&name))?;
    fs::create_dir_all(layout.uploads(&name))?;
    let mut index = Index::default();
    let mut made_by = BTreeMap::new();
    for fan in names_in(&layout.keys(&name))? {
        let folder = layout.keys(&name).join(fan);
        for file in names_in(&folder)? {
            let record: KeyRecord = layout::load_json(&folder.join(file))?;
            index.apply(&record);
            for version in &record.versions {
                note_version(version, named, &mut made_by);
            }
        }
    }
    let bucket = Bucket::new(name, layout.clone(), Arc::clone(pins), record);
    *bucket.index.write().unwrap_or_else(PoisonError::into_inner) = index;
    for folder in names_in(&layout.uploads(&bucket.name))? {
        open_upload(layout, &bucket, &folder, named, &made_by)?;
    }
    Ok(bucket)
}

fn note_version(version: &Version, named: &mut HashSet<Id>, made_by: &mut BTreeMap<Id, Completion>) {
    let Some(object) = version.object() else { return };
    named.extend(object.segments.iter().map(|segment| segment.blob));
    let Some(upload) = object.upload else { return };
    let completion = Completion {
        at: version.modified,
        etag: object.etag,
        version: Some(version.id),
        checksum: object.checksum.clone(),
        parts: object.segments.iter().filter_map(|segment| Some((segment.part?, object.etag))).collect(),
    };
    made_by.insert(upload, completion);
}

fn open_upload(
    layout: &Layout,
    bucket: &Bucket,
    folder: &str,
    named: &mut HashSet<Id>,
    made_by: &BTreeMap<Id, Completion>,
) -> io::Result<()> {
    let path = layout.uploads(&bucket.name).join(folder);
    let Ok(id) = folder.parse::<Id>() else {
        uploads::remove_leftover(&path);
        return Ok(());
    };
    if !layout.upload_record(&bucket.name, id).exists() {
        // Aborted, or never acknowledged.
        uploads::remove_leftover(&path);
        return Ok(());
    }
    let mut record: UploadRecord = layout::load_json(&layout.upload_record(&bucket.name, id))?;
    let mut parts = load_parts(&path)?;
    parts.retain(|_, part| layout.blob(part.blob).exists());
    if record.completion.is_none()
        && let Some(found) = made_by.get(&id)
    {
        // The crash came between the object's record and the upload's: the object is there, so it was completed.
        let versioned = bucket.record().versioning != super::manifest::Versioning::Never;
        let mut completion = Completion { version: found.version.filter(|_| versioned), ..found.clone() };
        completion.parts =
            found.parts.iter().filter_map(|(number, _)| Some((*number, parts.get(number)?.etag))).collect();
        record.completion = Some(completion);
        layout.store_json(&layout.upload_record(&bucket.name, id), &record)?;
    }
    let upload = if let Some(completion) = record.completion.clone() {
        for number in parts.keys() {
            fs::remove_file(layout.part_record(&bucket.name, id, *number))?;
        }
        Upload::new(id, record, Phase::Completed(completion), BTreeMap::new())
    } else {
        named.extend(parts.values().map(|part| part.blob));
        Upload::new(id, record, Phase::Open, parts)
    };
    bucket.uploads.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::new(upload));
    Ok(())
}

fn load_parts(folder: &Path) -> io::Result<BTreeMap<u16, PartRecord>> {
    let mut parts = BTreeMap::new();
    for file in names_in(folder)? {
        if let Some(number) = file.strip_suffix(".json").and_then(|stem| stem.parse().ok()) {
            parts.insert(number, layout::load_json(&folder.join(file))?);
        }
    }
    Ok(parts)
}

fn remove_orphans(layout: &Layout, named: &HashSet<Id>) -> io::Result<()> {
    for fan in names_in(&layout.blobs())? {
        let folder = layout.blobs().join(fan);
        for name in names_in(&folder)? {
            if !name.parse::<Id>().is_ok_and(|id| named.contains(&id)) {
                tracing::info!(blob = %name, "removing bytes that no object or upload names");
                fs::remove_file(folder.join(name))?;
            }
        }
    }
    Ok(())
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}
