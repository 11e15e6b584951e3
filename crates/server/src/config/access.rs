//! Who may call, and how much.

use std::path::PathBuf;

use domain::rate::Rate;
use domain::{ByteCount, TimeSpan};

use super::error::ConfigError;
use super::form::{FilePath, Hidden, Maybe, Number, Size, Span, Text, not_empty};
use super::secret::{self, Secret};
use super::visit::Visitor;
use crate::auth::{DEFAULT_LONGEST_TOKEN_LIFE, MIN_SECRET_BYTES, TokenRules};
use crate::catalog::Allowance;
use crate::http::RequestLimits;

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
    /// How long a token may work.
    pub longest_token_life: TimeSpan,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            hs256_secret: None,
            hs256_secret_file: None,
            issuer: None,
            audience: None,
            leeway: TimeSpan::from_secs(60),
            longest_token_life: DEFAULT_LONGEST_TOKEN_LIFE,
        }
    }
}

/// Two years: longer than any rotation of secrets.
const LONGEST_LIFE: TimeSpan = TimeSpan::from_hours(24 * 366 * 2);

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
        let doc = "By how much the clocks of issuers may differ from ours: a token of theirs works for so much longer. One that is signed with this installation's own secret ends when it says.";
        visitor.key("leeway", doc, &mut self.leeway, Span(TimeSpan::ZERO..=TimeSpan::from_mins(10)));
        let doc = "How long a token may work, from `iat` to `exp`; from now where it has no `iat`. A token cannot be taken back, so one that works for longer is refused.";
        let longest = Span(TimeSpan::from_mins(1)..=LONGEST_LIFE);
        visitor.key("longest_token_life", doc, &mut self.longest_token_life, longest);
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
        TokenRules {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            leeway: self.leeway,
            longest_life: self.longest_token_life,
        }
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
    /// Links that one peer may follow a minute, evenly.
    pub links_per_minute: u32,
    /// Links that one peer may follow at once.
    pub link_burst: u32,
    /// Requests under way at once.
    pub requests_at_once: u32,
    /// Of one owner.
    pub requests_per_owner: u32,
    /// Of one capability.
    pub requests_per_capability: u32,
    /// Of one peer without a token.
    pub requests_per_peer: u32,
    /// Streams of events at once.
    pub event_streams: u32,
    /// Of one owner.
    pub event_streams_per_owner: u32,
    /// Forms with files at once.
    pub forms_at_once: u32,
    /// Of one capability.
    pub forms_per_capability: u32,
}

impl Default for LimitsConfig {
    /// A folder of a thousand pictures goes up without a pause: each takes two or three requests.
    fn default() -> Self {
        let usual = RequestLimits::default();
        let count = |number| u32::try_from(number).expect("the defaults are small");
        Self {
            body: ByteCount::mib(1),
            complete_body: ByteCount::mib(4),
            rate_per_minute: 6_000,
            burst: 1_000,
            open_uploads: 1_000,
            reserved_bytes: ByteCount::gib(2 << 10),
            // A page of a hundred thumbnails, and six of them at once.
            links_per_minute: 1_200,
            link_burst: 600,
            requests_at_once: count(usual.at_once),
            requests_per_owner: count(usual.per_owner),
            requests_per_capability: count(usual.per_capability),
            requests_per_peer: count(usual.per_peer),
            event_streams: count(usual.event_streams),
            event_streams_per_owner: count(usual.event_streams_per_owner),
            forms_at_once: count(usual.forms),
            forms_per_capability: count(usual.forms_per_capability),
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
        let doc = "Requests of one owner a minute, evenly spread. Some count as several: each 64 KiB of a body, each 100 part URLs, and a search as ten.";
        visitor.key("rate_per_minute", doc, &mut self.rate_per_minute, Number(1..=LARGEST_RATE));
        let doc = "Requests that one owner may send at once.";
        visitor.key("burst", doc, &mut self.burst, Number(1..=1_000_000));
        let doc = "Uploads that one owner may have unfinished.";
        visitor.key("open_uploads", doc, &mut self.open_uploads, Number(1..=1_000_000));
        let doc = "Declared bytes that one owner's unfinished uploads may hold.";
        visitor.key("reserved_bytes", doc, &mut self.reserved_bytes, Size(ByteCount(1)..=ByteCount::gib(1 << 30)));
        let doc = "Links (/w/...) that one peer may follow a minute, evenly spread. A peer is an IPv4 address or an IPv6 /64; behind server.trusted_proxies the one that the proxy names.";
        visitor.key("links_per_minute", doc, &mut self.links_per_minute, Number(1..=LARGEST_RATE));
        let doc = "Links that one peer may follow at once.";
        visitor.key("link_burst", doc, &mut self.link_burst, Number(1..=1_000_000));
        self.at_once_keys(visitor);
    }

    fn at_once_keys(&mut self, visitor: &mut impl Visitor) {
        let most = || Number(1..=1 << 20);
        let doc = "API requests under way at once. Each holds a body of at most `body` in memory. A quarter is kept for those that need only the catalog, for when the store hangs.";
        visitor.key("requests_at_once", doc, &mut self.requests_at_once, most());
        let doc = "Of one owner, and as many again by its capabilities together. One more is answered 429.";
        visitor.key("requests_per_owner", doc, &mut self.requests_per_owner, most());
        let doc = "Of one capability.";
        visitor.key("requests_per_capability", doc, &mut self.requests_per_capability, most());
        let doc = "Of one peer that shows no token: by capabilities, by links, and for sessions.";
        visitor.key("requests_per_peer", doc, &mut self.requests_per_peer, most());
        let doc = "Streams of /v1/events at once. Each takes a connection and a few KiB.";
        visitor.key("event_streams", doc, &mut self.event_streams, most());
        let doc = "Of one owner.";
        visitor.key("event_streams_per_owner", doc, &mut self.event_streams_per_owner, most());
        let doc = "Forms with files (uploads.relay_forms) under way at once. Each holds up to 5 MiB in memory.";
        visitor.key("forms_at_once", doc, &mut self.forms_at_once, Number(1..=10_000));
        let doc = "Of one capability, of one peer, and of one owner by all of its capabilities.";
        visitor.key("forms_per_capability", doc, &mut self.forms_per_capability, Number(1..=10_000));
    }

    /// How often one peer may follow links.
    ///
    /// # Panics
    /// If the fields were set outside their ranges.
    pub fn link_rate(&self) -> Rate {
        Rate::per_minute(self.links_per_minute, self.link_burst).expect("rate and burst are in range")
    }

    /// How much may be under way at once.
    pub const fn requests(&self) -> RequestLimits {
        RequestLimits {
            at_once: self.requests_at_once as usize,
            per_owner: self.requests_per_owner as usize,
            per_capability: self.requests_per_capability as usize,
            per_peer: self.requests_per_peer as usize,
            event_streams: self.event_streams as usize,
            event_streams_per_owner: self.event_streams_per_owner as usize,
            forms: self.forms_at_once as usize,
            forms_per_capability: self.forms_per_capability as usize,
        }
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
