//! Cross-origin rules of a bucket: which page may do what, as pure functions.
//!
//! As on S3 the first rule that fits decides, for the preflight and again for the request itself. A rule's origins and
//! headers may hold one `*` each.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

/// One rule. An empty list allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsRule {
    /// The rule's name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Origins such as `https://app.example.com`, `http://*.example.com` or `*`.
    pub allowed_origins: Vec<String>,
    /// Of GET, PUT, POST, DELETE and HEAD.
    pub allowed_methods: Vec<String>,
    /// Request headers a preflight may ask for; `*` for all.
    pub allowed_headers: Vec<String>,
    /// Answer headers a page may read, such as `ETag`.
    pub expose_headers: Vec<String>,
    /// Seconds a browser may keep a preflight's answer.
    pub max_age_seconds: Option<u32>,
}

/// What a browser asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CorsRequest<'a> {
    pub(crate) origin: &'a str,
    pub(crate) method: &'a str,
    /// The comma-separated list of a preflight.
    pub(crate) headers: Option<&'a str>,
}

/// The first rule that allows a request.
pub(crate) fn find<'r>(rules: &'r [CorsRule], request: &CorsRequest<'_>) -> Option<&'r CorsRule> {
    rules.iter().find(|rule| {
        rule.allowed_origins.iter().any(|pattern| matches(pattern, request.origin))
            && rule.allowed_methods.iter().any(|method| method == request.method)
            && request.headers.is_none_or(|headers| {
                let mut asked = headers.split(',').map(|name| name.trim().to_ascii_lowercase());
                asked.all(|name| {
                    name.is_empty()
                        || rule.allowed_headers.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &name))
                })
            })
    })
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
        }
    }
}

/// Adds what the rule grants to an answer; `headers` are those a preflight asked for.
pub(crate) fn grant(answer: &mut HeaderMap, rule: &CorsRule, request: &CorsRequest<'_>) {
    let any_origin = rule.allowed_origins.iter().any(|origin| origin == "*");
    let origin = if any_origin { "*" } else { request.origin };
    put(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if !any_origin {
        put(answer, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    put(answer, header::ACCESS_CONTROL_ALLOW_METHODS, &rule.allowed_methods.join(", "));
    if let Some(headers) = request.headers.filter(|headers| !headers.is_empty()) {
        put(answer, header::ACCESS_CONTROL_ALLOW_HEADERS, &headers.to_ascii_lowercase());
    }
    if !rule.expose_headers.is_empty() {
        put(answer, header::ACCESS_CONTROL_EXPOSE_HEADERS, &rule.expose_headers.join(", "));
    }
    if let Some(seconds) = rule.max_age_seconds {
        put(answer, header::ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
    }
}

/// Says that the answer depends on who asks, so that no cache gives one origin's answer to another.
pub(crate) fn vary(answer: &mut HeaderMap) {
    let value = HeaderValue::from_static("Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    answer.insert(header::VARY, value);
}

fn put(answer: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.insert(name, value);
    }
}

/// Why a rule is refused, for the client.
pub(crate) fn objection(rule: &CorsRule) -> Option<String> {
    const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];
    if rule.allowed_origins.is_empty() || rule.allowed_methods.is_empty() {
        return Some("a CORS rule needs an allowed origin and an allowed method".to_owned());
    }
    if let Some(method) = rule.allowed_methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
        return Some(format!(
            "found unsupported HTTP method in CORS config: {method}; use GET, PUT, POST, DELETE or HEAD"
        ));
    }
    let patterns = rule.allowed_origins.iter().chain(&rule.allowed_headers);
    patterns.clone().find(|p| p.matches('*').count() > 1).map(|p| format!("\"{p}\" has more than one wildcard"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(origins: &[&str], headers: &[&str]) -> CorsRule {
        CorsRule {
            allowed_origins: origins.iter().map(ToString::to_string).collect(),
            allowed_methods: vec!["PUT".into()],
            allowed_headers: headers.iter().map(ToString::to_string).collect(),
            ..CorsRule::default()
        }
    }

    fn asks<'a>(origin: &'a str, headers: Option<&'a str>) -> CorsRequest<'a> {
        CorsRequest { origin, method: "PUT", headers }
    }

    #[test]
    fn wildcards_match_one_run_and_headers_ignore_case() {
        let rules = [rule(&["https://*.example.com"], &["X-Amz-*", "content-type"])];
        assert!(find(&rules, &asks("https://a.example.com", Some("x-amz-date, Content-Type"))).is_some());
        assert!(find(&rules, &asks("https://example.com", None)).is_none());
        assert!(find(&rules, &asks("https://a.example.com", Some("authorization"))).is_none());
        assert!(!matches("aXa*aXa", "aXa"), "the two halves must not overlap");
    }

    #[test]
    fn any_origin_is_answered_without_credentials() {
        let mut any = HeaderMap::new();
        grant(&mut any, &rule(&["*"], &[]), &asks("https://a", None));
        assert_eq!(any[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!any.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let mut one = HeaderMap::new();
        grant(&mut one, &rule(&["https://a"], &[]), &asks("https://a", None));
        assert_eq!(one[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://a");
    }

    #[test]
    fn rules_that_s3_refuses_are_refused() {
        assert!(objection(&rule(&["*"], &["*"])).is_none());
        assert!(objection(&rule(&["https://*.*.com"], &[])).is_some());
        assert!(objection(&rule(&[], &[])).is_some());
        let patch = CorsRule { allowed_methods: vec!["PATCH".into()], ..rule(&["*"], &[]) };
        assert!(objection(&patch).is_some());
    }
}
