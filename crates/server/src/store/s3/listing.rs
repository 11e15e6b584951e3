//! Pages of a bucket: its objects and its open multipart uploads.
//!
//! Keys are those of the port: the store's prefix is put before what is asked for and taken off what is answered.
//! *Invariant*: a page is in the byte order of its keys, or it is no answer: reconcile merges by that order, and would
//! take half of a catalog for lost. Keys are asked for percent-encoded: XML cannot carry every character that a foreign
//! key may have, and one such key would make the whole page unreadable.

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{EncodingType, MultipartUpload, Object};
use domain::reconcile::{ListedObject, ListedUpload};
use domain::{ByteCount, ETag, Timestamp, UploadId, Visibility};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

use super::super::operation::Operation;
use super::super::{MARKER_KEY, ObjectsPage, StoreError, UploadCursor, UploadsPage};
use super::S3Store;
use super::classify::Fault;
use crate::store::layout::Layout;

pub(super) async fn objects(
    store: &S3Store,
    visibility: Visibility,
    prefix: &str,
    after: Option<&str>,
    limit: u16,
) -> Result<ObjectsPage, StoreError> {
    const OPERATION: Operation = Operation::ListObjects;
    let layout = &store.layout;
    let request = store
        .client
        .list_objects_v2()
        .bucket(layout.bucket_of(visibility))
        .prefix(layout.full_text(prefix))
        .set_start_after(after.map(|after| layout.full_text(after)))
        .encoding_type(EncodingType::Url)
        .max_keys(i32::from(limit));
    let page = request.send().await.map_err(|error| Fault::new(OPERATION, error))?;
    let encoding = page.encoding_type();
    let objects = page.contents().iter().map(|object| listed_object(layout, encoding, object));
    let objects = objects.collect::<Option<Vec<_>>>();
    let mut objects = objects.ok_or_else(|| Fault::senseless(OPERATION, "key, size, ETag or time of an object"))?;
    let ordered = objects.is_sorted_by(|a, b| a.key < b.key)
        && objects.first().is_none_or(|first| after.is_none_or(|after| first.key.as_str() > after));
    if !ordered {
        return Err(Fault::senseless(OPERATION, "order of keys").into());
    }
    let next = if page.is_truncated() == Some(true) {
        let last =
            objects.last().ok_or_else(|| Fault::senseless(OPERATION, "object on a page that is not the last"))?;
        Some(last.key.clone())
    } else {
        None
    };
    objects.retain(|object| object.key != MARKER_KEY);
    Ok(ObjectsPage { objects, next })
}

pub(super) async fn uploads(
    store: &S3Store,
    visibility: Visibility,
    prefix: &str,
    after: Option<&UploadCursor>,
    limit: u16,
) -> Result<UploadsPage, StoreError> {
    const OPERATION: Operation = Operation::ListOpenUploads;
    let layout = &store.layout;
    let request = store
        .client
        .list_multipart_uploads()
        .bucket(layout.bucket_of(visibility))
        .prefix(layout.full_text(prefix))
        .set_key_marker(after.map(|after| layout.full_text(&after.key)))
        .set_upload_id_marker(after.and_then(|after| after.id.as_ref()).map(|id| id.0.clone()))
        .encoding_type(EncodingType::Url)
        .max_uploads(i32::from(limit));
    let page = request.send().await.map_err(|error| Fault::new(OPERATION, error))?;
    let encoding = page.encoding_type();
    let uploads = page.uploads().iter().map(|upload| listed_upload(layout, encoding, upload));
    let uploads = uploads.collect::<Option<Vec<_>>>();
    let mut uploads = uploads.ok_or_else(|| Fault::senseless(OPERATION, "key, id or time of an upload"))?;
    // Garage sorts a page by the uploads' ids.
    uploads.sort_by(|a, b| a.key.cmp(&b.key));
    let next = if page.is_truncated() == Some(true) {
        let key = page.next_key_marker().and_then(|key| own_key(layout, encoding, key));
        let key = key.ok_or_else(|| Fault::senseless(OPERATION, "marker of the next page"))?;
        let id = page.next_upload_id_marker().filter(|id| !id.is_empty()).map(|id| UploadId(id.to_owned()));
        let next = UploadCursor { key, id };
        if after == Some(&next) {
            return Err(Fault::senseless(OPERATION, "marker of the next page").into());
        }
        Some(next)
    } else {
        None
    };
    let begins = uploads.first().is_none_or(|first| after.is_none_or(|after| first.key >= after.key));
    let ends = uploads.last().is_none_or(|last| next.as_ref().is_none_or(|next| last.key <= next.key));
    if !begins || !ends {
        return Err(Fault::senseless(OPERATION, "order of keys").into());
    }
    Ok(UploadsPage { uploads, next })
}

/// A key as it is, of a listing that says how it wrote it. Some stores write a space as a plus sign; a plus sign is always
/// escaped.
pub(super) fn plain_key<'k>(encoding: Option<&EncodingType>, key: &'k str) -> Option<Cow<'k, str>> {
    if encoding != Some(&EncodingType::Url) {
        return Some(Cow::Borrowed(key));
    }
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|key| Cow::Owned(key.into_owned()))
}

fn own_key(layout: &Layout, encoding: Option<&EncodingType>, key: &str) -> Option<String> {
    let key = plain_key(encoding, key)?;
    layout.own_text(&key).map(str::to_owned)
}

fn listed_object(layout: &Layout, encoding: Option<&EncodingType>, object: &Object) -> Option<ListedObject> {
    Some(ListedObject {
        key: own_key(layout, encoding, object.key()?)?,
        size: ByteCount(u64::try_from(object.size()?).ok()?),
        etag: ETag::new(object.e_tag()?),
        modified: timestamp(object.last_modified()?)?,
    })
}

fn listed_upload(layout: &Layout, encoding: Option<&EncodingType>, upload: &MultipartUpload) -> Option<ListedUpload> {
    Some(ListedUpload {
        key: own_key(layout, encoding, upload.key()?)?,
        id: UploadId(upload.upload_id()?.to_owned()),
        initiated: timestamp(upload.initiated()?)?,
    })
}

/// A store's time, to the microsecond.
fn timestamp(time: &DateTime) -> Option<Timestamp> {
    let micros = time.as_nanos() / 1_000;
    Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok()
}
