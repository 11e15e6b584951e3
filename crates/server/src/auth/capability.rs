//! Capabilities to upload: tokens for pages and programs that can send no header, such as Uppy 6.
//!
//! A capability says whose uploads it begins, in which collections, how large a file may be and when it ends, with an
//! HMAC-SHA256 over all of that; nothing is stored, so nothing can be counted: how many uploads there may be at once is
//! the owner's allowance. *Invariant*: what is signed begins with a word that no JWT and no grant begins with, so that
//! none can be taken for another although the key is the same.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use domain::{ByteCount, CollectionName, OwnerId, TimeSpan, Timestamp};
use jsonwebtoken::{Algorithm, crypto};
use serde::{Deserialize, Serialize};

use super::Authenticator;

/// What every token begins with, so that one that leaked is known for what it is.
const PREFIX: &str = "cap_";
/// Set apart from JWTs, whose signed part begins with base64 of `{`, and from grants.
const PURPOSE: &str = "landfall-capability";
/// Longest token that is looked at, in bytes: an owner of 256 bytes that JSON escapes, and 16 collections, stay below.
const MAX_BYTES: usize = 4 << 10;
/// Most collections of one capability.
pub const MAX_CAPABILITY_COLLECTIONS: usize = 16;
/// Shortest life of a capability: less could end before its page is loaded.
pub const SHORTEST_CAPABILITY: TimeSpan = TimeSpan::from_mins(1);
/// Longest life of a capability: it cannot be taken back, and no upload takes longer by default.
pub const LONGEST_CAPABILITY: TimeSpan = TimeSpan::from_hours(7 * 24);

/// Permission to upload on behalf of an owner, and to go on with that owner's uploads.
#[derive(Clone, PartialEq, Eq)]
pub struct Capability {
    /// Whose uploads.
    pub owner: OwnerId,
    /// In which collections; never empty.
    pub collections: Vec<CollectionName>,
    /// How large a file may be, below what its role allows anyway.
    pub max_size: Option<ByteCount>,
    /// When it ends, to the second.
    pub ends_at: Timestamp,
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner: _, collections, max_size, ends_at } = self;
        let mut shown = f.debug_struct("Capability");
        shown.field("collections", collections).field("max_size", max_size).field("ends_at", ends_at);
        shown.finish_non_exhaustive()
    }
}

impl Capability {
    /// Whether it opens this collection.
    pub fn opens(&self, collection: &CollectionName) -> bool {
        self.collections.contains(collection)
    }
}

/// Why a token is no capability. `Display` says what to do, and never repeats the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// It was not made here.
    #[error("this upload address is not known here; was it copied as a whole?")]
    Unknown,
    /// It has ended.
    #[error("this upload address has ended; reload the page, or ask for a new one")]
    Ended,
}

/// What is signed. Names are short because every URL of an upload carries them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    #[serde(rename = "o")]
    owner: String,
    #[serde(rename = "c")]
    collections: Vec<CollectionName>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    max_size: Option<u64>,
    #[serde(rename = "e")]
    ends_at_second: i64,
}

fn message(payload: &str) -> String {
    format!("{PURPOSE}.{payload}")
}

impl Authenticator {
    /// The token of a capability; none of its characters needs an escape in a URL.
    ///
    /// # Panics
    /// Never: the key is an HMAC key, and the payload is plain data.
    pub fn mint_capability(&self, capability: &Capability) -> String {
        let payload = Payload {
            owner: capability.owner.as_str().to_owned(),
            collections: capability.collections.clone(),
            max_size: capability.max_size.map(ByteCount::get),
            ends_at_second: capability.ends_at.as_second(),
        };
        let payload = serde_json::to_vec(&payload).expect("a payload is plain data");
        let payload = BASE64URL_NOPAD.encode(&payload);
        let signature = crypto::sign(message(&payload).as_bytes(), &self.encoding, Algorithm::HS256);
        format!("{PREFIX}{payload}.{}", signature.expect("the key is an HMAC key"))
    }

    /// Reads a token at `now`.
    ///
    /// # Errors
    /// See [`CapabilityError`].
    pub fn verify_capability(&self, token: &str, now: Timestamp) -> Result<Capability, CapabilityError> {
        let capability = self.read_capability(token).ok_or(CapabilityError::Unknown)?;
        if now >= capability.ends_at { Err(CapabilityError::Ended) } else { Ok(capability) }
    }

