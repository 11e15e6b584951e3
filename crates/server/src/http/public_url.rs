//! The API's address as clients reach it, and everything that is made of it.
//!
//! It may have a path, where a proxy serves Landfall beside other things. *Rule*: whatever is handed out (links,
//! `Location`, cookies, the pages' settings) is made here, so that none of them forgets the path.

use axum::Router;
use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use tower::{ServiceExt, service_fn};
use url::Url;

/// The public URL, in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    /// Without a slash at its end.
    base: String,
    /// Scheme, host and port, as browsers write them.
    origin: String,
    /// Without a slash at its end: empty, or such as `/landfall`.
    path: String,
}

impl PublicUrl {
    /// Takes a URL that the configuration has checked.
    pub(crate) fn new(url: &str) -> Self {
        let base = url.trim_end_matches('/').to_owned();
        let parsed = Url::parse(url).ok();
        let origin = parsed.as_ref().map_or_else(|| base.clone(), |url| url.origin().ascii_serialization());
        let path = parsed.map_or_else(String::new, |url| url.path().trim_end_matches('/').to_owned());
        Self { base, origin, path }
    }

    /// The URL of a path of ours.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A path of ours as a path of the host, for whoever knows the host already.
    pub(super) fn path_at(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }

    /// Scheme, host and port, as browsers write them.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether the way to clients is encrypted.
    pub(super) fn is_secure(&self) -> bool {
        self.base.starts_with("https:")
    }

    /// Lets a router be reached with and without the public path: some proxies take it away, others pass it on.
    pub(super) fn serve(&self, router: Router) -> Router {
        if self.path.is_empty() {
            return router;
        }
        let path = self.path.clone();
        Router::new().fallback_service(service_fn(move |mut request: Request| {
            if let Some(below) = below(request.uri(), &path) {
                *request.uri_mut() = below;
            }
            let router = router.clone();
            async move { router.oneshot(request).await }
        }))
    }
}

/// What is left of an address without the path it begins with.
fn below(uri: &Uri, path: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(path)?;
    let rest = match rest.as_bytes().first() {
        None => "/".to_owned(),
        Some(b'/') => rest.to_owned(),
        Some(b'?') => format!("/{rest}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_never_forgotten() {
        for text in ["https://api.example.com/landfall", "https://api.example.com/landfall/"] {
            let url = PublicUrl::new(text);
            assert_eq!(url.at("/w/t/video"), "https://api.example.com/landfall/w/t/video");
            assert_eq!(url.path_at("/"), "/landfall/");
            assert_eq!((url.origin(), url.is_secure()), ("https://api.example.com", true));
        }
        let url = PublicUrl::new("http://127.0.0.1:8080");
        assert_eq!((url.at("/a"), url.path_at("/")), ("http://127.0.0.1:8080/a".to_owned(), "/".to_owned()));
    }

    #[test]
    fn only_the_whole_path_is_taken_away() {
        let below = |uri: &str| below(&uri.parse().unwrap(), "/landfall").map(|uri| uri.to_string());
        assert_eq!(below("/landfall/v1/videos?q=a").as_deref(), Some("/v1/videos?q=a"));
        assert_eq!(below("/landfall").as_deref(), Some("/"));
        assert_eq!(below("/landfall?a").as_deref(), Some("/?a"));
        assert_eq!(below("/landfalls/v1"), None);
        assert_eq!(below("/v1/videos"), None);
    }
}
