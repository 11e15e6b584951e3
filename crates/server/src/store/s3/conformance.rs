//! The suite over a real S3 server: the embedded store on a free port, in a folder of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{ByteCount, ETag, ObjectKey, PartNumber, TimeSpan, UploadId, Visibility};
use localstore::LocalStore;
use signing::Addressing;

use super::super::Store;
use super::super::conformance::Harness;
use super::super::signer::{PartToSign, SignedPart, SignerSettings, UrlSigner};
use super::{CredentialSource, S3Settings, S3Store};
use crate::clock::{Clock, HostClock};

pub(super) const REGION: &str = "eu-central-1";
pub(super) const ACCESS_KEY_ID: &str = "AKIDCONFORMANCE";
pub(super) const SECRET: &str = "a+secret/with=odd-signs";
/// Not empty, so that every case also proves that the prefix is put on and taken off.
const PREFIX: &str = "media/test/";

/// The embedded store and what talks to it.
pub(super) struct S3Harness {
    pub(super) server: LocalStore,
    pub(super) store: S3Store,
    pub(super) signer: UrlSigner,
    pub(super) http: reqwest::Client,
    _folder: tempfile::TempDir,
}

/// Settings for an embedded store at `endpoint`.
pub(super) fn settings(endpoint: &str, secret: &str) -> S3Settings {
    S3Settings {
        endpoint: Some(endpoint.to_owned()),
        region: REGION.to_owned(),
        private_bucket: "private".to_owned(),
        public_bucket: "public".to_owned(),
        prefix: PREFIX.to_owned(),
        addressing: Addressing::Path,
        credentials: CredentialSource::Static {
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: secret.to_owned(),
        },
    }
}

pub(super) async fn connect(endpoint: &str, secret: &str) -> S3Store {
    S3Store::connect(settings(endpoint, secret), Arc::new(HostClock)).await.expect("good settings")
}

impl S3Harness {
    /// The store's address.
    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Signs one part, as of now, for an hour.
    pub(super) async fn sign(&self, key: &ObjectKey, upload: &UploadId, part: PartToSign) -> SignedPart {
        let now = HostClock.now();
        let credentials = self.store.signing_credentials().await.expect("there are credentials");
        let end = now + TimeSpan::from_hours(1);
        let signed = self.signer.part_urls(&credentials, key, upload, &[part], now, end).expect("a part is signed");
        signed.into_iter().next().expect("as many as asked for")
    }
}

#[async_trait]
impl Harness for S3Harness {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = LocalStore::start(localstore::Config {
            root: folder.path().to_owned(),
            listen: "127.0.0.1:0".parse().expect("an address"),
            region: REGION.to_owned(),
            credentials: vec![localstore::Credentials {
                access_key_id: ACCESS_KEY_ID.to_owned(),
                secret_access_key: SECRET.to_owned(),
            }],
            public_buckets: BTreeSet::from(["public".to_owned()]),
            faults: localstore::Faults::default(),
        })
        .await
        .expect("the embedded store starts");
        for bucket in ["private", "public"] {
            server.ensure_bucket(bucket, &[]).await.expect("a bucket");
        }
        let endpoint = format!("http://{}", server.address());
        let signer = UrlSigner::new(SignerSettings {
            endpoint: endpoint.clone(),
            addressing: Addressing::Path,
            region: REGION.to_owned(),
            private_bucket: "private".to_owned(),
            public_bucket: "public".to_owned(),
            prefix: PREFIX.to_owned(),
            public_base_url: None,
        })
        .expect("good settings");
        let store = connect(&endpoint, SECRET).await;
        Self { server, store, signer, http: reqwest::Client::new(), _folder: folder }
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn send_part(&self, key: &ObjectKey, upload: &UploadId, number: PartNumber, bytes: Bytes) -> Option<ETag> {
        let size = ByteCount(bytes.len() as u64);
        let signed = self.sign(key, upload, PartToSign { number, size, checksum_sha256: None }).await;
        let answer = self.http.put(signed.url.expose()).body(bytes).send().await.expect("an answer");
        let status = answer.status();
        if status.is_success() {
            let etag = answer.headers().get("etag").expect("a part has an ETag").to_str().expect("text").to_owned();
            return Some(ETag::new(&etag));
        }
        let body = answer.text().await.expect("a body");
        assert!(status == 404 && body.contains("<Code>NoSuchUpload</Code>"), "a part was refused: {status} {body}");
        None
    }

    async fn read_anonymously(&self, key: &ObjectKey) -> Option<Bytes> {
        let (bucket, path) = (self.store.layout.bucket(key), self.store.layout.full_key(key));
        let url = format!("{}/{bucket}/{path}", self.endpoint());
        let answer = self.http.get(url).send().await.expect("an answer");
        match answer.status().as_u16() {
            200 => Some(answer.bytes().await.expect("a body")),
            403 | 404 => None,
            other => panic!("an anonymous GET got {other}"),
        }
    }

    async fn open_foreign_upload(&self, visibility: Visibility, path: &str) {
        let bucket = self.store.layout.bucket_of(visibility);
        let request = self.store.client.create_multipart_upload().bucket(bucket).key(format!("{PREFIX}{path}"));
        request.send().await.expect("an upload opens");
    }

    async fn remove_bucket(&self, visibility: Visibility) {
        let bucket = self.store.layout.bucket_of(visibility);
        self.store.client.delete_bucket().bucket(bucket).send().await.expect("an empty bucket goes");
    }

    async fn stop(self) {
        self.server.stop().await;
    }
}

crate::store_conformance!(S3Harness);
