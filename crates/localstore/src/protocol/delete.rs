//! DeleteObject and DeleteObjects.

use super::{Answer, Protocol, on_disk, translate};
use crate::conditions::TagCondition;
use crate::disk::{DeleteCondition, Deleted};
use crate::verified::Taken;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, Error,
    ObjectIdentifier,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response};
use std::sync::Arc;

/// Keys one DeleteObjects may name.
const MAX_KEYS: usize = 1_000;

pub(super) async fn one(store: &Protocol, mut req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
    let taken = Taken::of(&mut req.extensions);
    let input = req.input;
    let bucket = store.bucket(&input.bucket)?;
    let version = translate::version(input.version_id.as_deref())?;
    let condition = DeleteCondition { if_match: taken.text("if-match").map(TagCondition::parse) };
    let done = on_disk(move || bucket.delete(&input.key, version, &condition)).await?;
    Ok(S3Response::new(DeleteObjectOutput {
        delete_marker: done.marker.map(|_| true),
        version_id: translate::wire_version(done.version),
        ..DeleteObjectOutput::default()
    }))
}

pub(super) async fn many(store: &Protocol, input: DeleteObjectsInput) -> Answer<DeleteObjectsOutput> {
    let bucket = store.bucket(&input.bucket)?;
    let objects = input.delete.objects;
    if objects.is_empty() || objects.len() > MAX_KEYS {
        return Err(S3Error::with_message(
            S3ErrorCode::MalformedXML,
            "The XML you provided was not well-formed or did not validate against our published schema: name 1 to 1000 keys.",
        ));
    }
    let is_quiet = input.delete.quiet == Some(true);
    let results = on_disk(move || {
        let delete = |object: ObjectIdentifier| {
            let done = delete_one(&bucket, &object);
            (object, done)
        };
        Ok(objects.into_iter().map(delete).collect::<Vec<_>>())
    })
    .await?;
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for (object, result) in results {
        match result {
            Ok(done) => deleted.push(DeletedObject {
                delete_marker: done.marker.map(|_| true),
                delete_marker_version_id: translate::wire_version(done.marker),
                key: Some(object.key),
                version_id: object.version_id,
            }),
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                key: Some(object.key),
                message: error.message().map(str::to_owned),
                version_id: object.version_id,
            }),
        }
    }
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: (!is_quiet && !deleted.is_empty()).then_some(deleted),
        errors: (!errors.is_empty()).then_some(errors),
        ..DeleteObjectsOutput::default()
    }))
}

fn delete_one(bucket: &Arc<crate::disk::bucket::Bucket>, object: &ObjectIdentifier) -> Result<Deleted, S3Error> {
    if object.key.is_empty() {
        return Err(S3Error::with_message(S3ErrorCode::UserKeyMustBeSpecified, "The key must not be empty."));
    }
    if !s3s::path::check_key(&object.key) {
        return Err(S3ErrorCode::KeyTooLongError.into());
    }
    let version = translate::version(object.version_id.as_deref())?;
    if object.last_modified_time.is_some() || object.size.is_some() {
        return Err(S3Error::with_message(
            S3ErrorCode::NotImplemented,
            "LastModifiedTime and Size as conditions of a deletion are not implemented.",
        ));
    }
    let tag = |tag: &ETag| TagCondition::parse(&tag.as_strong().map_or_else(|| "W/".to_owned(), str::to_owned));
    let condition = DeleteCondition { if_match: object.e_tag.as_ref().map(tag) };
    Ok(bucket.delete(&object.key, version, &condition)?)
}
