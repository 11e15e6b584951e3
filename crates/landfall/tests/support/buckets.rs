//! A look into a store's buckets with the AWS SDK: objects, and multipart uploads that no listing of objects shows.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use serde_json::Value;

/// Says whose bucket it is; no file's.
const MARKER: &str = "landfall/marker.json";

/// Both buckets of an installation.
pub(crate) struct Buckets {
    client: Client,
    names: [String; 2],
}

/// Everything in both buckets but the markers.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Content {
    /// Keys of objects.
    pub(crate) objects: Vec<String>,
    /// Keys of unfinished multipart uploads.
    pub(crate) uploads: Vec<String>,
}

impl Content {
    /// Whether nothing at all is left.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Buckets {
    /// From what `landfall store show --json` says.
    pub(crate) fn of(shown: &Value) -> Self {
        let text = |name: &str| shown[name].as_str().unwrap_or_else(|| panic!("no {name} in {shown}")).to_owned();
        let credentials = Credentials::new(text("access_key_id"), text("secret_access_key"), None, None, "test");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(text("region")))
            .credentials_provider(credentials)
            .endpoint_url(text("endpoint"))
            .force_path_style(true)
            .build();
        Self { client: Client::from_conf(config), names: [text("private_bucket"), text("public_bucket")] }
    }

    /// Makes both.
    pub(crate) async fn make(&self) {
        for name in &self.names {
            self.client.create_bucket().bucket(name).send().await.expect("a bucket is made");
        }
    }

    /// Takes an asset's objects away, as an operator may by hand.
    pub(crate) async fn remove_objects(&self, asset: &str) {
        for name in &self.names {
            let page = self.client.list_objects_v2().bucket(name).send().await.expect("a page of objects");
            for key in page.contents().iter().filter_map(|object| object.key()).filter(|key| key.contains(asset)) {
                self.client.delete_object().bucket(name).key(key).send().await.expect("an object goes");
            }
        }
    }

    /// Aborts the uploads of an asset with the store's own key, as a lifecycle rule does.
    pub(crate) async fn abort_uploads(&self, asset: &str) {
        for name in &self.names {
            let page = self.client.list_multipart_uploads().bucket(name).send().await.expect("a page of uploads");
            for upload in page.uploads().iter().filter(|upload| upload.key().is_some_and(|key| key.contains(asset))) {
                let abort = self.client.abort_multipart_upload().bucket(name);
                let abort = abort.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone());
                abort.send().await.expect("the store aborts it");
            }
        }
    }

    /// Puts an object into the private bucket, with the store's own key, and gives its ETag.
    pub(crate) async fn put(&self, key: &str, bytes: Vec<u8>) -> String {
        let put = self.client.put_object().bucket(&self.names[0]).key(key).body(bytes.into());
        put.send().await.expect("the store takes it").e_tag.expect("an ETag")
    }

    /// Opens an upload in the private bucket, with the store's own key.
    pub(crate) async fn open_upload(&self, key: &str) -> String {
        let create = self.client.create_multipart_upload().bucket(&self.names[0]).key(key);
        create.send().await.expect("the store opens it").upload_id.expect("an id")
    }

    /// Lists both buckets.
    pub(crate) async fn list(&self) -> Content {
        self.try_list().await.expect("a store that answers")
    }

    /// Lists both buckets of a store that may end meanwhile.
    pub(crate) async fn try_list(&self) -> Result<Content, aws_sdk_s3::Error> {
        let mut content = Content::default();
        for name in &self.names {
            let mut pages = self.client.list_objects_v2().bucket(name).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page?;
                content.objects.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            }
            content.uploads.extend(self.uploads(name).await?);
        }
        content.objects.retain(|key| key != MARKER);
        Ok(content)
    }

    async fn uploads(&self, bucket: &str) -> Result<Vec<String>, aws_sdk_s3::Error> {
        let (mut found, mut after) = (Vec::new(), (None, None));
        loop {
            let page = self.client.list_multipart_uploads().bucket(bucket);
            let page = page.set_key_marker(after.0).set_upload_id_marker(after.1).send().await?;
            found.extend(page.uploads().iter().filter_map(|upload| upload.key().map(str::to_owned)));
            if page.is_truncated() != Some(true) {
                return Ok(found);
            }
            after = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    /// How many parts lie under open uploads of these assets.
    pub(crate) async fn count_open_parts(&self, assets: &[&str]) -> usize {
        let mut count = 0;
        for name in &self.names {
            let page = self.client.list_multipart_uploads().bucket(name).send().await.expect("a page of uploads");
            assert_ne!(page.is_truncated(), Some(true), "more than a page of uploads");
            let of_assets = |key: &str| assets.iter().any(|asset| key.contains(asset));
            for upload in page.uploads().iter().filter(|upload| upload.key().is_some_and(of_assets)) {
                let parts = self.client.list_parts().bucket(name);
                let parts = parts.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone());
                count += parts.send().await.expect("a page of parts").parts().len();
            }
        }
        count
    }

    /// Sends a part of an asset's film with the store's own key.
    pub(crate) async fn overwrite_part(&self, asset: &str, number: i32, bytes: Vec<u8>) {
        let bucket = &self.names[0];
        let page = self.client.list_multipart_uploads().bucket(bucket).send().await.expect("a page of uploads");
        let upload = page.uploads().iter().find(|upload| upload.key().is_some_and(|key| key.contains(asset)));
        let (key, id) = upload.and_then(|upload| upload.key().zip(upload.upload_id())).expect("its upload");
        let part = self.client.upload_part().bucket(bucket).key(key).upload_id(id).part_number(number);
        part.body(bytes.into()).send().await.expect("the store takes it");
    }
}
