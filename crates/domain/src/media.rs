//! The media types Landfall stores, as one table: name, extension, container.
//!
//! What is not in this table cannot be stored. In particular nothing a browser would run (HTML, SVG, scripts) is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

/// The format family that magic bytes can tell apart. MP4, QuickTime and 3GPP are one family: phones and editors
/// write each under the others' brands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// ISO base media (ISO/IEC 14496-12) and its ancestor QuickTime.
    IsoMedia,
    /// EBML: Matroska and WebM.
    Ebml,
    /// RIFF AVI.
    Avi,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
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

    const fn row(self) -> (&'static str, &'static str, Container) {
        match self {
            Self::Mp4 => ("video/mp4", "mp4", Container::IsoMedia),
            Self::QuickTime => ("video/quicktime", "mov", Container::IsoMedia),
            Self::ThreeGpp => ("video/3gpp", "3gp", Container::IsoMedia),
            Self::WebM => ("video/webm", "webm", Container::Ebml),
            Self::Matroska => ("video/x-matroska", "mkv", Container::Ebml),
            Self::Avi => ("video/x-msvideo", "avi", Container::Avi),
            Self::Jpeg => ("image/jpeg", "jpg", Container::Jpeg),
            Self::Png => ("image/png", "png", Container::Png),
            Self::WebP => ("image/webp", "webp", Container::WebP),
            Self::Gif => ("image/gif", "gif", Container::Gif),
        }
    }

    /// The registered name, as in `Content-Type`.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The extension that object keys carry, without the dot.
    pub const fn extension(self) -> &'static str {
        self.row().1
    }

    /// The format family its bytes must belong to.
    pub const fn container(self) -> Container {
        self.row().2
    }

    /// The type an extension in an object key stands for.
    pub fn from_key_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.extension() == extension)
    }

    /// The type a local file's name suggests; upper case and the usual second spellings included.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
        match extension.as_str() {
            "jpeg" => Some(Self::Jpeg),
            "m4v" => Some(Self::Mp4),
            "qt" => Some(Self::QuickTime),
            other => Self::from_key_extension(other),
        }
    }
}

/// Reads a `Content-Type`: case and parameters (`; codecs="avc1"`) do not matter.
impl FromStr for MediaType {
    type Err = UnknownMediaType;

    fn from_str(text: &str) -> Result<Self, UnknownMediaType> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|media| media.name().eq_ignore_ascii_case(essence)).ok_or(UnknownMediaType)
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
    use super::*;

    #[test]
    fn names_and_extensions_are_one_to_one() {
        for media in MediaType::ALL {
            assert_eq!(media.name().parse(), Ok(media));
            assert_eq!(MediaType::from_key_extension(media.extension()), Some(media));
        }
    }

    #[test]
    fn reads_content_types_as_clients_send_them() {
        assert_eq!("Video/MP4; codecs=\"avc1.42E01E\"".parse(), Ok(MediaType::Mp4));
        for foreign in ["", "text/html", "image/svg+xml", "video", "undefined", "application/octet-stream"] {
            assert_eq!(foreign.parse::<MediaType>(), Err(UnknownMediaType), "{foreign}");
        }
    }

    #[test]
    fn guesses_from_names() {
        assert_eq!(MediaType::from_file_name("Poster.JPEG"), Some(MediaType::Jpeg));
        assert_eq!(MediaType::from_file_name("no-extension"), None);
    }
}
