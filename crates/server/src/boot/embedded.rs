//! The embedded store of an installation: its access key, its buckets, its start.
//!
//! The server uses it by loopback with the same client as it would use AWS; this module only makes it be there.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use domain::store_profile::{ETagForm, IfNoneMatch, ObjectSizeCheck, SecondComplete};
use domain::{ChecksumAlgorithm, StoreBehaviour};
use localstore::{ArrivedPart, BucketError, CorsRule, Faults, LocalStore, StartError, StoreFolder};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::folder::{DataFolder, RunAddresses, RunFileOf};
use super::ports;
use crate::config::{Config, Secret, local_url};
use crate::entropy::Entropy;
use crate::files;
use crate::vitals::{Ailment, Patient};

/// How long a browser may keep a preflight's answer: an hour, the time a part URL lives by default.
const PREFLIGHT_KEPT_SECONDS: u32 = 3600;
/// Largest file of an access key, in bytes: two short texts as JSON.
const MAX_CREDENTIALS_BYTES: u64 = 4 << 10;

/// The embedded store's one access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCredentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Secret,
}

/// Why the embedded store's access key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// There is none yet.
    #[error("{} does not exist", .0.display())]
    Absent(PathBuf),
    /// The file cannot be read or written.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Somebody wrote something else into it.
    #[error("{} does not hold an access key", .0.display())]
    Damaged(PathBuf),
}

/// Why the embedded store does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Its access key.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Its folder or address.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Its buckets.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

#[derive(Serialize, Deserialize)]
struct CredentialsFile {
    access_key_id: String,
    secret_access_key: String,
}

impl StoreCredentials {
    /// Reads the access key of an installation.
    ///
    /// # Errors
    /// See [`CredentialsError`].
    pub fn load(folder: &DataFolder) -> Result<Self, CredentialsError> {
        let path = folder.store_credentials_file();
        let text = files::read_small(&path, MAX_CREDENTIALS_BYTES).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => CredentialsError::Absent(path.clone()),
            _ => CredentialsError::Io { path: path.clone(), source },
        })?;
        let file: CredentialsFile = serde_json::from_str(&text).map_err(|_| CredentialsError::Damaged(path))?;
        let secret_access_key = Secret::new(file.secret_access_key);
        Ok(Self { access_key_id: file.access_key_id, secret_access_key })
    }

    /// Reads the access key, or makes one if there is none.
    ///
    /// # Errors
    /// See [`CredentialsError`].
    pub fn load_or_make(folder: &DataFolder, entropy: &dyn Entropy) -> Result<Self, CredentialsError> {
        match Self::load(folder) {
            Err(CredentialsError::Absent(_)) => {}
            found => return found,
        }
        let path = folder.store_credentials_file();
        let text = Zeroizing::new(new_credentials(entropy));
        match files::create_private(&path, text.as_bytes()) {
            Ok(()) => Self::load(folder),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Self::load(folder),
            Err(source) => Err(CredentialsError::Io { path, source }),
        }
    }
}

/// An access key of the lengths that AWS uses: 20 characters, and 40 for the secret (30 random bytes).
fn new_credentials(entropy: &dyn Entropy) -> String {
    let (mut id, mut secret) = ([0; 10], Zeroizing::new([0; 30]));
    entropy.fill(&mut id);
    entropy.fill(&mut *secret);
    let file = CredentialsFile {
        access_key_id: format!("LFLF{}", BASE32_NOPAD.encode(&id)),
        secret_access_key: BASE64URL_NOPAD.encode(&*secret),
    };
    serde_json::to_string(&file).expect("two texts are JSON")
}

/// How a running embedded store is reached.
pub(crate) struct EmbeddedAddress {
    /// Its base URL, as programs on this machine reach it.
    pub(crate) endpoint: String,
    /// The access key its clients sign with.
    pub(crate) credentials: StoreCredentials,
}

/// A running embedded store.
pub(crate) struct Embedded {
    store: LocalStore,
    credentials: StoreCredentials,
}

impl Embedded {
    /// Starts the store of a data folder, with its two buckets.
    ///
    /// `arrivals` is told of parts as they arrive, if anybody is.
    pub(crate) async fn start(
        config: &Config,
        entropy: &dyn Entropy,
        arrivals: Option<mpsc::Sender<ArrivedPart>>,
    ) -> Result<Self, EmbeddedError> {
        let folder = DataFolder::new(&config.server.data);
        let credentials = StoreCredentials::load_or_make(&folder, entropy)?;
        let keys = localstore::Credentials {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.secret_access_key.expose().to_owned(),
        };
        let store = LocalStore::start(localstore::Config {
            root: folder.store_folder(),
            listen: config.store.listen,
            region: config.store.region.clone(),
            credentials: vec![keys],
            public_buckets: [config.store.public_bucket.clone()].into(),
            arrivals,
            connections: ports::limits(config, "store"),
            reserve: config.store.reserve(),
            faults: Faults::default(),
            disk_faults: None,
        })
        .await?;
        let cors = [cors(&config.page_origins())];
        store.ensure_bucket(&config.store.private_bucket, &cors).await?;
        store.ensure_bucket(&config.store.public_bucket, &cors).await?;
        Ok(Self { store, credentials })
    }

