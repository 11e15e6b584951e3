//! From what Uppy says about a file to domain types.
//!
//! Uppy sends names and types as the browser has them, and as metadata whatever its page knows. *Rule*: what only
//! describes (title, long names) is made to fit; what decides (type, collection, asset, role) is refused if it is wrong.

use std::collections::BTreeMap;

use domain::text::{MAX_FILE_NAME_BYTES, MAX_TITLE_CHARS, composed};
use domain::{AssetId, Description, FileName, MediaType, Metadata, Title};
use serde_json::{Map, Value};

use crate::http::problem::{self, Denial};

/// What browsers and Uppy say instead of a type that they do not know.
const UNKNOWN_TYPES: [&str; 4] = ["", "undefined", "null", "application/octet-stream"];
/// What Uppy adds to every file and is known from elsewhere.
const OF_UPPY: [&str; 2] = ["name", "type"];

/// A file that somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) file_name: FileName,
    pub(super) media_type: MediaType,
    /// The collection, if it was said.
    pub(super) collection: Option<String>,
    /// The asset it is added to, if it is.
    pub(super) asset: Option<AssetId>,
    /// The role, if it was said.
    pub(super) role: Option<String>,
    pub(super) title: Title,
    pub(super) description: Description,
    pub(super) metadata: Metadata,
}

impl Wanted {
    /// Reads a name, a type and metadata; all of it may be missing.
    pub(super) fn parse(
        name: Option<&str>,
        media_type: Option<&str>,
        mut metadata: BTreeMap<String, String>,
    ) -> Result<Self, Denial> {
        let name = name.filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| Denial::field("filename", "is required, and must not be empty"))?;
        let name = fitting_name(&composed(name.to_owned()));
        let file_name = FileName::parse(name.clone()).map_err(|wrong| Denial::field("filename", wrong.to_string()))?;
        let media_type = read_type(media_type.unwrap_or_default(), &name)?;
        // Uppy writes what is null as a text.
        metadata
            .retain(|key, value| !OF_UPPY.contains(&key.as_str()) && !matches!(value.as_str(), "null" | "undefined"));
        let mut take = |key: &str| metadata.remove(key).filter(|value| !value.trim().is_empty());
        let asset = match take("asset_id") {
            Some(id) => Some(id.parse().map_err(|_| problem::malformed_id())?),
            None => None,
        };
        let (collection, role) = (take("collection"), take("role"));
        let title = take("title").and_then(|title| Title::parse(fitting_title(&title)).ok());
        let title = title.or_else(|| Title::parse(fitting_title(stem(&name))).ok());
        let title = title.unwrap_or_else(|| Title::parse("Upload").expect("a title"));
        let description = Description::parse(take("description").unwrap_or_default());
        let description = description.map_err(|wrong| Denial::field("metadata[description]", wrong.to_string()))?;
        let metadata = serde_json::to_string(&metadata).expect("a map of texts is JSON");
        let metadata = Metadata::parse(metadata).map_err(|wrong| Denial::field("metadata", wrong.to_string()))?;
        Ok(Self { file_name, media_type, collection, asset, role, title, description, metadata })
    }
}

/// The members of a JSON object as Uppy writes them into a query.
pub(super) fn texts(object: Map<String, Value>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    object.into_iter().map(|(key, value)| (key, text(value))).collect()
}

/// The type that was said, if it is one of ours; else what the name suggests. It is held against the bytes later.
fn read_type(said: &str, name: &str) -> Result<MediaType, Denial> {
    let said = said.trim();
    let unknown = |wrong: domain::media::UnknownMediaType| {
        let what = if UNKNOWN_TYPES.contains(&said) { "is not known, nor is the file's extension; it " } else { "" };
        Denial::field("type", format!("{what}{wrong}"))
    };
    said.parse().or_else(|wrong| MediaType::from_file_name(name).ok_or_else(|| unknown(wrong)))
}

