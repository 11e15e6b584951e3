//! Numbers, hex and URI escapes written without the formatting machinery.
//!
//! Not a URL parser. The rule: escapes are SigV4's, not WHATWG's: every byte but the unreserved
//! characters of RFC 3986 becomes `%XX` in upper case, once, and nothing is normalised.

const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";
const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";

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

/// A SHA-256 state as 64 lower case hex digits.
pub(crate) fn hex(words: [u32; 8]) -> [u8; 64] {
    let mut out = [0; 64];
    for (chunk, word) in out.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        for (pair, byte) in chunk.as_chunks_mut::<2>().0.iter_mut().zip(word.to_be_bytes()) {
            *pair = [HEX_LOWER[usize::from(byte >> 4)], HEX_LOWER[usize::from(byte & 15)]];
        }
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
