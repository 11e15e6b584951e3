//! Readers hold on to what they read.
//!
//! An object that is replaced or deleted while somebody reads it keeps its blobs until the last reader is done. A crash
//! in between leaves orphans, which the next start removes.

use super::{blob, door::FolderLock, layout::Layout, manifest::Id};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Who reads which generation of an object.
#[derive(Debug)]
pub(crate) struct Pins {
    layout: Layout,
    held: Mutex<HashMap<Id, Pin>>,
    /// Keeps other processes out until the last task that may write is done: every bucket holds on to its pins.
    _lock: FolderLock,
}

#[derive(Debug, Default)]
struct Pin {
    readers: usize,
    /// Blobs to remove when the last reader is done.
    doomed: Vec<Id>,
}

impl Pins {
    /// `lock` is the folder's, already taken.
    pub(crate) fn new(layout: Layout, lock: FolderLock) -> Arc<Self> {
        Arc::new(Self { layout, held: Mutex::default(), _lock: lock })
    }

    /// Holds a generation. Must be called where the generation cannot be retired in between: under its key's lock.
    pub(crate) fn hold(self: &Arc<Self>, generation: Id) -> Lease {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.entry(generation).or_default().readers += 1;
        Lease { pins: Arc::clone(self), generation }
    }

    /// Removes a generation's blobs, now or after its last reader.
    pub(crate) fn retire(&self, generation: Id, blobs: Vec<Id>) {
        let now = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            match held.get_mut(&generation) {
                Some(pin) => {
                    pin.doomed.extend(blobs);
                    Vec::new()
                }
                None => blobs,
            }
        };
        blob::discard(&self.layout, &now);
    }

    fn release(&self, generation: Id) {
        let doomed = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(pin) = held.get_mut(&generation) else { return };
            pin.readers -= 1;
            if pin.readers > 0 {
                return;
            }
            held.remove(&generation).map(|pin| pin.doomed).unwrap_or_default()
        };
        blob::discard(&self.layout, &doomed);
    }
}

/// As long as it lives, the blobs of one generation stay.
#[derive(Debug)]
pub(crate) struct Lease {
    pins: Arc<Pins>,
    generation: Id,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pins.release(self.generation);
    }
}
