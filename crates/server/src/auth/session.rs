//! Sessions of browsers: what a login becomes, in a cookie that scripts cannot read.
//!
//! A session is a JWT like those of clients, under a key of its own and for an audience of its own; nothing is stored.
//! *Invariant*: a session is no token and a token no session, although one secret is behind both: the key of sessions is
//! HMAC-SHA256 of a purpose under that secret, so neither signature can be made from the other.

use domain::{TimeSpan, Timestamp};
use jsonwebtoken::{Algorithm, crypto};

use super::{AuthError, Authenticator, Identity, TokenRequest, TokenRules};

/// How long a session lasts at most: a working day. It cannot be taken back before, only forgotten by its browser.
pub const SESSION_LIFE: TimeSpan = TimeSpan::from_hours(12);
/// The cookie's name.
pub const SESSION_COOKIE: &str = "landfall_session";
/// The audience of sessions, and what their key is derived for.
const PURPOSE: &str = "landfall-session";

/// Makes and reads sessions.
#[derive(Debug, Clone)]
pub struct Sessions(Authenticator);

impl Authenticator {
    /// The sessions that belong to this secret.
    ///
    /// # Panics
    /// Never: the key is an HMAC key, and its signatures are longer than the shortest secret.
    pub fn sessions(&self) -> Sessions {
        let derived = crypto::sign(PURPOSE.as_bytes(), &self.encoding, Algorithm::HS256);
        let derived = derived.expect("the key is an HMAC key");
        let rules = TokenRules { audience: Some(PURPOSE.to_owned()), ..TokenRules::default() };
        Sessions(Self::hs256(derived.as_bytes(), rules).expect("43 characters are 32 bytes and more"))
    }
}

impl Sessions {
    /// Begins a session for somebody who is known at `now`: 12 hours, or less where the proof of who they are ends
    /// earlier. Gives the cookie's value and who it stands for.
    pub fn begin(&self, identity: Identity, now: Timestamp) -> (String, Identity) {
        let left = identity.expires_at.duration_since(now).min(SESSION_LIFE);
        let request = TokenRequest { owner: identity.owner.clone(), ttl: left, scopes: identity.scopes.clone() };
        let second = now.as_second().saturating_add(left.as_secs());
        let expires_at = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        (self.0.mint(&request, now), Identity { expires_at, ..identity })
    }

    /// Reads a cookie's value at `now`.
    ///
    /// # Errors
    /// [`AuthError::NoSession`], whatever is wrong with it: the way out is the same.
    pub fn verify(&self, cookie: &str, now: Timestamp) -> Result<Identity, AuthError> {
        self.0.verify(cookie, now).map_err(|_| AuthError::NoSession)
    }
}

#[cfg(test)]
mod tests {
    use domain::OwnerId;

    use super::*;
    use crate::auth::{Scope, Scopes};

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn authenticator() -> Authenticator {
        Authenticator::hs256(&[1; 32], TokenRules::default()).unwrap()
    }

    fn ann(expires_at: Timestamp) -> Identity {
        let (owner, scopes) = (OwnerId::parse("ann").unwrap(), Scopes::from_iter([Scope::Admin]));
        Identity { owner, scopes, expires_at }
    }

    #[test]
    fn a_session_lasts_twelve_hours_or_as_long_as_its_proof() {
        let sessions = authenticator().sessions();
        for (proof, lasts) in
            [(TimeSpan::from_hours(400), SESSION_LIFE), (TimeSpan::from_mins(5), TimeSpan::from_mins(5))]
        {
            let (cookie, identity) = sessions.begin(ann(NOW + proof), NOW);
            assert_eq!(identity, ann(NOW + lasts));
            assert_eq!(sessions.verify(&cookie, NOW), Ok(identity));
            assert_eq!(sessions.verify(&cookie, NOW + lasts), Err(AuthError::NoSession));
        }
    }

    #[test]
    fn a_session_is_no_token_and_a_token_no_session() {
        let auth = authenticator();
        let (cookie, _) = auth.sessions().begin(ann(Timestamp::MAX), NOW);
        assert_eq!(auth.verify(&cookie, NOW), Err(AuthError::Signature));
        let owner = OwnerId::parse("ann").unwrap();
        let token = auth.mint(&TokenRequest { owner, ttl: SESSION_LIFE, scopes: Scopes::none() }, NOW);
        for wrong in [&token, "", "a.b.c", &cookie[..cookie.len() - 1]] {
            assert_eq!(auth.sessions().verify(wrong, NOW), Err(AuthError::NoSession), "{wrong}");
        }
        let foreign = Authenticator::hs256(&[2; 32], TokenRules::default()).unwrap().sessions();
        assert_eq!(foreign.verify(&cookie, NOW), Err(AuthError::NoSession));
    }
}
