//! A document as every client may write it, made the one that s3s reads right.
//!
//! s3s compares names with their prefixes, skips CDATA and what it does not know, takes `12` for `12 34`, and wants UTF-8.
//! Here a document is read as XML 1.0 and its namespaces have it, held against [`super::schema`], and written anew: UTF-8,
//! no prefixes, no comments, words and numbers without the blanks around them.
//!
//! *Rule:* what is written says the same as what was read, or nothing is written.

use super::schema::{self, Content};
use quick_xml::NsReader;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use std::borrow::Cow;

/// S3's documents are four elements deep.
const MAX_DEPTH: usize = 16;
/// S3's namespace, as its documents and as its examples have it.
const NAMESPACES: [&[u8]; 2] = [b"s3.amazonaws.com/doc/2006-03-01", b"doc.s3.amazonaws.com/2006-03-01"];
/// The namespace in which a grantee says what it is.
const INSTANCE: &[u8] = b"http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of `xml:lang` and its like, which say nothing to S3.
const XML: &[u8] = b"http://www.w3.org/XML/1998/namespace";
/// What XML takes for white space.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Why a document is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not well-formed, is none of S3's, or has too many entries.
    Malformed,
    /// It asks for what the store does not do.
    NotDone,
}

/// The same document, plain. `max_entries` bounds the elements below its root.
pub(crate) fn plain(bytes: &[u8], max_entries: usize) -> Result<Vec<u8>, Unreadable> {
    let text = decode(bytes).ok_or(Unreadable::Malformed)?;
    let mut rewriter = Rewriter { max_entries, ..Rewriter::default() };
    let mut reader = NsReader::from_str(&text);
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| Unreadable::Malformed)?;
        match event {
            Event::Start(tag) => {
                check_namespace(&namespace)?;
                let attributes = attributes(&reader, &tag)?;
                rewriter.open(&name_of(&tag)?, &attributes)?;
            }
            Event::Empty(tag) => {
                check_namespace(&namespace)?;
                let attributes = attributes(&reader, &tag)?;
                rewriter.open(&name_of(&tag)?, &attributes)?;
                rewriter.close()?;
            }
            Event::End(_) => rewriter.close()?,
            Event::Text(words) => rewriter.text(&words.xml10_content().map_err(|_| Unreadable::Malformed)?),
            Event::CData(words) => rewriter.text(&words.xml10_content().map_err(|_| Unreadable::Malformed)?),
            Event::GeneralRef(name) => rewriter.text(&character(&name).ok_or(Unreadable::Malformed)?),
            Event::Decl(declared) => {
                let is_first = rewriter.is_untouched() && text.starts_with("<?xml");
                if !is_first || !is_in_reach(&declared, &text) {
                    return Err(Unreadable::Malformed);
                }
            }
            Event::Comment(_) | Event::PI(_) => {}
            Event::DocType(_) => return Err(Unreadable::Malformed),
            Event::Eof => return rewriter.finish(),
        }
    }
}

/// The document as text. UTF-16 shows itself by its mark; anything else is UTF-8.
fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair));
        if !odd.is_empty() {
            return None;
        }
        char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Cow::Owned)
    };
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes)?,
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => Cow::Borrowed(std::str::from_utf8(rest).ok()?),
        _ => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
    };
    // No document has one, and in UTF-16 or UTF-32 without a mark every other byte is one.
    (!text.contains('\0')).then_some(text)
}

/// Whether the declared encoding is one in which this text reads as it does here. Programs that build a document as text
/// declare UTF-16 and send UTF-8.
fn is_in_reach(declared: &BytesDecl<'_>, text: &str) -> bool {
    match declared.encoding() {
        None => true,
        Some(Ok(name)) => {
            let known: [&[u8]; 5] = [b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"ascii"];
            text.is_ascii() || known.iter().any(|known| name.eq_ignore_ascii_case(known))
        }
        Some(Err(_)) => false,
    }
}

