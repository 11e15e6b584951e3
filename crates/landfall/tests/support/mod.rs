//! What the tests stand on: real processes, real films, a proxy that counts.

pub(crate) mod api;
pub(crate) mod buckets;
pub(crate) mod clock;
pub(crate) mod films;
pub(crate) mod playback;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod server;
pub(crate) mod uploads;
