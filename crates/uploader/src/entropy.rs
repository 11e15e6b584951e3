//! The one door to randomness: jitter, and keys that make a repeated request the same request.

use data_encoding::HEXLOWER;

/// 64 random bits, for spreading retries.
///
/// # Panics
/// If the operating system has no randomness to give.
pub fn jitter() -> u64 {
    let mut bits = [0; 8];
    fill(&mut bits);
    u64::from_le_bytes(bits)
}

/// A fresh Idempotency-Key: 128 random bits in hex.
///
/// # Panics
/// If the operating system has no randomness to give.
pub fn idempotency_key() -> String {
    let mut bits = [0; 16];
    fill(&mut bits);
    HEXLOWER.encode(&bits)
}

#[expect(clippy::disallowed_methods, reason = "the one place where randomness is drawn")]
fn fill(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives randomness");
}