fn check_namespace(namespace: &ResolveResult<'_>) -> Result<(), Unreadable> {
    let is_ours = match namespace {
        ResolveResult::Unbound => true,
        ResolveResult::Bound(Namespace(name)) => {
            let name = name.strip_suffix(b"/").unwrap_or(name);
            let name = name.strip_prefix(b"http://").or_else(|| name.strip_prefix(b"https://"));
            name.is_some_and(|name| NAMESPACES.contains(&name))
        }
        ResolveResult::Unknown(_) => false,
    };
    if is_ours { Ok(()) } else { Err(Unreadable::Malformed) }
}

fn name_of(tag: &BytesStart<'_>) -> Result<String, Unreadable> {
    String::from_utf8(tag.local_name().as_ref().to_vec()).map_err(|_| Unreadable::Malformed)
}

/// The attributes that say something: what a grantee is. S3 has no others.
fn attributes(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Result<String, Unreadable> {
    let mut kept = String::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| Unreadable::Malformed)?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        match reader.resolver().resolve_attribute(attribute.key) {
            (ResolveResult::Bound(Namespace(INSTANCE)), name) if name.as_ref() == b"type" => {
                let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
                let value = value.map_err(|_| Unreadable::Malformed)?;
                kept += &format!(" xsi:type=\"{}\"", quick_xml::escape::escape(&*value));
            }
            (ResolveResult::Bound(Namespace(INSTANCE | XML)), _) => {}
            _ => return Err(Unreadable::Malformed),
        }
    }
    Ok(kept)
}

/// The character that a reference stands for. Control characters, which XML excludes, stand for themselves: keys have them.
fn character(reference: &BytesRef<'_>) -> Option<String> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character.into());
    }
    quick_xml::escape::resolve_xml_entity(&reference.decode().ok()?).map(str::to_owned)
}

/// Writes a document anew while it is read.
#[derive(Default)]
struct Rewriter {
    out: String,
    /// The elements that are open, with what may stand in each.
    open: Vec<(String, Content)>,
    /// The text of the innermost one so far.
    words: String,
    entries: usize,
    max_entries: usize,
}

impl Rewriter {
    fn is_untouched(&self) -> bool {
        self.out.is_empty() && self.words.is_empty()
    }

    fn text(&mut self, words: &str) {
        self.words.push_str(words);
    }

    fn open(&mut self, name: &str, attributes: &str) -> Result<(), Unreadable> {
        let content = match self.open.last() {
            Some((_, outer)) => {
                let content = outer.of(name).ok_or(Unreadable::Malformed)?;
                self.pause(*outer)?;
                content
            }
            None if self.out.is_empty() && is_blank(&self.words) => {
                self.words.clear();
                schema::document(name)
            }
            None => return Err(Unreadable::Malformed),
        };
        if matches!(content, Content::NotDone) {
            return Err(Unreadable::NotDone);
        }
        self.entries += usize::from(self.open.len() == 1);
        if self.open.len() == MAX_DEPTH || self.entries > self.max_entries {
            return Err(Unreadable::Malformed);
        }
        self.out += &format!("<{name}{attributes}>");
        self.open.push((name.to_owned(), content));
        Ok(())
    }

