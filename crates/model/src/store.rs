//! What the store does with a request when it lands. An adversary within the assumptions of the protocol: reads are
//! consistent, and Abort and Complete of one upload are serialised.
//!
//! What the store answers is not in here; the caller of each request knows all answers it may get.

use crate::world::{Content, Shelf, Upload, UploadSlot, World, Zombie};

/// What came of a Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completing {
    /// The object is there now.
    Done,
    /// The part is not the one that was named.
    InvalidPart,
    /// It was completed before, with this content.
    Again(Content),
    /// No such upload.
    NoSuchUpload,
}

impl Shelf {
    /// CreateMultipartUpload. `None` if the model has no more uploads for this key.
    pub fn create(&mut self, most: usize) -> Option<UploadSlot> {
        let unopened = |slot: &UploadSlot| self.uploads[slot.index()] == Upload::Unopened;
        let slot = UploadSlot::ALL.into_iter().take(most).find(unopened)?;
        self.uploads[slot.index()] = Upload::Alive(None);
        Some(slot)
    }

    /// CompleteMultipartUpload.
    pub fn complete(&mut self, slot: UploadSlot, part: Content) -> Completing {
        match self.uploads[slot.index()] {
            Upload::Alive(Some(arrived)) if arrived == part => {
                self.uploads[slot.index()] = Upload::Completed(part);
                self.object = Some(part);
                Completing::Done
            }
            Upload::Alive(_) => Completing::InvalidPart,
            Upload::Completed(before) => Completing::Again(before),
            Upload::Unopened | Upload::Aborted | Upload::Hidden => Completing::NoSuchUpload,
        }
    }

    /// AbortMultipartUpload. After a Complete it does nothing, whether it answers 204 or 404.
    pub fn abort(&mut self, slot: UploadSlot) {
        let upload = &mut self.uploads[slot.index()];
        *upload = match *upload {
            Upload::Alive(_) | Upload::Hidden | Upload::Aborted => Upload::Aborted,
            Upload::Completed(part) => Upload::Completed(part),
            Upload::Unopened => Upload::Unopened,
        };
    }

    /// ListParts. `None`: no such upload. Of hidden parts it shows what a client would have sent.
    pub fn list_parts(&self, slot: UploadSlot) -> Option<Option<Content>> {
        match self.uploads[slot.index()] {
            Upload::Alive(part) => Some(part),
            Upload::Hidden => Some(Some(Content::Good)),
            Upload::Unopened | Upload::Completed(_) | Upload::Aborted => None,
        }
    }

    /// ListMultipartUploads on this key.
    pub fn list_uploads(&self) -> [bool; 2] {
        self.uploads.map(Upload::is_listed)
    }
}

impl World {
    /// A request that nobody waits for lands.
    pub fn deliver(&mut self, zombie: Zombie, most_uploads: usize) {
        match zombie {
            Zombie::Create(file) => {
                self.shelves[usize::from(file)].create(most_uploads);
            }
            Zombie::Complete(file, slot, part) => {
                self.shelves[usize::from(file)].complete(slot, part);
            }
            Zombie::Abort(file, slot) => self.shelves[usize::from(file)].abort(slot),
            Zombie::Delete(file) => self.shelves[usize::from(file)].object = None,
        }
    }
}
