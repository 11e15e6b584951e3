//! The store from outside, over real HTTP: one file per group of operations, all in one binary.

#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![allow(clippy::disallowed_methods, reason = "tests sign with the real clock and start real processes")]

mod access;
mod arrivals;
mod buckets;
mod checksums;
mod clients;
mod copies;
mod cors;
mod crash;
mod faults;
mod forms;
mod keys;
mod limits;
mod listings;
mod multipart;
mod objects;
mod presigned;
mod races;
mod settings;
mod starting;
mod support;
mod versions;
