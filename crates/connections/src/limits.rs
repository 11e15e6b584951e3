//! What connections may cost.

use std::time::Duration;

use crate::peer::Network;

/// How a peer has to keep up while bytes move one way.
///
/// Waiting uses up `idle`; every byte that moves gives some of it back, at `bytes_per_second`, up to the whole. So a peer
/// may pause for `idle`, and in the long run must be as fast as the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a peer may let us wait at once.
    pub idle: Duration,
    /// The slowest it may be in the long run.
    pub bytes_per_second: u64,
    /// How long one body may make us wait in all.
    pub total: Duration,
}

/// What connections of one port may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections held at once. One more waits to be accepted.
    pub at_once: usize,
    /// Connections of one peer address ([`crate::Peer`]). One more is answered 503 and closed.
    pub per_peer: usize,
    /// Addresses whose connections are those of many: proxies. [`Limits::per_peer`] does not hold for them.
    pub proxies: Vec<Network>,
    /// How long the head of a request may take, from the answer before it or from the connection's begin.
    pub head: Duration,
    /// Reading a request's body.
    pub reading: Pace,
    /// Writing an answer.
    pub writing: Pace,
    /// How long is read on after an answer to a client that is still sending, so that it reads the answer instead of
    /// finding the connection reset.
    pub linger: Duration,
    /// How long a stop waits for requests under way.
    pub grace: Duration,
    /// What a connection buffers of a request, in bytes.
    pub buffer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A connection takes about 20 KiB, and what it buffers.
            at_once: 8_192,
            // Browsers open 6, S3 clients some hundreds; an office behind one address has many of them.
            per_peer: 2_048,
            proxies: Vec::new(),
            head: Duration::from_secs(30),
            // Load balancers and browsers take a minute of silence for the end. A modem of the nineties moves 5 KB/s.
            reading: Pace {
                idle: Duration::from_secs(60),
                bytes_per_second: 1 << 10,
                total: Duration::from_secs(12 * 3600),
            },
            writing: Pace {
                idle: Duration::from_secs(60),
                bytes_per_second: 1 << 10,
                total: Duration::from_secs(12 * 3600),
            },
            linger: Duration::from_secs(10),
            // Orchestrators kill after 30 s by default, and others still have to stop after this.
            grace: Duration::from_secs(15),
            buffer_bytes: 256 << 10,
        }
    }
}

/// Of a process's descriptors one port may take this share for connections: there may be two ports, and half is left for
/// files, databases and the process's own calls.
const SHARE: u64 = 4;

impl Limits {
    /// The same within a process that may open this many descriptors. One peer never gets more than three quarters.
    #[must_use]
    pub fn within(mut self, descriptors: u64) -> Self {
        let share = usize::try_from(descriptors / SHARE).unwrap_or(usize::MAX);
        self.at_once = self.at_once.min(share).max(1);
        self.per_peer = self.per_peer.min(self.at_once - self.at_once / 4);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_left_and_no_peer_takes_all() {
        let limits = Limits::default();
        for (descriptors, at_once, per_peer) in
            [(1 << 20, 8_192, 2_048), (1_024, 256, 192), (256, 64, 48), (8, 2, 2), (0, 1, 1)]
        {
            let within = limits.clone().within(descriptors);
            assert_eq!((within.at_once, within.per_peer), (at_once, per_peer), "{descriptors}");
        }
    }
}
