//! Problems of who is calling, and from where.

use wire::ErrorCode;

use super::{Denial, whole_seconds_up};
use crate::auth::{AuthError, LoginError, WatchError};

/// The token is absent or not valid.
pub fn unauthenticated(error: AuthError) -> Denial {
    let mut denial = Denial::new(ErrorCode::Unauthorized, error.to_string());
    // RFC 6750, section 3.1: no error code when no credentials were sent.
    denial.0.challenge = Some(match error {
        AuthError::Absent | AuthError::NoSession => "Bearer",
        AuthError::NotBearer => "Bearer error=\"invalid_request\"",
        AuthError::TooLarge
        | AuthError::Malformed
        | AuthError::Algorithm
        | AuthError::Signature
        | AuthError::NoExpiry
        | AuthError::LivesTooLong
        | AuthError::Critical
        | AuthError::Expired
        | AuthError::NotYetValid
        | AuthError::Issuer
        | AuthError::Audience
        | AuthError::Subject => "Bearer error=\"invalid_token\"",
    });
    denial
}

/// The token lacks the scope `admin`.
pub fn not_admin() -> Denial {
    Denial::new(ErrorCode::Forbidden, "this needs a token with the scope `admin`")
}

/// A login code lets nobody in.
pub fn login(error: LoginError) -> Denial {
    match error {
        LoginError::Unknown => {
            Denial::new(ErrorCode::Unauthorized, format!("{error}; `landfall login` prints a new one"))
        }
        LoginError::TooOften(wait) => {
            let seconds = whole_seconds_up(wait);
            let mut denial = Denial::new(ErrorCode::RateLimited, format!("{error}; try again in {seconds} s"));
            denial.0.retry_after_seconds = Some(seconds);
            denial
        }
    }
}

/// This installation gives out no login links.
pub fn login_elsewhere() -> Denial {
    let detail =
        "login links are for an installation on one's own machine, with the embedded store; sign in with a token";
    Denial::new(ErrorCode::Forbidden, detail)
}

/// A page of a foreign origin wants something done with the session's cookie.
pub fn origin_not_allowed() -> Denial {
    let detail = "a session's cookie changes things only for pages of this server and of [web] origins; \
                  send an Origin header, or a token instead of the cookie";
    Denial::new(ErrorCode::OriginNotAllowed, detail)
}

/// A page of a foreign origin comes through a door for pages.
pub fn page_not_allowed() -> Denial {
    let detail = "pages of this origin may not upload here; add the origin to [web] origins of the configuration";
    Denial::new(ErrorCode::OriginNotAllowed, detail)
}

/// A link does not let anybody watch.
pub fn watch(error: WatchError) -> Denial {
    let code = match error {
        WatchError::Unknown => ErrorCode::NotFound,
        WatchError::Ended => ErrorCode::Gone,
    };
    Denial::new(code, error.to_string())
}
