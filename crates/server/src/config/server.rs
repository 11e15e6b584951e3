//! Where the server is found, and where it keeps its own things.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use super::form::{Address, FilePath, ListOf, Maybe, Text, not_empty};
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
}

impl ServerConfig {
    /// The defaults, with a data folder.
    pub(super) fn with_data(data: PathBuf) -> Self {
        Self { data, listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), public_url: None }
    }

    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "The folder for everything of this installation: catalog, embedded store, secrets. --data and LANDFALL_DATA set it too.";
        visitor.key("data", doc, &mut self.data, FilePath);
        let doc = "Where the API listens. Port 0 takes a free port. --listen and LANDFALL_LISTEN set it too.";
        visitor.key("listen", doc, &mut self.listen, Address);
        let doc = "The address clients reach the API at, behind a load balancer; printed at start. Default: http:// and `listen`.";
        let example = "\"https://api.example.com\"";
        visitor.key("public_url", doc, &mut self.public_url, Maybe(Text(http_url), example));
    }
}

/// `[web]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebConfig {
    /// Origins whose pages may call the API and the embedded store.
    pub origins: Vec<String>,
}

impl WebConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "Origins of web pages that upload, such as \"https://app.example.com\": the CORS rules of the API and of the embedded store. Empty: no other origin may call the API, and any may use the embedded store, which gives nothing away, because only a presigned URL lets it in.";
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

/// An address of a server, without query and fragment.
pub(super) fn http_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|wrong| format!("is not a URL: {wrong}"))?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain { Ok(()) } else { Err("must be http:// or https:// with a host, and no user, query or fragment".into()) }
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