/// A name without folders, and as long as names may be: its end stays, because it says the type.
fn fitting_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.len() <= MAX_FILE_NAME_BYTES {
        return name.to_owned();
    }
    let end = name.rfind('.').filter(|dot| name.len() - dot <= 16).map_or("", |dot| &name[dot..]);
    let room = MAX_FILE_NAME_BYTES - end.len();
    format!("{}{end}", &name[..name.floor_char_boundary(room)])
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn fitting_title(text: &str) -> String {
    let text = composed(text.to_owned());
    text.chars().filter(|c| !c.is_control()).take(MAX_TITLE_CHARS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, media_type: &str, metadata: &[(&str, &str)]) -> Result<Wanted, Denial> {
        let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Wanted::parse(Some(name), Some(media_type), metadata)
    }

    #[test]
    fn types_come_from_the_browser_or_from_the_name() {
        for (name, media_type, expected) in [
            ("a.mp4", "video/mp4", MediaType::Mp4),
            ("a.mp4", "video/webm;codecs=vp9", MediaType::WebM),
            ("휴가 🎬.MOV", "undefined", MediaType::QuickTime),
            ("a.mkv", "", MediaType::Matroska),
            ("a.m4v", "video/x-m4v", MediaType::Mp4),
            ("a.avi", "video/avi", MediaType::Avi),
            ("a.jpeg", "application/octet-stream", MediaType::Jpeg),
        ] {
            assert_eq!(wanted(name, media_type, &[]).unwrap().media_type, expected, "{name} {media_type}");
        }
        for (name, media_type) in [("a", "undefined"), ("a.exe", ""), ("a.html", "text/html")] {
            assert!(wanted(name, media_type, &[]).is_err(), "{name} {media_type}");
        }
    }

    #[test]
    fn names_and_titles_are_made_to_fit() {
        let long = "가".repeat(200);
        let found = wanted(&format!("폴더/{long}.mp4"), "video/mp4", &[]).unwrap();
        assert!(found.file_name.as_str().len() <= 255 && found.file_name.as_str().ends_with("가.mp4"));
        assert!(found.title.as_str().starts_with("가가"));
        let found = wanted("휴가 🎬.mp4", "video/mp4", &[("title", "  여름\n휴가 "), ("caption", "c")]).unwrap();
        assert_eq!((found.file_name.as_str(), found.title.as_str()), ("휴가 🎬.mp4", "여름휴가"));
        assert_eq!(found.metadata.as_str(), "{\"caption\":\"c\"}");
        assert_eq!(wanted(".mp4", "video/mp4", &[]).unwrap().title.as_str(), "Upload");
        // As macOS names files: a syllable is two characters, and is cut as one.
        let apart = "\u{1112}\u{1172}".repeat(250);
        let found = wanted(&format!("{apart}.mp4"), "video/mp4", &[]).unwrap();
        assert_eq!(found.file_name.as_str(), format!("{}.mp4", "휴".repeat(83)));
        let found = wanted("a.mp4", "video/mp4", &[("title", &apart)]).unwrap();
        assert_eq!(found.title.as_str(), "휴".repeat(200));
        for wrong in ["", " ", "a/", "..", "a\u{7}.mp4"] {
            assert!(wanted(wrong, "video/mp4", &[]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn metadata_says_where_a_file_belongs() {
        let said = [("collection", "clips"), ("role", "clip"), ("name", "a.mp4"), ("relativePath", "null"), ("k", "v")];
        let found = wanted("a.mp4", "video/mp4", &said).unwrap();
        assert_eq!((found.collection.as_deref(), found.role.as_deref()), (Some("clips"), Some("clip")));
        assert_eq!((found.metadata.as_str(), found.asset), ("{\"k\":\"v\"}", None));
        assert!(wanted("a.mp4", "video/mp4", &[("asset_id", "42")]).is_err());
        assert!(wanted("a.mp4", "video/mp4", &[("k", &"v".repeat(20_000))]).is_err());
    }
}
