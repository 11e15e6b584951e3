//! Bytes on their way to the disk and back.
//!
//! A writer hashes and writes what it is given and becomes durable only by [`SealedBlob::publish`]; dropping it at any
//! earlier point leaves nothing. All of this blocks: callers run it off the asynchronous threads.

use super::layout::{Layout, TemporaryPath};
use super::manifest::{Id, Segment};
use crate::checksum::{Algorithm, Digests, Hashes};
use crate::entropy;
use bytes::Bytes;
use std::{
    fs::{self, File},
    io::{self, IoSlice, Read, Seek, SeekFrom, Write},
    ops::Range,
};

/// A blob being written.
pub(crate) struct BlobWriter {
    file: File,
    path: TemporaryPath,
    hashes: Hashes,
    size: u64,
}

impl BlobWriter {
    pub(crate) fn create(layout: &Layout, algorithms: impl IntoIterator<Item = Algorithm>) -> io::Result<Self> {
        let (file, path) = layout.create_temporary()?;
        Ok(Self { file, path, hashes: Hashes::new(algorithms), size: 0 })
    }

    /// Hashes and writes a batch.
    pub(crate) fn append(&mut self, batch: &[Bytes]) -> io::Result<()> {
        for bytes in batch {
            self.hashes.update(bytes);
            self.size += bytes.len() as u64;
        }
        let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|bytes| IoSlice::new(bytes)).collect();
        let mut rest = slices.as_mut_slice();
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match self.file.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Puts the bytes on the disk, still under a temporary name.
    pub(crate) fn seal(self) -> io::Result<SealedBlob> {
        self.file.sync_data()?;
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
        self.path.publish(&layout.blob(id))?;
        Ok(id)
    }
}

/// A second name for a blob's bytes, without copying them.
pub(crate) fn link(layout: &Layout, blob: Id) -> io::Result<Id> {
    let id = entropy::random_id();
    let path = layout.blob(id);
    fs::hard_link(layout.blob(blob), &path)?;
    super::layout::sync_parent(&path)?;
    Ok(id)
}

/// Removes blobs nobody names any more. A failure only wastes space until the next start, so it is logged, not raised.
pub(crate) fn discard(layout: &Layout, blobs: &[Id]) {
    for blob in blobs {
        match fs::remove_file(layout.blob(*blob)) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%blob, %error, "an unused blob stays until the next start"),
        }
    }
}

/// Reads a range of the bytes that a list of segments makes together.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    layout: Layout,
    /// What is still to be read, in order; the first may be open already.
    ahead: std::collections::VecDeque<(Id, Range<u64>)>,
    open: Option<File>,
}

impl SegmentReader {
    /// `range` must lie within the segments' total size.
    pub(crate) fn new(layout: Layout, segments: &[Segment], range: Range<u64>) -> Self {
        let mut ahead = std::collections::VecDeque::new();
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
            closed @ None => {
                let mut file = File::open(self.layout.blob(*blob))?;
                file.seek(SeekFrom::Start(range.start))?;
                closed.insert(file)
            }
        };
        let left = range.end - range.start;
        let wanted = usize::try_from(left).map_or(limit, |left| left.min(limit));
        let mut buffer = Vec::with_capacity(wanted);
        file.take(wanted as u64).read_to_end(&mut buffer)?;
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
