//! Preconditions, as pure functions of what is there.
//!
//! Reads follow RFC 9110's order of evaluation with S3's exceptions; writes know If-Match and `If-None-Match: *` only,
//! as S3 does, and are evaluated under the key's lock so that exactly one of several writers wins.

use crate::etag::EntityTag;
use jiff::Timestamp;

/// A tag in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TagCondition {
    /// `*`
    Any,
    /// One tag, without its quotes.
    Tag(String),
}

impl TagCondition {
    fn matches(&self, etag: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::Tag(text) => *text == etag.to_string(),
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
            Some(condition) if condition.matches(etag) => ReadVerdict::NotModified,
            Some(_) => ReadVerdict::Proceed,
            None if self.if_modified_since.is_some_and(|since| modified <= since.as_second()) => {
                ReadVerdict::NotModified
            }
            None => ReadVerdict::Proceed,
        }
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
            if_match: Some(TagCondition::Tag(tag().to_string())),
            if_unmodified_since: Some(Timestamp::UNIX_EPOCH),
            ..Default::default()
        };
        assert_eq!(conditions.judge(&tag(), modified), ReadVerdict::Proceed);
    }

    #[test]
    fn a_false_if_none_match_outranks_if_modified_since() {
        let modified = Timestamp::from_second(1_000).expect("time");
        let conditions = ReadConditions {
            if_none_match: Some(TagCondition::Tag("other".into())),
            if_modified_since: Some(modified),
            ..Default::default()
        };
        assert_eq!(conditions.judge(&tag(), modified), ReadVerdict::Proceed);
        let since = ReadConditions { if_modified_since: Some(modified), ..Default::default() };
        assert_eq!(since.judge(&tag(), modified), ReadVerdict::NotModified);
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
