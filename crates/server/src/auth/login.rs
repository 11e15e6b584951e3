//! One-time codes: what a local installation's login link carries.
//!
//! They live in the memory of the one server, so a restart ends them. *Rule*: a code works once and for ten minutes; how
//! many there are is bounded; only digests are kept, and comparing takes the same time whatever is sent. How often one may
//! guess is for whoever knows who is asking: a limit for all together would let anybody keep the right code out.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use data_encoding::BASE32_NOPAD;
use domain::{OwnerId, TimeSpan, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{Identity, Scopes};
use crate::entropy::Entropy;

/// How long a code works: long enough to find the browser.
pub const LOGIN_CODE_LIFE: TimeSpan = TimeSpan::from_mins(10);
/// Codes that work at once. One more ends the oldest.
const CODES: usize = 32;
/// Random bytes of a code: 160 bits, 32 characters.
const CODE_BYTES: usize = 20;
/// Wrong codes that one peer may send in a minute, evenly. A code cannot be guessed at any rate; this keeps the log
/// readable.
pub const GUESSES_PER_MINUTE: u32 = 60;
/// Wrong codes that one peer may send at once.
pub const GUESSES_AT_ONCE: u32 = 20;

/// A code. Whoever has it is let in, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginCode(String);

impl LoginCode {
    /// The code itself, for the link.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LoginCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCode")
    }
}

/// Why a code lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// It was never given out, was used, or is too old. They are not told apart.
    #[error(
        "this login link does not work: it was used before, is older than ten minutes, or the server was restarted"
    )]
    Unknown,
    /// One peer tried too many wrong ones.
    #[error("too many wrong login codes were sent from this address")]
    TooOften(TimeSpan),
}

struct Given {
    digest: [u8; 32],
    owner: OwnerId,
    scopes: Scopes,
    ends_at: Timestamp,
}

impl Given {
    /// Also where the clock was set back it works no longer than it should.
    fn works(&self, now: Timestamp) -> bool {
        now < self.ends_at && self.ends_at.duration_since(now) <= LOGIN_CODE_LIFE
    }
}

/// The codes of one server, oldest first.
#[derive(Default)]
pub struct LoginCodes(Mutex<VecDeque<Given>>);

impl LoginCodes {
    /// Gives out a code that lets its bearer in once as this owner.
    pub fn give(&self, owner: OwnerId, scopes: Scopes, now: Timestamp, entropy: &dyn Entropy) -> LoginCode {
        let mut bits = [0; CODE_BYTES];
        entropy.fill(&mut bits);
        let code = LoginCode(BASE32_NOPAD.encode(&bits).to_ascii_lowercase());
        let given = Given { digest: digest(code.expose()), owner, scopes, ends_at: now + LOGIN_CODE_LIFE };
        // Nothing in here panics half-way: whatever another thread left is consistent.
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.retain(|given| given.works(now));
        if book.len() == CODES {
            book.pop_front();
        }
        book.push_back(given);
        code
    }

    /// Takes a code: who it lets in. It works no second time.
    ///
    /// # Errors
    /// [`LoginError::Unknown`].
    pub fn take(&self, code: &str, now: Timestamp) -> Result<Identity, LoginError> {
        let digest = digest(code);
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.retain(|given| given.works(now));
        // All are looked at, whichever is the one.
        let found = book.iter().enumerate().fold(None, |found, (index, given)| {
            let differs = given.digest.iter().zip(&digest).fold(0, |differs, (a, b)| differs | (a ^ b));
            if differs == 0 { Some(index) } else { found }
        });
        let given = found.and_then(|index| book.remove(index)).ok_or(LoginError::Unknown)?;
        // The code has proved who it is; how long that lasts is the session's to say.
        Ok(Identity { owner: given.owner, scopes: given.scopes, expires_at: Timestamp::MAX })
    }
}

fn digest(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Scope;
    use crate::entropy::HostEntropy;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn give(codes: &LoginCodes, owner: &str, now: Timestamp) -> LoginCode {
        codes.give(OwnerId::parse(owner).unwrap(), Scopes::from_iter([Scope::Admin]), now, &HostEntropy)
    }

    #[test]
    fn a_clock_that_was_set_back_ends_codes() {
        let codes = LoginCodes::default();
        let old = give(&codes, "ann", NOW);
        assert_eq!(codes.take(old.expose(), NOW - TimeSpan::from_hours(6)), Err(LoginError::Unknown));
    }

    #[test]
    fn a_code_works_once_and_for_ten_minutes() {
        let codes = LoginCodes::default();
        let (ann, bob) = (give(&codes, "ann", NOW), give(&codes, "bob", NOW));
        assert_eq!(ann.expose().len(), 32);
        let owner = |code: &LoginCode, now| codes.take(code.expose(), now).map(|known| known.owner.to_string());
        assert_eq!(owner(&ann, NOW), Ok("ann".to_owned()));
        assert_eq!(owner(&ann, NOW), Err(LoginError::Unknown), "once");
        assert_eq!(owner(&bob, NOW + LOGIN_CODE_LIFE), Err(LoginError::Unknown), "ten minutes");
    }

    #[test]
    fn codes_are_bounded_and_the_oldest_goes_first() {
        let codes = LoginCodes::default();
        let given: Vec<_> = (0..=CODES).map(|_| give(&codes, "ann", NOW)).collect();
        assert_eq!(codes.take(given[0].expose(), NOW), Err(LoginError::Unknown));
        codes.take(given[1].expose(), NOW).unwrap();
        codes.take(given[CODES].expose(), NOW).unwrap();
    }

    #[test]
    fn a_code_is_not_printed() {
        let code = give(&LoginCodes::default(), "ann", NOW);
        assert!(!format!("{code:?}").contains(code.expose()));
    }
}
