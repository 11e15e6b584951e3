//! What happens around every request.

mod admit;
mod cors;
mod host;
mod observe;
mod origin;
mod peer;
mod protect;
mod request_id;

pub(super) use admit::{
    Caller, Credential, admit, admit_by_capability, admit_by_link, admit_by_uppy, admit_stranger, charge, standing,
};
pub(super) use cors::cors;
pub(super) use host::require_host;
pub(super) use observe::observe;
pub(super) use origin::{KnownOrigin, refuse_foreign_pages};
pub(super) use peer::{PeerOf, name_peer};
pub(super) use protect::protect;
