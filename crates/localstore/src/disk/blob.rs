//! Bytes on their way to the disk and back.
//!
//! A writer hashes and writes what it is given and becomes durable only by [`SealedBlob::publish`]; dropping it at any
//! earlier point leaves nothing. All of this blocks: callers run it off the asynchronous threads.

use super::door::OpenFile;
use super::layout::{Layout, TemporaryPath, WriteError};
use super::manifest::{Id, Segment};
use crate::checksum::{Algorithm, Digests, Hashes};
use crate::entropy;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    ops::Range,
};

/// A blob being written.
pub(crate) struct BlobWriter {
    file: OpenFile,
    path: TemporaryPath,
    layout: Layout,
    hashes: Hashes,
    size: u64,
}

impl BlobWriter {
    /// A blob of `expected` bytes, as far as anybody has said. It is refused if it would not leave the disk's reserve.
    pub(crate) fn create(
        layout: Layout,
        algorithms: impl IntoIterator<Item = Algorithm>,
        expected: u64,
    ) -> io::Result<Self> {
        layout.require_room(expected)?;
        let (file, path) = layout.create_temporary()?;
        Ok(Self { file, path, layout, hashes: Hashes::new(algorithms), size: 0 })
    }

    /// Hashes and writes a batch.
    pub(crate) fn append(&mut self, batch: &[Bytes]) -> io::Result<()> {
        for bytes in batch {
            self.hashes.update(bytes);
            self.size += bytes.len() as u64;
        }
        // Others write as well.
        self.layout.require_room(batch.iter().map(|bytes| bytes.len() as u64).sum())?;
        let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|bytes| IoSlice::new(bytes)).collect();
        self.file.write(&mut slices)
    }

    /// Puts the bytes on the disk, still under a temporary name.
    pub(crate) fn seal(self) -> io::Result<SealedBlob> {
        self.file.sync()?;
        Ok(SealedBlob { path: self.path, size: self.size, digests: self.hashes.finish() })
    }
}

/// All bytes written and hashed; not yet part of the store.
#[derive(Debug)]
pub(crate) struct SealedBlob {
    path: TemporaryPath,
    pub(crate) size: u64,
    pub(crate) digests: Digests,
}

impl SealedBlob {
    /// Gives the bytes their name. Until a record names the blob it is an orphan that the next start removes.
    pub(crate) fn publish(self, layout: &Layout) -> io::Result<Id> {
        let id = entropy::random_id();
        match self.path.publish(&layout.blob(id)) {
            Ok(()) => Ok(id),
            // Whether the name is there or not: no record will ever name it.
            Err(WriteError::Before(error) | WriteError::Perhaps(error)) => {
                discard(layout, &[id]);
                Err(error)
            }
        }
    }
}

/// A second name for a blob's bytes, without copying them.
pub(crate) fn link(layout: &Layout, blob: Id) -> io::Result<Id> {
    let id = entropy::random_id();
    let path = layout.blob(id);
    let linked = layout.door.link(&layout.blob(blob), &path).and_then(|()| layout.sync_parent(&path));
    linked.map(|()| id).inspect_err(|_| discard(layout, &[id]))
}

/// Removes blobs nobody names any more. A failure only wastes space until the next start, so it is logged, not raised.
pub(crate) fn discard(layout: &Layout, blobs: &[Id]) {
    for blob in blobs {
        match layout.door.remove(&layout.blob(*blob)) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%blob, %error, "an unused blob stays until the next start"),
        }
    }
}

/// What is wrong with the first blob within `range` that is missing or not as long as its record says. It costs one look
/// at each file; the bytes are not read.
pub(crate) fn find_damage(layout: &Layout, segments: &[Segment], range: &Range<u64>) -> io::Result<Option<String>> {
    let mut start = 0;
    for Segment { blob, size, .. } in segments {
        let (from, to) = (start, start + size);
        start = to;
        if from >= range.end || to <= range.start {
            continue;
        }
        match layout.door.size(&layout.blob(*blob))? {
            Some(found) if found == *size => {}
            Some(found) => return Ok(Some(format!("blob {blob} has {found} bytes, recorded are {size}"))),
            None => return Ok(Some(format!("blob {blob} of {size} bytes is missing"))),
        }
    }
    Ok(None)
}

/// Reads a range of the bytes that a list of segments makes together.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    layout: Layout,
    /// What is still to be read, in order; the first may be open already.
    ahead: VecDeque<(Id, Range<u64>)>,
    open: Option<OpenFile>,
}

impl SegmentReader {
    /// `range` must lie within the segments' total size.
    pub(crate) fn new(layout: Layout, segments: &[Segment], range: Range<u64>) -> Self {
        let mut ahead = VecDeque::new();
        let mut start = 0;
        for segment in segments {
            let end = start + segment.size;
            let from = range.start.max(start);
            let to = range.end.min(end);
            if from < to {
                ahead.push_back((segment.blob, from - start..to - start));
            }
            start = end;
        }
        Self { layout, ahead, open: None }
    }

    /// Up to `limit` bytes of one segment; `None` at the end. A blob that is shorter than its record is an error, so
    /// that a reader sees a broken connection and never a short object.
    pub(crate) fn next(&mut self, limit: usize) -> io::Result<Option<Bytes>> {
        let Some((blob, range)) = self.ahead.front_mut() else { return Ok(None) };
        let file = match &mut self.open {
            Some(file) => file,
            closed @ None => closed.insert(self.layout.door.open(&self.layout.blob(*blob))?),
        };
        let left = range.end - range.start;
        let wanted = usize::try_from(left).map_or(limit, |left| left.min(limit));
        let buffer = file.read_at(range.start, wanted)?;
        if buffer.len() < wanted {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("blob {blob} is shorter than recorded")));
        }
        range.start += wanted as u64;
        if range.start == range.end {
            self.ahead.pop_front();
            self.open = None;
        }
        Ok(Some(buffer.into()))
    }
}
