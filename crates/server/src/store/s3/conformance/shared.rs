//! A store that is started once for many tests: each makes two buckets of its own in it, and takes them away.
//!
//! *Invariant*: a test that runs without its store fails, and says how to run it. It is never skipped.

use std::sync::Arc;

use aws_sdk_s3::Client;
use data_encoding::BASE32_NOPAD;
use domain::{StoreBehaviour, Visibility};
use signing::Addressing;

use super::super::{CredentialSource, S3Settings, S3Store, versions};
use super::PREFIX;
use crate::clock::HostClock;
use crate::entropy::{HostEntropy, id_bits};

/// Two buckets in a running store.
pub(super) struct Buckets {
    pub(super) settings: S3Settings,
    pub(super) client: Client,
}

/// A variable that the test command sets.
#[expect(clippy::disallowed_methods, reason = "where a shared store listens is known to the one who started it")]
fn variable(store: &str, name: &str) -> String {
    let upper = store.to_uppercase();
    std::env::var(format!("TEST_{upper}_{name}"))
        .unwrap_or_else(|_| panic!("this test needs {store}; run: cargo xtask test --store {store}"))
}

impl Buckets {
    /// Makes them in the store of this name, which stands in the variables `TEST_NAME_...`.
    pub(super) async fn make(store: &str) -> Self {
        let id = BASE32_NOPAD.encode(&id_bits(&HostEntropy)).to_lowercase();
        let settings = S3Settings {
            endpoint: Some(variable(store, "ENDPOINT")),
            region: variable(store, "REGION"),
            private_bucket: format!("private-{id}"),
            public_bucket: format!("public-{id}"),
            prefix: PREFIX.to_owned(),
            addressing: Addressing::Path,
            credentials: CredentialSource::Static {
                access_key_id: variable(store, "ACCESS_KEY_ID"),
                secret_access_key: variable(store, "SECRET_ACCESS_KEY"),
            },
            behaviour: StoreBehaviour::default(),
        };
        let client = S3Store::connect(settings.clone(), Arc::new(HostClock)).await.expect("good settings").client;
        for bucket in [&settings.private_bucket, &settings.public_bucket] {
            client.create_bucket().bucket(bucket).send().await.expect("a bucket is made");
        }
        Self { settings, client }
    }

    /// The bucket of a visibility.
    pub(super) fn name(&self, visibility: Visibility) -> &str {
        match visibility {
            Visibility::Private => &self.settings.private_bucket,
            Visibility::Public => &self.settings.public_bucket,
        }
    }

    /// Takes them away with all they hold, as far as the test has left them.
    pub(super) async fn remove(self) {
        for visibility in [Visibility::Private, Visibility::Public] {
            let bucket = self.name(visibility);
            // A case may have removed it.
            if self.client.head_bucket().bucket(bucket).send().await.is_err() {
                continue;
            }
            self.empty(bucket).await;
            self.client.delete_bucket().bucket(bucket).send().await.expect("an empty bucket goes");
        }
    }

    /// Cases leave less than a page of anything.
    async fn empty(&self, bucket: &str) {
        let uploads = self.client.list_multipart_uploads().bucket(bucket).send().await.expect("uploads are listed");
        for upload in uploads.uploads() {
            let request = self.client.abort_multipart_upload().bucket(bucket);
            let request = request.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone());
            request.send().await.expect("an upload is aborted");
        }
        let page = self.client.list_objects_v2().bucket(bucket).send().await.expect("a listing");
        for key in page.contents().iter().filter_map(|object| object.key()) {
            versions::delete(&self.client, bucket, key).await.expect("an object goes");
        }
    }
}
