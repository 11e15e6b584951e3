//! A URL that is a password.
//!
//! The rule: printing it, in any way that does not say `expose`, shows neither the signature nor
//! the session token. It does not implement `Serialize`, so that a response body has to say so too.

use std::fmt;

/// A presigned URL. Whoever reads it may do what it says until it expires.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    pub(crate) fn new(url: String) -> Self {
        Self(url)
    }

    /// The URL as the client needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The URL as the client needs it, owned.
    pub fn into_exposed(self) -> String {
        self.0
    }
}

impl fmt::Display for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((place, query)) = self.0.split_once('?') else {
            return f.write_str(&self.0);
        };
        f.write_str(place)?;
        let mut separator = '?';
        for parameter in query.split('&') {
            fmt::Write::write_char(f, separator)?;
            separator = '&';
            match parameter.split_once('=') {
                Some((name @ ("X-Amz-Signature" | "X-Amz-Security-Token"), _)) => {
                    write!(f, "{name}=[redacted]")?;
                }
                _ => f.write_str(parameter)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresignedUrl({self})")
    }
}
