//! The media types Landfall stores, as one table: name, aliases, extensions, format.
//!
//! What is not in this table cannot be stored. In particular nothing a browser would run (HTML, SVG, scripts) is. A type
//! has several names where browsers, phones and cameras write several, and is stored under the first. The web client
//! keeps the same table; `vectors/media_types.json` holds both to it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::format::Format;

/// A kind of content. The declared type is fixed when the multipart upload is created and never taken from the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MediaType {
    /// `video/mp4`
    Mp4,
    /// `video/quicktime`
    QuickTime,
    /// `video/3gpp`
    ThreeGpp,
    /// `video/webm`
    WebM,
    /// `video/x-matroska`
    Matroska,
    /// `video/x-msvideo`
    Avi,
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/webp`
    WebP,
    /// `image/gif`
    Gif,
}

/// What is known of a type. Names and extensions are in lower case; the first is the one that is stored.
struct Row {
    names: &'static [&'static str],
    extensions: &'static [&'static str],
    format: Format,
}

/// Why a text is not a media type that can be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a supported media type; supported are {}", MediaType::ALL.map(MediaType::name).join(", "))]
pub struct UnknownMediaType;

impl MediaType {
    /// Every type there is.
    pub const ALL: [Self; 10] = [
        Self::Mp4,
        Self::QuickTime,
        Self::ThreeGpp,
        Self::WebM,
        Self::Matroska,
        Self::Avi,
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Gif,
    ];

    const fn row(self) -> Row {
        let (names, extensions, format): (&'static [&'static str], &'static [&'static str], Format) = match self {
            // Apple's name of its own MP4; `.insv` is what Insta360 cameras write.
            Self::Mp4 => (&["video/mp4", "video/x-m4v"], &["mp4", "m4v", "insv"], Format::IsoMedia),
            Self::QuickTime => (&["video/quicktime"], &["mov", "qt"], Format::IsoMedia),
            // 3GPP2 differs in codecs, which nothing here looks at.
            Self::ThreeGpp => (&["video/3gpp", "video/3gpp2"], &["3gp", "3gpp", "3g2", "3gpp2"], Format::IsoMedia),
            Self::WebM => (&["video/webm"], &["webm"], Format::Ebml),
            // Registered in 2023 without the `x-`, which everybody still writes.
            Self::Matroska => (&["video/x-matroska", "video/matroska"], &["mkv"], Format::Ebml),
            Self::Avi => (&["video/x-msvideo", "video/avi", "video/vnd.avi", "video/msvideo"], &["avi"], Format::Avi),
            // Windows saves JPEG files of web pages as `.jfif`.
            Self::Jpeg => {
                (&["image/jpeg", "image/jpg", "image/pjpeg"], &["jpg", "jpeg", "jpe", "jfif", "pjpeg"], Format::Jpeg)
            }
            Self::Png => (&["image/png", "image/x-png"], &["png"], Format::Png),
            Self::WebP => (&["image/webp"], &["webp"], Format::WebP),
            Self::Gif => (&["image/gif"], &["gif"], Format::Gif),
        };
        Row { names, extensions, format }
    }

    /// The name under which it is stored, as in `Content-Type`.
    pub const fn name(self) -> &'static str {
        self.row().names[0]
    }

    /// Every name it is known by, the stored one first.
    pub const fn names(self) -> &'static [&'static str] {
        self.row().names
    }

    /// The extension that object keys carry, without the dot.
    pub const fn extension(self) -> &'static str {
        self.row().extensions[0]
    }

    /// Every extension that local files of this type have, that of object keys first.
    pub const fn extensions(self) -> &'static [&'static str] {
        self.row().extensions
    }

    /// The format its bytes must have.
    pub const fn format(self) -> Format {
        self.row().format
    }

    /// The type an extension in an object key stands for.
    pub fn from_key_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.extension() == extension)
    }

    /// The type a local file's name suggests; upper case and the usual second spellings included.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
        Self::ALL.into_iter().find(|media| media.extensions().contains(&extension.as_str()))
    }
}

/// Reads a `Content-Type`: case and parameters (`; codecs="avc1"`) do not matter.
impl FromStr for MediaType {
    type Err = UnknownMediaType;

    fn from_str(text: &str) -> Result<Self, UnknownMediaType> {
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|media| media.names().contains(&essence.as_str())).ok_or(UnknownMediaType)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for MediaType {
    type Error = UnknownMediaType;

    fn try_from(text: String) -> Result<Self, UnknownMediaType> {
        text.parse()
    }
}

impl From<MediaType> for String {
    fn from(media: MediaType) -> String {
        media.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_extensions_are_one_to_one() {
        let (mut names, mut extensions) = (BTreeSet::new(), BTreeSet::new());
        for media in MediaType::ALL {
            assert_eq!(MediaType::from_key_extension(media.extension()), Some(media));
            for name in media.names() {
                assert_eq!(name.parse(), Ok(media));
                assert!(names.insert(name), "{name} is two types");
            }
            for extension in media.extensions() {
                assert_eq!(MediaType::from_file_name(&format!("a.{extension}")), Some(media));
                assert!(extensions.insert(extension), "{extension} is two types");
            }
        }
    }

    #[test]
    fn reads_content_types_as_clients_send_them() {
        for (text, media) in [
            ("Video/MP4; codecs=\"avc1.42E01E\"", MediaType::Mp4),
            ("video/x-m4v", MediaType::Mp4),
            ("video/matroska", MediaType::Matroska),
            ("video/avi", MediaType::Avi),
            ("video/vnd.avi", MediaType::Avi),
            ("video/3gpp2", MediaType::ThreeGpp),
            ("image/jpg", MediaType::Jpeg),
            ("image/pjpeg", MediaType::Jpeg),
        ] {
            assert_eq!(text.parse(), Ok(media), "{text}");
        }
        for foreign in ["", "text/html", "image/svg+xml", "video", "undefined", "application/octet-stream"] {
            assert_eq!(foreign.parse::<MediaType>(), Err(UnknownMediaType), "{foreign}");
        }
    }

    #[test]
    fn guesses_from_names() {
        for (name, media) in [
            ("Poster.JPEG", MediaType::Jpeg),
            ("download.jfif", MediaType::Jpeg),
            ("MOV_0001.3G2", MediaType::ThreeGpp),
            ("VID_00.insv", MediaType::Mp4),
        ] {
            assert_eq!(MediaType::from_file_name(name), Some(media), "{name}");
        }
        assert_eq!(MediaType::from_file_name("no-extension"), None);
    }
}
