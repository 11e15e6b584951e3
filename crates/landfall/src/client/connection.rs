//! Which server, as whom, about which collection.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use clap::Args;
use domain::CollectionName;
use reqwest::Url;
use uploader::client::{Client, Token};

use crate::exit::{Exit, Failure};

/// The collection of videos.
pub(super) const VIDEOS: &str = "videos";
/// The collection of images.
pub(super) const IMAGES: &str = "images";

/// How to reach the server.
#[derive(Debug, Clone, Args)]
pub(crate) struct Connection {
    /// The server's address; without a scheme, such as localhost:8080, it is http
    #[arg(long, value_name = "URL", env = "LANDFALL_SERVER", default_value = "http://127.0.0.1:8080")]
    #[arg(value_parser = parse_server)]
    server: Url,
    /// A token of the owner; better given by the variable, because command lines can be seen by others
    #[arg(long, value_name = "TOKEN", env = "LANDFALL_TOKEN", hide_env_values = true)]
    token: Option<GivenToken>,
}

/// Reads an address. "localhost:8080" would be a URL of the scheme "localhost", so a scheme is what "://" follows.
fn parse_server(text: &str) -> Result<Url, String> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    Url::parse(&with_scheme).map_err(|wrong| format!("is not an address such as http://127.0.0.1:8080: {wrong}"))
}

/// A token as it was typed. Taken as it is, because an error about an argument would print it.
#[derive(Clone)]
struct GivenToken(String);

impl FromStr for GivenToken {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for GivenToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenToken(redacted)")
    }
}

impl Connection {
    /// A client for one collection.
    pub(super) fn client(&self, collection: &CollectionName) -> Result<Client, Failure> {
        let Some(GivenToken(token)) = &self.token else {
            return Err(Failure::new(Exit::Usage, "there is no token")
                .hint("mint one with `landfall token --owner NAME` and give it by LANDFALL_TOKEN or --token"));
        };
        let token = Token::parse(token).map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()))?;
        Client::new(self.server.clone(), token, collection.clone())
            .map_err(|wrong| Failure::new(Exit::Usage, crate::exit::chain(&wrong)))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_server;

    #[test]
    fn an_address_needs_no_scheme() {
        let read = |text| parse_server(text).unwrap().to_string();
        assert_eq!(read("localhost:8080"), "http://localhost:8080/");
        assert_eq!(read("127.0.0.1:7070"), "http://127.0.0.1:7070/");
        assert_eq!(read("[::1]:7070/under"), "http://[::1]:7070/under");
        assert_eq!(read("https://films.example.com"), "https://films.example.com/");
        assert!(parse_server("local host").is_err());
    }
}
