//! SigV4's signing key: derived from the secret for one day, region and service.
//!
//! Not a cache: the caller keeps it for the day. The rule: it signs for its own UTC day only.

use std::fmt;

use jiff::{Timestamp, civil};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    credentials::Credentials,
    error::PresignError,
    sha256::HmacKey,
    validity::{Validity, push_day, utc_day},
};

/// The only service whose URLs this crate signs.
const SERVICE: &str = "s3";

/// What all URLs of one (credentials, UTC day, region) share. Making one costs about ten SHA-256
/// blocks; keep it for the day.
#[derive(Clone)]
pub struct SigningKey {
    pub(crate) access_key_id: String,
    pub(crate) session_token: Option<Zeroizing<String>>,
    /// `20130524/us-east-1/s3/aws4_request`.
    pub(crate) scope: String,
    pub(crate) hmac: HmacKey,
    day: civil::Date,
}

impl SigningKey {
    /// The key of `day` (UTC) for stores in `region`. The region is whatever the store calls
    /// itself: `us-east-1`, `auto`, `garage`.
    pub fn derive(credentials: &Credentials, day: civil::Date, region: &str) -> Self {
        let mut scope = String::with_capacity(32 + region.len());
        push_day(&mut scope, day);
        let day_text = scope.clone();
        for step in [region, SERVICE, "aws4_request"] {
            scope.push('/');
            scope.push_str(step);
        }
        let secret = &*credentials.secret_access_key;
        let mut first = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.as_bytes());

        let mut hmac = HmacKey::new(&first);
        for step in [day_text.as_str(), region, SERVICE, "aws4_request"] {
            let mut digest = hmac.code(step.as_bytes());
            hmac = HmacKey::from_digest(digest);
            digest.zeroize();
        }
        Self {
            access_key_id: credentials.access_key_id.clone(),
            session_token: credentials.session_token.clone(),
            scope,
            hmac,
            day,
        }
    }

    /// The key of the UTC day that `at` lies in.
    pub fn at(credentials: &Credentials, at: Timestamp, region: &str) -> Self {
        Self::derive(credentials, utc_day(at), region)
    }

    /// Whether this key may sign at `at`. A kept key that does not is replaced by its owner.
    pub fn covers(&self, at: Timestamp) -> bool {
        utc_day(at) == self.day
    }

    pub(crate) fn check_day(&self, validity: &Validity) -> Result<(), PresignError> {
        let signing_day = validity.day();
        if signing_day == self.day { Ok(()) } else { Err(PresignError::WrongDay { key_day: self.day, signing_day }) }
    }

    /// The string to sign up to the canonical request's digest.
    pub(crate) fn string_to_sign_head(&self, amz_date: &str) -> String {
        ["AWS4-HMAC-SHA256\n", amz_date, "\n", &self.scope, "\n"].concat()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