    fn read_capability(&self, token: &str) -> Option<Capability> {
        let (payload, signature) = token.strip_prefix(PREFIX).filter(|_| token.len() <= MAX_BYTES)?.split_once('.')?;
        let signed = message(payload);
        // The signature first: what is not ours is not parsed.
        let genuine = crypto::verify(signature, signed.as_bytes(), &self.decoding, Algorithm::HS256);
        if !genuine.unwrap_or(false) {
            return None;
        }
        let payload: Payload = serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()?;
        Some(Capability {
            owner: OwnerId::parse(&payload.owner).ok()?,
            collections: Some(payload.collections).filter(|names| !names.is_empty())?,
            max_size: payload.max_size.map(ByteCount),
            ends_at: Timestamp::from_second(payload.ends_at_second).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::{AssetId, TimeSpan};

    use super::*;
    use crate::auth::{AuthError, Scopes, TokenRequest, TokenRules, WatchError, WatchGrant};

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn authenticator(secret: &[u8; 32]) -> Authenticator {
        Authenticator::hs256(secret, TokenRules::default()).unwrap()
    }

    fn capability() -> Capability {
        Capability {
            owner: OwnerId::parse("회원 42/\"é\"").unwrap(),
            collections: ["videos", "images"].map(|name| CollectionName::parse(name).unwrap()).to_vec(),
            max_size: Some(ByteCount::mib(500)),
            ends_at: NOW + TimeSpan::from_hours(1),
        }
    }

    #[test]
    fn a_capability_is_read_back_until_it_ends() {
        let auth = authenticator(&[1; 32]);
        let token = auth.mint_capability(&capability());
        assert_eq!(auth.verify_capability(&token, NOW), Ok(capability()));
        assert_eq!(auth.verify_capability(&token, capability().ends_at), Err(CapabilityError::Ended));
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)), "{token}");
        let unlimited = Capability { max_size: None, ..capability() };
        assert_eq!(auth.verify_capability(&auth.mint_capability(&unlimited), NOW), Ok(unlimited));
    }

    #[test]
    fn the_largest_capability_fits() {
        let auth = authenticator(&[1; 32]);
        let owner = OwnerId::parse(&"\"".repeat(256)).unwrap();
        let collections = vec![CollectionName::parse(&"c".repeat(32)).unwrap(); MAX_CAPABILITY_COLLECTIONS];
        let largest = Capability { owner, collections, max_size: Some(ByteCount(u64::MAX)), ..capability() };
        assert_eq!(auth.verify_capability(&auth.mint_capability(&largest), NOW), Ok(largest));
    }

    #[test]
    fn what_was_not_made_here_is_unknown() {
        let auth = authenticator(&[1; 32]);
        let token = auth.mint_capability(&capability());
        let foreign = authenticator(&[2; 32]).mint_capability(&capability());
        let longer = auth.mint_capability(&Capability { ends_at: NOW + TimeSpan::from_hours(9), ..capability() });
        let (payload, _) = longer.split_once('.').unwrap();
        let (_, signature) = token.split_once('.').unwrap();
        let mixed = format!("{payload}.{signature}");
        let long = format!("cap_{}.{signature}", "a".repeat(MAX_BYTES));
        let bare = token.strip_prefix(PREFIX).unwrap();
        for wrong in [&mixed, &foreign, &long, bare, &token[..token.len() - 1], "", "cap_", "cap_.", "cap_a.b"] {
            assert_eq!(auth.verify_capability(wrong, NOW), Err(CapabilityError::Unknown), "{wrong}");
        }
        // Every single character counts.
        for at in (PREFIX.len()..token.len()).filter(|at| token.as_bytes()[*at] != b'.') {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(auth.verify_capability(&changed, NOW), Err(CapabilityError::Unknown), "{at}");
        }
    }

    #[test]
    fn capabilities_grants_and_tokens_are_three_things() {
        let auth = authenticator(&[1; 32]);
        let capability = auth.mint_capability(&capability());
        assert_eq!(auth.verify(&capability, NOW), Err(AuthError::Malformed));
        assert_eq!(auth.verify_watch_grant(&capability, NOW), Err(WatchError::Unknown));
        let owner = OwnerId::parse("42").unwrap();
        let jwt = auth.mint(&TokenRequest { owner, ttl: TimeSpan::from_hours(1), scopes: Scopes::none() }, NOW);
        let ends_at = NOW + TimeSpan::from_hours(1);
        let grant = auth.mint_watch_grant(&WatchGrant { asset: AssetId::new(NOW, &[7; 10]), shard: None, ends_at });
        for other in [jwt, grant] {
            assert_eq!(auth.verify_capability(&other, NOW), Err(CapabilityError::Unknown));
            assert_eq!(auth.verify_capability(&format!("cap_{other}"), NOW), Err(CapabilityError::Unknown));
        }
    }

    #[test]
    fn a_capability_does_not_print_its_owner() {
        assert!(!format!("{:?}", capability()).contains("회원"));
    }
}
