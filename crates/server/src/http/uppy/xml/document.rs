//! S3's XML, as far as an upload needs it.
//!
//! *Rule*: the media type is exactly `application/xml`, because Uppy reads errors under no other name.

use axum::response::{IntoResponse, Response};
use domain::part_plan::MAX_PARTS;
use http::header::CONTENT_TYPE;
use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_xml_entity};
use quick_xml::events::Event;

/// The media type of every answer.
pub(in crate::http) const XML: &str = "application/xml";
/// The namespace of S3's documents.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// An element of text.
pub(in crate::http) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// An answer: one element with others in it.
pub(super) fn answer(name: &str, content: &str) -> Response {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{NAMESPACE}\">{content}</{name}>");
    ([(CONTENT_TYPE, XML)], text).into_response()
}

/// The parts that `CompleteMultipartUpload` names, as number and ETag. `None` if it is no such document.
pub fn read_claim(text: &str) -> Option<Vec<(u64, String)>> {
    // Read as the embedded store reads its own.
    let plain = localstore::plain_document(text.as_bytes(), MAX_PARTS.into())?;
    let mut reader = Reader::from_str(&plain);
    let (mut element, mut parts) = (Vec::new(), Vec::new());
    let (mut number, mut etag) = (String::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => element = tag.local_name().as_ref().to_vec(),
            Event::End(tag) => match tag.local_name().as_ref() {
                b"Part" => parts.push((std::mem::take(&mut number).parse().ok()?, std::mem::take(&mut etag))),
                b"CompleteMultipartUpload" => return Some(parts),
                _ => {}
            },
            Event::Text(words) if element == b"PartNumber" => number.push_str(&words.decode().ok()?),
            Event::Text(words) if element == b"ETag" => etag.push_str(&words.decode().ok()?),
            Event::GeneralRef(name) if element == b"ETag" => etag.push_str(resolve_xml_entity(&name.decode().ok()?)?),
            Event::Eof => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_as_uppy_and_others_write_it() {
        let bare = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>\
                    <Part><PartNumber>2</PartNumber><ETag>b-2</ETag></Part></CompleteMultipartUpload>";
        let parts = vec![(1, "a".to_owned()), (2, "b-2".to_owned())];
        assert_eq!(read_claim(bare), Some(parts));
        let spaced = "<?xml version=\"1.0\"?>\n<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n\
                      <Part>\n <ETag>&quot;a&#34;</ETag>\n <PartNumber> 1 </PartNumber>\n</Part>\n</CompleteMultipartUpload>";
        assert_eq!(read_claim(spaced), Some(vec![(1, "\"a\"".to_owned())]));
        let prefixed = "\u{feff}<a:CompleteMultipartUpload xmlns:a=\"http://s3.amazonaws.com/doc/2006-03-01/\"><a:Part>\
                        <a:PartNumber>1</a:PartNumber><a:ETag><![CDATA[a&b]]>&lt;<!-- b --></a:ETag></a:Part>\
                        </a:CompleteMultipartUpload>";
        assert_eq!(read_claim(prefixed), Some(vec![(1, "a&b<".to_owned())]));
        assert_eq!(read_claim("<CompleteMultipartUpload></CompleteMultipartUpload>"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_claim_is_none() {
        for text in [
            "",
            "parts",
            "<Other></Other>",
            "<CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><ETag>a</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>x</PartNumber></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>1 2</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><Tag>a</Tag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>&bomb;</PartNumber></Part></CompleteMultipartUpload>",
        ] {
            assert_eq!(read_claim(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(element("Key", "a<b>&\"휴가\".mp4"), "<Key>a&lt;b&gt;&amp;&quot;휴가&quot;.mp4</Key>");
    }
}
