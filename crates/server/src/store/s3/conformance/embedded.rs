//! The embedded store on a free port, in a folder of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::StoreBehaviour;
use localstore::LocalStore;
use signing::Addressing;

use super::super::{CredentialSource, S3Settings, S3Store};
use super::{Difference, Engine, OverS3, PREFIX};
use crate::clock::HostClock;

pub(in super::super) const REGION: &str = "eu-central-1";
const ACCESS_KEY_ID: &str = "AKIDCONFORMANCE";
pub(in super::super) const SECRET: &str = "a+secret/with=odd-signs";

pub(crate) struct Embedded {
    pub(crate) server: LocalStore,
    _folder: tempfile::TempDir,
}

/// Settings for an embedded store at `endpoint`.
pub(in super::super) fn settings(endpoint: &str, secret: &str) -> S3Settings {
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
        behaviour: StoreBehaviour::default(),
    }
}

/// The backend over whatever listens at `endpoint`.
pub(in super::super) async fn connect(endpoint: &str, secret: &str) -> S3Store {
    S3Store::connect(settings(endpoint, secret), Arc::new(HostClock)).await.expect("good settings")
}

#[async_trait]
impl Engine for Embedded {
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
            arrivals: None,
            connections: connections::Limits::default(),
            reserve: localstore::Reserve::default(),
            faults: localstore::Faults::default(),
            disk_faults: None,
        })
        .await
        .expect("the embedded store starts");
        for bucket in ["private", "public"] {
            server.ensure_bucket(bucket, &[]).await.expect("a bucket");
        }
        Self { server, _folder: folder }
    }

    fn settings(&self) -> S3Settings {
        settings(&format!("http://{}", self.server.address()), SECRET)
    }

    fn differences(&self) -> &'static [Difference] {
        &[]
    }

    async fn stop(self) {
        self.server.stop().await;
    }
}

crate::store_conformance!(OverS3<Embedded>);
