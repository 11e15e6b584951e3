//! Whose connection a request came by, as limits count: a peer's address, or the one that a trusted proxy names.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use connections::{Network, Peer};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::http::HttpState;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Notes whose request it is.
pub(in crate::http) async fn name_peer(State(state): State<HttpState>, mut request: Request, next: Next) -> Response {
    let connected = request.extensions().get::<SocketAddr>().map(SocketAddr::ip);
    let trusted = &state.parts.trusted_proxies;
    let client = connected.map(|address| client(address, request.headers(), trusted));
    if client.is_some() && client == connected && request.headers().contains_key(FORWARDED_FOR) {
        // Clients can send it too: once is enough.
        state.untrusted_proxy.call_once(|| {
            tracing::warn!(proxy = ?connected, "X-Forwarded-For came from somebody who is not in server.trusted_proxies: \
                if it is a proxy of yours, name it there, or all who come through it share the limits of one peer");
        });
    }
    request.extensions_mut().insert(client.map_or(Peer::UNKNOWN, Peer::of));
    next.run(request).await
}

/// The client behind a connection. Each proxy appends the address it was called from, so the list is read from its end,
/// and only as far as those who wrote it are trusted: whatever stands before was the client's to invent.
fn client(connected: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let named = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    let mut client = connected;
    for name in named {
        if !is_trusted(client) {
            break;
        }
        // What is no address was written by nobody who knows one.
        let Some(address) = address(name.trim()) else { break };
        client = address;
    }
    client
}

/// An address, as proxies write it: some add the port.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    bracketed.unwrap_or(text).parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// The peer, for handlers.
pub(in crate::http) struct PeerOf(pub(in crate::http) Peer);

impl<S: Sync> FromRequestParts<S> for PeerOf {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(of(&parts.extensions)))
    }
}

/// The peer that [`name_peer`] noted.
pub(super) fn of(extensions: &http::Extensions) -> Peer {
    extensions.get::<Peer>().copied().unwrap_or(Peer::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        for (connected, forwarded, expected) in [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::9]:4711"], "2001:db8::9"),
            ("::ffff:10.0.0.1", &["2001:db8::9"], "2001:db8::9"),
        ] {
            let lines = forwarded.iter().map(|line| (FORWARDED_FOR, line.parse().unwrap()));
            let found = client(connected.parse().unwrap(), &lines.collect(), &trusted);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{connected} {forwarded:?}");
        }
    }
}
