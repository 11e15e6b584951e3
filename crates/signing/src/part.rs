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
    sha256::{HmacKey, Sha256},
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
    /// URL and canonical query up to the value of the signed headers.
    location: Location,
    query: String,
    /// `&uploadId=...`, escaped.
    upload_id: String,
    host_signed: Shape,
    /// Made when the first part with a signed length is asked for: many uploads never do.
    length_signed: OnceLock<Shape>,
    /// HMAC's inner hash after the key and the string to sign's head.
    to_sign: Sha256,
    hmac: HmacKey,
}

/// What a choice of signed headers fixes.
struct Shape {
    /// The URL up to and including `partNumber=`.
    url_head: String,
    /// The hash of the canonical request up to and including `partNumber=`.
    canonical_head: Sha256,
    /// The canonical request after the number: up to the length's value if that is signed, else to
    /// its end.
    canonical_middle: String,
    /// The canonical request after the length's value; empty if that is not signed.
    canonical_end: String,
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
        let mut to_sign = key.hmac.begin();
        to_sign.update(key.string_to_sign_head(&amz_date).as_bytes());
        let host_signed = Shape::host_signed(&location, &query, &upload_id);
        Ok(Self {
            location,
            query,
            upload_id,
            host_signed,
            length_signed: OnceLock::new(),
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
        let shape = match content_length_bytes {
            None => &self.host_signed,
            Some(_) => {
                self.length_signed.get_or_init(|| Shape::length_signed(&self.location, &self.query, &self.upload_id))
            }
        };
        let number = Decimal::new(number.get().into());
        let mut canonical = shape.canonical_head.clone();
        canonical.update(number.as_bytes());
        canonical.update(shape.canonical_middle.as_bytes());
        if let Some(length) = content_length_bytes {
            canonical.update(Decimal::new(length).as_bytes());
            canonical.update(shape.canonical_end.as_bytes());
        }
        let mut to_sign = self.to_sign.clone();
        to_sign.update(&hex(canonical.finish()));
        let signature = hex(self.hmac.finish(to_sign));

        out.reserve(self.url_bytes_max(shape));
        out.push_str(&shape.url_head);
        push_ascii(out, number.as_bytes());
        out.push_str("&uploadId=");
        out.push_str(&self.upload_id);
        out.push_str("&X-Amz-Signature=");
        push_ascii(out, &signature);
    }

    fn url_bytes_max(&self, shape: &Shape) -> usize {
        shape.url_head.len()
            + NUMBER_BYTES_MAX
            + "&uploadId=&X-Amz-Signature=".len()
            + self.upload_id.len()
            + SIGNATURE_BYTES
    }
}

impl Shape {
    fn host_signed(location: &Location, query: &str, upload_id: &str) -> Self {
        let middle = ["&uploadId=", upload_id, "\nhost:", &location.host, "\n\nhost\nUNSIGNED-PAYLOAD"];
        Self::new(location, query, "host", middle.concat(), String::new())
    }

    fn length_signed(location: &Location, query: &str, upload_id: &str) -> Self {
        let middle = ["&uploadId=", upload_id, "\ncontent-length:"];
        let end = ["\nhost:", &location.host, "\n\ncontent-length;host\nUNSIGNED-PAYLOAD"];
        let signed_headers = "content-length%3Bhost";
        Self::new(location, query, signed_headers, middle.concat(), end.concat())
    }

    fn new(
        location: &Location,
        query: &str,
        signed_headers: &str,
        canonical_middle: String,
        canonical_end: String,
    ) -> Self {
        let query_tail = [signed_headers, "&partNumber="].concat();
        let mut canonical_head = Sha256::new();
        for piece in ["PUT\n", location.path(), "\n", query, &query_tail] {
            canonical_head.update(piece.as_bytes());
        }
        Self {
            url_head: [&location.url, "?", query, &query_tail].concat(),
            canonical_head,
            canonical_middle,
            canonical_end,
        }
    }
}

impl Drop for PartPresigner {
    fn drop(&mut self) {
        self.to_sign.zeroize();
        self.query.zeroize();
    }
}

impl fmt::Debug for PartPresigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartPresigner").field("object", &self.location.url).finish_non_exhaustive()
    }
}
