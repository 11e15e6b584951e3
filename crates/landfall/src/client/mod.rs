//! The client's commands: `upload`, `list`, `show`, `url`, `download`, `rename`, `share`, `delete`. One file each.
//!
//! They speak to a running server over HTTP and need nothing of an installation. What uploading is stands in the crate
//! `uploader`; here are arguments, what a person sees, and exit codes. *Rule*: a token is never printed, and a signed
//! URL only by `url`, whose purpose it is.

mod asset;
mod connection;
mod failure;
mod notice;
mod pace;
mod summary;

pub(crate) use pace::clock_time;

pub(crate) mod delete;
pub(crate) mod download;
pub(crate) mod list;
pub(crate) mod rename;
pub(crate) mod share;
pub(crate) mod show;
pub(crate) mod upload;
pub(crate) mod url;
