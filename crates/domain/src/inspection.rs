//! Magic bytes: what does the beginning of a file look like, and is it what was declared?
//!
//! This is a lie detector for names, not a decoder: it tells HTML that calls itself PNG, and nothing finer. What can be
//! stored is recognised here, by its specification; what else it may be only makes a better message, and a library's
//! looser guess is good enough for that.

use crate::format::Format;
use crate::media::MediaType;

/// How much of a file is looked at. The server reads no more than this of any upload.
pub const INSPECTED_BYTES: u64 = 64 << 10;

/// Tells the format from the first bytes.
pub fn detect(head: &[u8]) -> Option<Format> {
    storable(head).or_else(|| iso_media(head)).or_else(|| foreign(head))
}

/// Whether the first bytes of a file fit its declared type.
pub fn matches_declared(declared: MediaType, head: &[u8]) -> bool {
    detect(head) == Some(declared.format())
}

/// The formats whose first bytes leave no doubt.
fn storable(head: &[u8]) -> Option<Format> {
    let riff = head.starts_with(b"RIFF");
    match head.get(8..12) {
        Some(b"AVI ") if riff => return Some(Format::Avi),
        Some(b"WEBP") if riff => return Some(Format::WebP),
        _ => {}
    }
    if head.starts_with(b"\xff\xd8\xff") {
        return Some(Format::Jpeg);
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Format::Png);
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Some(Format::Gif);
    }
    is_matroska(head).then_some(Format::Ebml)
}

/// How far into a file the document type of EBML is looked for. Headers are about 40 bytes long.
const EBML_HEADER_BYTES: usize = 256;

/// An EBML header (RFC 8794, 11.2) whose document type is `matroska` or `webm` (RFC 9559). Its length is written in one to
/// eight bytes; the first tells how many.
fn is_matroska(head: &[u8]) -> bool {
    const DOC_TYPE: [u8; 2] = [0x42, 0x82];
    if !head.starts_with(b"\x1a\x45\xdf\xa3") {
        return false;
    }
    let header = &head[..head.len().min(EBML_HEADER_BYTES)];
    header.windows(2).enumerate().filter(|(_, id)| *id == DOC_TYPE).any(|(at, _)| {
        let rest = &header[at + 2..];
        let Some(first) = rest.first() else { return false };
        let length_bytes = first.leading_zeros() as usize + 1;
        let name = rest.get(length_bytes..).unwrap_or_default();
        name.starts_with(b"matroska") || name.starts_with(b"webm")
    })
}

/// Brands of `ftyp` that are not films: pictures (ISO/IEC 23008-12, AV1 Image File Format) and sound.
const FOREIGN_BRANDS: [(&[u8; 4], Format); 13] = [
    (b"heic", Format::Heic),
    (b"heix", Format::Heic),
    (b"heim", Format::Heic),
    (b"heis", Format::Heic),
    (b"hevc", Format::Heic),
    (b"hevx", Format::Heic),
    (b"avif", Format::Avif),
    (b"avis", Format::Avif),
    (b"crx ", Format::Tiff),
    (b"M4A ", Format::M4a),
    (b"M4B ", Format::M4a),
    (b"M4P ", Format::M4a),
    (b"F4A ", Format::M4a),
];
/// Brands that say only that it is a picture; a compatible brand says which.
const PICTURE_BRANDS: [&[u8; 4]; 2] = [b"mif1", b"msf1"];

/// A file of boxes: a film, or a picture or sound in the same clothes.
///
/// A film may open with any top-level box: `ftyp`, or what QuickTime wrote before `ftyp` existed (QuickTime File Format,
/// "Movie atoms": `pnot` is a preview), or what a segment opens with (ISO/IEC 14496-12: `styp`, `sidx`, `moof`; ISO/IEC
/// 23009-1: `emsg`, `prft`), or what belongs to whoever wrote it (`uuid`). Not every one of them makes a film: the boxes are
/// followed until one does. Where the first of them are longer than what is seen of the file, nobody can tell, and it counts.
fn iso_media(head: &[u8]) -> Option<Format> {
    const FIRST_BOXES: [&[u8; 4]; 13] = [
        b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"sidx", b"moof", b"emsg", b"prft",
        b"uuid",
    ];
    let first = BoxHeader::read(head)?;
    if !FIRST_BOXES.into_iter().any(|name| *name == first.name) {
        return None;
    }
    // Whether there is more of the file than is seen here.
    let unseen = (head.len() as u64 >= INSPECTED_BYTES).then_some(Format::IsoMedia);
    let mut rest = head;
    loop {
        let Some(found) = BoxHeader::read(rest) else {
            return unseen.filter(|_| rest.len() < LONGEST_HEADER);
        };
        match &found.name {
            b"ftyp" => return by_brand(&rest[..found.end(rest.len())]),
            b"moov" | b"mdat" | b"moof" | b"styp" => return Some(Format::IsoMedia),
            _ => {}
        }
        let size = usize::try_from(found.size?).unwrap_or(usize::MAX);
        match rest.get(size..) {
            Some(behind) => rest = behind,
            None => return unseen,
        }
    }
}

