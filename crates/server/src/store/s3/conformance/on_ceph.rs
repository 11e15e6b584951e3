//! Ceph's S3 gateway (16, as Debian has it), started by `cargo xtask test --store ceph`.

use async_trait::async_trait;
use domain::Visibility;

use super::super::S3Settings;
use super::shared::Buckets;
use super::{Difference, Engine, OverS3};

pub(crate) struct Ceph(Buckets);

#[async_trait]
impl Engine for Ceph {
    async fn start() -> Self {
        let buckets = Buckets::make("ceph").await;
        let bucket = buckets.name(Visibility::Public);
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::{bucket}/*"]}}]}}"#
        );
        let request = buckets.client.put_bucket_policy().bucket(bucket).policy(policy);
        request.send().await.expect("a bucket takes a policy");
        Self(buckets)
    }

    fn settings(&self) -> S3Settings {
        self.0.settings.clone()
    }

    fn differences(&self) -> &'static [Difference] {
        &[Difference::NoChecksums, Difference::AllPartsOrNone, Difference::SilentAboutExpiry]
    }

    async fn stop(self) {
        self.0.remove().await;
    }
}

crate::store_conformance!(OverS3<Ceph>);
