//! Places for connections: so many in all, so many of one peer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::clock;
use crate::limits::Limits;
use crate::peer::{Network, Peer};

/// The places of one port.
#[derive(Clone)]
pub(crate) struct Room {
    all: Arc<Semaphore>,
    /// Whether a connection waits for a place.
    awaited: Arc<AtomicBool>,
    peers: Arc<Peers>,
    full: Arc<Seldom>,
    crowded: Arc<Seldom>,
}

/// What is said at most once a minute, however often it is so.
#[derive(Default)]
struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    fn is_due(&self) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        let due = said.is_none_or(|at| now.duration_since(at) >= Duration::from_secs(60));
        if due {
            *said = Some(now);
        }
        due
    }
}

struct Peers {
    each: usize,
    proxies: Vec<Network>,
    held: Mutex<HashMap<Peer, Held>>,
}

#[derive(Clone, Copy, Default)]
struct Held {
    count: usize,
    /// Whether one more was refused since a place was last left.
    refused: bool,
}

impl Peers {
    fn lock(&self) -> MutexGuard<'_, HashMap<Peer, Held>> {
        // Nothing panics half-way: whatever another thread left is consistent.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that nobody has taken yet.
pub(crate) struct Free(OwnedSemaphorePermit);

/// A connection's place; dropped, it is free again.
pub(crate) struct Place {
    _all: OwnedSemaphorePermit,
    awaited: Arc<AtomicBool>,
    /// Whose it is, and where that is counted; a proxy's connections are not.
    counted: Option<(Peer, Arc<Peers>)>,
}

impl Room {
    pub(crate) fn new(limits: &Limits) -> Self {
        let peers = Peers { each: limits.per_peer, proxies: limits.proxies.clone(), held: Mutex::default() };
        Self {
            all: Arc::new(Semaphore::new(limits.at_once.min(Semaphore::MAX_PERMITS))),
            awaited: Arc::default(),
            peers: Arc::new(peers),
            full: Arc::default(),
            crowded: Arc::default(),
        }
    }

    /// Waits for a place.
    pub(crate) async fn free(&self) -> Free {
        if let Ok(free) = self.all.clone().try_acquire_owned() {
            return Free(free);
        }
        if self.full.is_due() {
            tracing::warn!("a port holds as many connections as it may; others wait until one of them ends");
        }
        self.awaited.store(true, Ordering::Relaxed);
        let free = self.all.clone().acquire_owned().await.expect("the semaphore is never closed");
        self.awaited.store(false, Ordering::Relaxed);
        Free(free)
    }

    /// Gives the place to a connection from this address; `None` if its peer has as many as it may.
    pub(crate) fn take(&self, Free(all): Free, address: IpAddr) -> Option<Place> {
        if self.peers.proxies.iter().any(|network| network.contains(address)) {
            return Some(Place { _all: all, awaited: self.awaited.clone(), counted: None });
        }
        let peer = Peer::of(address);
        let mut held = self.peers.lock();
        let own = held.entry(peer).or_default();
        if own.count >= self.peers.each {
            own.refused = true;
            if self.crowded.is_due() {
                tracing::warn!(%peer, each = self.peers.each, "a peer has as many connections as it may, and more are \
                    refused; if it is a proxy, name it in server.trusted_proxies");
            }
            return None;
        }
        own.count += 1;
        drop(held);
        Some(Place { _all: all, awaited: self.awaited.clone(), counted: Some((peer, self.peers.clone())) })
    }
}

impl Place {
    /// Whether somebody else could use it: one waits to be accepted, or another connection of its peer was refused.
    pub(crate) fn is_wanted(&self) -> bool {
        let by_its_peer = |(peer, peers): &(Peer, Arc<Peers>)| peers.lock().get(peer).is_some_and(|held| held.refused);
        self.awaited.load(Ordering::Relaxed) || self.counted.as_ref().is_some_and(by_its_peer)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((peer, peers)) = &self.counted else { return };
        let mut held = peers.lock();
        match held.get_mut(peer) {
            Some(own) if own.count > 1 => *own = Held { count: own.count - 1, refused: false },
            Some(_) | None => drop(held.remove(peer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_peer_has_its_share_and_a_proxy_all() {
        let proxies = vec!["192.0.2.0/24".parse().unwrap()];
        let room = Room::new(&Limits { at_once: 9, per_peer: 2, proxies, ..Limits::default() });
        let take = async |of: &str| room.take(room.free().await, address(of));
        let (first, second) = (take("198.51.100.1").await, take("198.51.100.1").await);
        assert!(first.is_some() && second.is_some());
        assert!(take("198.51.100.1").await.is_none());
        assert!(take("198.51.100.2").await.is_some(), "another peer");
        drop(first);
        let again = take("198.51.100.1").await;
        assert!(again.is_some(), "a place that was left is free");
        let mut proxied = Vec::new();
        for _ in 0..7 {
            proxied.push(take("192.0.2.1").await.expect("a proxy stands for many"));
        }
        assert_eq!(room.all.available_permits(), 0);
        drop((second, again, proxied));
        assert_eq!((room.all.available_permits(), room.peers.lock().len()), (9, 0), "nothing is left behind");
    }
}
