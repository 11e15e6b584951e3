//! URLs that clients follow to the store by themselves: parts to send, objects to read.
//!
//! Pure: the credentials and the time are arguments, so the hot path waits for nobody. Not a policy: whether a URL may
//! be handed out is decided before. *Invariant*: no URL works past the time it was asked for or past its credentials,
//! and every part URL takes exactly the planned number of bytes, where a number was planned.

mod disposition;

use std::num::NonZeroU16;

use domain::delivery::Window;
use domain::{ObjectKey, PartLength, PartNumber, Timestamp, UploadId, Visibility};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use signing::{
    Addressing, EXPIRES_SECONDS_MAX, Endpoint, EndpointError, GetOptions, Object, PartPresigner, PartRequest,
    PresignError, PresignedUrl, SigningKey, Validity, presign_get, presign_head, presign_part,
};
use url::Url;

pub use self::disposition::Disposition;
use super::SigningCredentials;
use super::layout::{InvalidLayout, Layout};

/// What [`UrlSigner`] is made of.
#[derive(Debug, Clone)]
pub struct SignerSettings {
    /// The store's address as clients reach it, such as `https://s3.eu-west-1.amazonaws.com`.
    pub endpoint: String,
    /// Where the bucket's name stands in URLs.
    pub addressing: Addressing,
    /// The region the store calls itself by.
    pub region: String,
    /// The bucket of private objects.
    pub private_bucket: String,
    /// The bucket of public objects.
    pub public_bucket: String,
    /// What stands before every key; empty or ending with `/`.
    pub prefix: String,
    /// Where the public bucket is served from, such as a CDN; without it the endpoint itself.
    pub public_base_url: Option<String>,
}

/// Why settings make no signer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSigner {
    /// The endpoint is none.
    #[error("the store's public endpoint cannot be used: {0}")]
    Endpoint(EndpointError),
    /// The public base URL is none.
    #[error("the base URL of public files cannot be used: {0}")]
    PublicBaseUrl(EndpointError),
    /// Buckets or prefix are wrong.
    #[error(transparent)]
    Layout(#[from] InvalidLayout),
    /// No URL could be signed for a bucket of this name.
    #[error(transparent)]
    Bucket(PresignError),
}

/// One part to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartToSign {
    /// Its number.
    pub number: PartNumber,
    /// How long it may be: where that is planned, the URL takes no other length.
    pub length: PartLength,
    /// The base64 of its SHA-256, if the client wants the store to check it on arrival.
    pub checksum_sha256: Option<String>,
}

/// A part the client may now send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPart {
    /// Its number.
    pub number: PartNumber,
    /// How many bytes it must have; where nobody declared a size, whatever the store takes.
    pub length: PartLength,
    /// Where to PUT it.
    pub url: PresignedUrl,
    /// Headers that must be sent with it, names in lower case. The length is not among them: every HTTP client sends
    /// it from the body, and browsers forbid to set it.
    pub headers: Vec<(String, String)>,
    /// The first moment at which the store refuses the URL, in whole seconds.
    pub expires_at: Timestamp,
}

/// A private object that may now be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRead {
    /// Where to read it, by the method it was signed for.
    pub url: PresignedUrl,
    /// The first moment at which the store refuses the URL, in whole seconds.
    pub expires_at: Timestamp,
}

/// How an object is read by its URL. S3 signs the method, so a URL is good for one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMethod {
    /// Headers and bytes.
    Get,
    /// Headers only.
    Head,
}

/// Signs URLs for one installation's buckets.
#[derive(Debug, Clone)]
pub struct UrlSigner {
    endpoint: Endpoint,
    region: String,
    layout: Layout,
    /// What stands before the full key in a public URL; ends with `/`.
    public_base: String,
    /// The same of the private bucket, where a plain URL must open nothing.
    private_base: String,
}

/// What RFC 3986 escapes in a path: all but its unreserved characters and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

