//! What is taken out of a request before s3s reads it, because s3s would read it wrongly or refuse it.

use super::with_parameters;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use percent_encoding::percent_decode_str;
use s3s::{S3Error, S3ErrorCode, S3Result};

/// Conditions, the range and `Expires`, as they were sent. s3s takes one form of a date, one tag, and only a range that it
/// can read.
const TAKEN: [&str; 11] = [
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-unmodified-since",
];

/// The headers that were taken; a repeated one is one list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken(HeaderMap);

impl Taken {
    pub(super) fn take(headers: &mut HeaderMap) -> Self {
        let mut taken = HeaderMap::new();
        for name in TAKEN {
            let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
            if let Some(value) =
                (!values.is_empty()).then(|| HeaderValue::try_from(values.join(", "))).and_then(Result::ok)
            {
                taken.insert(HeaderName::from_static(name), value);
            }
            headers.remove(name);
        }
        Self(taken)
    }

    /// What was taken of the request that an operation is called with.
    pub(crate) fn of(extensions: &mut Extensions) -> Self {
        extensions.remove().unwrap_or_default()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|text| !text.is_empty())
    }

    /// The same, where a header without a value is not the same as none.
    pub(crate) fn sent(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.0
    }
}

static KNOWN: [(&str, HeaderName); 6] = [
    ("response-cache-control", header::CACHE_CONTROL),
    ("response-content-disposition", header::CONTENT_DISPOSITION),
    ("response-content-encoding", header::CONTENT_ENCODING),
    ("response-content-language", header::CONTENT_LANGUAGE),
    ("response-content-type", header::CONTENT_TYPE),
    ("response-expires", header::EXPIRES),
];

/// Headers that a reader wants on the answer instead of the object's: `response-content-type` and its like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides(HeaderMap);

impl Overrides {
    pub(super) fn take(method: &Method, uri: Uri) -> S3Result<(Uri, Self)> {
        let is_object = uri.path().trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
        if !is_object || !matches!(*method, Method::GET | Method::HEAD) {
            return Ok((uri, Self::default()));
        }
        let mut wanted = HeaderMap::new();
        let mut unreadable = None;
        let rest = with_parameters(&uri, |pair| {
            let (name, value) = pair.split_once('=').unwrap_or((*pair, ""));
            let Some((_, header)) = KNOWN.iter().find(|(known, _)| *known == name) else { return true };
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8().ok().map(std::borrow::Cow::into_owned);
            match value.and_then(|value| HeaderValue::try_from(value).ok()) {
                Some(value) => drop(wanted.insert(header.clone(), value)),
                None => unreadable = Some(name.to_owned()),
            }
            false
        })?;
        match unreadable {
            Some(name) => Err(S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                format!("{name} holds characters that an HTTP header cannot carry."),
            )),
            None => Ok((rest, Self(wanted))),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.insert(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_header_is_one_list_and_s3s_sees_none() {
        let mut headers = HeaderMap::new();
        headers.append("if-none-match", HeaderValue::from_static("\"a\""));
        headers.append("if-none-match", HeaderValue::from_static("\"b\""));
        headers.append("x-other", HeaderValue::from_static("c"));
        let taken = Taken::take(&mut headers);
        assert_eq!(taken.text("if-none-match"), Some("\"a\", \"b\""));
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn wishes_are_taken_from_reads_of_objects() {
        let take = |method, uri: &'static str| Overrides::take(&method, Uri::from_static(uri)).expect("readable");
        let (uri, wanted) = take(Method::GET, "/b/k?response-expires=soon&versionId=1&response-content-type=a%2Fb");
        assert_eq!(uri.to_string(), "/b/k?versionId=1");
        assert_eq!(wanted.0["expires"], "soon");
        assert_eq!(wanted.0["content-type"], "a/b");
        for (method, uri) in [(Method::PUT, "/b/k?response-expires=a"), (Method::GET, "/b?response-expires=a")] {
            let (same, wanted) = take(method, uri);
            assert!(same == *uri && wanted.is_empty(), "{uri}");
        }
        let bad = Uri::from_static("/b/k?response-content-type=a%0Ab");
        assert!(Overrides::take(&Method::GET, bad).is_err());
    }
}
