//! The formats that the first bytes of a file can show: those that can be stored, and those that people send by mistake.
//!
//! *Rule*: what is not recognised has no format. A format says nothing about codecs or damage.

use std::fmt;

/// A family of file formats, as far as first bytes tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// ISO base media (ISO/IEC 14496-12) and its ancestor QuickTime. MP4, QuickTime and 3GPP are one family: phones and
    /// editors write each under the others' brands.
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
    /// HEIF with HEVC: what iPhones take pictures in.
    Heic,
    /// HEIF with AV1.
    Avif,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// TIFF, and the raw formats of cameras that build on it.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// MPEG audio in an MP4 container.
    M4a,
    /// MPEG audio by itself.
    Mp3,
    /// RIFF WAVE.
    Wav,
    /// Ogg.
    Ogg,
    /// MPEG program stream.
    MpegPs,
    /// MPEG transport stream: recordings of television and of cameras.
    MpegTs,
    /// Windows Media.
    Asf,
    /// Flash video.
    Flv,
    /// PDF.
    Pdf,
    /// ZIP, and what is built on it.
    Zip,
    /// A web page.
    Html,
    /// XML, SVG among it.
    Xml,
}

impl Format {
    /// Every format there is.
    pub const ALL: [Self; 25] = [
        Self::IsoMedia,
        Self::Ebml,
        Self::Avi,
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Gif,
        Self::Heic,
        Self::Avif,
        Self::JpegXl,
        Self::Jpeg2000,
        Self::Tiff,
        Self::Bmp,
        Self::M4a,
        Self::Mp3,
        Self::Wav,
        Self::Ogg,
        Self::MpegPs,
        Self::MpegTs,
        Self::Asf,
        Self::Flv,
        Self::Pdf,
        Self::Zip,
        Self::Html,
        Self::Xml,
    ];

    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::IsoMedia => ("video/mp4", "an MP4 or QuickTime video"),
            Self::Ebml => ("video/x-matroska", "a WebM or Matroska video"),
            Self::Avi => ("video/x-msvideo", "an AVI video"),
            Self::Jpeg => ("image/jpeg", "a JPEG image"),
            Self::Png => ("image/png", "a PNG image"),
            Self::WebP => ("image/webp", "a WebP image"),
            Self::Gif => ("image/gif", "a GIF image"),
            Self::Heic => ("image/heic", "a HEIC image"),
            Self::Avif => ("image/avif", "an AVIF image"),
            Self::JpegXl => ("image/jxl", "a JPEG XL image"),
            Self::Jpeg2000 => ("image/jp2", "a JPEG 2000 image"),
            Self::Tiff => ("image/tiff", "a TIFF or raw camera image"),
            Self::Bmp => ("image/bmp", "a BMP image"),
            Self::M4a => ("audio/mp4", "an MP4 audio file"),
            Self::Mp3 => ("audio/mpeg", "an MP3 audio file"),
            Self::Wav => ("audio/wav", "a WAV audio file"),
            Self::Ogg => ("application/ogg", "an Ogg file"),
            Self::MpegPs => ("video/mpeg", "an MPEG video"),
            Self::MpegTs => ("video/mp2t", "an MPEG transport stream"),
            Self::Asf => ("video/x-ms-wmv", "a Windows Media file"),
            Self::Flv => ("video/x-flv", "a Flash video"),
            Self::Pdf => ("application/pdf", "a PDF document"),
            Self::Zip => ("application/zip", "a ZIP archive"),
            Self::Html => ("text/html", "a web page"),
            Self::Xml => ("application/xml", "an XML or SVG document"),
        }
    }

    /// The media type programs know it by; of a family, that of its best known member. Stable.
    pub const fn media_type(self) -> &'static str {
        self.row().0
    }

    /// The format a media type stands for in [`Self::media_type`].
    pub fn from_media_type(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.media_type() == name)
    }
}

/// With its article: "a HEIC image".
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_media_type(format.media_type()), Some(format));
        }
        assert_eq!(Format::from_media_type("image/svg+xml"), None);
    }
}
