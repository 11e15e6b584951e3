//! A form as browsers send it (`multipart/form-data`, RFC 7578), read from memory.
//!
//! *Invariant*: a field's name and value are what stands between two boundaries, and what is not a form is refused, never
//! guessed at. How much may be in it is bounded before, and field by field here.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use multer::{Constraints, Error, Multipart, SizeLimit};

use crate::app::RELAY_LIMIT;
use crate::http::bounds::FORM_FIELDS_LIMIT;

/// Most fields that are read: Uppy sends a handful.
const MOST_FIELDS: usize = 32;
/// The field that brings the file.
const FILE: &str = "file";

/// A form.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct UppyForm {
    fields: Vec<(String, String)>,
    /// What came as `file`.
    pub file: Option<Bytes>,
}

impl UppyForm {
    /// Reads a form with this boundary. It waits for nothing: all of the body is there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn parse(boundary: &str, body: Bytes) -> Result<Self, &'static str> {
        // A file over its own limit comes through, so that the caller says how large one may be.
        let whole = RELAY_LIMIT.get() + FORM_FIELDS_LIMIT.get();
        let sizes = SizeLimit::new().per_field(FORM_FIELDS_LIMIT.get()).for_field(FILE, whole).whole_stream(whole);
        let constraints = Constraints::new().size_limit(sizes);
        let body = stream::once(async { Ok::<_, Infallible>(body) });
        let mut parts = Multipart::with_constraints(body, boundary, constraints);
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|error| wrong(&error))? {
            let name = part.name().ok_or("a field has no name")?.to_owned();
            let value = part.bytes().await.map_err(|error| wrong(&error))?;
            form.take(&name, value)?;
        }
        Ok(form)
    }

    fn take(&mut self, name: &str, value: Bytes) -> Result<(), &'static str> {
        if name == FILE {
            let first = self.file.replace(value).is_none();
            return if first { Ok(()) } else { Err("it holds two files") };
        }
        if self.fields.len() == MOST_FIELDS {
            return Err("it has too many fields");
        }
        let value = std::str::from_utf8(&value).map_err(|_| "a field is not UTF-8")?;
        self.fields.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// The first value of a field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// What is wrong, without what was sent.
fn wrong(error: &Error) -> &'static str {
    match error {
        Error::IncompleteFieldData { .. } => "it ends within a field",
        Error::IncompleteHeaders => "a field has no end of its head",
        Error::ReadHeaderFailed(_) | Error::DecodeHeaderName { .. } | Error::DecodeHeaderValue { .. } => {
            "a field's head cannot be read"
        }
        Error::IncompleteStream => "it ends before its last boundary",
        Error::FieldSizeExceeded { .. } | Error::StreamSizeExceeded { .. } => "a field is too large",
        // The rest is about streams and settings that are not used here.
        _ => "it cannot be read",
    }
}

/// The boundary that a `Content-Type` names, if it is that of a form. RFC 2046 allows 70 characters.
pub(in crate::http) fn boundary(content_type: &str) -> Option<String> {
    multer::parse_boundary(content_type).ok().filter(|boundary| (1..=70).contains(&boundary.len()))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use proptest::prelude::*;

    use super::*;

    fn read(boundary: &str, body: &Bytes) -> Result<UppyForm, &'static str> {
        UppyForm::parse(boundary, body.clone()).now_or_never().expect("all of it is there")
    }

    fn form(fields: &[(&str, &[u8])]) -> Bytes {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(
                format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--B--\r\n");
        body.into()
    }

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let body = Bytes::from_static(
            b"------WebKitFormBoundaryx\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nast_1\r\n\
              ------WebKitFormBoundaryx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\n\
              Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--\r\n\x00\r\n------WebKitFormBoundaryx--\r\n",
        );
        let found = read("----WebKitFormBoundaryx", &body).unwrap();
        assert_eq!(found.text("key"), Some("ast_1"));
        assert_eq!(found.file.unwrap(), &b"\x89PNG\r\n\r\n--\r\n\x00"[..]);
        assert_eq!(read("B", &form(&[("file", b"")])).unwrap().file, Some(Bytes::new()));
        assert_eq!(read("B", &Bytes::from_static(b"--B--")), Ok(UppyForm::default()));
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for body in [
            &b""[..],
            b"x",
            b"--B",
            b"--B\r\n",
            b"--Bx\r\n",
            b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue",
            b"--B\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--B--",
            b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xFF\r\n--B--",
            b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n--B--",
        ] {
            assert!(read("B", &Bytes::copy_from_slice(body)).is_err(), "{}", body.escape_ascii());
        }
        assert_eq!(read("B", &form(&[("file", b"a"), ("file", b"b")])), Err("it holds two files"));
        assert!(read("B", &form(&[("a", &b"b"[..]); MOST_FIELDS + 1])).is_err());
    }

    #[test]
    fn boundaries_are_read_from_the_type() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=----WebKitFormBoundaryx", Some("----WebKitFormBoundaryx")),
            ("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data", None),
            ("application/json; boundary=x", None),
        ] {
            assert_eq!(boundary(content_type).as_deref(), expected, "{content_type}");
        }
    }

    proptest! {
        #[test]
        fn a_file_comes_out_as_it_went_in(file in prop::collection::vec(prop::num::u8::ANY, 0..200), key in "[a-z_0-9]{0,20}") {
            prop_assume!(!file.windows(5).any(|window| window == b"\r\n--B"));
            let found = read("B", &form(&[("key", key.as_bytes()), ("file", &file)])).unwrap();
            prop_assert_eq!(found.text("key"), Some(key.as_str()));
            prop_assert_eq!(found.file.unwrap(), file);
        }

        #[test]
        fn no_body_breaks_the_reader(body in prop::collection::vec(prop::sample::select(b"--B\r\n:;=\"name ".to_vec()), 0..60)) {
            let _ = read("B", &body.into());
        }
    }
}
