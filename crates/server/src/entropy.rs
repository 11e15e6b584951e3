//! The one door to randomness.

use domain::id::IdEntropy;
use domain::key::KeyEntropy;

/// Gives random bits.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer with bits nobody can predict.
    fn fill(&self, buffer: &mut [u8]);
}

/// Random bits of one id.
pub fn id_bits(entropy: &dyn Entropy) -> IdEntropy {
    let mut bits = IdEntropy::default();
    entropy.fill(&mut bits);
    bits
}

/// Random bits of one object key.
pub fn key_bits(entropy: &dyn Entropy) -> KeyEntropy {
    let mut bits = KeyEntropy::default();
    entropy.fill(&mut bits);
    bits
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostEntropy;

impl Entropy for HostEntropy {
    /// # Panics
    /// If the operating system has no randomness to give: nothing safe can be done then.
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness is drawn")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives randomness");
    }
}
