//! A store on a free port in a folder of its own, and clients for it.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use localstore::{ArrivedPart, Config, CorsRule, Faults, LocalStore, Reserve};
use std::{collections::BTreeSet, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::sync::mpsc::Sender;

pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const KEY_ID: &str = "AKIDTESTTESTTEST";
pub(crate) const SECRET: &str = "secret/with+odd=characters";
pub(crate) const BUCKET: &str = "private";
pub(crate) const PUBLIC: &str = "public";
pub(crate) const MIB: usize = 1024 * 1024;

/// A running store; its folder goes away with it.
pub(crate) struct Store {
    pub(crate) folder: TempDir,
    pub(crate) server: LocalStore,
    pub(crate) client: Client,
    /// As `client`, and adds checksums to whatever can have one, as AWS's clients do by themselves.
    pub(crate) checking: Client,
    pub(crate) http: reqwest::Client,
}

pub(crate) fn config(root: &Path) -> Config {
    Config {
        root: root.to_owned(),
        listen: "127.0.0.1:0".parse().expect("address"),
        region: REGION.to_owned(),
        credentials: vec![localstore::Credentials {
            access_key_id: KEY_ID.to_owned(),
            secret_access_key: SECRET.to_owned(),
        }],
        public_buckets: BTreeSet::from([PUBLIC.to_owned()]),
        arrivals: None,
        connections: connections::Limits::default(),
        reserve: Reserve { bytes: 0, inodes_percent: 0 },
        faults: Faults::default(),
        disk_faults: None,
    }
}

/// A client as AWS's own, with nothing repeated behind the test's back.
pub(crate) fn client(endpoint: &str, secret: &str) -> Client {
    Client::from_conf(configuration(endpoint, secret).build())
}

/// A client that repeats what fails for the store's sake, as AWS's clients do by themselves.
pub(crate) fn persistent_client(endpoint: &str) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(12).with_initial_backoff(Duration::from_millis(20));
    let patience = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(3)).build();
    let retries = retries.with_max_backoff(Duration::from_millis(300));
    Client::from_conf(configuration(endpoint, SECRET).retry_config(retries).timeout_config(patience).build())
}

fn configuration(endpoint: &str, secret: &str) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(KEY_ID, secret, None, None, "test"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
}

pub(crate) fn page_rule() -> CorsRule {
    CorsRule {
        id: None,
        allowed_origins: vec!["https://app.example.com".into()],
        allowed_methods: vec!["GET".into(), "PUT".into(), "HEAD".into(), "POST".into()],
        allowed_headers: vec!["content-type".into(), "x-amz-*".into()],
        expose_headers: vec!["ETag".into(), "x-amz-request-id".into()],
        max_age_seconds: Some(3_000),
    }
}

impl Store {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder).await
    }

    pub(crate) async fn start_in(folder: TempDir) -> Self {
        Self::start_telling(folder, None).await
    }

    /// A store that tells somebody of parts.
    pub(crate) async fn start_telling(folder: TempDir, arrivals: Option<Sender<ArrivedPart>>) -> Self {
        let config = Config { arrivals, ..config(folder.path()) };
        Self::start_as(folder, config).await
    }

    /// A store that is configured by hand.
    pub(crate) async fn start_as(folder: TempDir, config: Config) -> Self {
        let server = LocalStore::start(config).await.expect("the store starts");
        server.ensure_bucket(BUCKET, &[page_rule()]).await.expect("a bucket");
        server.ensure_bucket(PUBLIC, &[]).await.expect("a bucket");
        let endpoint = format!("http://{}", server.address());
        let checking = configuration(&endpoint, SECRET)
            .request_checksum_calculation(RequestChecksumCalculation::WhenSupported)
            .build();
        let (client, checking) = (client(&endpoint, SECRET), Client::from_conf(checking));
        Self { folder, server, client, checking, http: reqwest::Client::new() }
    }

    /// Stops and starts again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.server.stop().await;
        Self::start_in(self.folder).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    pub(crate) async fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) -> String {
        let put = self.client.put_object().bucket(BUCKET).key(key).body(bytes.into().into()).send().await;
        put.expect("a put").e_tag.expect("an ETag")
    }

    pub(crate) async fn bytes(&self, key: &str) -> Vec<u8> {
        let got = self.client.get_object().bucket(BUCKET).key(key).send().await.expect("a get");
        got.body.collect().await.expect("a body").to_vec()
    }

    pub(crate) async fn create_upload(&self, key: &str) -> String {
        let created = self.client.create_multipart_upload().bucket(BUCKET).key(key).send().await;
        created.expect("an upload").upload_id.expect("an id")
    }

    pub(crate) async fn upload_part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> String {
        let sent = self.client.upload_part().bucket(BUCKET).key(key).upload_id(upload).part_number(number);
        sent.body(bytes.into()).send().await.expect("a part").e_tag.expect("an ETag")
    }

    /// Bytes, temporary files and record files below the folder.
    pub(crate) fn files(&self, sub: &str) -> Vec<std::path::PathBuf> {
        files_below(&self.folder.path().join(sub))
    }
}

pub(crate) fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Bytes that differ everywhere, the same for the same seed.
pub(crate) fn pattern(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Status and code of a refused call.
pub(crate) fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> (u16, String) {
    match result.expect_err("the call is refused") {
        SdkError::ServiceError(error) => {
            let status = error.raw().status().as_u16();
            (status, error.err().code().unwrap_or_default().to_owned())
        }
        other => panic!("no answer of the service: {other:?}"),
    }
}

pub(crate) fn for_seconds(seconds: u64) -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_secs(seconds)).expect("an expiry")
}

/// `(code, message)` of an error's XML.
pub(crate) fn error_of(body: &str) -> (String, String) {
    let between = |tag: &str| {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let from = body.find(&open)? + open.len();
        Some(body[from..from + body[from..].find(&close)?].to_owned())
    };
    (between("Code").unwrap_or_default(), between("Message").unwrap_or_default())
}
