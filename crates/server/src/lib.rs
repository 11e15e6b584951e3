//! Landfall's server: data flows `http -> app -> domain`, `app -> catalog | store`, and `http -> limits | auth`.
//!
//! *Invariant*: `app` knows no HTTP and no SQL; `http` knows no SQL; only [`boot`] names concrete backends. Time comes
//! through [`clock`], randomness through [`entropy`], background work through [`background`], and through nothing else.

pub mod app;
pub mod auth;
pub mod background;
pub mod boot;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod drill;
pub mod entropy;
pub mod events;
mod files;
pub mod http;
pub mod jobs;
pub mod limits;
mod operations;
pub mod recurrence;
pub mod store;
pub mod telemetry;
pub mod vitals;
