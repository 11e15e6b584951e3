//! Pages of sorted keys, rolled up at a delimiter: pure, over anything that can be asked for its next key.
//!
//! Order is that of UTF-8 bytes, which is that of code points. A page never looks at keys below a prefix it has rolled
//! up: it seeks past them. A marker inside a rolled-up prefix means that prefix was shown already.

use std::{collections::BTreeMap, ops::Bound};

/// S3 shows at most this many entries a page.
pub(crate) const MAX_PAGE: usize = 1_000;

/// What to list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Query<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) delimiter: Option<&'a str>,
    /// Where the last page ended.
    pub(crate) after: Option<After<'a>>,
    /// Entries at most, common prefixes counted.
    pub(crate) limit: usize,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum After<'a> {
    /// All entries of this key, or all keys rolled up into this prefix.
    Key(&'a str),
    /// This key up to and with the entry of this name.
    Entry(&'a str, &'a str),
}

/// A line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line<T> {
    Entry { key: String, entry: T },
    CommonPrefix(String),
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) lines: Vec<Line<T>>,
    /// There is more after the last line.
    pub(crate) truncated: bool,
}

/// What a key holds: one entry, its versions, or its uploads, in the order they are shown.
pub(crate) trait Entries {
    type Entry;

    /// The entries, each with its name where one key can hold several.
    fn entries(&self) -> Vec<(String, Self::Entry)>;
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), truncated: false }
    }
}

impl<V: Entries> Entries for &V {
    type Entry = V::Entry;

    fn entries(&self) -> Vec<(String, Self::Entry)> {
        (*self).entries()
    }
}

/// One page of a sorted map.
pub(crate) fn page<V: Entries>(map: &BTreeMap<Box<str>, V>, query: Query<'_>) -> Page<V::Entry> {
    page_by(map, query, |value| value)
}

/// One page of a sorted map, each key seen through `view`. A key without entries is not there.
pub(crate) fn page_by<'m, V, E: Entries>(
    map: &'m BTreeMap<Box<str>, V>,
    query: Query<'_>,
    view: impl Fn(&'m V) -> E,
) -> Page<E::Entry> {
    let mut lines = Vec::new();
    let mut bound = start(&query);
    let mut resume = match query.after {
        Some(After::Entry(key, name)) if key.starts_with(query.prefix) => Some((key, name)),
        Some(_) | None => None,
    };
    loop {
        let range = (bound.as_ref().map(String::as_str), Bound::Unbounded);
        let Some((key, value)) = map.range::<str, _>(range).next() else { break };
        if !key.starts_with(query.prefix) {
            break;
        }
        let mut entries = view(value).entries();
        if entries.is_empty() {
            bound = Bound::Excluded(key.to_string());
            continue;
        }
        if let Some(common) = common_prefix(key, &query) {
            if lines.len() == query.limit {
                return Page { lines, truncated: true };
            }
            bound = successor(common).map_or(Bound::Excluded(common.to_owned()), Bound::Included);
            lines.push(Line::CommonPrefix(common.to_owned()));
            if successor(common).is_none() {
                break;
            }
            continue;
        }
        if let Some((_, name)) = resume.take().filter(|(resumed, _)| *resumed == &**key) {
            let seen = entries.iter().position(|(n, _)| n == name).map_or(entries.len(), |at| at + 1);
            entries.drain(..seen);
        }
        for (_, entry) in entries {
            if lines.len() == query.limit {
                return Page { lines, truncated: true };
            }
            lines.push(Line::Entry { key: key.to_string(), entry });
        }
        bound = Bound::Excluded(key.to_string());
    }
    Page { lines, truncated: false }
}

/// The first place to look at: the prefix's first key, or behind the marker and whatever prefix it lies in.
fn start(query: &Query<'_>) -> Bound<String> {
    let from_prefix = Bound::Included(query.prefix.to_owned());
    let (marker, bound) = match query.after {
        None => return from_prefix,
        Some(After::Key(key)) => (key, Bound::Excluded(key.to_owned())),
        Some(After::Entry(key, _)) => (key, Bound::Included(key.to_owned())),
    };
    if marker < query.prefix {
        return from_prefix;
    }
    match common_prefix(marker, query).and_then(successor) {
        Some(behind) => Bound::Included(behind),
        None => bound,
    }
}

fn common_prefix<'k>(key: &'k str, query: &Query<'_>) -> Option<&'k str> {
    let delimiter = query.delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let rest = key.strip_prefix(query.prefix)?;
    let at = rest.find(delimiter)?;
    Some(&key[..query.prefix.len() + at + delimiter.len()])
}

/// The least text greater than every text that begins with `prefix`, if there is one.
fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            char::MAX => None,
            _ => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Entries for u8 {
        type Entry = ();

        fn entries(&self) -> Vec<(String, ())> {
            vec![(String::new(), ())]
        }
    }

    /// The same by looking at everything.
    fn model(keys: &BTreeMap<Box<str>, u8>, prefix: &str, delimiter: Option<&str>) -> Vec<Line<()>> {
        let mut lines: Vec<Line<()>> = Vec::new();
        for key in keys.keys().filter(|key| key.starts_with(prefix)) {
            let found = delimiter.and_then(|d| key[prefix.len()..].find(d).map(|at| at + prefix.len() + d.len()));
            let line = match found {
                Some(end) => Line::CommonPrefix(key[..end].to_owned()),
                None => Line::Entry { key: key.to_string(), entry: () },
            };
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        lines
    }

    proptest! {
        #[test]
        fn pages_together_equal_the_model(
            keys in prop::collection::btree_set("[a/b\u{D7FF}\u{E000}\u{10FFFF}]{0,5}", 0..40),
            prefix in "[a/]{0,2}",
            delimiter in prop::option::of(prop::sample::select(vec!["/", "ab", "\u{10FFFF}"])),
            limit in 1_usize..5,
        ) {
            let map: BTreeMap<Box<str>, u8> = keys.into_iter().map(|key| (key.into_boxed_str(), 0)).collect();
            let mut all = Vec::new();
            let mut marker: Option<String> = None;
            loop {
                let after = marker.as_deref().map(After::Key);
                let found = page(&map, Query { prefix: &prefix, delimiter, after, limit });
                prop_assert!(found.lines.len() <= limit);
                marker = found.lines.last().map(|line| match line {
                    Line::Entry { key, .. } => key.clone(),
                    Line::CommonPrefix(common) => common.clone(),
                });
                all.extend(found.lines);
                if !found.truncated {
                    break;
                }
            }
            prop_assert_eq!(all, model(&map, &prefix, delimiter));
        }

        #[test]
        fn a_successor_is_just_behind_its_prefix(prefix in any::<String>(), tail in any::<String>()) {
            if let Some(behind) = successor(&prefix) {
                let inside = format!("{prefix}{tail}");
                prop_assert!(inside < behind);
                prop_assert!(behind > prefix);
            }
        }
    }
}
