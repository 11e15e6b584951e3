//! What connections may cost, on both ports.

use std::time::Duration;

use connections::{Limits, Network, Pace};
use domain::{ByteCount, TimeSpan};

use super::form::{Number, Size, Span};
use super::visit::Visitor;

/// `[connections]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionsConfig {
    /// Connections that one port holds at once.
    pub at_once: u32,
    /// Connections of one peer address.
    pub per_peer: u32,
    /// How long the head of a request may take.
    pub head: TimeSpan,
    /// How long a peer may be silent in the middle of a body or an answer.
    pub idle: TimeSpan,
    /// The fewest bytes a second, in the long run.
    pub slowest: ByteCount,
    /// How long one body or answer may be waited for in all.
    pub total: TimeSpan,
    /// How long is read on after an answer to a client that still sends.
    pub linger: TimeSpan,
}

impl Default for ConnectionsConfig {
    /// The crate's own defaults, which say why.
    fn default() -> Self {
        let usual = Limits::default();
        let count = |number| u32::try_from(number).expect("the defaults are small");
        let span = |duration: Duration| TimeSpan::try_from(duration).expect("the defaults are short");
        Self {
            at_once: count(usual.at_once),
            per_peer: count(usual.per_peer),
            head: span(usual.head),
            idle: span(usual.reading.idle),
            slowest: ByteCount(usual.reading.bytes_per_second),
            total: span(usual.reading.total),
            linger: span(usual.linger),
        }
    }
}

const SECOND: TimeSpan = TimeSpan::from_secs(1);
const HOUR: TimeSpan = TimeSpan::from_hours(1);
/// Nobody means to wait for longer than a week.
const WEEK: TimeSpan = TimeSpan::from_hours(7 * 24);
/// What a 64-bit system gives at most.
const MOST: u32 = 1 << 20;

impl ConnectionsConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "Connections that a port holds at once; one more waits until another ends. Never more than a quarter of the files that the process may open (its hard limit, `ulimit -Hn`, which the log names): the rest is for the other port, for files and for calls of its own.";
        visitor.key("at_once", doc, &mut self.at_once, Number(1..=MOST));
        let doc = "Connections of one peer: an IPv4 address, or an IPv6 /64, which is what one subscriber has. One more is answered 503. Never more than three quarters of what the port holds. Addresses in server.trusted_proxies are not counted.";
        visitor.key("per_peer", doc, &mut self.per_peer, Number(1..=MOST));
        let doc = "How long the head of a request may take, from the answer before it: also how long a connection may be idle.";
        visitor.key("head", doc, &mut self.head, Span(SECOND..=HOUR));
        let doc = "How long a client may be silent while its body is read, or read nothing while it is answered. What it sends or reads gives the time back, at `slowest`.";
        visitor.key("idle", doc, &mut self.idle, Span(SECOND..=HOUR));
        let doc = "The fewest bytes a second that a client must send or read in the long run.";
        visitor.key("slowest", doc, &mut self.slowest, Size(ByteCount(1)..=ByteCount::mib(1)));
        let doc = "How long one body, or one answer, may be waited for in all, however steadily it moves.";
        visitor.key("total", doc, &mut self.total, Span(SECOND..=WEEK));
        let doc = "How long is read on and thrown away after an answer to a client that is still sending, so that it reads the answer instead of a broken connection.";
        visitor.key("linger", doc, &mut self.linger, Span(TimeSpan::ZERO..=HOUR));
    }

    /// The limits of a port, before the process's descriptors are known.
    pub fn limits(&self, proxies: &[Network]) -> Limits {
        let pace = Pace {
            idle: self.idle.unsigned_abs(),
            bytes_per_second: self.slowest.get(),
            total: self.total.unsigned_abs(),
        };
        Limits {
            at_once: self.at_once as usize,
            per_peer: self.per_peer as usize,
            proxies: proxies.to_vec(),
            head: self.head.unsigned_abs(),
            reading: pace,
            writing: pace,
            linger: self.linger.unsigned_abs(),
            ..Limits::default()
        }
    }
}
