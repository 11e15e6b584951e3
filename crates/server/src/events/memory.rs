//! News in the memory of one process: whoever listens here hears what happens here.
//!
//! *Invariant*: an owner takes memory only while somebody listens to it, and a signal wakes nobody but its owner's
//! listeners.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::OwnerId;
use tokio::sync::broadcast::{self, Sender};

use super::{Events, Listener, News};

/// Signals kept for a listener that is slow. Each has about 100 bytes; one that misses some looks into the outbox.
pub const KEPT: usize = 64;

/// See the module.
#[derive(Default)]
pub struct MemoryEvents(Arc<Owners>);

#[derive(Default)]
struct Owners(Mutex<HashMap<OwnerId, Sender<News>>>);

impl Owners {
    fn lock(&self) -> MutexGuard<'_, HashMap<OwnerId, Sender<News>>> {
        // Nothing panics half-way: whatever another thread left is consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropped with a listener, after its channel.
struct Leave {
    owners: Arc<Owners>,
    owner: OwnerId,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut owners = self.owners.lock();
        if owners.get(&self.owner).is_some_and(|sender| sender.receiver_count() == 0) {
            owners.remove(&self.owner);
        }
    }
}

impl Events for MemoryEvents {
    fn tell(&self, owner: &OwnerId, news: News) {
        if let Some(sender) = self.0.lock().get(owner) {
            // The last listener may just be leaving.
            let _ = sender.send(news);
        }
    }

    fn listen(&self, owner: &OwnerId) -> Listener {
        let mut owners = self.0.lock();
        let sender = owners.entry(owner.clone()).or_insert_with(|| broadcast::channel(KEPT).0);
        let leave = Leave { owners: self.0.clone(), owner: owner.clone() };
        Listener::new(sender.subscribe(), Box::new(leave))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::events_conformance!(MemoryEvents);

    #[test]
    fn nobody_is_remembered_who_left() {
        let events = MemoryEvents::default();
        let ann = OwnerId::parse("ann").unwrap();
        let (first, second) = (events.listen(&ann), events.listen(&ann));
        drop(first);
        assert_eq!(events.0.lock().len(), 1, "somebody still listens");
        drop(second);
        assert_eq!(events.0.lock().len(), 0);
        events.tell(&ann, News::Events);
        assert_eq!(events.0.lock().len(), 0);
    }
}
