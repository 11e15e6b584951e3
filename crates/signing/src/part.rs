//! Presigned URLs for the parts of one multipart upload.
//!
//! Not a plan of parts: sizes and numbers are the caller's. The rule: every URL equals, byte for
//! byte, what [`crate::presign`] gives for the same request.
//!
//! Why it is fast: in the canonical request the parameters of the signature sort first, then
//! `partNumber`, then `uploadId`. So all that comes before the number is the same for every part,
//! and its hash is kept; so are HMAC's states after the key, and after the head of the string to
//! sign. A URL then costs the few SHA-256 blocks that follow the number, two for the string to
//! sign and one for HMAC's outer hash.

use std::{fmt, num::NonZeroU16, sync::OnceLock};

use zeroize::Zeroize;

use crate::{
    endpoint::{Endpoint, Location, Object},
    error::PresignError,
    key::SigningKey,
    presigned_url::PresignedUrl,
    request::{Method, Request, presign, signature_query},
    sha256::{Ending, HmacKey, Sha256},
    text::{Decimal, Slash, hex, push_ascii, uri_encoded},
    validity::Validity,
};

/// Hex digits of a signature.
const SIGNATURE_BYTES: usize = 64;
/// Decimal digits of the largest part number a `u16` holds.
const NUMBER_BYTES_MAX: usize = 5;

/// One part to presign with [`presign_part`].
#[derive(Debug, Clone, Copy)]
pub struct PartRequest<'a> {
    /// The multipart upload's id, as the store gave it.
    pub upload_id: &'a str,
    /// The part's number; S3 takes 1 to 10,000.
    pub number: NonZeroU16,
    /// Headers the client must send with exactly these values, as in [`Request::headers`]:
    /// `x-amz-checksum-sha256`, `content-type`.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Presigns one part, with any signed headers. For many parts of an upload use [`PartPresigner`].
///
/// # Errors
/// As [`presign`].
pub fn presign_part(
    key: &SigningKey,
    endpoint: &Endpoint,
    object: Object<'_>,
    part: &PartRequest<'_>,
    validity: Validity,
) -> Result<PresignedUrl, PresignError> {
    let number = part.number.to_string();
    let request = Request {
        method: Method::Put,
        object,
        query: &[("partNumber", &number), ("uploadId", part.upload_id)],
        headers: part.headers,
    };
    presign(key, endpoint, &request, validity)
}

/// Prepared once per (key, object, multipart upload, validity), then one URL per part.
pub struct PartPresigner {
    upload: Upload,
    host_signed: Shape,
    /// Made for the first signed length asked for: all parts of an upload but the last have the
    /// same, and many uploads sign none.
    length_signed: OnceLock<(u64, Shape)>,
    /// HMAC's inner hash after the key and the head of the string to sign, and what follows: the
    /// canonical request's digest in hex.
    to_sign: Sha256,
    to_sign_ending: Ending,
    hmac: HmacKey,
}

/// What all shapes share.
struct Upload {
    location: Location,
    /// The canonical query up to the value of the signed headers.
    query: String,
    /// `&uploadId=...&X-Amz-Signature=`, escaped.
    url_tail: String,
}

/// What a choice of signed headers, and their values, fixes.
struct Shape {
    /// The URL up to and including `partNumber=`.
    url_head: String,
    /// The hash of the canonical request up to and including `partNumber=`.
    canonical_head: Sha256,
    /// The canonical request after the number.
    canonical_tail: String,
    /// The canonical request from the number on, for numbers of 1, 2, .. digits.
    endings: [OnceLock<Ending>; NUMBER_BYTES_MAX],
}

impl PartPresigner {
    /// Prepares the URLs of the parts of `upload_id`, which is about to fill `object`.
    ///
    /// # Errors
    /// [`PresignError`] for an impossible bucket or key, or a key of another day.
    pub fn new(
        key: &SigningKey,
        endpoint: &Endpoint,
        object: Object<'_>,
        upload_id: &str,
        validity: Validity,
    ) -> Result<Self, PresignError> {
        key.check_day(&validity)?;
        let location = endpoint.locate(object)?;
        let amz_date = validity.amz_date();
        let query = signature_query(key, &amz_date, &validity);
        let upload_id = uri_encoded(upload_id, Slash::Escaped);
        let url_tail = ["&uploadId=", &upload_id, "&X-Amz-Signature="].concat();
        let mut to_sign = key.hmac.begin();
        to_sign.update(key.string_to_sign_head(&amz_date).as_bytes());
        let upload = Upload { location, query, url_tail };
        Ok(Self {
            host_signed: upload.shape(None),
            length_signed: OnceLock::new(),
            upload,
            to_sign_ending: to_sign.ending(SIGNATURE_BYTES, &[]),
            to_sign,
            hmac: key.hmac.clone(),
        })
    }

