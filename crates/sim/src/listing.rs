//! What the listings of a whole bucket show of matter.
//!
//! Pages are small, so that the bucket changes between two of them. *Invariant*: keys come in byte order, each once.

use std::collections::BTreeMap;

use domain::reconcile::{ListedObject, ListedUpload};
use domain::{ETag, UploadId, Visibility};
use server::store::{ObjectsPage, UploadCursor, UploadsPage};

use crate::matter::{Foreign, Matter};

/// Keys on one page.
const PAGE: usize = 3;

impl Matter {
    /// One page of a bucket's objects.
    pub(crate) fn objects_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> ObjectsPage {
        let of_bucket = self.objects.iter().filter(|(key, _)| key.visibility() == visibility);
        let mut listed: Vec<ListedObject> = of_bucket
            .map(|(key, object)| ListedObject {
                key: key.path(),
                size: object.head.size,
                etag: object.head.etag.clone(),
                modified: object.modified,
            })
            .chain(of_others(&self.foreign_objects, visibility, |key, foreign| ListedObject {
                key: key.to_owned(),
                size: foreign.size,
                etag: ETag::new(&foreign.mark),
                modified: foreign.since,
            }))
            .filter(|object| object.key.starts_with(prefix) && after.is_none_or(|after| *object.key > *after))
            .collect();
        listed.sort_by(|left, right| left.key.cmp(&right.key));
        let page = PAGE.min(usize::from(limit));
        let more = listed.len() > page;
        listed.truncate(page);
        let next = listed.last().filter(|_| more).map(|last| last.key.clone());
        ObjectsPage { objects: listed, next }
    }

    /// One page of a bucket's open uploads.
    pub(crate) fn uploads_page(
        &self,
        visibility: Visibility,
        prefix: &str,
        after: Option<&UploadCursor>,
        limit: u16,
    ) -> UploadsPage {
        let of_bucket = self.open.iter().filter(|(_, upload)| upload.key.visibility() == visibility);
        let mut listed: Vec<ListedUpload> = of_bucket
            .map(|(id, upload)| ListedUpload {
                key: upload.key.path(),
                id: UploadId(id.clone()),
                initiated: upload.initiated,
            })
            .chain(of_others(&self.foreign_uploads, visibility, |key, foreign| ListedUpload {
                key: key.to_owned(),
                id: UploadId(foreign.mark.clone()),
                initiated: foreign.since,
            }))
            .filter(|upload| upload.key.starts_with(prefix) && after.is_none_or(|after| follows(upload, after)))
            .collect();
        listed.sort_by(|left, right| (&left.key, &left.id.0).cmp(&(&right.key, &right.id.0)));
        let page = PAGE.min(usize::from(limit));
        let more = listed.len() > page;
        listed.truncate(page);
        let cursor = |last: &ListedUpload| UploadCursor { key: last.key.clone(), id: Some(last.id.clone()) };
        let next = listed.last().filter(|_| more).map(cursor);
        UploadsPage { uploads: listed, next }
    }
}

/// What others have in a bucket.
fn of_others<T>(
    foreign: &BTreeMap<(Visibility, String), Foreign>,
    bucket: Visibility,
    listed: impl Fn(&str, &Foreign) -> T,
) -> impl Iterator<Item = T> {
    let of_bucket = foreign.iter().filter(move |((place, _), _)| *place == bucket);
    of_bucket.map(move |((_, key), foreign)| listed(key, foreign))
}

fn follows(upload: &ListedUpload, after: &UploadCursor) -> bool {
    let later_id = after.id.as_ref().is_some_and(|after| upload.id.0 > after.0);
    upload.key > after.key || (upload.key == after.key && later_id)
}
