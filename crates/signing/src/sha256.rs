//! SHA-256 and HMAC-SHA-256 whose intermediate states can be kept and continued.
//!
//! Not an implementation of the hash: the compression function is `sha2`'s, with the processor's
//! SHA instructions where it has them. The rule: states that hold key material are wiped.

use std::ops::Range;

use sha2::block_api::compress256;
use zeroize::Zeroize;

const BLOCK_BYTES: usize = 64;
const DIGEST_BYTES: usize = 32;
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

/// The rest of a message, padded to its end, with a gap to fill in before it is hashed.
///
/// Many messages that differ in the gap only then need no assembling.
pub(crate) struct Ending {
    blocks: Box<[[u8; BLOCK_BYTES]]>,
    gap: Range<usize>,
}

/// A gap begins in the first block; it may reach to the end of the second.
const GAP_BLOCKS: usize = 2;

impl Sha256 {
    /// What follows this hash's message: `gap_bytes` (at most 64) left open, then `rest`.
    pub(crate) fn ending(&self, gap_bytes: usize, rest: &[u8]) -> Ending {
        debug_assert!(gap_bytes <= BLOCK_BYTES);
        let fill = self.length_bytes % BLOCK_BYTES;
        let gap = fill..fill + gap_bytes;
        let padded_at = gap.end + rest.len();
        let count = (padded_at + 1 + size_of::<u64>()).div_ceil(BLOCK_BYTES);
        let mut blocks = vec![[0; BLOCK_BYTES]; count].into_boxed_slice();
        let bytes = blocks.as_flattened_mut();
        bytes[..fill].copy_from_slice(&self.block[..fill]);
        bytes[gap.end..padded_at].copy_from_slice(rest);
        bytes[padded_at] = 0x80;
        let length_bits = (self.length_bytes + gap_bytes + rest.len()) as u64 * 8;
        if let Some(length) = bytes.last_chunk_mut() {
            *length = length_bits.to_be_bytes();
        }
        Ending { blocks, gap }
    }

    /// The digest of this hash's message and `ending` with `gap` filled in.
    #[inline]
    pub(crate) fn finish_with(&self, ending: &Ending, gap: &[u8]) -> [u32; 8] {
        let mut state = self.state;
        let mut head = [[0; BLOCK_BYTES]; GAP_BLOCKS];
        let (first, rest) = ending.blocks.split_at(ending.blocks.len().min(GAP_BLOCKS));
        let head = &mut head[..first.len()];
        head.copy_from_slice(first);
        head.as_flattened_mut()[ending.gap.clone()].copy_from_slice(gap);
        compress256(&mut state, head);
        compress256(&mut state, rest);
        state
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
        let mut bytes = [0; DIGEST_BYTES];
        write_digest(&mut bytes, digest);
        let made = Self::new(&bytes);
        bytes.zeroize();
        made
    }

    /// Begins a message; [`HmacKey::finish`] ends it.
    pub(crate) fn begin(&self) -> Sha256 {
        Sha256::resume(self.inner, BLOCK_BYTES)
    }

    /// The code of the message whose inner digest, begun by [`HmacKey::begin`], is `inner`.
    #[inline]
    pub(crate) fn finish(&self, inner: [u32; 8]) -> [u32; 8] {
        let mut block = [0; BLOCK_BYTES];
        write_digest(&mut block, inner);
        block[DIGEST_BYTES] = 0x80;
        // The outer message is the key's block and one digest.
        const OUTER_BITS: u64 = (BLOCK_BYTES + DIGEST_BYTES) as u64 * 8;
        block[LENGTH_AT..].copy_from_slice(&OUTER_BITS.to_be_bytes());
        let mut state = self.outer;
        compress256(&mut state, &[block]);
        state
    }

    pub(crate) fn code(&self, message: &[u8]) -> [u32; 8] {
        let mut hash = self.begin();
        hash.update(message);
        self.finish(hash.finish())
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
