//! Magic bytes: does the beginning of a file look like what was declared?
//!
//! This is a lie detector for names, not a decoder: it tells HTML that calls itself PNG, and nothing finer.

use crate::media::{Container, MediaType};

/// How much of a file is looked at. The server reads no more than this of any upload.
pub const INSPECTED_BYTES: u64 = 64 << 10;

/// Tells the format family from the first bytes, if they belong to one that can be stored.
pub fn detect(head: &[u8]) -> Option<Container> {
    match infer::get(head).map(|kind| kind.mime_type()) {
        Some("video/mp4" | "video/quicktime" | "video/x-m4v" | "video/3gpp") => Some(Container::IsoMedia),
        Some("video/webm" | "video/x-matroska") => Some(Container::Ebml),
        Some("video/x-msvideo") => Some(Container::Avi),
        Some("image/jpeg") => Some(Container::Jpeg),
        Some("image/png") => Some(Container::Png),
        Some("image/webp") => Some(Container::WebP),
        Some("image/gif") => Some(Container::Gif),
        Some(_) => None,
        None => iso_media_of_unknown_brand(head),
    }
}

/// A `ftyp` box with a brand the library does not list, or a QuickTime film from before `ftyp` existed, which opens
/// with another top-level box (QuickTime File Format, "Movie atoms").
fn iso_media_of_unknown_brand(head: &[u8]) -> Option<Container> {
    let box_type = head.get(4..8)?;
    let known: [&[u8]; 6] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"];
    known.contains(&box_type).then_some(Container::IsoMedia)
}

/// Whether the first bytes of a file fit its declared type.
pub fn matches_declared(declared: MediaType, head: &[u8]) -> bool {
    detect(head) == Some(declared.container())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
    const ODD_BRAND: &[u8] = b"\0\0\0\x18ftypzzzz\0\0\0\0zzzzmp42";
    const OLD_QUICKTIME: &[u8] = b"\0\0\0\x08wide\0\0\x10\0mdat";
    /// An EBML header of document type `webm`, then as much as a real file has at the least.
    fn webm() -> Vec<u8> {
        let mut head = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm".to_vec();
        head.resize(512, 0);
        head
    }

    #[test]
    fn accepts_what_was_declared() {
        for (media, head) in [
            (MediaType::Png, PNG),
            (MediaType::Jpeg, JPEG),
            (MediaType::Mp4, MP4),
            (MediaType::QuickTime, MP4),
            (MediaType::Mp4, ODD_BRAND),
            (MediaType::QuickTime, OLD_QUICKTIME),
            (MediaType::WebM, &webm()),
        ] {
            assert!(matches_declared(media, head), "{media}");
        }
    }

    #[test]
    fn refuses_what_only_says_so() {
        let heads: [&[u8]; 5] = [b"<!DOCTYPE html><script>", b"", b"\0\0\0\0", JPEG, MP4];
        for head in heads {
            assert!(!matches_declared(MediaType::Png, head));
        }
        assert!(!matches_declared(MediaType::Mp4, PNG));
        let avif: &[u8] = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
        assert!(!matches_declared(MediaType::Mp4, avif));
    }
}
