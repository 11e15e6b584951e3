//! What a set of local files is known by, so that the same command finds its unfinished upload again.
//!
//! It is a hash of absolute paths, sizes and modification times, not of content: reading a 50 GB film to learn whether
//! it was begun yesterday would take longer than asking. It does not depend on who uploads.

use std::fmt;

use data_encoding::HEXLOWER;
use domain::{CollectionName, MediaType, RoleName};
use sha2::{Digest, Sha256};

use crate::source::Source;

/// Bytes of the hash that are kept: 128 bits, beyond accident.
const KEPT_BYTES: usize = 16;

/// A set of local files in their roles, for one collection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalFingerprint(String);

impl LocalFingerprint {
    /// Computes it. The order of the files does not matter. A type belongs to it where somebody said it: said otherwise
    /// the next time, it is another upload.
    pub fn of<'a>(
        collection: &CollectionName,
        files: impl IntoIterator<Item = (&'a RoleName, &'a Source, Option<MediaType>)>,
    ) -> Self {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_key(|(role, ..)| *role);
        let mut fields = vec![collection.as_str().as_bytes().to_vec()];
        for (role, source, said) in files {
            fields.push(role.as_str().as_bytes().to_vec());
            fields.extend(source.identity());
            fields.extend(said.map(|media| media.name().as_bytes().to_vec()));
        }
        Self(hash(&fields))
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which an upload to this server is remembered.
    pub(crate) fn at_server(&self, server: &str) -> String {
        hash(&[server.as_bytes().to_vec(), self.0.as_bytes().to_vec()])
    }
}

impl fmt::Display for LocalFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Each field goes in with its length, so that no two lists of fields are the same bytes.
fn hash(fields: &[Vec<u8>]) -> String {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    HEXLOWER.encode(&hasher.finalize()[..KEPT_BYTES])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn follows_collection_role_path_and_writing() {
        let role = |name| RoleName::parse(name).unwrap();
        let collection = |name| CollectionName::parse(name).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let saying = |c, r, file: &tempfile::NamedTempFile, said| {
            LocalFingerprint::of(&collection(c), [(&role(r), &Source::open(file.path()).unwrap(), said)])
        };
        let of = |c, r, file: &tempfile::NamedTempFile| saying(c, r, file, None);
        let first = of("videos", "video", &file);
        assert_eq!(first, of("videos", "video", &file));
        assert_ne!(first, of("films", "video", &file));
        assert_ne!(first, of("videos", "preview", &file));
        assert_ne!(first, of("videos", "video", &tempfile::NamedTempFile::new().unwrap()));
        assert_ne!(first, saying("videos", "video", &file, Some(MediaType::Mp4)));
        file.write_all(b"x").unwrap();
        assert_ne!(first, of("videos", "video", &file));
        assert_ne!(first.at_server("http://a"), first.at_server("http://b"));
    }
}
