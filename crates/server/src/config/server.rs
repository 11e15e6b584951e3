//! Where the server is found, and where it keeps its own things.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use connections::Network;
use domain::TimeSpan;
use url::{Host, Url};

use super::Config;
use super::form::{Address, AddressRange, FilePath, HttpUrl, ListOf, Maybe, Span, Text, not_empty};
use super::store::StoreKind;
use super::visit::Visitor;

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The folder for everything of this installation.
    pub data: PathBuf,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// The address clients reach the API at, if it is not `listen`.
    pub public_url: Option<String>,
    /// How long the server goes on after SIGTERM while it says that it is not ready; by the store's kind if absent.
    pub drain: Option<TimeSpan>,
    /// The proxies whose word about their clients' addresses counts.
    pub trusted_proxies: Vec<Network>,
}

impl ServerConfig {
    /// The defaults, with a data folder.
    pub(super) fn with_data(data: PathBuf) -> Self {
        Self {
            data,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            drain: None,
            trusted_proxies: Vec::new(),
        }
    }

    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "The folder for everything of this installation: catalog, embedded store, secrets. --data and LANDFALL_DATA set it too.";
        visitor.key("data", doc, &mut self.data, FilePath);
        let doc = "Where the API listens. Port 0 takes a free port. --listen and LANDFALL_LISTEN set it too.";
        visitor.key("listen", doc, &mut self.listen, Address);
        let doc = "The address clients reach the API at, behind a load balancer; printed at start. It may have a path, which a proxy takes away or passes on. Default: http:// and `listen`.";
        let example = "\"https://api.example.com\"";
        visitor.key("public_url", doc, &mut self.public_url, Maybe(HttpUrl, example));
        let doc = "How long the server goes on answering after SIGTERM, while /readyz already says 503, so that a load balancer can take it out before it stops accepting. Longer than the balancer takes to notice. Default: 10s beside an S3 store, 0s with the embedded one, which nobody balances.";
        visitor.key("drain", doc, &mut self.drain, Maybe(Span(TimeSpan::ZERO..=LONGEST_DRAIN), "\"10s\""));
        let doc = "Addresses and networks of load balancers and proxies, such as \"10.0.0.0/8\". Only from them is X-Forwarded-For believed: limits per peer then count the address they name, and their own connections are those of many. Empty: nobody's word counts, and what comes through a proxy counts as one peer.";
        visitor.key("trusted_proxies", doc, &mut self.trusted_proxies, ListOf(AddressRange));
    }
}

/// Orchestrators that wait for longer before they kill are set up for something else.
const LONGEST_DRAIN: TimeSpan = TimeSpan::from_mins(10);

/// `[web]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebConfig {
    /// Origins whose pages may call the API and the embedded store.
    pub origins: Vec<String>,
}

impl WebConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "Origins of web pages that upload, such as \"https://app.example.com\": the CORS rules of the API and of the embedded store. The server's own pages always may. Empty: no other origin may call the API, and any may use the embedded store, which gives nothing away, because only a presigned URL lets it in.";
        visitor.key("origins", doc, &mut self.origins, ListOf(Text(origin)));
    }
}

/// `[catalog]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogConfig {
    /// The SQLite file.
    pub sqlite: Option<PathBuf>,
}

impl CatalogConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "The SQLite file. Default: catalog.sqlite in the data folder.";
        visitor.key("sqlite", doc, &mut self.sqlite, Maybe(FilePath, "\"/var/lib/landfall/catalog.sqlite\""));
    }
}