/// A header with its size in eight bytes.
const LONGEST_HEADER: usize = 16;

/// The header of a box (ISO/IEC 14496-12, 4.2).
struct BoxHeader {
    name: [u8; 4],
    /// Of the whole box; `None`: to the end of the file.
    size: Option<u64>,
}

impl BoxHeader {
    /// Reads one, if it can be one: a box is not shorter than its own header.
    fn read(bytes: &[u8]) -> Option<Self> {
        let name = *bytes.get(4..)?.first_chunk()?;
        let (size, own) = match u32::from_be_bytes(*bytes.first_chunk()?) {
            0 => return Some(Self { name, size: None }),
            // The size follows, in eight bytes.
            1 => (u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?), 16),
            size => (size.into(), 8),
        };
        let own = if name == *b"uuid" { own + 16 } else { own };
        (size >= own).then_some(Self { name, size: Some(size) })
    }

    /// Where it ends among so many bytes.
    fn end(&self, length: usize) -> usize {
        self.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX).min(length)
    }
}

/// What an `ftyp` says.
fn by_brand(ftyp: &[u8]) -> Option<Format> {
    /// Brands are looked at up to here.
    const MAX_FTYP_BYTES: usize = 256;
    let major = ftyp.get(8..12)?;
    let mut compatible = ftyp.get(16..ftyp.len().min(MAX_FTYP_BYTES)).unwrap_or_default().chunks_exact(4);
    let picture = PICTURE_BRANDS.into_iter().any(|brand| brand == major);
    let known = |brand: &[u8]| FOREIGN_BRANDS.into_iter().find(|(known, _)| *known == brand).map(|(_, format)| format);
    if picture {
        return Some(compatible.find_map(known).unwrap_or(Format::Heic));
    }
    Some(known(major).unwrap_or(Format::IsoMedia))
}

