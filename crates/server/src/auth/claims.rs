//! What a token says, and whether that is enough.
//!
//! Shapes follow RFC 7519: `aud` is a text or a list, times are numbers of seconds that may have a fraction; `scope` is
//! RFC 8693's space-separated text, or the list that some issuers write.

use data_encoding::BASE64URL_NOPAD;
use domain::{OwnerId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AuthError, Identity, TokenRequest, TokenRules};

/// What a token can allow besides acting as its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everything under `/v1/admin`.
    Admin,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 1] = [Self::Admin];

    /// The word that stands in `scope`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
        }
    }

    /// Reads a word of `scope`. Words of other programs are not ours to judge.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// No scope: the token acts as its owner and no more.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The words that stand in `scope`.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|scope| scope.name())
    }

    /// Whether a scope is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }
}

/// One text or several, as issuers like it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// The claims we know. Others are ignored, as RFC 7519 section 4 asks.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<OneOrMany>,
}

impl Claims {
    pub(super) fn of(request: &TokenRequest, rules: &TokenRules, now: Timestamp) -> Self {
        let words: Vec<_> = request.scopes.names().collect();
        let issued = now.as_second();
        Self {
            sub: Some(request.owner.as_str().into()),
            exp: Some(issued.saturating_add(request.ttl.as_secs()) as f64),
            nbf: None,
            iat: Some(issued as f64),
            iss: rules.issuer.clone(),
            aud: rules.audience.clone().map(OneOrMany::One),
            scope: (!words.is_empty()).then(|| OneOrMany::One(words.join(" "))),
        }
    }

    pub(super) fn judge(&self, rules: &TokenRules, now: Timestamp) -> Result<Identity, AuthError> {
        let now = now.as_microsecond() as f64 / 1e6;
        let leeway = rules.leeway.as_secs_f64();
        let exp = self.exp.ok_or(AuthError::NoExpiry)?;
        if now >= exp + leeway {
            return Err(AuthError::Expired);
        }
        let issued = self.iat.map_or(now, |iat| iat.min(now));
        if exp - issued > rules.longest_life.as_secs_f64() + leeway {
            return Err(AuthError::LivesTooLong);
        }
        if self.nbf.is_some_and(|nbf| now < nbf - leeway) {
            return Err(AuthError::NotYetValid);
        }
        if rules.issuer.is_some() && self.iss != rules.issuer {
            return Err(AuthError::Issuer);
        }
        self.judge_audience(rules)?;
        let subject = self.sub.as_ref().and_then(|sub| sub.as_str()).ok_or(AuthError::Subject)?;
        let owner = OwnerId::parse(subject).map_err(|_| AuthError::Subject)?;
        // It is neither past nor further ahead than the longest life, so it lies within the calendar.
        let expires_at = Timestamp::from_second(exp as i64).map_err(|_| AuthError::Malformed)?;
        Ok(Identity { owner, scopes: self.scopes(), expires_at })
    }

    /// RFC 7519, section 4.1.3: a token for somebody is refused by everybody else, but one for nobody in particular is
    /// refused only where an audience is configured.
    fn judge_audience(&self, rules: &TokenRules) -> Result<(), AuthError> {
        let Some(wanted) = &rules.audience else { return Ok(()) };
        let named = self.aud.as_ref().is_some_and(|aud| aud.as_slice().contains(wanted));
        if named { Ok(()) } else { Err(AuthError::Audience) }
    }

    fn scopes(&self) -> Scopes {
        let texts = self.scope.as_ref().map(OneOrMany::as_slice).unwrap_or_default();
        texts.iter().flat_map(|text| text.split_whitespace()).filter_map(Scope::find).collect()
    }
}

/// Whether a token's header is JSON that names another algorithm than ours, known to the library or not.
pub(super) fn names_an_algorithm_but_not_hs256(token: &str) -> bool {
    header(token).get("alg").is_some_and(|alg| alg.as_str().is_some_and(|name| name != "HS256"))
}

/// Whether a token's header has `crit`, with whatever in it: the library passes over it.
pub(super) fn demands_an_extension(token: &str) -> bool {
    header(token).contains_key("crit")
}

/// The members of a token's header; none if it is not JSON.
fn header(token: &str) -> serde_json::Map<String, serde_json::Value> {
    let header = token.split('.').next().unwrap_or_default();
    let bytes = BASE64URL_NOPAD.decode(header.as_bytes()).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
