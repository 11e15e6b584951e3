//! The bearer token. It is a password: it is sent, and never shown.

use std::fmt;

/// A JWT or an API key.
#[derive(Clone)]
pub struct Token(String);

/// Why a text cannot be a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is one word of visible ASCII characters")]
pub struct InvalidToken;

impl Token {
    /// Reads a token; white space around it (the line's end of a file) does not matter.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        let text = text.trim();
        if text.is_empty() || text.bytes().any(|b| !b.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line_and_never_shown() {
        let token = Token::parse("  ey.secret.x\n").unwrap();
        assert_eq!(token.expose(), "ey.secret.x");
        assert!(!format!("{token:?}").contains("secret"));
        for bad in ["", " ", "a b", "a\r\nX-Injected: 1", "é"] {
            assert_eq!(Token::parse(bad).unwrap_err(), InvalidToken, "{bad:?}");
        }
    }
}
