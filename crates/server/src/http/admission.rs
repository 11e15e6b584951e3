//! How much may be under way at once: of one owner, one capability, one peer, and of all together.
//!
//! *Rules*: nothing that all share is taken before it is known who asks; and nobody's share is all there is, so that one
//! who holds everything of theirs keeps nobody else out. Requests that wait for the store take from a smaller pool of
//! their own as well: when the store hangs, those that need only the catalog still find room.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connections::Peer;
use domain::OwnerId;
use sha2::{Digest as _, Sha256};

/// How much may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Requests of all together.
    pub at_once: usize,
    /// Requests of one owner; as many again by its capabilities together.
    pub per_owner: usize,
    /// Requests by one capability.
    pub per_capability: usize,
    /// Requests of one peer that shows no token: by links, by capabilities, and for sessions.
    pub per_peer: usize,
    /// Streams of events of all together.
    pub event_streams: usize,
    /// Streams of events of one owner.
    pub event_streams_per_owner: usize,
    /// Forms with files that are read into memory, of all together.
    pub forms: usize,
    /// Such forms by one capability, and of one owner by all of its capabilities.
    pub forms_per_capability: usize,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            // Each holds at most a body and a page of rows: 1,024 of the largest bodies would be 4 GiB, of the usual ones
            // a few MiB, and a catalog is saturated long before.
            at_once: 1_024,
            // A backend that uploads a folder for one owner with 64 workers has room for as much again.
            per_owner: 128,
            per_capability: 64,
            // A house behind one address has several browsers of 6 connections each.
            per_peer: 64,
            // Each costs a connection, some KiB, and a query when something happens.
            event_streams: 4_096,
            // Browsers open at most 6 connections to one host over HTTP/1: ten of an owner's browsers.
            event_streams_per_owner: 64,
            // 32 forms have 160 MiB.
            forms: 32,
            // Uppy sends 6 at once.
            forms_per_capability: 8,
        }
    }
}

/// Whose request it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// Who showed a token.
    Owner(OwnerId),
    /// One capability, by its digest.
    Capability([u8; 32]),
    /// All capabilities of an owner.
    CapabilitiesOf(OwnerId),
    /// Who showed no token.
    Peer(Peer),
}

impl Holder {
    pub(super) fn of_capability(token: &str) -> Self {
        Self::Capability(Sha256::digest(token.as_bytes()).into())
    }
}

/// Whose share a request takes from, for what it takes from later.
#[derive(Debug, Clone)]
pub(super) struct Holders(pub(super) Vec<Holder>);

/// The slots of a server.
pub(super) struct Admission {
    limits: RequestLimits,
    requests: Arc<Slots<Holder>>,
    store_bound: Arc<Slots<Holder>>,
    event_streams: Arc<Slots<OwnerId>>,
    forms: Arc<Slots<Holder>>,
}

/// What a request holds while it is under way.
pub(super) struct Admitted {
    _request: Slot<Holder>,
    _store_bound: Option<Slot<Holder>>,
}

/// Whether an operation may wait for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// The catalog at most.
    Catalog,
    /// The store as well.
    Store,
}

/// What is left for calls that need only the catalog, however the store hangs: a quarter.
const fn store_bound(requests: usize) -> usize {
    requests - requests.div_ceil(4)
}

impl Admission {
    pub(super) fn new(limits: RequestLimits) -> Self {
        Self {
            requests: Slots::new(limits.at_once),
            store_bound: Slots::new(store_bound(limits.at_once)),
            event_streams: Slots::new(limits.event_streams),
            forms: Slots::new(limits.forms),
            limits,
        }
    }

    fn most(&self, holder: &Holder) -> usize {
        match holder {
            Holder::Owner(_) | Holder::CapabilitiesOf(_) => self.limits.per_owner,
            Holder::Capability(_) => self.limits.per_capability,
            Holder::Peer(_) => self.limits.per_peer,
        }
    }

    /// Lets a request of these holders in.
    pub(super) fn admit(&self, Holders(holders): &Holders, needs: Needs) -> Result<Admitted, Full> {
        let shares = holders.iter().map(|holder| (holder.clone(), self.most(holder)));
        let request = self.requests.take(shares.clone())?;
        let store_bound = match needs {
            Needs::Catalog => None,
            Needs::Store => Some(self.store_bound.take(shares.map(|(holder, most)| (holder, store_bound(most))))?),
        };
        Ok(Admitted { _request: request, _store_bound: store_bound })
    }

    /// Whether nobody else would be let in now.
    pub(super) fn is_full(&self) -> bool {
        self.requests.are_taken() || self.store_bound.are_taken()
    }

