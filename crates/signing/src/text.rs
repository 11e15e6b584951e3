//! Numbers, hex and URI escapes written without the formatting machinery.
//!
//! Not a URL parser. The rule: escapes are SigV4's, not WHATWG's: every byte but the unreserved
//! characters of RFC 3986 becomes `%XX` in upper case, once, and nothing is normalised.

const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// What stays unescaped beside the unreserved characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slash {
    /// `/` separates the steps of a key and stays.
    Kept,
    /// `/` is data, as in a query value or a bucket's name.
    Escaped,
}

/// Appends `text` with SigV4's URI encoding.
pub(crate) fn push_uri_encoded(out: &mut String, text: &str, slash: Slash) {
    out.reserve(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) || (byte == b'/' && slash == Slash::Kept) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX_UPPER[usize::from(byte >> 4)]));
            out.push(char::from(HEX_UPPER[usize::from(byte & 15)]));
        }
    }
}

/// `text` with SigV4's URI encoding.
pub(crate) fn uri_encoded(text: &str, slash: Slash) -> String {
    let mut out = String::new();
    push_uri_encoded(&mut out, text, slash);
    out
}

/// Letters, digits, `-`, `.`, `_`, `~`.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A SHA-256 state as 64 lower case hex digits, eight at a time in one register.
#[inline]
pub(crate) fn hex(words: [u32; 8]) -> [u8; 64] {
    let mut out = [0; 64];
    for (digits, word) in out.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        // Spread the eight nibbles over eight bytes, then turn each into its letter: those over 9
        // carry into the upper half when 6 is added, and lie 39 above their digit's place.
        let mut nibbles = u64::from(word);
        nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff;
        nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff;
        nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f;
        let over_nine = ((nibbles + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
        let letters = nibbles + 0x3030_3030_3030_3030 + over_nine * u64::from(b'a' - b'0' - 10);
        *digits = letters.to_be_bytes();
    }
    out
}

/// Appends ASCII bytes made by this module.
pub(crate) fn push_ascii(out: &mut String, ascii: &[u8]) {
    out.push_str(std::str::from_utf8(ascii).expect("hex and digits are ASCII"));
}

/// A number in decimal, on the stack. The largest, 2^64-1, has 20 digits.
pub(crate) struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn new(mut number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            // A remainder of 10 fits a byte.
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return Self { digits, start };
            }
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

/// Appends `number` with leading zeros to at least `width` digits.
pub(crate) fn push_padded(out: &mut String, number: u16, width: usize) {
    let decimal = Decimal::new(number.into());
    let digits = decimal.as_bytes();
    for _ in digits.len()..width {
        out.push('0');
    }
    push_ascii(out, digits);
}
