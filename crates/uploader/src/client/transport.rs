//! The HTTP connections under the client and under the parts.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
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

/// Which way a connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Through the proxy that the environment names, if it names one.
    Usual,
    /// Through no proxy.
    Direct,
}

/// Connections for one target: straight to this machine, the usual way to all others. A proxy could not reach what
/// listens on this machine's loopback, and would be shown tokens that never had to leave it.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    usual: reqwest::Client,
    direct: reqwest::Client,
}

impl Transport {
    pub(crate) fn new(target: Target) -> Result<Self, TransportError> {
        Ok(Self { usual: pool(target, Way::Usual, None)?, direct: pool(target, Way::Direct, None)? })
    }

    /// The connections to a host. What is no URL fails with its own error when it is used.
    pub(crate) fn towards(&self, url: &str) -> &reqwest::Client {
        let is_near = Url::parse(url).is_ok_and(|url| is_loopback(&url));
        if is_near { &self.direct } else { &self.usual }
    }
}

/// Connections to a Landfall server that go through no proxy, for calls that may take as long as `limit`.
///
/// # Errors
/// If TLS cannot be set up.
pub fn direct(limit: Duration) -> Result<reqwest::Client, TransportError> {
    pool(Target::Api, Way::Direct, Some(limit))
}

/// A pool of connections. Redirects are not followed: neither a token nor a part may go where nobody meant it to go.
fn pool(target: Target, way: Way, limit: Option<Duration>) -> Result<reqwest::Client, TransportError> {
    let builder = || {
        let builder =
            reqwest::Client::builder().user_agent(USER_AGENT).redirect(Policy::none()).connect_timeout(CONNECT_LIMIT);
        let builder = match target {
            Target::Api => builder,
            Target::Store => builder.http1_only(),
        };
        let builder = match way {
            Way::Usual => builder,
            Way::Direct => builder.no_proxy(),
        };
        match limit {
            Some(limit) => builder.timeout(limit),
            None => builder,
        }
    };
    // A machine without CA certificates can still speak plain HTTP to itself; https then fails with its own error.
    builder().build().or_else(|_| builder().tls_certs_only(std::iter::empty()).build()).map_err(TransportError::Setup)
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Url, is_loopback};

    #[test]
    fn only_this_machine_is_reached_without_a_proxy() {
        let near = [
            "http://127.0.0.1:8080",
            "http://127.9.9.9/",
            "http://[::1]:9000/x",
            "http://LOCALHOST",
            "https://b.localhost",
        ];
        let far = ["http://10.0.0.1", "https://example.org", "http://localhost.example.org", "http://[2001:db8::1]"];
        assert!(near.iter().all(|url| is_loopback(&Url::parse(url).unwrap())));
        assert!(!far.iter().any(|url| is_loopback(&Url::parse(url).unwrap())));
    }
}
