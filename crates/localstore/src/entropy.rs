//! The only door to randomness in this crate: identifiers nobody can guess, from the operating system.

#![expect(clippy::disallowed_methods, reason = "this is the door to randomness")]

use crate::disk::manifest::Id;

/// 128 random bits. Aborts the process when the operating system has no randomness to give, as nothing that follows
/// could be trusted.
pub(crate) fn random_id() -> Id {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system provides randomness");
    Id::from_bytes(bytes)
}
