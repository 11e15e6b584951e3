//! A form as browsers send it (`multipart/form-data`, RFC 7578), read from memory.
//!
//! Not the whole of MIME: no nested parts, no encodings; browsers send neither. *Invariant*: a field's name and value
//! are what stands between two boundaries, and what is not a form is refused, never guessed at.

use bytes::Bytes;

/// Most fields that are read: Uppy sends a handful.
const MOST_FIELDS: usize = 32;

/// A form.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct UppyForm {
    fields: Vec<(String, String)>,
    /// What came as `file`.
    pub file: Option<Bytes>,
}

impl UppyForm {
    /// Reads a form with this boundary.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(boundary: &str, body: &Bytes) -> Result<Self, &'static str> {
        let delimiter = format!("\r\n--{boundary}");
        let first = find(body, &delimiter.as_bytes()[2..], 0)
            .filter(|at| *at == 0)
            .ok_or("it does not begin with its boundary")?;
        let mut at = first + delimiter.len() - 2;
        let mut form = Self::default();
        loop {
            if body[at..].starts_with(b"--") {
                return Ok(form);
            }
            let content = body[at..].strip_prefix(b"\r\n").ok_or("a boundary is not at the end of its line")?;
            let start = body.len() - content.len();
            // A part without any header begins with the empty line itself; browsers send none such.
            let head_end = find(body, b"\r\n\r\n", start).ok_or("a field has no end of its head")?;
            let value_start = head_end + 4;
            let end = find(body, delimiter.as_bytes(), value_start).ok_or("it ends within a field")?;
            let head = std::str::from_utf8(&body[start..head_end]).map_err(|_| "a field's head is not UTF-8")?;
            form.take(name_of(head).ok_or("a field has no name")?, body.slice(value_start..end))?;
            at = end + delimiter.len();
        }
    }

    fn take(&mut self, name: &str, value: Bytes) -> Result<(), &'static str> {
        if name == "file" {
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

/// The boundary that a `Content-Type` names, if it is that of a form.
pub(in crate::http) fn boundary(content_type: &str) -> Option<&str> {
    let (essence, parameters) = content_type.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim())
    })?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (1..=70).contains(&value.len()).then_some(value)
}

/// The `name` of `Content-Disposition: form-data; name="..."`. Ours are plain; the escapes of others are left as they are.
fn name_of(head: &str) -> Option<&str> {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value.trim())
    })?;
    let parameters = disposition.strip_prefix("form-data")?;
    let (_, after) = parameters.split_once("; name=\"")?;
    after.split_once('"').map(|(name, _)| name)
}

fn find(body: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    body.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        let read = UppyForm::parse("----WebKitFormBoundaryx", &body).unwrap();
        assert_eq!(read.text("key"), Some("ast_1"));
        assert_eq!(read.file.unwrap(), &b"\x89PNG\r\n\r\n--\r\n\x00"[..]);
        assert_eq!(UppyForm::parse("B", &form(&[("file", b"")])).unwrap().file, Some(Bytes::new()));
        assert_eq!(UppyForm::parse("B", &Bytes::from_static(b"--B--")), Ok(UppyForm::default()));
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
            assert!(UppyForm::parse("B", &Bytes::copy_from_slice(body)).is_err(), "{}", body.escape_ascii());
        }
        assert_eq!(UppyForm::parse("B", &form(&[("file", b"a"), ("file", b"b")])), Err("it holds two files"));
        assert!(UppyForm::parse("B", &form(&[("a", &b"b"[..]); MOST_FIELDS + 1])).is_err());
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
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
    }

    proptest! {
        #[test]
        fn a_file_comes_out_as_it_went_in(file in prop::collection::vec(prop::num::u8::ANY, 0..200), key in "[a-z_0-9]{0,20}") {
            prop_assume!(!file.windows(5).any(|window| window == b"\r\n--B"));
            let read = UppyForm::parse("B", &form(&[("key", key.as_bytes()), ("file", &file)])).unwrap();
            prop_assert_eq!(read.text("key"), Some(key.as_str()));
            prop_assert_eq!(read.file.unwrap(), file);
        }

        #[test]
        fn no_body_breaks_the_reader(body in prop::collection::vec(prop::sample::select(b"--B\r\n:;=\"name ".to_vec()), 0..60)) {
            let _ = UppyForm::parse("B", &body.into());
        }
    }
}
