//! The HTTP layer: reads requests, calls one use case each, writes answers.
//!
//! One endpoint a file, `<resource>/<verb>.rs`; the handler's name is the operation id, the span and the metric's label.
//! *Invariant*: nothing is decided here but what a request says and how an answer looks; no SQL, no store; errors
//! become answers in [`problem`] and nowhere else. Presigned URLs and tokens are never logged.

mod admin;
mod admission;
mod assets;
pub mod bounds;
mod capabilities;
mod collections;
mod events;
mod files;
mod grants;
mod health;
mod heavy;
mod input;
mod jobs;
mod middleware;
mod openapi;
mod pages;
mod parts;
pub mod problem;
mod public_url;
mod routes;
mod serve;
mod sessions;
mod shown_path;
mod state;
mod uppy;
mod usage;

pub use admission::RequestLimits;
pub use jobs::{accept_restore_body, audit_body, reconcile_by_hand, scrub_body};
pub use openapi::openapi;
pub use pages::WebFile;
pub(crate) use public_url::PublicUrl;
pub use routes::router;
pub use serve::serve;
pub(crate) use sessions::{local_operator, login_url};
pub use state::{BodyLimits, HttpParts, HttpState, ReapClock, RelayForms};
pub use uppy::{UppyForm, read_claim};
