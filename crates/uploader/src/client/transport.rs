//! The HTTP connections under the client and under the parts.

use std::time::Duration;

use reqwest::redirect::Policy;

/// Nobody waits longer for a connection; a lost network shows within this.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How this program names itself.
const USER_AGENT: &str = concat!("landfall/", env!("CARGO_PKG_VERSION"));

/// Whom the connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Landfall's API.
    Api,
    /// The object store. HTTP/1.1 only: parallel parts shall have connections of their own, not share one.
    Store,
}

/// Why there can be no connections.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Not an HTTP address.
    #[error("the server's address must begin with http:// or https://")]
    Address,
    /// TLS could not be set up.
    #[error("HTTP connections cannot be set up")]
    Setup(#[source] reqwest::Error),
}

/// A pool of connections. Redirects are not followed: neither a token nor a part may go where nobody meant it to go.
pub(crate) fn transport(target: Target) -> Result<reqwest::Client, TransportError> {
    let builder = || {
        let builder =
            reqwest::Client::builder().user_agent(USER_AGENT).redirect(Policy::none()).connect_timeout(CONNECT_LIMIT);
        match target {
            Target::Api => builder,
            Target::Store => builder.http1_only(),
        }
    };
    // A machine without CA certificates can still speak plain HTTP to itself; https then fails with its own error.
    builder().build().or_else(|_| builder().tls_certs_only(std::iter::empty()).build()).map_err(TransportError::Setup)
}
