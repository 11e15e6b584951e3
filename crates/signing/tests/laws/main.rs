//! The laws of presigning, as one binary: published vectors, equality with other people's signers
//! on random input, the fast path against the plain one, and what is refused or hidden.

mod aws_sdk_s3;
mod endpoints;
mod parts;
mod published;
mod redaction;
mod refusals;
mod rusty_s3;
mod scenario;
mod validity;
