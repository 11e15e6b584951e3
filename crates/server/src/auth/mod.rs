//! Who is calling: bearer tokens and sessions in, an [`Identity`] out.
//!
//! Not who may do what: ownership is judged by the use cases, row by row. *Invariant*: the algorithm comes from the
//! configuration and never from the token; time is an argument, so that one clock judges a token and everything else.

mod capability;
mod claims;
mod login;
mod secret;
mod session;
mod watch;

use std::fmt;

use domain::{OwnerId, TimeSpan, Timestamp};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};

pub use capability::{
    Capability, CapabilityError, LONGEST_CAPABILITY, MAX_CAPABILITY_COLLECTIONS, SHORTEST_CAPABILITY,
};
use claims::Claims;
pub use claims::{Scope, Scopes};
pub use login::{GUESSES_AT_ONCE, GUESSES_PER_MINUTE, LOGIN_CODE_LIFE, LoginCode, LoginCodes, LoginError};
pub use secret::{InstallationSecret, SecretFileError};
pub use session::{SESSION_COOKIE, SESSION_LIFE, Sessions};
pub use watch::{WatchError, WatchGrant};

/// Longest token that is looked at, in bytes: identity providers stay far below, and web servers stop at 8 KiB too.
pub const MAX_TOKEN_BYTES: usize = 8 << 10;
/// Shortest HS256 secret, in bytes: RFC 7518, section 3.2, asks for the size of the hash.
pub const MIN_SECRET_BYTES: usize = 32;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The `sub` of the token.
    pub owner: OwnerId,
    /// What else the caller may do.
    pub scopes: Scopes,
    /// Until when this is proved, to the second.
    pub expires_at: Timestamp,
}

/// Why a caller is not known. `Display` says what to do, and never repeats the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no `Authorization` header.
    #[error("send a token: `Authorization: Bearer <JWT>`")]
    Absent,
    /// The header is of another scheme, or empty.
    #[error("the Authorization header must be `Bearer <JWT>`")]
    NotBearer,
    /// Over [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLarge,
    /// It is no JWT, or a claim has the wrong shape.
    #[error("the token is not a well-formed JWT")]
    Malformed,
    /// It is signed by an algorithm other than the configured one; `none` included.
    #[error("the token must be signed with HS256")]
    Algorithm,
    /// The signature is not by our secret.
    #[error("the token's signature is not valid here; was it made for this installation?")]
    Signature,
    /// `exp` is absent.
    #[error("the token has no expiry (`exp`)")]
    NoExpiry,
    /// It works for longer than [`TokenRules::longest_life`].
    #[error("the token works for longer than this server allows (`auth.longest_token_life`); get one that ends sooner")]
    LivesTooLong,
    /// Its header names an extension that must be understood (RFC 7515, section 4.1.11), and there is none here.
    #[error("the token's header demands an extension (`crit`), and this server knows none")]
    Critical,
    /// `exp` has passed.
    #[error("the token has expired; get a new one")]
    Expired,
    /// `nbf` lies ahead.
    #[error("the token is not valid yet (`nbf`); check the issuer's clock")]
    NotYetValid,
    /// `iss` is not the configured one.
    #[error("the token's issuer (`iss`) is not the one this server trusts")]
    Issuer,
    /// `aud` does not hold the configured one.
    #[error("the token is for another audience (`aud`)")]
    Audience,
    /// `sub` is absent or no owner id.
    #[error("the token's subject (`sub`) must be a text of 1 to 256 bytes")]
    Subject,
    /// The session's cookie is not valid, or not any more.
    #[error("the session is over; sign in again")]
    NoSession,
}

/// Longest life of a token unless configured otherwise. A token cannot be taken back: whoever finds one in an old log or
/// backup should find it ended.
pub const DEFAULT_LONGEST_TOKEN_LIFE: TimeSpan = TimeSpan::from_hours(24 * 90);

/// What tokens must say besides a valid signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// Required `iss`.
    pub issuer: Option<String>,
    /// Required member of `aud`.
    pub audience: Option<String>,
    /// By how much clocks may differ.
    pub leeway: TimeSpan,
    /// How long a token may work: from `iat`, or from now where it does not say when it was issued, to `exp`.
    pub longest_life: TimeSpan,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self { issuer: None, audience: None, leeway: TimeSpan::ZERO, longest_life: DEFAULT_LONGEST_TOKEN_LIFE }
    }
}

/// What a new token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// Its `sub`.
    pub owner: OwnerId,
    /// How long it works.
    pub ttl: TimeSpan,
    /// What it allows besides acting as its owner.
    pub scopes: Scopes,
}

/// Verifies and mints tokens with one HS256 secret.
#[derive(Clone)]
pub struct Authenticator {
    decoding: DecodingKey,
    encoding: EncodingKey,
    validation: Validation,
    rules: TokenRules,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// The secret is shorter than [`MIN_SECRET_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an HS256 secret has at least {MIN_SECRET_BYTES} bytes (RFC 7518, section 3.2); this one has {bytes}")]
pub struct WeakSecret {
    /// Its length.
    pub bytes: usize,
}

impl Authenticator {
    /// Takes the secret that tokens are signed with.
    ///
    /// # Errors
    /// [`WeakSecret`].
    pub fn hs256(secret: &[u8], rules: TokenRules) -> Result<Self, WeakSecret> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(WeakSecret { bytes: secret.len() });
        }
        // The library judges the signature only; its checks of claims would read its own clock.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let (decoding, encoding) = (DecodingKey::from_secret(secret), EncodingKey::from_secret(secret));
        Ok(Self { decoding, encoding, validation, rules })
    }

    /// Judges an `Authorization` header at `now`.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub fn authenticate(&self, header: Option<&str>, now: Timestamp) -> Result<Identity, AuthError> {
        let header = header.ok_or(AuthError::Absent)?;
        let (scheme, token) = header.trim().split_once(' ').ok_or(AuthError::NotBearer)?;
        // RFC 9110, section 11.1: schemes are case-insensitive.
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(AuthError::NotBearer);
        }
        self.verify(token.trim(), now)
    }

    /// Judges a token at `now`.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::TooLarge);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation);
        let claims = decoded.map_err(|error| classify(token, error.kind()))?.claims;
        if claims::demands_an_extension(token) {
            return Err(AuthError::Critical);
        }
        claims.judge(&self.rules, now)
    }

    /// Makes a token that [`Self::verify`] accepts from `now` until the time to live is over.
    ///
    /// # Panics
    /// Never: claims are plain text and numbers, and the key fits the algorithm.
    pub fn mint(&self, request: &TokenRequest, now: Timestamp) -> String {
        let claims = Claims::of(request, &self.rules, now);
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .expect("claims are JSON and the key is an HMAC key")
    }
}

/// Sorts the library's errors. A header it cannot read is looked at again, because it refuses `alg: none` like garbage.
fn classify(token: &str, kind: &ErrorKind) -> AuthError {
    match kind {
        ErrorKind::InvalidSignature => AuthError::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => AuthError::Algorithm,
        _ if claims::names_an_algorithm_but_not_hs256(token) => AuthError::Algorithm,
        _ => AuthError::Malformed,
    }
}

#[cfg(test)]
mod tests;
