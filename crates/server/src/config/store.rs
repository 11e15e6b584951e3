//! Where objects are kept.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use domain::{ByteCount, OwnerNaming};

use super::error::ConfigError;
use super::form::{Address, Choice, FilePath, Flag, Hidden, HttpUrl, Maybe, Number, Size, Text, not_empty};
use super::secret::{self, Secret};
use super::visit::Visitor;

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// Ours, on plain files, in this process.
    Embedded,
    /// S3, or what speaks its protocol.
    S3,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Which store.
    pub kind: StoreKind,
    /// Where the embedded store listens.
    pub listen: SocketAddr,
    /// Bytes that the embedded store leaves free on its disk.
    pub reserve: ByteCount,
    /// Percent of the disk's files that it leaves free.
    pub reserve_inodes: u32,
    /// Where the server reaches the store; AWS's own endpoint of the region if absent.
    pub endpoint: Option<String>,
    /// Where clients reach the store, if that is elsewhere.
    pub public_endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket of private files.
    pub private_bucket: String,
    /// The bucket of public files.
    pub public_bucket: String,
    /// What every key begins with; empty, or ends with `/`.
    pub prefix: String,
    /// Whether owner ids are always hashed in keys.
    pub hash_owners: bool,
    /// Whether buckets stand in the path; by default they do wherever an endpoint is named.
    pub path_style: Option<bool>,
    /// The access key; the SDK's credential chain if absent.
    pub access_key_id: Option<String>,
    /// Its secret.
    pub secret_access_key: Option<Secret>,
    /// The file that holds its secret.
    pub secret_access_key_file: Option<PathBuf>,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            kind: StoreKind::Embedded,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9000)),
            reserve: ByteCount(localstore::Reserve::default().bytes),
            reserve_inodes: u32::from(localstore::Reserve::default().inodes_percent),
            endpoint: None,
            public_endpoint: None,
            region: "us-east-1".into(),
            private_bucket: "landfall-private".into(),
            public_bucket: "landfall-public".into(),
            prefix: String::new(),
            hash_owners: false,
            path_style: None,
            access_key_id: None,
            secret_access_key: None,
            secret_access_key_file: None,
        }
    }
}

/// Keeping back more than a tebibyte is a mistake in the unit.
const MAX_RESERVE: ByteCount = ByteCount(1 << 40);

const KINDS: &[(&str, StoreKind)] = &[("embedded", StoreKind::Embedded), ("s3", StoreKind::S3)];

impl StoreConfig {
    pub(super) fn keys(&mut self, visitor: &mut impl Visitor) {
        self.place_keys(visitor);
        self.layout_keys(visitor);
        self.credential_keys(visitor);
    }

    fn place_keys(&mut self, visitor: &mut impl Visitor) {
        let doc = "\"embedded\": Landfall's own store, on plain files in the data folder. \"s3\": Amazon S3, or what speaks its protocol.";
        visitor.key("kind", doc, &mut self.kind, Choice(KINDS));
        let doc = "embedded: where the store listens. Port 0 takes a free port. --store-listen and LANDFALL_STORE_LISTEN set it too.";
        visitor.key("listen", doc, &mut self.listen, Address);
        let doc = "embedded: what stays free on its disk for deletes and for the catalog. While less would be left, parts get 507.";
        visitor.key("reserve", doc, &mut self.reserve, Size(ByteCount(0)..=MAX_RESERVE));
        let doc = "embedded: percent of the disk's files that stay free, likewise.";
        visitor.key("reserve_inodes", doc, &mut self.reserve_inodes, Number(0..=100));
        let doc = "s3: where the server reaches the store. Default: Amazon's endpoint of the region.";
        let example = "\"http://127.0.0.1:9000\"";
        visitor.key("endpoint", doc, &mut self.endpoint, Maybe(HttpUrl, example));
        let doc = "Where clients reach the store, if not where the server does. It is what URLs are signed for.";
        let example = "\"https://media.example.com\"";
        visitor.key("public_endpoint", doc, &mut self.public_endpoint, Maybe(HttpUrl, example));
        let doc = "The region that requests are signed for.";
        visitor.key("region", doc, &mut self.region, Text(region));
        let doc = "s3: whether the bucket stands in the path instead of the host name. Default: true where an endpoint is named.";
        visitor.key("path_style", doc, &mut self.path_style, Maybe(Flag, "true"));
    }

