//! SHA-256 and HMAC-SHA-256 whose intermediate states can be kept and continued.
//!
//! Not an implementation of the hash: the compression function is `sha2`'s, with the processor's
//! SHA instructions where it has them. The rule: states that hold key material are wiped.

use sha2::block_api::compress256;
use zeroize::Zeroize;

const BLOCK_BYTES: usize = 64;
/// After the message: one 0x80 byte, zeros, and the length in bits in the last 8 bytes.
const LENGTH_AT: usize = BLOCK_BYTES - 8;

/// FIPS 180-4, 5.3.3: the first 32 bits of the fractional parts of the roots of the first primes.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A hash in progress. Copying it is how a shared beginning is hashed only once.
#[derive(Clone)]
pub(crate) struct Sha256 {
    state: [u32; 8],
    block: [u8; BLOCK_BYTES],
    length_bytes: usize,
}

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self { state: INITIAL, block: [0; BLOCK_BYTES], length_bytes: 0 }
    }

    /// The state after `length_bytes` (whole blocks) were hashed.
    fn resume(state: [u32; 8], length_bytes: usize) -> Self {
        debug_assert_eq!(length_bytes % BLOCK_BYTES, 0);
        Self { state, block: [0; BLOCK_BYTES], length_bytes }
    }

    #[inline]
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        let fill = self.length_bytes % BLOCK_BYTES;
        self.length_bytes += bytes.len();
        if fill > 0 {
            let room = BLOCK_BYTES - fill;
            if bytes.len() < room {
                self.block[fill..fill + bytes.len()].copy_from_slice(bytes);
                return;
            }
            let (head, rest) = bytes.split_at(room);
            self.block[fill..].copy_from_slice(head);
            compress256(&mut self.state, &[self.block]);
            bytes = rest;
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
        if !blocks.is_empty() {
            compress256(&mut self.state, blocks);
        }
        self.block[..rest.len()].copy_from_slice(rest);
    }

    #[inline]
    pub(crate) fn finish(mut self) -> [u32; 8] {
        let fill = self.length_bytes % BLOCK_BYTES;
        self.block[fill] = 0x80;
        self.block[fill + 1..].fill(0);
        if fill >= LENGTH_AT {
            compress256(&mut self.state, &[self.block]);
            self.block.fill(0);
        }
        let length_bits = self.length_bytes as u64 * 8;
        self.block[LENGTH_AT..].copy_from_slice(&length_bits.to_be_bytes());
        compress256(&mut self.state, &[self.block]);
        self.state
    }
}

impl Zeroize for Sha256 {
    fn zeroize(&mut self) {
        self.state.zeroize();
        self.block.zeroize();
        self.length_bytes = 0;
    }
}

/// An HMAC key as the two states that RFC 2104 reaches after its padded key blocks.
#[derive(Clone)]
pub(crate) struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl HmacKey {
    /// A key of any length; longer than a block, it is hashed first.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK_BYTES];
        if key.len() <= BLOCK_BYTES {
            block[..key.len()].copy_from_slice(key);
        } else {
            let mut hash = Sha256::new();
            hash.update(key);
            write_digest(&mut block, hash.finish());
        }
        let made = Self { inner: padded_state(&block, 0x36), outer: padded_state(&block, 0x5c) };
        block.zeroize();
        made
    }

    /// The key whose bytes are `digest`, as each step of SigV4's derivation yields.
    pub(crate) fn from_digest(digest: [u32; 8]) -> Self {
        let mut bytes = [0; 32];
        write_digest(&mut bytes, digest);
        let made = Self::new(&bytes);
        bytes.zeroize();
        made
    }

    /// Begins a message; [`HmacKey::finish`] ends it.
    pub(crate) fn begin(&self) -> Sha256 {
        Sha256::resume(self.inner, BLOCK_BYTES)
    }

    /// The code of the message that `message` has taken in.
    #[inline]
    pub(crate) fn finish(&self, message: Sha256) -> [u32; 8] {
        let mut block = [0; BLOCK_BYTES];
        write_digest(&mut block, message.finish());
        block[32] = 0x80;
        // The outer message is the key block and one digest.
        const OUTER_BITS: u64 = (BLOCK_BYTES as u64 + 32) * 8;
        block[LENGTH_AT..].copy_from_slice(&OUTER_BITS.to_be_bytes());
        let mut state = self.outer;
        compress256(&mut state, &[block]);
        state
    }

    pub(crate) fn code(&self, message: &[u8]) -> [u32; 8] {
        let mut hash = self.begin();
        hash.update(message);
        self.finish(hash)
    }
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

fn padded_state(key_block: &[u8; BLOCK_BYTES], pad: u8) -> [u32; 8] {
    let mut block = key_block.map(|byte| byte ^ pad);
    let mut state = INITIAL;
    compress256(&mut state, &[block]);
    block.zeroize();
    state
}

/// Writes a digest big-endian into the first 32 bytes of `out`.
#[inline]
fn write_digest(out: &mut [u8], digest: [u32; 8]) {
    for (chunk, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(digest) {
        *chunk = word.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest;

    use super::*;
    use crate::text::hex;

    fn bytes_of(words: [u32; 8]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// RFC 4231, test cases 2 and 6: a short key, and one longer than a block.
    #[test]
    fn hmac_gives_rfc_4231_codes() {
        let code = HmacKey::new(b"Jefe").code(b"what do ya want for nothing?");
        assert_eq!(&hex(code), b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let code = HmacKey::new(&[0xaa; 131]).code(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(&hex(code), b"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    proptest! {
        #[test]
        fn hashing_in_pieces_equals_hashing_at_once(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
        ) {
            let mut ours = Sha256::new();
            let mut theirs = sha2::Sha256::new();
            for piece in &pieces {
                ours.update(piece);
                theirs.update(piece);
            }
            prop_assert_eq!(bytes_of(ours.finish()), theirs.finalize().to_vec());
        }
    }
}
