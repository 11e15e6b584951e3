//! The store from outside, over real HTTP: one file per group of operations, all in one binary.

#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod multipart;
mod objects;
mod presigned;
mod support;
