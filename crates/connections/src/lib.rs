//! HTTP/1 connections: accepted, bounded, served, closed. The one place that does so, for every port of ours.
//!
//! It knows no path and no meaning of a request. What it promises: one peer cannot hold what all share, nobody is waited
//! for without end (for a head, a body, or for an answer to be read), the process keeps descriptors for its files and
//! its own calls, and an answer reaches a client that is still sending or has closed its half of the connection.
//!
//! *Rule*: only waiting for the peer counts. A handler that takes long, and a stream that has nothing to say, are not the
//! peer's fault; limits for those belong to whoever serves.

mod body;
mod clock;
mod descriptors;
mod limits;
mod patience;
mod peer;
mod room;
mod serve;
mod stream;

pub use body::{BodyError, RequestBody};
pub use descriptors::{DescriptorError, raise_descriptor_limit};
pub use limits::{Limits, Pace};
pub use peer::{InvalidNetwork, Network, Peer};
pub use serve::{Stopped, serve};