impl UrlSigner {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`InvalidSigner`] names the setting and how to write it.
    pub fn new(settings: SignerSettings) -> Result<Self, InvalidSigner> {
        let SignerSettings { endpoint: address, addressing, region, private_bucket, public_bucket, prefix, .. } =
            settings;
        let endpoint = Endpoint::parse(&address, addressing).map_err(InvalidSigner::Endpoint)?;
        let layout = Layout::parse(&private_bucket, &public_bucket, &prefix)?;
        let public_base = match settings.public_base_url {
            Some(base) => {
                Endpoint::parse(&base, Addressing::Path).map_err(InvalidSigner::PublicBaseUrl)?;
                format!("{}/", base.trim_end_matches('/'))
            }
            None => bucket_base(&address, addressing, &public_bucket),
        };
        let private_base = bucket_base(&address, addressing, &private_bucket);
        let signer = Self { endpoint, region, layout, public_base, private_base };
        signer.check_buckets()?;
        Ok(signer)
    }

    /// Signs the PUTs of parts. The URLs work from `now` and end at `expires_at`, cut to the second, or earlier where
    /// the credentials do, or after 7 days, S3's limit.
    ///
    /// # Errors
    /// [`PresignError::Expires`] if less than a second is left; [`PresignError::HeaderValue`] for a checksum that is
    /// no header value.
    pub fn part_urls(
        &self,
        credentials: &SigningCredentials,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[PartToSign],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Vec<SignedPart>, PresignError> {
        let validity = validity(credentials, now, expires_at)?;
        let signing_key = SigningKey::at(&credentials.credentials, validity.at(), &self.region);
        let full_key = self.layout.full_key(key);
        let object = Object { bucket: self.layout.bucket(key), key: &full_key };
        let presigner = PartPresigner::new(&signing_key, &self.endpoint, object, &upload.0, validity)?;
        let expires_at = validity.ends_at();
        parts
            .iter()
            .map(|part| {
                let number = NonZeroU16::new(part.number.get()).expect("part numbers begin at 1");
                let length = match part.length {
                    PartLength::Exactly(length) => Some(length.get()),
                    PartLength::Open => None,
                };
                let (url, headers) = match &part.checksum_sha256 {
                    None => (presigner.sign(number, length), Vec::new()),
                    Some(checksum) => {
                        let length = length.map(|length| length.to_string());
                        let length = length.as_deref().map(|length| ("content-length", length));
                        let signed: Vec<_> = length.into_iter().chain([(SHA256_HEADER, checksum.as_str())]).collect();
                        let request = PartRequest { upload_id: &upload.0, number, headers: &signed };
                        let url = presign_part(&signing_key, &self.endpoint, object, &request, validity)?;
                        (url, vec![(SHA256_HEADER.to_owned(), checksum.clone())])
                    }
                };
                Ok(SignedPart { number: part.number, length: part.length, url, headers, expires_at })
            })
            .collect()
    }

    /// Signs the reading of an object for a delivery window: equal byte for byte for everybody who asks within the window
    /// with the same credentials. It ends with the window, or earlier where the credentials do.
    ///
    /// # Errors
    /// [`PresignError::Expires`] if nothing of the window is left when the credentials end.
    pub fn read_url(
        &self,
        credentials: &SigningCredentials,
        key: &ObjectKey,
        window: Window,
        method: ReadMethod,
        disposition: &Disposition,
    ) -> Result<SignedRead, PresignError> {
        let validity = validity(credentials, window.signed_at, window.expires_at)?;
        let signing_key = SigningKey::at(&credentials.credentials, validity.at(), &self.region);
        let full_key = self.layout.full_key(key);
        let object = Object { bucket: self.layout.bucket(key), key: &full_key };
        let disposition = disposition.override_value();
        let options = GetOptions { response_content_disposition: disposition.as_deref(), ..GetOptions::default() };
        let presign = match method {
            ReadMethod::Get => presign_get,
            ReadMethod::Head => presign_head,
        };
        let url = presign(&signing_key, &self.endpoint, object, &options, validity)?;
        Ok(SignedRead { url, expires_at: validity.ends_at() })
    }

    /// The plain URL of a public object. It holds no secret and never ends.
    ///
    /// # Panics
    /// If the key is private: nobody could read it there, and naming it would give its key away.
    pub fn public_url(&self, key: &ObjectKey) -> String {
        assert_eq!(key.visibility(), Visibility::Public, "a private object has no plain URL");
        self.plain_url(Visibility::Public, &self.layout.full_key(key))
    }

    /// The origins of all URLs made here, as browsers write them.
    pub fn origins(&self) -> Vec<String> {
        let origin = |base: &String| Some(Url::parse(base).ok()?.origin().ascii_serialization());
        let mut origins: Vec<_> = [&self.private_base, &self.public_base].into_iter().filter_map(origin).collect();
        origins.dedup();
        origins
    }

    /// The plain URL of a key as its bucket spells it; of the private bucket only for the proof that it opens nothing.
    pub(crate) fn plain_url(&self, visibility: Visibility, full_key: &str) -> String {
        let base = match visibility {
            Visibility::Private => &self.private_base,
            Visibility::Public => &self.public_base,
        };
        format!("{base}{}", utf8_percent_encode(full_key, PATH))
    }

    /// Signs once for each bucket, so that a name that fits no URL is found at start and not by the first upload.
    fn check_buckets(&self) -> Result<(), InvalidSigner> {
        let nobody = signing::Credentials::new("check", "check", None);
        let key = SigningKey::at(&nobody, Timestamp::UNIX_EPOCH, &self.region);
        for visibility in [Visibility::Private, Visibility::Public] {
            let object = Object { bucket: self.layout.bucket_of(visibility), key: "check" };
            let validity = Validity::starting(Timestamp::UNIX_EPOCH, 1).map_err(InvalidSigner::Bucket)?;
            presign_get(&key, &self.endpoint, object, &GetOptions::default(), validity)
                .map_err(InvalidSigner::Bucket)?;
        }
        Ok(())
    }
}

/// The header that makes the store check a part on arrival.
const SHA256_HEADER: &str = "x-amz-checksum-sha256";

/// The whole seconds from `start` to the earliest of `end`, the credentials' end and S3's limit.
fn validity(credentials: &SigningCredentials, start: Timestamp, end: Timestamp) -> Result<Validity, PresignError> {
    let end = credentials.end.map_or(end, |credentials_end| credentials_end.min(end));
    let seconds = (end.as_second() - start.as_second()).clamp(0, i64::from(EXPIRES_SECONDS_MAX));
    // The clamp makes the cast lossless; 0 is refused with its own error.
    Validity::starting(start, u32::try_from(seconds).unwrap_or(EXPIRES_SECONDS_MAX))
}

/// A public bucket at the endpoint itself. The endpoint was parsed before, so it has a scheme.
fn bucket_base(endpoint: &str, addressing: Addressing, bucket: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    let bucket = utf8_percent_encode(bucket, PATH);
    match (addressing, endpoint.split_once("://")) {
        (Addressing::VirtualHost, Some((scheme, rest))) => format!("{scheme}://{bucket}.{rest}/"),
        (Addressing::VirtualHost | Addressing::Path, _) => format!("{endpoint}/{bucket}/"),
    }
}

#[cfg(test)]
mod tests;