/// An address of a server, without query and fragment. It is handed out as it is written, so it must be written as browsers
/// write it, with a path that every proxy passes on as it is. What is wrong is never repeated: it may hold a password.
pub(super) fn http_url(text: &str) -> Result<(), String> {
    const EXAMPLE: &str = "write it such as https://api.example.com or https://example.com/landfall";
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("holds blanks or control characters; {EXAMPLE}"));
    }
    let url = Url::parse(text).map_err(|wrong| format!("is not a URL: {wrong}; {EXAMPLE}"))?;
    let after_scheme = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let plain = !text.contains(['?', '#', '@']) && url.username().is_empty() && url.password().is_none();
    let (Some(rest), Some(host), true) = (after_scheme, url.host_str(), plain) else {
        return Err(format!("must be http:// or https:// with a host, and no user, query or fragment; {EXAMPLE}"));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
    let is_host =
        authority == host || authority.strip_prefix(host).and_then(|rest| rest.strip_prefix(':')).is_some_and(is_port);
    if !is_host {
        return Err(format!("must name its host as browsers do: {host}"));
    }
    let is_kept = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let is_step = |step: &str| !matches!(step, "" | "." | "..") && step.chars().all(is_kept);
    if !path.is_empty() && !path.strip_suffix('/').unwrap_or(path).split('/').all(is_step) {
        return Err(format!("may have a path of letters, digits and -._~ between single slashes; {EXAMPLE}"));
    }
    Ok(())
}

/// Where our own pages are, as browsers name it: the public URL, or the names of this machine. None if the system is to
/// choose the port.
fn own_origins(server: &ServerConfig, store: StoreKind) -> Option<Vec<String>> {
    if let Some(url) = &server.public_url {
        let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
        return Some(origin.into_iter().collect());
    }
    match (store, server.listen.port()) {
        // Whatever serves pages beside a store of others has a public URL.
        (StoreKind::S3, _) => Some(Vec::new()),
        (StoreKind::Embedded, 0) => None,
        (StoreKind::Embedded, port) => Some(vec![local_url(server.listen), format!("http://localhost:{port}")]),
    }
}

impl Config {
    /// How long the server goes on after it was told to stop.
    pub fn drain(&self) -> TimeSpan {
        self.server.drain.unwrap_or(match self.store.kind {
            StoreKind::S3 => TimeSpan::from_secs(10),
            StoreKind::Embedded => TimeSpan::ZERO,
        })
    }

    /// The origins whose pages send to the store: those of `web.origins`, and our own. Empty: pages of any origin,
    /// because none is named or our own cannot be known in time.
    pub fn page_origins(&self) -> Vec<String> {
        match own_origins(&self.server, self.store.kind) {
            Some(own) if !self.web.origins.is_empty() => {
                let missing = own.into_iter().filter(|origin| !self.web.origins.contains(origin));
                self.web.origins.iter().cloned().chain(missing).collect()
            }
            Some(_) | None => Vec::new(),
        }
    }
}

/// Whether an address reaches this machine alone.
fn is_local(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl Config {
    /// Who listens for other machines, or names itself by a public address, should not hand out addresses that reach this
    /// machine alone.
    pub(super) fn unreachable_addresses(&self) -> Vec<String> {
        let listens_to_all = [self.server.listen, self.store.listen].into_iter().any(|at| at.ip().is_unspecified());
        let public = self.server.public_url.as_deref().and_then(|url| Url::parse(url).ok());
        let is_public = public.is_some_and(|url| !is_local(url.host()));
        let mut warnings = Vec::new();
        let mut warn = |what: &str, url: String, key: &str| {
            warnings
                .push(format!("{what} {url}, which only this machine reaches; set {key} to the address clients use"));
        };
        if self.server.public_url.is_none() && self.server.listen.ip().is_unspecified() {
            warn("links, logins and Uppy's addresses name", local_url(self.server.listen), "server.public_url");
        }
        let local = self.store.listen.ip();
        let embedded = self.store.kind == StoreKind::Embedded && self.store.public_endpoint.is_none();
        if embedded && (local.is_unspecified() || local.is_loopback()) && (listens_to_all || is_public) {
            warn("the URLs of parts and files name", local_url(self.store.listen), "store.public_endpoint");
        }
        warnings
    }
}

/// The URL of something that listens, for programs on this machine: "any address" is reached by loopback.
pub fn local_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

/// Reads an origin that was typed, by the rule of `web.origins`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_origin(text: &str) -> Result<String, String> {
    origin(text).map(|()| text.to_owned())
}

/// An origin as browsers send it: scheme, host, port, nothing more.
fn origin(text: &str) -> Result<(), String> {
    not_empty(text)?;
    let wrong = || "is not an origin such as \"https://app.example.com\"".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let same = matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text;
    if same { Ok(()) } else { Err(wrong()) }
}
