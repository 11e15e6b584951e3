//! Who may call, and how much.

use std::path::PathBuf;

use domain::rate::Rate;
use domain::{ByteCount, TimeSpan};

use super::error::ConfigError;
use super::form::{FilePath, Hidden, Maybe, Number, Size, Span, Text, not_empty};
use super::secret::{self, Secret};
use super::visit::Visitor;
use crate::auth::{MIN_SECRET_BYTES, TokenRules};
use crate::catalog::Allowance;

/// `[auth]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthConfig {
    /// The secret that HS256 tokens are signed with.
    pub hs256_secret: Option<Secret>,
    /// The file that holds it.
    pub hs256_secret_file: Option<PathBuf>,
    /// Required `iss`.
    pub issuer: Option<String>,
    /// Required member of `aud`.
    pub audience: Option<String>,
    /// By how much clocks may differ.
    pub leeway: TimeSpan,
}

impl Default for AuthConfig {
    fn default() -> Self {
        let leeway = TimeSpan::from_secs(60);
        Self { hs256_secret: None, hs256_secret_file: None, issuer: None, audience: None, leeway }
    }
}

impl AuthConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "The secret that JWTs are signed with (HS256), at least 32 bytes. Default: one that this installation makes for itself, in the file `secret` of the data folder.";
        visitor.key("hs256_secret", doc, &mut self.hs256_secret, Hidden);
        let doc = "The file that holds it; a line break at its end does not count.";
        let example = "\"/etc/landfall/jwt-secret\"";
        visitor.key("hs256_secret_file", doc, &mut self.hs256_secret_file, Maybe(FilePath, example));
        let doc = "What `iss` of every token must be. Default: anything.";
        visitor.key("issuer", doc, &mut self.issuer, Maybe(Text(not_empty), "\"https://id.example.com\""));
        let doc = "What `aud` of every token must hold. Default: anything.";
        visitor.key("audience", doc, &mut self.audience, Maybe(Text(not_empty), "\"landfall\""));
        let doc = "By how much the clocks of issuers may differ from ours.";
        visitor.key("leeway", doc, &mut self.leeway, Span(TimeSpan::ZERO..=TimeSpan::from_mins(10)));
    }

    /// The configured secret; `None` where the installation makes its own.
    ///
    /// # Errors
    /// Given twice, shorter than 32 bytes, or in a file that cannot be read.
    pub fn secret(&self) -> Result<Option<Secret>, ConfigError> {
        let file = self.hs256_secret_file.as_ref();
        let secret = secret::resolve("auth.hs256_secret", self.hs256_secret.as_ref(), file)?;
        let bytes = secret.as_ref().map_or(MIN_SECRET_BYTES, |secret| secret.expose().len());
        if bytes < MIN_SECRET_BYTES {
            let wrong = format!("has {bytes} bytes; HS256 needs at least {MIN_SECRET_BYTES} (RFC 7518, section 3.2)");
            return Err(ConfigError::relation("auth.hs256_secret", wrong));
        }
        Ok(secret)
    }

    /// What tokens must say.
    pub fn token_rules(&self) -> TokenRules {
        TokenRules { issuer: self.issuer.clone(), audience: self.audience.clone(), leeway: self.leeway }
    }
}

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Largest request body.
    pub body: ByteCount,
    /// Largest body of `complete`.
    pub complete_body: ByteCount,
    /// Requests of one owner a minute, evenly.
    pub rate_per_minute: u32,
    /// Requests of one owner at once.
    pub burst: u32,
    /// Unfinished uploads of one owner.
    pub open_uploads: u32,
    /// Declared bytes of one owner's unfinished uploads.
    pub reserved_bytes: ByteCount,
}

impl Default for LimitsConfig {
    /// A folder of a thousand pictures goes up without a pause: each takes two or three requests.
    fn default() -> Self {
        Self {
            body: ByteCount::mib(1),
            complete_body: ByteCount::mib(4),
            rate_per_minute: 6_000,
            burst: 1_000,
            open_uploads: 1_000,
            reserved_bytes: ByteCount::gib(2 << 10),
        }
    }
}

/// Bodies are read into memory, so even the largest stays small beside it.
const LARGEST_BODY: ByteCount = ByteCount::mib(64);
/// Rates finer than a request a microsecond cannot be kept.
const LARGEST_RATE: u32 = 60_000_000;

impl LimitsConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "Largest request body.";
        visitor.key("body", doc, &mut self.body, Size(ByteCount::kib(1)..=LARGEST_BODY));
        let doc = "Largest body of a complete request; 10,000 parts with their ETags are under 1 MiB.";
        visitor.key("complete_body", doc, &mut self.complete_body, Size(ByteCount::kib(1)..=LARGEST_BODY));
        let doc = "Requests of one owner a minute, evenly spread.";
        visitor.key("rate_per_minute", doc, &mut self.rate_per_minute, Number(1..=LARGEST_RATE));
        let doc = "Requests that one owner may send at once.";
        visitor.key("burst", doc, &mut self.burst, Number(1..=1_000_000));
        let doc = "Uploads that one owner may have unfinished.";
        visitor.key("open_uploads", doc, &mut self.open_uploads, Number(1..=1_000_000));
        let doc = "Declared bytes that one owner's unfinished uploads may hold.";
        visitor.key("reserved_bytes", doc, &mut self.reserved_bytes, Size(ByteCount(1)..=ByteCount::gib(1 << 30)));
    }

    /// How often one owner may call.
    ///
    /// # Panics
    /// If the fields were set outside their ranges.
    pub fn rate(&self) -> Rate {
        Rate::per_minute(self.rate_per_minute, self.burst).expect("rate and burst are in range")
    }

    /// What one owner may have unfinished.
    pub const fn allowance(&self) -> Allowance {
        Allowance { open_uploads: self.open_uploads, reserved_bytes: self.reserved_bytes }
    }
}
