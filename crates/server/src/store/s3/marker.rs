//! The marker object of a bucket: a few bytes of JSON under a key that no file can have.
//!
//! It is no secret: it names an installation, which means nothing to anybody else, and counts.

use domain::{Marker, Visibility};

use super::super::operation::Operation;
use super::super::{MARKER_KEY, StoreError};
use super::S3Store;
use super::classify::Fault;

/// Longest marker that is read, in bytes: ten times what is written.
const MAX_MARKER_BYTES: usize = 1024;

pub(super) async fn find(store: &S3Store, visibility: Visibility) -> Result<Option<Marker>, StoreError> {
    const OPERATION: Operation = Operation::FindMarker;
    let request = store.client.get_object().bucket(store.layout.bucket_of(visibility));
    let mut body = match request.key(store.layout.full_text(MARKER_KEY)).send().await {
        Ok(answer) => answer.body,
        Err(error) => {
            let fault = Fault::new(OPERATION, error);
            // A 404 names what is missing: the object, not its bucket.
            return if fault.is_no_such_key() { Ok(None) } else { Err(fault.into()) };
        }
    };
    let mut text = Vec::new();
    while let Some(chunk) = body.try_next().await.map_err(|error| Fault::broken(OPERATION, error))? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_MARKER_BYTES {
            return Err(Fault::senseless(OPERATION, "marker").into());
        }
    }
    Ok(Some(serde_json::from_slice(&text).map_err(|error| Fault::broken(OPERATION, error))?))
}

pub(super) async fn write(store: &S3Store, visibility: Visibility, marker: &Marker) -> Result<(), StoreError> {
    let text = serde_json::to_vec(marker).expect("a marker is plain data");
    let request = store.client.put_object().bucket(store.layout.bucket_of(visibility));
    let request = request.key(store.layout.full_text(MARKER_KEY)).content_type("application/json");
    let request = request.cache_control("no-store").body(text.into());
    request.send().await.map_err(|error| Fault::new(Operation::WriteMarker, error))?;
    Ok(())
}
