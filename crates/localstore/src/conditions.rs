//! Preconditions, as pure functions of what is there.
//!
//! Reads follow RFC 9110's order of evaluation with S3's exceptions; writes know If-Match and `If-None-Match: *` only,
//! as S3 does, and are evaluated under the key's lock so that exactly one of several writers wins. A date that cannot be
//! read is no condition (RFC 9110, 13.1.3).

use crate::etag::EntityTag;
use crate::http_date;
use crate::verified::Taken;
use jiff::Timestamp;
use s3s::{S3Error, S3ErrorCode, S3Result};

/// The tags in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TagCondition {
    /// `*`
    Any,
    /// A list of tags.
    OneOf(Vec<NamedTag>),
}

/// A tag as a client names it, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedTag {
    text: String,
    is_weak: bool,
}

impl NamedTag {
    /// Quoted or bare, `W/` or not.
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let (is_weak, text) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        Self { text: bare.to_owned(), is_weak }
    }
}

impl TagCondition {
    /// Reads a header's value. Tags of this store hold no commas, so a list is cut at each.
    pub(crate) fn parse(text: &str) -> Self {
        if text.trim() == "*" {
            return Self::Any;
        }
        Self::OneOf(text.split(',').filter(|tag| !tag.trim().is_empty()).map(NamedTag::parse).collect())
    }

    /// Strong comparison: a weak tag equals nothing.
    fn matches(&self, etag: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| !tag.is_weak && tag.text == etag.to_string()),
        }
    }

    fn matches_weakly(&self, etag: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag.text == etag.to_string()),
        }
    }
}

/// The conditions of a read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadConditions {
    pub(crate) if_match: Option<TagCondition>,
    pub(crate) if_none_match: Option<TagCondition>,
    pub(crate) if_modified_since: Option<Timestamp>,
    pub(crate) if_unmodified_since: Option<Timestamp>,
}

/// What a read's conditions say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadVerdict {
    Proceed,
    NotModified,
    Failed(&'static str),
}

impl ReadConditions {
    /// The conditions of a request for an object.
    pub(crate) fn of(taken: &Taken) -> Self {
        Self::named(taken, "")
    }

    /// The conditions of a copy on its source.
    pub(crate) fn of_source(taken: &Taken) -> Self {
        Self::named(taken, "x-amz-copy-source-")
    }

    fn named(taken: &Taken, prefix: &str) -> Self {
        let text = |name: &str| taken.text(&format!("{prefix}{name}"));
        let date = |name: &str| text(name).and_then(http_date::parse);
        Self {
            if_match: text("if-match").map(TagCondition::parse),
            if_none_match: text("if-none-match").map(TagCondition::parse),
            if_modified_since: date("if-modified-since"),
            if_unmodified_since: date("if-unmodified-since"),
        }
    }

    /// Times are compared in whole seconds: HTTP dates have no finer grain.
    pub(crate) fn judge(&self, etag: &EntityTag, modified: Timestamp) -> ReadVerdict {
        let modified = modified.as_second();
        match &self.if_match {
            Some(condition) if !condition.matches(etag) => return ReadVerdict::Failed("If-Match"),
            Some(_) => {}
            None => {
                if self.if_unmodified_since.is_some_and(|since| modified > since.as_second()) {
                    return ReadVerdict::Failed("If-Unmodified-Since");
                }
            }
        }
        match &self.if_none_match {
            Some(condition) if condition.matches_weakly(etag) => ReadVerdict::NotModified,
            Some(_) => ReadVerdict::Proceed,
            None if self.if_modified_since.is_some_and(|since| modified <= since.as_second()) => {
                ReadVerdict::NotModified
            }
            None => ReadVerdict::Proceed,
        }
    }
}

/// Whether a range still counts: If-Range names the very object that is there, by one strong tag or by its date. What is
/// neither (`*`, a list, nothing) names none.
pub(crate) fn range_counts(if_range: Option<&str>, etag: &EntityTag, modified: Timestamp) -> bool {
    let Some(text) = if_range else { return true };
    match http_date::parse(text) {
        Some(date) => date.as_second() == modified.as_second(),
        None => TagCondition::OneOf(vec![NamedTag::parse(text)]).matches(etag),
    }
}

/// The condition of a write.
#[derive(Clone, Debug, Default)]
pub(crate) enum WriteCondition {
    #[default]
    None,
    /// `If-None-Match: *`: nothing is there.
    Absent,
    /// `If-Match`: this is there.
    Present(TagCondition),
}

