//! What happens around every request.

mod admit;
mod cors;
mod hear_out;
mod observe;
mod origin;
mod protect;
mod request_id;
mod shed;

pub(super) use admit::{Caller, admit, admit_by_capability, admit_by_uppy};
pub(super) use cors::cors;
pub(super) use hear_out::hear_out;
pub(super) use observe::observe;
pub(super) use origin::KnownOrigin;
pub(super) use protect::protect;
pub(super) use shed::shed;
