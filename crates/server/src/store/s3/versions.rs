//! DELETE of every version of one key.
//!
//! A bucket that was ever versioned keeps what a plain DELETE hides behind a marker: stored, paid for, and readable by
//! version id. The plain DELETE's own answer tells such a bucket from others.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;

use std::borrow::Cow;

use super::super::StoreError;
use super::super::operation::Operation;
use super::classify::Fault;
use super::listing::plain_key;

const OPERATION: Operation = Operation::Delete;

/// One page's way to the next.
#[derive(PartialEq, Eq)]
struct Marker {
    key: Option<String>,
    version: Option<String>,
}

pub(super) async fn delete(client: &Client, bucket: &str, key: &str) -> Result<(), StoreError> {
    let answer = match client.delete_object().bucket(bucket).key(key).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let fault = Fault::new(OPERATION, error);
            // S3 says 204 even where nothing was; some stores say this instead.
            return if fault.is_no_such_key() { Ok(()) } else { Err(fault.into()) };
        }
    };
    let versioned = answer.version_id().is_some() || answer.delete_marker() == Some(true);
    if versioned { delete_versions(client, bucket, key).await } else { Ok(()) }
}

async fn delete_versions(client: &Client, bucket: &str, key: &str) -> Result<(), StoreError> {
    let mut from = Marker { key: None, version: None };
    loop {
        let request = client.list_object_versions().bucket(bucket).prefix(key).encoding_type(EncodingType::Url);
        let request = request.set_key_marker(from.key.clone()).set_version_id_marker(from.version.clone());
        let page = request.send().await.map_err(|error| Fault::new(OPERATION, error))?;
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        let encoding = page.encoding_type();
        let is_ours = |found: Option<&str>| found.and_then(|found| plain_key(encoding, found)).as_deref() == Some(key);
        for (_, version) in versions.chain(markers).filter(|(found, _)| is_ours(*found)) {
            let version = version.ok_or_else(|| Fault::senseless(OPERATION, "version id"))?;
            let request = client.delete_object().bucket(bucket).key(key).version_id(version);
            request.send().await.map_err(|error| Fault::new(OPERATION, error))?;
        }
        if page.is_truncated() != Some(true) {
            return Ok(());
        }
        let next = Marker {
            key: page.next_key_marker().and_then(|key| plain_key(encoding, key)).map(Cow::into_owned),
            version: page.next_version_id_marker().map(str::to_owned),
        };
        if next == from || next.key.is_none() {
            return Err(Fault::senseless(OPERATION, "marker of the next page").into());
        }
        from = next;
    }
}