    /// How its clients reach it.
    pub(crate) fn address(&self) -> EmbeddedAddress {
        EmbeddedAddress { endpoint: self.endpoint(), credentials: self.credentials.clone() }
    }

    /// Its base URL, as programs on this machine reach it.
    pub(crate) fn endpoint(&self) -> String {
        local_url(self.store.address())
    }

    /// Its folder, as readiness looks at it.
    pub(super) fn patient(&self) -> Arc<dyn Patient> {
        Arc::new(Folder(self.store.folder()))
    }

    /// Lets running requests finish, then stops it.
    pub(crate) async fn stop(self) {
        self.store.stop().await;
    }
}

/// The store's folder: what the store itself knows of it.
#[derive(Debug)]
struct Folder(StoreFolder);

impl Patient for Folder {
    fn look(&self) -> Vec<Ailment> {
        let path = self.0.path().display();
        let told = |disables, detail| Ailment { part: "store_folder", detail, disables };
        let condition = match self.0.condition() {
            Ok(condition) => condition,
            Err(error) => return vec![told(true, format!("{path} cannot be looked at: {error}"))],
        };
        let mut found = Vec::new();
        if !condition.takes_bodies {
            let detail = format!(
                "{path} has no room left but its reserve: free space on its disk; until then uploads are refused, and \
                 deleting assets works"
            );
            found.push(told(true, detail));
        }
        let unreadable = condition.set_aside.max(condition.damaged_at_start);
        if unreadable > 0 {
            let detail = format!(
                "{path} has {unreadable} records that cannot be read: the log names them; restore them from a backup, or \
                 delete their assets"
            );
            found.push(told(false, detail));
        }
        if condition.unsettled_buckets > 0 {
            let detail = format!(
                "{path}: its disk has failed, and changes are in doubt; the store settles them when the disk works again"
            );
            found.push(told(false, detail));
        }
        found
    }
}

/// What doctor finds out about the embedded store; a test holds the two against each other.
pub(crate) fn behaviour() -> StoreBehaviour {
    StoreBehaviour {
        if_none_match: IfNoneMatch::Atomic,
        object_size: ObjectSizeCheck::Checked,
        etag: ETagForm::Md5OfParts,
        second_complete: SecondComplete::Succeeds,
        checksums: Some(vec![ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32C, ChecksumAlgorithm::Crc32]),
    }
}

/// The one rule of both buckets. Pages send parts and read objects; everything else is for servers. Without configured
/// origins pages of any origin may: only a presigned URL lets them in, and no cookie ever goes to the store.
fn cors(origins: &[String]) -> CorsRule {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    CorsRule {
        id: Some("landfall".into()),
        allowed_origins: if origins.is_empty() { texts(&["*"]) } else { origins.to_vec() },
        allowed_methods: texts(&["GET", "HEAD", "PUT"]),
        allowed_headers: texts(&["*"]),
        expose_headers: texts(&["Accept-Ranges", "Content-Length", "Content-Range", "ETag", "x-amz-request-id"]),
        max_age_seconds: Some(PREFLIGHT_KEPT_SECONDS),
    }
}

/// The embedded store, alone in its process.
pub struct RunningStore {
    embedded: Embedded,
    folder: DataFolder,
}

impl RunningStore {
    /// Starts the store of a data folder and says in the folder where it is found. It takes the store's own lock, not the
    /// folder's: a server of another store kind may use the folder beside it.
    ///
    /// # Errors
    /// See [`super::BootError`].
    pub async fn start(config: &Config, entropy: &dyn Entropy) -> Result<Self, super::BootError> {
        let folder = DataFolder::new(&config.server.data);
        localstore::make_room(&folder.store_folder());
        folder.make()?;
        let embedded = Embedded::start(config, entropy, None).await?;
        let addresses = RunAddresses { api: None, store: Some(embedded.endpoint()) };
        folder.announce(RunFileOf::Store, addresses)?;
        Ok(Self { embedded, folder })
    }

    /// Its base URL, as programs on this machine reach it.
    pub fn endpoint(&self) -> String {
        self.embedded.endpoint()
    }

    /// Lets running requests finish, then stops it.
    pub async fn stop(self) {
        self.folder.withdraw(RunFileOf::Store);
        self.embedded.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::HostEntropy;

    #[test]
    fn credentials_are_made_once_and_have_the_usual_lengths() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(scratch.path());
        assert!(matches!(StoreCredentials::load(&folder), Err(CredentialsError::Absent(_))));
        let made = StoreCredentials::load_or_make(&folder, &HostEntropy).unwrap();
        assert_eq!(StoreCredentials::load_or_make(&folder, &HostEntropy).unwrap(), made);
        assert_eq!((made.access_key_id.len(), made.secret_access_key.expose().len()), (20, 40));
        assert!(!format!("{made:?}").contains(made.secret_access_key.expose()));
        std::fs::write(folder.store_credentials_file(), "{}").unwrap();
        let refused = StoreCredentials::load_or_make(&folder, &HostEntropy);
        assert!(matches!(refused, Err(CredentialsError::Damaged(_))));
    }

    #[test]
    fn without_origins_any_page_may_use_a_presigned_url() {
        assert_eq!(cors(&[]).allowed_origins, ["*"]);
        assert_eq!(cors(&["https://a.example.com".into()]).allowed_origins, ["https://a.example.com"]);
    }
}
