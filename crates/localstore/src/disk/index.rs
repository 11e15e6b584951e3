//! What listings need, in memory, in UTF-8 byte order.
//!
//! It is rebuilt from the records at start and never written. One object costs its key plus about 150 bytes: a million
//! objects are some 250 MB at most, and start-up reads as many small files. The truth is the record on disk.

use super::manifest::{Content, KeyRecord, Version, VersionId};
use crate::checksum::{Algorithm, Kind};
use crate::etag::EntityTag;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One version, as far as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) id: VersionId,
    modified_ms: i64,
    pub(crate) content: Option<Shown>,
}

/// What a listing shows of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) size: u64,
    pub(crate) etag: EntityTag,
    pub(crate) checksum: Option<(Algorithm, Kind)>,
}

impl Summary {
    fn of(version: &Version) -> Self {
        let content = match &version.content {
            Content::DeleteMarker => None,
            Content::Object(object) => Some(Shown {
                size: object.size,
                etag: object.etag,
                checksum: object.checksum.as_ref().map(|c| (c.algorithm, c.kind)),
            }),
        };
        Self { id: version.id, modified_ms: version.modified.as_millisecond(), content }
    }

    pub(crate) fn modified(&self) -> Timestamp {
        Timestamp::from_millisecond(self.modified_ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// A bucket's keys.
#[derive(Debug, Default)]
pub(crate) struct Index {
    keys: BTreeMap<Box<str>, Box<[Summary]>>,
}

impl Index {
    /// Takes over what a record says; a record without versions is a key that is gone.
    pub(crate) fn apply(&mut self, record: &KeyRecord) {
        if record.versions.is_empty() {
            self.keys.remove(record.key.as_str());
        } else {
            let versions = record.versions.iter().map(Summary::of).collect();
            self.keys.insert(record.key.as_str().into(), versions);
        }
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// All keys with their versions.
    pub(crate) const fn keys(&self) -> &BTreeMap<Box<str>, Box<[Summary]>> {
        &self.keys
    }
}
