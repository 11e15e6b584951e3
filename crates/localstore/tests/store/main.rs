//! The store from outside, over real HTTP: one file per group of operations, all in one binary.

#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![allow(clippy::disallowed_methods, reason = "tests sign with the real clock and start real processes")]
#![allow(clippy::print_stdout, reason = "the matrix and the runs under pressure say what they tried")]

mod access;
mod arrivals;
mod buckets;
mod checksums;
mod chunked;
mod clients;
mod connections;
mod contract;
mod copies;
mod cors;
mod crash;
mod damage;
mod documents;
mod faults;
mod forms;
mod http;
mod keys;
mod limits;
mod listings;
mod matrix;
mod multipart;
mod objects;
mod presigned;
mod pressure;
mod races;
mod settings;
mod signatures;
mod signing;
mod starting;
mod support;
mod versions;