    /// The URL of part `number`. With `content_length_bytes` the client must send exactly that
    /// many bytes; without, any length that the store takes.
    pub fn sign(&self, number: NonZeroU16, content_length_bytes: Option<u64>) -> PresignedUrl {
        let mut url = String::new();
        self.sign_into(number, content_length_bytes, &mut url);
        PresignedUrl::new(url)
    }

    /// Appends the URL of part `number` to `out`, which allocates nothing once it has room. What
    /// it appends is a password, and `out` no longer hides it.
    pub fn sign_into(&self, number: NonZeroU16, content_length_bytes: Option<u64>, out: &mut String) {
        let Some(length) = content_length_bytes else {
            return self.sign_shape(&self.host_signed, number, out);
        };
        let make = || (length, self.upload.shape(Some(length)));
        match self.length_signed.get_or_init(make) {
            (kept, shape) if *kept == length => self.sign_shape(shape, number, out),
            _ => self.sign_shape(&self.upload.shape(Some(length)), number, out),
        }
    }

    #[inline]
    fn sign_shape(&self, shape: &Shape, number: NonZeroU16, out: &mut String) {
        let number = Decimal::new(number.get().into());
        let digest = shape.canonical_digest(number.as_bytes());
        let inner = self.to_sign.finish_with(&self.to_sign_ending, &hex(digest));
        let signature = hex(self.hmac.finish(inner));

        out.reserve(shape.url_head.len() + NUMBER_BYTES_MAX + self.upload.url_tail.len() + SIGNATURE_BYTES);
        out.push_str(&shape.url_head);
        push_ascii(out, number.as_bytes());
        out.push_str(&self.upload.url_tail);
        push_ascii(out, &signature);
    }
}

impl Upload {
    fn shape(&self, content_length_bytes: Option<u64>) -> Shape {
        let mut canonical_tail = self.canonical_upload_id().to_owned();
        if let Some(length) = content_length_bytes {
            canonical_tail.push_str("\ncontent-length:");
            push_ascii(&mut canonical_tail, Decimal::new(length).as_bytes());
        }
        let (listed, escaped) = match content_length_bytes {
            None => ("host", "host"),
            Some(_) => ("content-length;host", "content-length%3Bhost"),
        };
        for piece in ["\nhost:", &self.location.host, "\n\n", listed, "\nUNSIGNED-PAYLOAD"] {
            canonical_tail.push_str(piece);
        }
        let query_tail = [escaped, "&partNumber="].concat();
        let mut canonical_head = Sha256::new();
        for piece in ["PUT\n", self.location.path(), "\n", &self.query, &query_tail] {
            canonical_head.update(piece.as_bytes());
        }
        Shape {
            url_head: [&self.location.url, "?", &self.query, &query_tail].concat(),
            canonical_head,
            canonical_tail,
            endings: Default::default(),
        }
    }

    /// `&uploadId=...`, escaped.
    fn canonical_upload_id(&self) -> &str {
        let end = self.url_tail.len() - "&X-Amz-Signature=".len();
        &self.url_tail[..end]
    }
}

impl Shape {
    #[inline]
    fn canonical_digest(&self, number: &[u8]) -> [u32; 8] {
        let ending = self.endings[number.len() - 1]
            .get_or_init(|| self.canonical_head.ending(number.len(), self.canonical_tail.as_bytes()));
        self.canonical_head.finish_with(ending, number)
    }
}

impl Drop for PartPresigner {
    fn drop(&mut self) {
        // As good as the day's key. The session token needs no wiping here: every URL carries it.
        self.to_sign.zeroize();
    }
}

impl fmt::Debug for PartPresigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartPresigner").field("object", &self.upload.location.url).finish_non_exhaustive()
    }
}
