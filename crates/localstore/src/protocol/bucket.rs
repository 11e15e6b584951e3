//! Buckets as such: made, listed, found, removed.

use super::{Answer, Protocol, on_disk, translate};
use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput, DeleteBucketOutput,
    GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput, HeadBucketOutput, ListBucketsInput,
    ListBucketsOutput,
};
use s3s::{S3Error, S3ErrorCode, S3Response};

/// S3 shows at most this many buckets a page.
const MAX_BUCKETS: usize = 10_000;

pub(super) async fn create(store: &Protocol, input: CreateBucketInput) -> Answer<CreateBucketOutput> {
    let wanted = input.create_bucket_configuration.as_ref().and_then(|c| c.location_constraint.as_ref());
    if let Some(wanted) = wanted
        && wanted.as_str() != store.region
        && !wanted.as_str().is_empty()
    {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidLocationConstraint,
            format!("The specified location-constraint is not valid; this store is in {}.", store.region),
        ));
    }
    let location = format!("/{}", input.bucket);
    let disk = std::sync::Arc::clone(&store.disk);
    on_disk(move || disk.create_bucket(&input.bucket).map(drop)).await?;
    Ok(S3Response::new(CreateBucketOutput { location: Some(location) }))
}

pub(super) fn head(store: &Protocol, input: &HeadBucketInput) -> Answer<HeadBucketOutput> {
    store.bucket(&input.bucket)?;
    Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(store.region.clone()), ..HeadBucketOutput::default() }))
}

pub(super) fn list(store: &Protocol, input: &ListBucketsInput) -> Answer<ListBucketsOutput> {
    let limit = input.max_buckets.and_then(|n| usize::try_from(n).ok()).unwrap_or(MAX_BUCKETS).clamp(1, MAX_BUCKETS);
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = input.continuation_token.clone().unwrap_or_default();
    let mut found: Vec<_> = store.disk.buckets();
    found.retain(|bucket| bucket.name.starts_with(&prefix) && bucket.name > after);
    let continuation_token = (found.len() > limit).then(|| found[limit - 1].name.clone());
    let shown = found.iter().take(limit).map(|bucket| Bucket {
        name: Some(bucket.name.clone()),
        creation_date: Some(translate::wire_time(bucket.record().created)),
        bucket_region: None,
    });
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(shown.collect()),
        continuation_token,
        owner: Some(translate::owner()),
        prefix: input.prefix.clone(),
    }))
}

pub(super) async fn delete(store: &Protocol, input: DeleteBucketInput) -> Answer<DeleteBucketOutput> {
    let disk = std::sync::Arc::clone(&store.disk);
    on_disk(move || disk.delete_bucket(&input.bucket)).await?;
    Ok(S3Response::new(DeleteBucketOutput::default()))
}

pub(super) fn location(store: &Protocol, input: &GetBucketLocationInput) -> Answer<GetBucketLocationOutput> {
    store.bucket(&input.bucket)?;
    // The oldest region has no name here.
    let named = (store.region != "us-east-1").then(|| BucketLocationConstraint::from(store.region.clone()));
    Ok(S3Response::new(GetBucketLocationOutput { location_constraint: named }))
}
