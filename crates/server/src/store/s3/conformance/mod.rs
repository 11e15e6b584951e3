//! The suite over real S3 servers: each is an [`Engine`] in a file of its own.
//!
//! The embedded store is started by every test for itself. A store that takes seconds to start is started once, by
//! `cargo xtask test --store NAME`, and each test makes buckets of its own in it.

mod embedded;
mod on_ceph;
mod on_garage;
mod shared;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{ByteCount, ETag, ObjectKey, PartLength, PartNumber, TimeSpan, UploadId, Visibility};

pub(crate) use self::embedded::Embedded;
pub(super) use self::embedded::{SECRET, connect, settings};
pub(crate) use self::on_ceph::Ceph;
pub(crate) use self::on_garage::Garage;
use super::super::Store;
use super::super::conformance::{Difference, Harness};
use super::super::signer::{PartToSign, SignedPart, SignerSettings, UrlSigner};
use super::{S3Settings, S3Store};
use crate::clock::{Clock, HostClock};

/// Not empty, so that every case also proves that the prefix is put on and taken off.
const PREFIX: &str = "media/test/";

/// A server that speaks S3, with two empty buckets for one test; the public one is readable by everybody.
#[async_trait]
pub(crate) trait Engine: Send + Sync + Sized + 'static {
    /// Starts the server, or makes the buckets in one that runs.
    async fn start() -> Self;

    /// How to reach it.
    fn settings(&self) -> S3Settings;

    /// What it does otherwise than AWS.
    fn differences(&self) -> &'static [Difference];

    /// Takes away what `start` made.
    async fn stop(self);
}

/// A server and what talks to it.
pub(super) struct OverS3<E> {
    pub(super) engine: E,
    pub(super) store: S3Store,
    pub(super) signer: UrlSigner,
    pub(super) http: reqwest::Client,
}

/// The harness of tests that are about this backend and no server in particular.
pub(super) type S3Harness = OverS3<Embedded>;

impl<E: Engine> OverS3<E> {
    /// The store's address.
    pub(super) fn endpoint(&self) -> String {
        self.engine.settings().endpoint.expect("a server under test has an address")
    }

    /// Whether the server differs from AWS in this.
    pub(super) fn differs(&self, difference: Difference) -> bool {
        self.engine.differences().contains(&difference)
    }

    /// The name of a bucket.
    pub(super) fn bucket(&self, visibility: Visibility) -> &str {
        self.store.layout.bucket_of(visibility)
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
impl<E: Engine> Harness for OverS3<E> {
    async fn start() -> Self {
        let engine = E::start().await;
        let settings = engine.settings();
        let signer = UrlSigner::new(SignerSettings {
            endpoint: settings.endpoint.clone().expect("a server under test has an address"),
            addressing: settings.addressing,
            region: settings.region.clone(),
            private_bucket: settings.private_bucket.clone(),
            public_bucket: settings.public_bucket.clone(),
            prefix: settings.prefix.clone(),
            public_base_url: None,
        });
        let store = S3Store::connect(settings, Arc::new(HostClock)).await.expect("good settings");
        Self { engine, store, signer: signer.expect("good settings"), http: reqwest::Client::new() }
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn differences(&self) -> &'static [Difference] {
        self.engine.differences()
    }

    async fn send_part(&self, key: &ObjectKey, upload: &UploadId, number: PartNumber, bytes: Bytes) -> Option<ETag> {
        let size = ByteCount(bytes.len() as u64);
        let signed = self
            .sign(key, upload, PartToSign { number, length: PartLength::Exactly(size), checksum_sha256: None })
            .await;
        let answer = self.http.put(signed.url.expose()).body(bytes).send().await.expect("an answer");
        let status = answer.status();
        if status.is_success() {
            let etag = answer.headers().get("etag").expect("a part has an ETag").to_str().expect("text").to_owned();
            return Some(ETag::new(&etag));
        }
        let body = answer.text().await.expect("a body");
        let is_unknown = status == 404 && body.contains("<Code>NoSuchUpload</Code>");
        let is_bare = status == 400 && self.differs(Difference::ChecksumInEveryPart);
        assert!(is_unknown || is_bare, "a part was refused: {status} {body}");
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

    async fn put_foreign_object(&self, visibility: Visibility, path: &str, bytes: Bytes) {
        let bucket = self.store.layout.bucket_of(visibility);
        let request = self.store.client.put_object().bucket(bucket).key(format!("{PREFIX}{path}"));
        request.body(bytes.into()).send().await.expect("an object is put");
    }

    async fn remove_bucket(&self, visibility: Visibility) {
        let bucket = self.store.layout.bucket_of(visibility);
        self.store.client.delete_bucket().bucket(bucket).send().await.expect("an empty bucket goes");
    }

    async fn stop(self) {
        self.engine.stop().await;
    }
}
