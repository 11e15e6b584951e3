//! Paths as problem documents may show them: without what is a password.
//!
//! The word behind `/w/` lets people watch, the one behind `/c/` lets them upload. *Rule*: it is hidden by where it stands
//! and by how it looks, not by the route that matched: whoever mistypes such an address, adds a slash or escapes a letter
//! gets an answer that names no route, and a log or a screenshot must not hold the address then either.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What stands in the place of the password.
const HIDDEN: &str = "{token}";
/// The first words of paths whose second is a password.
const DOORS: [&str; 2] = ["w", "c"];

/// See the module. A path without a password is shown as it came.
pub(super) fn shown_path(path: &str) -> Cow<'_, str> {
    // Twice: what was escaped twice is unescaped by some reader sooner or later.
    let once = percent_decode_str(path).decode_utf8_lossy();
    let decoded = percent_decode_str(&once).decode_utf8_lossy();
    let mut words = decoded.split('/').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let behind_a_door = DOORS.iter().any(|door| first.eq_ignore_ascii_case(door)) && words.next().is_some();
    if !behind_a_door && !decoded.split('/').any(is_token) {
        return Cow::Borrowed(path);
    }
    let mut seen = 0;
    let shown = decoded.split('/').map(|word| {
        seen += usize::from(!word.is_empty());
        let second = seen == 2 && behind_a_door && !word.is_empty();
        if second || is_token(word) { HIDDEN } else { word }
    });
    Cow::Owned(shown.collect::<Vec<_>>().join("/"))
}

/// Whether a word looks like a grant, a capability or a JWT, wherever it stands.
fn is_token(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let grant = lower.find("ast_").is_some_and(|at| lower[at..].contains('.'));
    let jwt = lower.find("eyj").is_some_and(|at| lower[at..].contains('.'));
    grant || jwt || lower.contains("cap_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (path, expected) in [
            ("/w/ast_06j2.17.sig/video", "/w/{token}/video"),
            ("/w/ast_06j2.17.sig", "/w/{token}"),
            ("/w/ast_06j2.17.sig/", "/w/{token}/"),
            ("/w/nothing/a/b", "/w/{token}/a/b"),
            ("//w//nothing", "//w//{token}"),
            ("/W/nothing", "/W/{token}"),
            ("/%77/nothing", "/w/{token}"),
            ("/w%2Fnothing", "/w/{token}"),
            ("/%2577/nothing", "/w/{token}"),
            ("/v1/videos/ast_06j2.17.sig", "/v1/videos/{token}"),
            ("/x/ast%5F06j2.17.sig", "/x/{token}"),
            ("/c/cap_secret.x/s3/params", "/c/{token}/s3/params"),
            ("/c/cap_secret.x", "/c/{token}"),
            ("/c//cap_secret", "/c//{token}"),
            ("/uppy/cap_secret.x", "/uppy/{token}"),
            ("/v1/eyJhbGciOi.e.s", "/v1/{token}"),
        ] {
            assert_eq!(shown_path(path), expected, "{path}");
        }
    }

    #[test]
    fn everything_else_is_shown_as_it_came() {
        for path in
            ["/", "/w", "/w/", "/v1/videos/ast_06j2m0vq4k7dr9e5h1c8t3b6n0", "/v1/%ED%9C%B4", "/cats/x", "/web/a.js"]
        {
            assert!(matches!(shown_path(path), Cow::Borrowed(shown) if shown == path), "{path}");
        }
    }
}
