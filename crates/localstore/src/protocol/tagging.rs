//! Tags of objects.

use super::{Answer, Protocol, on_disk, translate};
use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutObjectTaggingInput, PutObjectTaggingOutput, Tag,
};
use s3s::{S3Response, S3Result};

pub(super) async fn get(store: &Protocol, input: GetObjectTaggingInput) -> Answer<GetObjectTaggingOutput> {
    let bucket = store.bucket(&input.bucket)?;
    let version = translate::version(input.version_id.as_deref())?;
    let open = on_disk(move || bucket.open(&input.key, version)).await?;
    let tag = |(key, value): &(String, String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
    Ok(S3Response::new(GetObjectTaggingOutput {
        tag_set: open.record.tags.iter().map(tag).collect(),
        version_id: translate::wire_version(open.version),
    }))
}

pub(super) async fn put(store: &Protocol, input: PutObjectTaggingInput) -> Answer<PutObjectTaggingOutput> {
    let pair = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    let tags = translate::check_tags(input.tagging.tag_set.into_iter().map(pair).collect())?;
    let version_id = replace(store, &input.bucket, input.key, input.version_id.as_deref(), tags).await?;
    Ok(S3Response::new(PutObjectTaggingOutput { version_id }))
}

pub(super) async fn delete(store: &Protocol, input: DeleteObjectTaggingInput) -> Answer<DeleteObjectTaggingOutput> {
    let version_id = replace(store, &input.bucket, input.key, input.version_id.as_deref(), Vec::new()).await?;
    Ok(S3Response::new(DeleteObjectTaggingOutput { version_id }))
}

async fn replace(
    store: &Protocol,
    bucket: &str,
    key: String,
    version: Option<&str>,
    tags: Vec<(String, String)>,
) -> S3Result<Option<String>> {
    let bucket = store.bucket(bucket)?;
    let version = translate::version(version)?;
    let changed = on_disk(move || bucket.replace_tags(&key, version, tags)).await?;
    Ok(translate::wire_version(changed))
}