    /// Text before an element inside another one.
    fn pause(&mut self, outer: Content) -> Result<(), Unreadable> {
        match outer {
            Content::Unknown => self.out += &escape(&self.words),
            _ if is_blank(&self.words) => {}
            _ => return Err(Unreadable::Malformed),
        }
        self.words.clear();
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        let (name, content) = self.open.pop().ok_or(Unreadable::Malformed)?;
        let words = std::mem::take(&mut self.words);
        let word = words.trim_matches(BLANKS);
        let kept = match content {
            Content::Elements(_) if word.is_empty() => "",
            Content::Text | Content::Unknown => words.as_str(),
            Content::Word => word,
            Content::Number if is_number(word) => word,
            Content::Flag => flag(word).ok_or(Unreadable::Malformed)?,
            Content::Elements(_) | Content::Number | Content::NotDone => return Err(Unreadable::Malformed),
        };
        self.out += &format!("{}</{name}>", escape(kept));
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>, Unreadable> {
        let is_whole = self.open.is_empty() && is_blank(&self.words) && !self.out.is_empty();
        if is_whole { Ok(self.out.into_bytes()) } else { Err(Unreadable::Malformed) }
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| BLANKS.contains(&c))
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// XML Schema has four ways to write a truth value.
fn flag(word: &str) -> Option<&'static str> {
    match word {
        "1" => Some("true"),
        "0" => Some("false"),
        _ if word.eq_ignore_ascii_case("true") => Some("true"),
        _ if word.eq_ignore_ascii_case("false") => Some("false"),
        _ => None,
    }
}

/// Text as it may stand in a document. A carriage return that was meant is written as a reference.
fn escape(text: &str) -> Cow<'_, str> {
    let escaped = partial_escape(text);
    if escaped.contains('\r') { Cow::Owned(escaped.replace('\r', "&#13;")) } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S3: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

