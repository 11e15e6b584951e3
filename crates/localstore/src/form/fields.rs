//! The fields of a form, read up to its file.

use super::malformed;
use crate::access::denied;
use http::{HeaderMap, HeaderName, HeaderValue};
use multer::{Field, Multipart};
use s3s::{S3Error, S3ErrorCode, S3Result};

/// S3 lets everything before the file have 20 KB.
const MAX_BEFORE_FILE: usize = 20 * 1024;

/// The fields before the file, with their names in lower case; each name stands once.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    #[cfg(test)]
    pub(super) fn of(fields: &[(&str, &str)]) -> Self {
        Self(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn need(&self, name: &str) -> S3Result<&str> {
        self.find(name).ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                format!(
                    "Bucket POST must contain a field named '{name}'. If it is specified, please check the order of \
                     the fields."
                ),
            )
        })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The fields that mean what the header of the same name means to PutObject.
    pub(super) fn as_headers(&self) -> S3Result<HeaderMap> {
        const PLAIN: [&str; 12] = [
            "cache-control",
            "content-disposition",
            "content-encoding",
            "content-language",
            "content-md5",
            "content-range",
            "content-type",
            "expires",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-unmodified-since",
        ];
        const OF_THE_FORM: [&str; 4] = ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];
        let mut headers = HeaderMap::new();
        for (name, value) in &self.0 {
            let is_header = PLAIN.contains(&name.as_str()) || name.starts_with("x-amz-") || name == "acl";
            if !is_header || OF_THE_FORM.contains(&name.as_str()) {
                continue;
            }
            let invalid = || {
                S3Error::with_message(
                    S3ErrorCode::InvalidArgument,
                    format!("The field {name} holds characters that an HTTP header cannot carry."),
                )
            };
            let name = if name == "acl" { "x-amz-acl" } else { name.as_str() };
            let name_of_header = HeaderName::try_from(name).map_err(|_| invalid())?;
            headers.insert(name_of_header, HeaderValue::try_from(value).map_err(|_| invalid())?);
        }
        Ok(headers)
    }
}

/// Reads fields until the file, which is given back unread.
pub(super) async fn read(form: &mut Multipart<'static>) -> S3Result<(Fields, Field<'static>)> {
    let mut fields = Fields(Vec::new());
    let mut left = MAX_BEFORE_FILE;
    while let Some(mut field) = form.next_field().await.map_err(|error| refuse(&error))? {
        let name = field.name().unwrap_or_default().to_ascii_lowercase();
        if name == "file" {
            return Ok((fields, field));
        }
        left = left.checked_sub(name.len()).ok_or_else(too_long)?;
        let mut value = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(|error| refuse(&error))? {
            left = left.checked_sub(piece.len()).ok_or_else(too_long)?;
            value.extend_from_slice(&piece);
        }
        let value = String::from_utf8(value).map_err(|_| malformed())?;
        if fields.find(&name).is_some() && !name.starts_with("x-ignore-") {
            return Err(S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                format!("POST requires exactly one value of the field {name}."),
            ));
        }
        fields.0.push((name, value));
    }
    // Whoever signs nothing learns nothing of what a form needs.
    if fields.find("policy").is_none() {
        return Err(denied());
    }
    Err(S3Error::with_message(S3ErrorCode::InvalidArgument, "POST requires exactly one file upload per request."))
}

/// What multer says, as S3's error. A body that ends early is not well-formed either.
pub(super) fn refuse(error: &multer::Error) -> S3Error {
    tracing::debug!(%error, "a form cannot be read");
    malformed()
}

fn too_long() -> S3Error {
    S3Error::with_message(
        S3ErrorCode::MaxPostPreDataLengthExceededError,
        "Your POST request fields preceding the upload file were too large: they may have 20480 bytes.",
    )
}
