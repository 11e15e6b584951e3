//! Grants to watch: links that let people who are not the owner read a published asset, until they end.
//!
//! A grant is its asset's id, its end and an HMAC-SHA256 over both; nothing is stored. *Invariant*: what is signed begins
//! with a word that no JWT begins with, so that neither can be taken for the other although the key is the same.

use std::fmt;

use domain::{AssetId, Shard, Timestamp};
use jsonwebtoken::{Algorithm, crypto};

use super::Authenticator;

/// Set apart from JWTs, whose signed part begins with base64 of `{`.
const PURPOSE: &str = "landfall-watch";

/// Permission to read one published asset. Whoever has its token can read, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct WatchGrant {
    /// Which asset.
    pub asset: AssetId,
    /// Where its rows are; `None` of a grant that was made before tokens said so.
    pub shard: Option<Shard>,
    /// When it ends, to the second.
    pub ends_at: Timestamp,
}

impl fmt::Debug for WatchGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchGrant").field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

/// Why a token is no grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// It was not made here.
    #[error("this link leads nowhere; was it copied as a whole?")]
    Unknown,
    /// It has ended.
    #[error("this link has ended; ask its owner for a new one")]
    Ended,
}

/// What a token names: `{asset}` or `{asset}~{shard}`.
fn subject(asset: AssetId, shard: Option<Shard>) -> String {
    shard.map_or_else(|| asset.to_string(), |shard| format!("{asset}~{shard}"))
}

fn message(subject: &str, ends_at_second: i64) -> String {
    format!("{PURPOSE}.{subject}.{ends_at_second}")
}

impl Authenticator {
    /// The token of a grant: about 85 characters, none of which needs an escape in a URL.
    ///
    /// # Panics
    /// Never: the key is an HMAC key.
    pub fn mint_watch_grant(&self, grant: &WatchGrant) -> String {
        let second = grant.ends_at.as_second();
        let subject = subject(grant.asset, grant.shard);
        let signed = message(&subject, second);
        let signature =
            crypto::sign(signed.as_bytes(), &self.encoding, Algorithm::HS256).expect("the key is an HMAC key");
        format!("{subject}.{second}.{signature}")
    }

    /// Reads a token at `now`.
    ///
    /// # Errors
    /// See [`WatchError`].
    pub fn verify_watch_grant(&self, token: &str, now: Timestamp) -> Result<WatchGrant, WatchError> {
        let mut words = token.splitn(3, '.');
        let (Some(subject), Some(second), Some(signature)) = (words.next(), words.next(), words.next()) else {
            return Err(WatchError::Unknown);
        };
        let second: i64 = second.parse().map_err(|_| WatchError::Unknown)?;
        let signed = message(subject, second);
        let genuine = crypto::verify(signature, signed.as_bytes(), &self.decoding, Algorithm::HS256);
        if !genuine.unwrap_or(false) {
            return Err(WatchError::Unknown);
        }
        let (asset, shard) = match subject.split_once('~') {
            Some((asset, shard)) => (asset, Some(Shard::new(shard.parse().map_err(|_| WatchError::Unknown)?))),
            None => (subject, None),
        };
        let asset: AssetId = asset.parse().map_err(|_| WatchError::Unknown)?;
        let ends_at = Timestamp::from_second(second).map_err(|_| WatchError::Unknown)?;
        if now >= ends_at { Err(WatchError::Ended) } else { Ok(WatchGrant { asset, shard, ends_at }) }
    }
}

#[cfg(test)]
mod tests {
    use domain::{OwnerId, TimeSpan};

    use super::*;
    use crate::auth::{AuthError, Scopes, TokenRequest, TokenRules};

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn authenticator(secret: &[u8; 32]) -> Authenticator {
        Authenticator::hs256(secret, TokenRules::default()).unwrap()
    }

    fn grant() -> WatchGrant {
        WatchGrant {
            asset: AssetId::new(NOW, &[7; 10]),
            shard: Some(Shard::new(250)),
            ends_at: NOW + TimeSpan::from_hours(1),
        }
    }

    #[test]
    fn a_grant_is_read_back_until_it_ends() {
        let auth = authenticator(&[1; 32]);
        let token = auth.mint_watch_grant(&grant());
        assert_eq!(auth.verify_watch_grant(&token, NOW), Ok(grant()));
        assert_eq!(auth.verify_watch_grant(&token, grant().ends_at), Err(WatchError::Ended));
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)), "{token}");
    }

    #[test]
    fn a_grant_from_before_there_were_shards_is_read() {
        let auth = authenticator(&[1; 32]);
        let old = WatchGrant { shard: None, ..grant() };
        let token = auth.mint_watch_grant(&old);
        assert!(!token.contains('~'), "{token}");
        assert_eq!(auth.verify_watch_grant(&token, NOW), Ok(old));
    }

    #[test]
    fn what_was_not_made_here_is_unknown() {
        let auth = authenticator(&[1; 32]);
        let token = auth.mint_watch_grant(&grant());
        let other = AssetId::new(NOW, &[8; 10]).to_string();
        let (_, rest) = token.split_once('.').unwrap();
        let later = token.replace(&grant().ends_at.as_second().to_string(), "1999999999");
        let foreign = authenticator(&[2; 32]).mint_watch_grant(&grant());
        for wrong in [&format!("{other}.{rest}"), &later, &foreign, &token[..token.len() - 1], "", "a.b", "a.b.c"] {
            assert_eq!(auth.verify_watch_grant(wrong, NOW), Err(WatchError::Unknown), "{wrong}");
        }
    }

    #[test]
    fn a_grant_is_no_token_and_a_token_no_grant() {
        let auth = authenticator(&[1; 32]);
        let token = auth.mint_watch_grant(&grant());
        assert_eq!(auth.verify(&token, NOW), Err(AuthError::Malformed));
        let owner = OwnerId::parse("42").unwrap();
        let jwt = auth.mint(&TokenRequest { owner, ttl: TimeSpan::from_hours(1), scopes: Scopes::none() }, NOW);
        assert_eq!(auth.verify_watch_grant(&jwt, NOW), Err(WatchError::Unknown));
    }
}