/// What people send by mistake.
fn foreign(head: &[u8]) -> Option<Format> {
    // A packet of a transport stream is 188 bytes long, on discs behind a time code of four.
    let packets = |from: usize, length: usize| (0..3).all(|n| head.get(from + n * length) == Some(&0x47));
    if packets(0, 188) || packets(4, 192) {
        return Some(Format::MpegTs);
    }
    Some(match infer::get(head)?.mime_type() {
        "image/heif" => Format::Heic,
        "image/avif" => Format::Avif,
        "image/jxl" => Format::JpegXl,
        "image/jp2" => Format::Jpeg2000,
        "image/tiff" | "image/x-canon-cr2" => Format::Tiff,
        "image/bmp" => Format::Bmp,
        "audio/m4a" => Format::M4a,
        "audio/mpeg" => Format::Mp3,
        "audio/x-wav" => Format::Wav,
        "audio/ogg" | "audio/opus" => Format::Ogg,
        "video/mpeg" => Format::MpegPs,
        "video/x-ms-wmv" => Format::Asf,
        "video/x-flv" => Format::Flv,
        "application/pdf" => Format::Pdf,
        "application/zip" => Format::Zip,
        "text/html" => Format::Html,
        "text/xml" => Format::Xml,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
    const ODD_BRAND: &[u8] = b"\0\0\0\x18ftypzzzz\0\0\0\0zzzzmp42";
    const OLD_QUICKTIME: &[u8] = b"\0\0\0\x08wide\0\0\x10\0mdat";
    const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    const AVIF: &[u8] = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
    const WEBP: &[u8] = b"RIFF\x24\0\0\0WEBPVP8 ";
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
            (MediaType::WebP, WEBP),
            (MediaType::Mp4, MP4),
            (MediaType::QuickTime, MP4),
            (MediaType::Mp4, ODD_BRAND),
            (MediaType::QuickTime, OLD_QUICKTIME),
            (MediaType::WebM, &webm()),
            (MediaType::WebM, b"\x1a\x45\xdf\xa3\xa7\x42\x82\x01\0\0\0\0\0\0\x04webm"),
        ] {
            assert!(matches_declared(media, head), "{media}");
        }
    }

    /// A box of 32 bytes; `size` is written instead of that.
    fn a_box(name: &str, size: u32) -> Vec<u8> {
        [&size.to_be_bytes()[..], name.as_bytes(), &[0; 24]].concat()
    }

    /// QuickTime's preview, segments, and boxes of whoever wrote them may come before what makes a film.
    #[test]
    fn films_begin_with_other_boxes_too() {
        for film in ["moov", "mdat", "moof", "styp"] {
            assert_eq!(detect(&a_box(film, 32)), Some(Format::IsoMedia), "{film}");
            assert_eq!(detect(&a_box(film, 0)), Some(Format::IsoMedia), "{film} to the end");
            for first in ["pnot", "uuid", "sidx", "emsg", "prft", "free", "skip", "wide"] {
                let preview = [a_box(first, 32), a_box("PICT", 32), a_box(film, 9_000)].concat();
                assert_eq!(detect(&preview), Some(Format::IsoMedia), "{first} {film}");
            }
        }
        let large = [&b"\0\0\0\x01free\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\0\0"[..], &a_box("moov", 32)].concat();
        assert_eq!(detect(&large), Some(Format::IsoMedia), "a size of eight bytes");
        let heic = [&a_box("free", 32)[..], HEIC].concat();
        assert_eq!(detect(&heic), Some(Format::Heic), "the brand counts wherever it stands");
    }

    #[test]
    fn boxes_alone_make_no_film() {
        for first in ["pnot", "uuid", "sidx", "emsg", "prft", "free", "skip", "wide"] {
            for size in [32, 0, 9_000] {
                assert_eq!(detect(&a_box(first, size)), None, "{first} of {size} bytes");
            }
            let others = [a_box(first, 32), a_box("meta", 32)].concat();
            assert_eq!(detect(&others), None, "{first}");
            let mut to_the_end = a_box(first, 0);
            to_the_end.resize(INSPECTED_BYTES as usize, 0);
            assert_eq!(detect(&to_the_end), None, "{first} to the end of a large file");
        }
        assert_eq!(detect(b"\0\0\0\x18uuid\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), None);
        assert_eq!(detect(b"\0\0\0\x07moof\0\0\0\0"), None, "a box is not shorter than its own header");
        assert_eq!(detect(b"\0\0\0\x18meta\0\0\0\0\0\0\0\0\0\0"), None);
        // What makes it a film may stand behind what is looked at.
        let mut long = a_box("free", 1 << 20);
        long.resize(INSPECTED_BYTES as usize, 0);
        assert_eq!(detect(&long), Some(Format::IsoMedia));
        long.pop();
        assert_eq!(detect(&long), None, "the file ends before its first box does");
    }

    #[test]
    fn refuses_what_only_says_so() {
        let heads: [&[u8]; 6] = [b"<!DOCTYPE html><script>", b"", b"\0\0\0\0", JPEG, MP4, b"\x89PNG<script>"];
        for head in heads {
            assert!(!matches_declared(MediaType::Png, head));
        }
        assert!(!matches_declared(MediaType::Mp4, PNG));
        assert!(!matches_declared(MediaType::Mp4, AVIF));
        // Four letters in the right place do not make a film.
        assert!(!matches_declared(MediaType::Mp4, b"<html>012345mdat<script>"));
        assert!(!matches_declared(MediaType::WebP, b"<script>WEBP</script>"));
        assert!(!matches_declared(MediaType::Gif, b"GIF<script>"));
    }

    #[test]
    fn tells_what_a_file_really_is() {
        let transport: Vec<u8> = (0..600).map(|at| if at % 188 == 0 { 0x47 } else { 0 }).collect();
        let cases: [(&[u8], Format); 11] = [
            (HEIC, Format::Heic),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Format::Heic),
            (AVIF, Format::Avif),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Format::Avif),
            (WEBP, Format::WebP),
            (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", Format::M4a),
            (b"\0\0\0\x0cJXL \r\n\x87\n\0\0", Format::JpegXl),
            (b"II*\0\x08\0\0\0\x0c\0\xfe\0", Format::Tiff),
            (b"%PDF-1.7\n", Format::Pdf),
            (b"<!DOCTYPE html><script>", Format::Html),
            (&transport, Format::MpegTs),
        ];
        for (head, format) in cases {
            assert_eq!(detect(head), Some(format), "{format}");
        }
        assert_eq!(detect(b"just some text"), None);
    }
}
