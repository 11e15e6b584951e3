//! Garage, started by `cargo xtask test --store garage`.

use async_trait::async_trait;

use super::super::S3Settings;
use super::shared::Buckets;
use super::{Difference, Engine, OverS3};

pub(crate) struct Garage(Buckets);

#[async_trait]
impl Engine for Garage {
    async fn start() -> Self {
        Self(Buckets::make("garage").await)
    }

    fn settings(&self) -> S3Settings {
        self.0.settings.clone()
    }

    fn differences(&self) -> &'static [Difference] {
        &[
            Difference::ChecksumInEveryPart,
            Difference::NothingIsPublic,
            Difference::SmallParts,
            Difference::DeleteEndsUploads,
            Difference::BeginsWithinPrefix,
            Difference::SilentAboutExpiry,
        ]
    }

    async fn stop(self) {
        self.0.remove().await;
    }
}

crate::store_conformance!(OverS3<Garage>);