    fn layout_keys(&mut self, visitor: &mut impl Visitor) {
        visitor.key("private_bucket", "The bucket of private files.", &mut self.private_bucket, Text(bucket));
        visitor.key("public_bucket", "The bucket of public files.", &mut self.public_bucket, Text(bucket));
        let doc = "What every key begins with, to share a bucket. Empty, or ends with \"/\".";
        visitor.key("prefix", doc, &mut self.prefix, Text(prefix));
        let doc = "Whether owner ids are always hashed in keys. False: ids of letters, digits, _ and - stand in clear, but for doctor and landfall.";
        visitor.key("hash_owners", doc, &mut self.hash_owners, Flag);
    }

    fn credential_keys(&mut self, visitor: &mut impl Visitor) {
        let doc =
            "s3: the access key. Default: the credential chain of the AWS SDK (variables, profile, instance role).";
        visitor.key("access_key_id", doc, &mut self.access_key_id, Maybe(Text(not_empty), "\"AKIA...\""));
        visitor.key("secret_access_key", "s3: its secret.", &mut self.secret_access_key, Hidden);
        let doc = "s3: the file that holds its secret.";
        let example = "\"/etc/landfall/store-secret\"";
        visitor.key("secret_access_key_file", doc, &mut self.secret_access_key_file, Maybe(FilePath, example));
    }

    /// What the embedded store keeps back on its disk.
    pub fn reserve(&self) -> localstore::Reserve {
        let inodes_percent = u8::try_from(self.reserve_inodes).unwrap_or(100);
        localstore::Reserve { bytes: self.reserve.get(), inodes_percent }
    }

    /// The access key and its secret, if they are given here and not left to the SDK.
    ///
    /// # Errors
    /// One without the other, a secret given twice, or a secret file that cannot be read.
    pub fn credentials(&self) -> Result<Option<(String, Secret)>, ConfigError> {
        let file = self.secret_access_key_file.as_ref();
        let secret = secret::resolve("store.secret_access_key", self.secret_access_key.as_ref(), file)?;
        match (self.access_key_id.clone(), secret) {
            (Some(id), Some(secret)) => Ok(Some((id, secret))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(ConfigError::relation("store.secret_access_key", "is missing beside access_key_id")),
            (None, Some(_)) => Err(ConfigError::relation("store.access_key_id", "is missing beside secret_access_key")),
        }
    }

    /// Where buckets stand in URLs.
    pub fn addressing(&self) -> signing::Addressing {
        let in_path = self.path_style.unwrap_or(self.kind == StoreKind::Embedded || self.endpoint.is_some());
        if in_path { signing::Addressing::Path } else { signing::Addressing::VirtualHost }
    }

    /// Whether owner ids may stand in object keys.
    pub const fn owner_naming(&self) -> OwnerNaming {
        if self.hash_owners { OwnerNaming::Hashed } else { OwnerNaming::PlainWhereSafe }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.private_bucket == self.public_bucket {
            let wrong = "must be another bucket than private_bucket: everybody can read what is in it";
            return Err(ConfigError::relation("store.public_bucket", wrong));
        }
        self.credentials().map(|_| ())
    }
}

fn region(text: &str) -> Result<(), String> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let shaped = !text.is_empty() && text.len() <= 64 && text.bytes().all(legal);
    if shaped { Ok(()) } else { Err("is not a region such as \"us-east-1\"".into()) }
}

/// Amazon's bucket naming rules, as far as other stores share them.
fn bucket(text: &str) -> Result<(), String> {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let outer = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = text.as_bytes();
    let shaped = (3..=63).contains(&bytes.len())
        && bytes.iter().copied().all(inner)
        && outer(bytes.first())
        && outer(bytes.last())
        && !text.contains("..");
    if shaped { Ok(()) } else { Err("is no bucket name: 3 to 63 of a-z, 0-9, - and .".into()) }
}

fn prefix(text: &str) -> Result<(), String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    let shaped = text.is_empty()
        || (text.len() <= 200
            && text.ends_with('/')
            && text.bytes().all(legal)
            && text.trim_end_matches('/').split('/').all(|step| !matches!(step, "" | "." | "..")));
    if shaped { Ok(()) } else { Err("must be empty or like \"media/\": A-Z a-z 0-9 - _ . /, ending with /".into()) }
}
