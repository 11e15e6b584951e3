//! What URLs are signed with: credentials that last, or temporary ones that end and are renewed.
//!
//! Not what the code under test is told of them ([`crate::store`]). *Invariant*: the end of credentials never changes
//! once they are issued, so a URL can be asked later what it was signed with.

use domain::{TimeSpan, Timestamp};
use server::store::SigningCredentials;

use crate::chance::Chance;

/// The access key of credentials that never end.
const LASTING: &str = "lasting";
/// What stands before the number of temporary ones.
const TEMPORARY: &str = "temporary-";

/// Who issues them.
pub(crate) struct Issuer {
    /// How long credentials live, if they end.
    life: Option<TimeSpan>,
    /// How long before their end the next ones are there; below zero, how long after.
    ahead: TimeSpan,
    /// When each of the temporary ones ends, in the order of their numbers.
    ends: Vec<Timestamp>,
}

impl Issuer {
    /// The issuer of a seed. Half of them issue credentials that last.
    pub(crate) fn of(chance: &mut Chance) -> Self {
        let lives = [15, 60, 6 * 60].map(TimeSpan::from_mins);
        let life = chance.odds(500).then(|| chance.pick(&lives));
        let ahead = TimeSpan::from_secs(chance.pick(&[300, 300, 30, 0, -1_200]));
        Self { life, ahead, ends: Vec::new() }
    }

    /// One whose credentials never end.
    #[cfg(test)]
    pub(crate) const fn lasting() -> Self {
        Self { life: None, ahead: TimeSpan::ZERO, ends: Vec::new() }
    }

    /// What is there to sign with now.
    pub(crate) fn current(&mut self, now: Timestamp) -> SigningCredentials {
        let made = |key: &str, end| SigningCredentials { credentials: signing::Credentials::new(key, "", None), end };
        let Some(life) = self.life else { return made(LASTING, None) };
        if self.ends.last().is_none_or(|end| now >= *end - self.ahead) {
            self.ends.push(now + life);
        }
        made(&format!("{TEMPORARY}{}", self.ends.len() - 1), self.ends.last().copied())
    }

    /// When the credentials of an access key end; `None`: never.
    ///
    /// # Panics
    /// If nobody issued them.
    pub(crate) fn end_of(&self, access_key: &str) -> Option<Timestamp> {
        if access_key == LASTING {
            return None;
        }
        let number = access_key.strip_prefix(TEMPORARY).and_then(|number| number.parse::<usize>().ok());
        let end = number.and_then(|number| self.ends.get(number));
        Some(*end.unwrap_or_else(|| panic!("nobody issued the access key {access_key}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_credentials_are_renewed_before_or_after_their_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (ahead, asked, renewed) in [(300, 599, false), (300, 600, true), (-60, 959, false), (-60, 960, true)] {
            let (life, ahead) = (Some(TimeSpan::from_secs(900)), TimeSpan::from_secs(ahead));
            let mut issuer = Issuer { life, ahead, ends: Vec::new() };
            assert_eq!(issuer.current(at(0)).end, Some(at(900)));
            let again = issuer.current(at(asked));
            assert_eq!(again.end, Some(at(if renewed { asked + 900 } else { 900 })), "{ahead} {asked}");
            assert_eq!(issuer.end_of(again.credentials.access_key_id()), again.end);
        }
    }
}
