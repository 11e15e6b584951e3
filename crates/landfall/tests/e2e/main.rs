//! Landfall from outside: the real binary as real processes, over real sockets, with real films.
//!
//! Nothing here uses our crates: what a test knows, it knows from the binary, the API, the store and the disk.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the crash matrix uses the rest")]
mod support;

mod abandoned;
mod bad_files;
mod bad_requests;
mod bad_starts;
mod bad_tokens;
mod clocks;
mod crashes;
mod crowds;
mod curl;
mod damaged;
mod disk_full;
mod doctoring;
mod few_descriptors;
mod guides;
mod offload;
mod on_ceph;
mod operations;
mod parallel;
mod readiness;
mod reading;
mod readme;
mod reconciling;
mod restoring;
mod resuming;
mod scrubbing;
mod shutdown;
mod sizes;
mod store_clients;
mod terminal;
mod undeclared;
mod uppy;
