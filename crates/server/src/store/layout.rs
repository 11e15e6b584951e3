//! Where the objects lie: two buckets and a prefix.
//!
//! Not a key grammar (that is [`domain::key`]) and not an address (that is the signer's). *Invariant*: the prefix is
//! added here and nowhere else; no key in the port carries it.

use domain::{ObjectKey, Visibility};

use super::PROBE_FOLDER;

/// Longest prefix, in bytes. Our keys have at most 180; S3's limit of 1024 for both leaves room for many more of these.
pub const MAX_PREFIX_BYTES: usize = 512;

/// Why a prefix cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLayout {
    /// Its form is wrong.
    #[error(
        "a store prefix is empty, or at most {MAX_PREFIX_BYTES} bytes of letters, digits, '-', '_', '.' in steps that \
         each end with '/', such as \"landfall/\"; '.', '..' and '.landfall-doctor' are no steps"
    )]
    Prefix,
    /// A bucket has no name.
    #[error("a bucket has no name: set `private_bucket` and `public_bucket` under [store]")]
    Bucket,
    /// One bucket for both.
    #[error("private and public bucket are the same, so private files would be public: name two buckets")]
    SameBucket,
}

/// The two buckets, and what stands before every key in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    private_bucket: String,
    public_bucket: String,
    prefix: String,
}

impl Layout {
    /// Reads the names. A prefix is empty or ends with `/`, because "images" would also match "images2".
    ///
    /// # Errors
    /// [`InvalidLayout`] says which name is wrong and how to write it.
    pub fn parse(private_bucket: &str, public_bucket: &str, prefix: &str) -> Result<Self, InvalidLayout> {
        if private_bucket.is_empty() || public_bucket.is_empty() {
            return Err(InvalidLayout::Bucket);
        }
        if private_bucket == public_bucket {
            return Err(InvalidLayout::SameBucket);
        }
        if !is_prefix(prefix) {
            return Err(InvalidLayout::Prefix);
        }
        Ok(Self {
            private_bucket: private_bucket.to_owned(),
            public_bucket: public_bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The bucket a key lies in.
    pub fn bucket(&self, key: &ObjectKey) -> &str {
        self.bucket_of(key.visibility())
    }

    /// The bucket of a visibility.
    pub fn bucket_of(&self, visibility: Visibility) -> &str {
        match visibility {
            Visibility::Private => &self.private_bucket,
            Visibility::Public => &self.public_bucket,
        }
    }

    /// The key as the store spells it in its bucket, prefix included.
    pub fn full_key(&self, key: &ObjectKey) -> String {
        format!("{}{}", self.prefix, key.file_key())
    }

    /// A text after the prefix, as the store spells it.
    pub fn full_text(&self, text: &str) -> String {
        format!("{}{text}", self.prefix)
    }

    /// A key without the prefix, as the port spells it. `None` for one outside of it.
    pub fn own_text<'k>(&self, full_key: &'k str) -> Option<&'k str> {
        full_key.strip_prefix(&self.prefix)
    }
}

fn is_prefix(prefix: &str) -> bool {
    let Some(steps) = prefix.strip_suffix('/') else { return prefix.is_empty() };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    // What doctor leaves may be removed by hand, all of it: no installation lies there.
    let ours = PROBE_FOLDER.trim_end_matches('/');
    prefix.len() <= MAX_PREFIX_BYTES
        && steps.split('/').all(|step| !matches!(step, "" | "." | "..") && step != ours && step.bytes().all(legal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_whole_steps() {
        for good in ["", "landfall/", "a/b.c/d_e-f/"] {
            assert!(Layout::parse("private", "public", good).is_ok(), "{good}");
        }
        for bad in [
            "images",
            "/",
            "/a/",
            "a//",
            "../",
            "a/./",
            "a b/",
            "é/",
            ".landfall-doctor/",
            "a/.landfall-doctor/b/",
            &"x".repeat(512),
            &format!("{}/", "x".repeat(512)),
        ] {
            assert_eq!(Layout::parse("private", "public", bad), Err(InvalidLayout::Prefix), "{bad}");
        }
    }

    #[test]
    fn two_buckets_with_names() {
        assert_eq!(Layout::parse("", "public", ""), Err(InvalidLayout::Bucket));
        assert_eq!(Layout::parse("one", "one", ""), Err(InvalidLayout::SameBucket));
    }
}
