//! The upload client: takes local files to Landfall and does not give up easily.
//!
//! [`session`] decides what to do next and touches nothing; [`driver`] does it over HTTP and disk; [`journal`] remembers
//! an unfinished upload across a crash; [`client`] speaks the API. What a person sees is not here: the driver tells an
//! [`Observer`](progress::Observer), and the binary shows it. *Invariant*: no token and no presigned URL is ever
//! written to disk, printed or put into an error.

pub mod checksum;
pub mod client;
pub mod clock;
pub mod driver;
pub mod entropy;
pub mod fingerprint;
pub mod journal;
pub mod progress;
pub mod session;
pub mod source;

mod part_body;