    /// A stream of events for an owner.
    pub(super) fn event_stream(&self, owner: &OwnerId) -> Result<Slot<OwnerId>, Full> {
        self.event_streams.take([(owner.clone(), self.limits.event_streams_per_owner)])
    }

    /// A form that is read into memory.
    pub(super) fn form(&self, Holders(holders): &Holders) -> Result<Slot<Holder>, Full> {
        self.forms.take(holders.iter().map(|holder| (holder.clone(), self.limits.forms_per_capability)))
    }
}

/// Why there is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// One of the holders has as many as it may.
    Holder,
    /// All together have.
    All,
}

/// So many at once: of each holder, and of all.
pub(super) struct Slots<K> {
    all: usize,
    held: Mutex<Held<K>>,
}

struct Held<K> {
    all: usize,
    each: HashMap<K, usize>,
}

/// One of them; dropped, it is free again.
pub(super) struct Slot<K: Eq + Hash> {
    of: Arc<Slots<K>>,
    holders: Vec<K>,
}

impl<K: Clone + Eq + Hash> Slots<K> {
    pub(super) fn new(all: usize) -> Arc<Self> {
        Arc::new(Self { all, held: Mutex::new(Held { all: 0, each: HashMap::new() }) })
    }

    /// Takes a slot that counts for each of these holders, if none of them would have more than it may; nothing waits.
    pub(super) fn take(self: &Arc<Self>, shares: impl IntoIterator<Item = (K, usize)>) -> Result<Slot<K>, Full> {
        let mut held = self.lock();
        let mut holders = Vec::new();
        for (holder, most) in shares {
            if held.each.get(&holder).copied().unwrap_or(0) >= most {
                return Err(Full::Holder);
            }
            holders.push(holder);
        }
        if held.all >= self.all {
            return Err(Full::All);
        }
        held.all += 1;
        for holder in &holders {
            *held.each.entry(holder.clone()).or_default() += 1;
        }
        Ok(Slot { holders, of: self.clone() })
    }
}

impl<K: Eq + Hash> Slots<K> {
    fn are_taken(&self) -> bool {
        self.lock().all >= self.all
    }

    fn lock(&self) -> MutexGuard<'_, Held<K>> {
        // Nothing panics half-way: whatever another thread left is consistent.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Slot<K> {
    fn drop(&mut self) {
        let mut held = self.of.lock();
        held.all -= 1;
        for holder in self.holders.drain(..) {
            match held.each.get_mut(&holder) {
                Some(count) if *count > 1 => *count -= 1,
                Some(_) | None => drop(held.each.remove(&holder)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_a_share_and_what_is_left_is_free_again() {
        let slots = Slots::new(3);
        let first = slots.take([("ann", 2), ("peer", 9)]).unwrap();
        let second = slots.take([("ann", 2), ("peer", 9)]).unwrap();
        assert_eq!(slots.take([("peer", 9), ("ann", 2)]).err(), Some(Full::Holder));
        assert_eq!(slots.lock().each["peer"], 2, "what is refused counts for nobody");
        let third = slots.take([("bob", 2)]).unwrap();
        assert_eq!(slots.take([("eve", 2)]).err(), Some(Full::All));
        drop(second);
        let fourth = slots.take([("ann", 2)]).unwrap();
        drop((first, third, fourth));
        assert!(slots.lock().all == 0 && slots.lock().each.is_empty());
    }

    #[test]
    fn a_hanging_store_leaves_room_for_what_does_not_need_it() {
        let admission = Admission::new(RequestLimits { at_once: 8, per_owner: 4, ..RequestLimits::default() });
        let of = |owner: &str| Holders(vec![Holder::Owner(OwnerId::parse(owner).unwrap())]);
        let mut hanging = Vec::new();
        for owner in ["ann", "ann", "ann", "bob", "bob", "bob"] {
            hanging.push(admission.admit(&of(owner), Needs::Store).unwrap());
        }
        assert_eq!(admission.admit(&of("ann"), Needs::Store).err(), Some(Full::Holder));
        assert_eq!(admission.admit(&of("eve"), Needs::Store).err(), Some(Full::All));
        let ann = admission.admit(&of("ann"), Needs::Catalog).unwrap();
        let eve = admission.admit(&of("eve"), Needs::Catalog).unwrap();
        assert_eq!(admission.admit(&of("eve"), Needs::Catalog).err(), Some(Full::All), "eight are eight");
        drop((hanging, ann, eve));
        admission.admit(&of("eve"), Needs::Store).unwrap();
    }
}