    fn read(bytes: &[u8]) -> Result<String, Unreadable> {
        plain(bytes, 2).map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    fn refused(document: &str) -> Option<Unreadable> {
        read(document.as_bytes()).err()
    }

    const ONE: &str = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>\
                       </CompleteMultipartUpload>";

    #[test]
    fn one_document_reads_the_same_however_it_is_written() {
        for document in [
            ONE.to_owned(),
            format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{ONE}\n"),
            format!("<?xml version='1.0' encoding='utf-16'?>{ONE}"),
            format!("<!-- a -->{ONE}<?b c?>"),
            ONE.replace("Upload><Part>", &format!("Upload xmlns=\"{S3}\"><Part>")),
            ONE.replace("1</", "<!-- no. -->\n 1 <?x?></").replace("\"a\"", " \n&quot;a&#34;\t"),
            ONE.replace("1</", "&#49;</").replace("\"a\"", "<![CDATA[\"a\"]]>"),
            ONE.replace("</", "</s3:").replace("<", "<s3:").replace("<s3:/", "</").replacen(
                "<s3:CompleteMultipartUpload>",
                &format!("<s3:CompleteMultipartUpload xmlns:s3=\"{S3}\" xml:lang=\"ko\">"),
                1,
            ),
        ] {
            assert_eq!(read(document.as_bytes()).as_deref(), Ok(ONE), "{document}");
        }
        for (mark, unit) in [([0xfe, 0xff], u16::to_be_bytes as fn(u16) -> [u8; 2]), ([0xff, 0xfe], u16::to_le_bytes)] {
            let bytes: Vec<u8> = mark.into_iter().chain(ONE.encode_utf16().flat_map(unit)).collect();
            assert_eq!(read(&bytes).as_deref(), Ok(ONE));
            assert_eq!(read(&bytes[..bytes.len() - 1]), Err(Unreadable::Malformed), "half a character");
            assert_eq!(read(&bytes[2..]), Err(Unreadable::Malformed), "UTF-16 without its mark");
        }
    }

    #[test]
    fn text_keeps_its_blanks_and_its_odd_characters() {
        let key = |text: &str| read(format!("<Delete><Object><Key>{text}</Key></Object></Delete>").as_bytes());
        let written = |text: &str| Ok(format!("<Delete><Object><Key>{text}</Key></Object></Delete>"));
        assert_eq!(key(" a\tb\r\nc&#13;&#10;"), written(" a\tb\nc&#13;\n"), "a line ends in one way only");
        assert_eq!(key("<![CDATA[x&<y]]>z&amp;&#x1F600;\u{1}&#2;"), written("x&amp;&lt;yz&amp;\u{1f600}\u{1}\u{2}"));
        assert_eq!(key("한글"), written("한글"));
        assert_eq!(
            read("<?xml version=\"1.0\" encoding=\"euc-kr\"?><Delete>é</Delete>".as_bytes()),
            Err(Unreadable::Malformed)
        );
        assert_eq!(read(b"<Delete><Object><Key>\xb0\xa1</Key></Object></Delete>"), Err(Unreadable::Malformed));
    }

    #[test]
    fn what_is_malformed_or_no_document_of_s3_is_refused() {
        let part = |content: &str| format!("<CompleteMultipartUpload><Part>{content}</Part></CompleteMultipartUpload>");
        let number = |text: &str| part(&format!("<PartNumber>{text}</PartNumber>"));
        for bad in [
            "<Delete>".to_owned(),
            "<Delete></Tagging>".to_owned(),
            "</Delete>".to_owned(),
            "  ".to_owned(),
            "<Delete/><Delete/>".to_owned(),
            "<Delete/>x".to_owned(),
            " <?xml version=\"1.0\"?><Delete/>".to_owned(),
            "<!DOCTYPE a><Delete/>".to_owned(),
            "<Delete><![CDATA[x</Delete>".to_owned(),
            "<Delete><Object/><Object/><Object/></Delete>".to_owned(),
            "<Delete>x<Object/></Delete>".to_owned(),
            "<Delete a=\"b\"/>".to_owned(),
            "<s3:Delete/>".to_owned(),
            "<Delete xmlns=\"urn:other\"/>".to_owned(),
            format!("<Delete xmlns=\"{S3}\"><o:Object xmlns:o=\"urn:other\"/></Delete>"),
            "<Delete><object/></Delete>".to_owned(),
            "<Delete><Object><Key>a</Key><Other/></Object></Delete>".to_owned(),
            "<Delete><Object><Key>a<b/></Key></Object></Delete>".to_owned(),
            "<Delete><Object><Key>&bomb;</Key></Object></Delete>".to_owned(),
            "<Delete><Quiet>maybe</Quiet></Delete>".to_owned(),
            part("<ChecksumSHA512>x</ChecksumSHA512>"),
            number(""),
            number("1x"),
            number("1 2"),
            number("0x1"),
            number("1.0"),
            number("--1"),
        ] {
            assert_eq!(refused(&bad), Some(Unreadable::Malformed), "{bad}");
        }
        let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert_eq!(read(deep(MAX_DEPTH).as_bytes()).as_deref(), Ok(deep(MAX_DEPTH).as_str()));
        assert_eq!(refused(&deep(MAX_DEPTH + 1)), Some(Unreadable::Malformed));
    }

    #[test]
    fn truth_values_and_what_a_grantee_is_are_written_in_one_way() {
        assert_eq!(read(b"<Delete><Quiet> 1 </Quiet></Delete>").as_deref(), Ok("<Delete><Quiet>true</Quiet></Delete>"));
        let grantee = |name: &str| {
            format!(
                "<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:{name}=\"{}\" {name}:type=\"Group\">\
                 <URI>x</URI></Grantee></Grant></AccessControlList></AccessControlPolicy>",
                std::str::from_utf8(INSTANCE).expect("text")
            )
        };
        let read = read(grantee("i").as_bytes()).expect("a document");
        assert!(read.contains("<Grantee xsi:type=\"Group\"><URI>x</URI></Grantee>"), "{read}");
    }

    #[test]
    fn what_the_store_does_not_do_is_told_apart_from_what_nobody_knows() {
        let create =
            |inside: &str| refused(&format!("<CreateBucketConfiguration>{inside}</CreateBucketConfiguration>"));
        assert_eq!(create("<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>"), Some(Unreadable::NotDone));
        assert_eq!(create("<Bucket><Type>Directory</Type></Bucket>"), Some(Unreadable::NotDone));
        assert_eq!(create("<Shape>round</Shape>"), Some(Unreadable::Malformed));
        assert_eq!(create("<LocationConstraint> eu-central-1 </LocationConstraint>"), None);
        assert_eq!(read(b"<Other><x y=\"1\"/></Other>"), Err(Unreadable::Malformed), "no attributes anywhere");
        assert_eq!(read(b"<Other>a<x/>b</Other>").as_deref(), Ok("<Other>a<x></x>b</Other>"));
    }
}
