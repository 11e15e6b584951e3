//! Query parameters: each known, each given once.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use http::request::Parts;
use url::form_urlencoded;

use super::fields::Fields;
use crate::http::HttpState;
use crate::http::problem::Denial;

/// The query as it came; every parameter must be taken before [`Query::finish`].
pub(in crate::http) struct Query {
    given: Vec<(String, String)>,
    fields: Fields,
}

/// For operations that have no parameters.
pub(in crate::http) struct NoQuery;

impl Query {
    fn of(parts: &Parts) -> Self {
        let given = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self { given, fields: Fields::default() }
    }

    /// A parameter's text, if it was given.
    pub(in crate::http) fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.given.extract_if(.., |(given, _)| given == name).map(|(_, value)| value);
        let first = values.next();
        if values.count() > 0 {
            self.fields.wrong(name, "is given twice");
        }
        first
    }

    /// A parameter read as something, if it was given; what cannot be read is noted with `expected`.
    pub(in crate::http) fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = read(&text);
        if value.is_none() {
            self.fields.wrong(name, format_args!("must be {expected}"));
        }
        value
    }

    /// The same for what says itself why it cannot be read.
    pub(in crate::http) fn parse<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.fields.take(name, parse(&text))
    }

    /// Refuses what was noted, and what nobody took.
    pub(in crate::http) fn finish(mut self) -> Result<(), Denial> {
        for (name, _) in std::mem::take(&mut self.given) {
            let name = super::fields::shortened(&name);
            self.fields.wrong(name, "is not a known query parameter");
        }
        self.fields.finish(Some(()))
    }
}

impl FromRequestParts<HttpState> for Query {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Denial> {
        Ok(Self::of(parts))
    }
}

impl FromRequestParts<HttpState> for NoQuery {
    type Rejection = Denial;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Denial> {
        Query::of(parts).finish().map(|()| Self)
    }
}