/// What a write's condition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteVerdict {
    Proceed,
    Failed(&'static str),
    /// If-Match on a key that holds nothing.
    Missing,
}

impl WriteCondition {
    /// The condition of a request. That If-None-Match is `*` here is checked by [`crate::contract`].
    pub(crate) fn of(taken: &Taken) -> S3Result<Self> {
        match (taken.text("if-match"), taken.text("if-none-match")) {
            (None, None) => Ok(Self::None),
            (Some(condition), None) => Ok(Self::Present(TagCondition::parse(condition))),
            (None, Some(_)) => Ok(Self::Absent),
            (Some(_), Some(_)) => Err(S3Error::with_message(
                S3ErrorCode::InvalidRequest,
                "If-Match and If-None-Match cannot be used together on a write",
            )),
        }
    }

    pub(crate) fn judge(&self, current: Option<&EntityTag>) -> WriteVerdict {
        match (self, current) {
            (Self::None, _) | (Self::Absent, None) => WriteVerdict::Proceed,
            (Self::Absent, Some(_)) => WriteVerdict::Failed("If-None-Match"),
            (Self::Present(_), None) => WriteVerdict::Missing,
            (Self::Present(condition), Some(etag)) if condition.matches(etag) => WriteVerdict::Proceed,
            (Self::Present(_), Some(_)) => WriteVerdict::Failed("If-Match"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag() -> EntityTag {
        EntityTag::of_md5([7; 16])
    }

    #[test]
    fn a_true_if_match_outranks_if_unmodified_since() {
        let modified = Timestamp::from_second(1_000).expect("time");
        let conditions = ReadConditions {
            if_match: Some(TagCondition::parse(&tag().to_string())),
            if_unmodified_since: Some(Timestamp::UNIX_EPOCH),
            ..Default::default()
        };
        assert_eq!(conditions.judge(&tag(), modified), ReadVerdict::Proceed);
    }

    #[test]
    fn a_false_if_none_match_outranks_if_modified_since() {
        let modified = Timestamp::from_second(1_000).expect("time");
        let conditions = ReadConditions {
            if_none_match: Some(TagCondition::parse("other")),
            if_modified_since: Some(modified),
            ..Default::default()
        };
        assert_eq!(conditions.judge(&tag(), modified), ReadVerdict::Proceed);
        let since = ReadConditions { if_modified_since: Some(modified), ..Default::default() };
        assert_eq!(since.judge(&tag(), modified), ReadVerdict::NotModified);
    }

    #[test]
    fn lists_are_compared_strongly_or_weakly() {
        let ours = tag();
        let list = |text: &str| TagCondition::parse(&text.replace("ours", &ours.to_string()));
        for text in ["*", "ours", "\"ours\"", "\"a\", \"ours\"", "\"ours\",\"a\""] {
            assert!(list(text).matches(&ours) && list(text).matches_weakly(&ours), "{text}");
        }
        assert!(!list("W/\"ours\"").matches(&ours));
        assert!(list("\"a\", W/\"ours\"").matches_weakly(&ours));
        for text in ["", "\"a\"", "\"a\", \"b\"", "ours-2"] {
            assert!(!list(text).matches_weakly(&ours), "{text}");
        }
    }

    #[test]
    fn a_range_counts_only_for_what_is_there() {
        let (ours, modified) = (tag(), Timestamp::from_second(784_111_777).expect("time"));
        let counts = |text: &str| range_counts(Some(&text.replace("ours", &ours.to_string())), &ours, modified);
        assert!(range_counts(None, &ours, modified));
        for text in ["\"ours\"", "ours", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"] {
            assert!(counts(text), "{text}");
        }
        for text in [
            "W/\"ours\"",
            "\"other\"",
            "\"other\", \"ours\"",
            "\"ours\",",
            "*",
            "",
            "Sun, 06 Nov 1994 08:49:38 GMT",
            "yesterday",
        ] {
            assert!(!counts(text), "{text}");
        }
    }

    #[test]
    fn writes_distinguish_absent_present_and_missing() {
        let present = WriteCondition::Present(TagCondition::Any);
        assert_eq!(present.judge(None), WriteVerdict::Missing);
        assert_eq!(present.judge(Some(&tag())), WriteVerdict::Proceed);
        assert_eq!(WriteCondition::Absent.judge(Some(&tag())), WriteVerdict::Failed("If-None-Match"));
        assert_eq!(WriteCondition::Absent.judge(None), WriteVerdict::Proceed);
    }
}
