//! S3's XML, as far as an upload needs it.
//!
//! *Rule*: the media type is exactly `application/xml`, because Uppy reads errors under no other name.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use quick_xml::Reader;
use quick_xml::escape::escape;
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
    let mut reader = Reader::from_str(text);
    let (mut path, mut parts) = (Vec::new(), Vec::new());
    let (mut number, mut etag) = (String::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => path.push(tag.local_name().as_ref().to_vec()),
            Event::End(_) => {
                let ended = path.pop()?;
                if ended == b"Part" {
                    parts.push((number.trim().parse().ok()?, etag.trim().to_owned()));
                    (number, etag) = (String::new(), String::new());
                }
                if path.is_empty() {
                    return (ended == b"CompleteMultipartUpload").then_some(parts);
                }
            }
            Event::Text(words) => append(&path, &mut number, &mut etag, &words.decode().ok()?),
            Event::GeneralRef(name) => {
                let name = name.decode().ok()?;
                let character = match &*name {
                    "quot" | "#34" => "\"",
                    "amp" | "#38" => "&",
                    _ => return None,
                };
                append(&path, &mut number, &mut etag, character);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn append(path: &[Vec<u8>], number: &mut String, etag: &mut String, words: &str) {
    match path.last().map(Vec::as_slice) {
        Some(b"PartNumber") => number.push_str(words),
        Some(b"ETag") => etag.push_str(words),
        _ => {}
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
