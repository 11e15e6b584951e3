//! A walk over a bucket with the catalog beside it: page by page, in key order, in constant memory.
//!
//! Each page of a listing is a stretch of its own: the bucket is asked first, then the catalog for exactly the keys of
//! that page (PROTOCOL, T12). A row is written before its object comes into being, so an object whose row was there in
//! time never looks like an orphan, however long the walk takes. A walk below a prefix asks both sides for exactly the
//! keys that begin so: a row behind them is not one without an object.

use domain::reconcile::{Keyed, KeyedFile, ListedObject, ListedUpload, Merge, Pair, Step};
use domain::{KeyPrefix, ObjectKey, Timestamp, Visibility};

use super::{App, PortError};
use crate::store::{KEYS_PER_PAGE, Store, StoreError, UploadCursor};

/// Rows read at a time.
const ROWS_PER_PAGE: u32 = 1000;

/// A page of a listing, and which rows belong to it.
pub(super) struct Stretch<L, C> {
    listed: Vec<L>,
    /// The first key whose row belongs to it.
    from: String,
    /// The last one; `None`: all that follow.
    upto: Option<String>,
    /// Where the next stretch begins.
    next: Option<C>,
}

/// What can be listed.
pub(super) trait Listing: Keyed + Sized {
    /// Where a listing goes on.
    type Cursor;

    /// The stretch after `after`, of the keys that begin with `prefix`.
    async fn stretch(
        store: &dyn Store,
        bucket: Visibility,
        prefix: &str,
        after: Option<Self::Cursor>,
    ) -> Result<Stretch<Self, Self::Cursor>, StoreError>;
}

impl Listing for ListedObject {
    type Cursor = String;

    /// All rows from the end of the last page to the end of this one: those without an object are lost.
    async fn stretch(
        store: &dyn Store,
        bucket: Visibility,
        prefix: &str,
        after: Option<String>,
    ) -> Result<Stretch<Self, String>, StoreError> {
        let page = store.list_objects_page(bucket, prefix, after.as_deref(), KEYS_PER_PAGE).await?;
        let from = after.map(just_after).unwrap_or_default();
        Ok(Stretch { listed: page.objects, from, upto: page.next.clone(), next: page.next })
    }
}

impl Listing for ListedUpload {
    type Cursor = UploadCursor;

    /// The rows from the first to the last key that is listed: a row without an upload is nothing to find.
    async fn stretch(
        store: &dyn Store,
        bucket: Visibility,
        prefix: &str,
        after: Option<UploadCursor>,
    ) -> Result<Stretch<Self, UploadCursor>, StoreError> {
        let page = store.list_open_uploads_page(bucket, prefix, after.as_ref(), KEYS_PER_PAGE).await?;
        let key = |upload: Option<&ListedUpload>| upload.map(|upload| upload.key.clone()).unwrap_or_default();
        let (from, upto) = (key(page.uploads.first()), key(page.uploads.last()));
        Ok(Stretch { listed: page.uploads, from, upto: Some(upto), next: page.next })
    }
}

/// Whether anything that is listed on exactly this key is so. All pages are read: a page may hold less than was asked for.
pub(super) async fn any_on_key<L: Listing>(
    store: &dyn Store,
    key: &ObjectKey,
    is_so: impl Fn(&L) -> bool,
) -> Result<bool, StoreError> {
    let path = key.path();
    let mut after = None;
    loop {
        let stretch = L::stretch(store, key.visibility(), &path, after).await?;
        if stretch.listed.iter().any(|listed| listed.key() == path && is_so(listed)) {
            return Ok(true);
        }
        match stretch.next {
            Some(next) => after = Some(next),
            None => return Ok(false),
        }
    }
}

/// Sorts before every key of our grammar that comes after `key`: those have no control characters.
fn just_after(mut key: String) -> String {
    key.push('\u{1}');
    key
}

enum Place<C> {
    Start,
    After(C),
    End,
}

/// A walk.
pub(super) struct Walk<'a, L: Listing> {
    app: &'a App,
    bucket: Visibility,
    below: Option<&'a KeyPrefix>,
    merge: Option<Merge<L, KeyedFile>>,
    from: String,
    upto: Option<String>,
    place: Place<L::Cursor>,
    /// The catalog's time of the last rows.
    now: Timestamp,
    /// Rows seen.
    pub(super) rows: u64,
}

impl<'a, L: Listing> Walk<'a, L> {
    /// Of the keys that begin with `below`, or of all.
    pub(super) const fn new(app: &'a App, bucket: Visibility, below: Option<&'a KeyPrefix>, now: Timestamp) -> Self {
        Self { app, bucket, below, merge: None, from: String::new(), upto: None, place: Place::Start, now, rows: 0 }
    }

    /// The catalog's time, never before that of the rows in hand by more than one page.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The next pair, in key order.
    pub(super) async fn next(&mut self) -> Result<Option<Pair<L, KeyedFile>>, PortError> {
        loop {
            let step = self.merge.as_mut().map(Merge::step);
            match step {
                Some(Step::Pair(pair)) => return Ok(Some(pair)),
                Some(Step::NeedRows) => self.read_rows().await?,
                Some(Step::Done) | None => {
                    if !self.next_stretch().await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    async fn next_stretch(&mut self) -> Result<bool, PortError> {
        let after = match std::mem::replace(&mut self.place, Place::End) {
            Place::Start => None,
            Place::After(cursor) => Some(cursor),
            Place::End => return Ok(false),
        };
        let prefix = self.below.map_or("", KeyPrefix::as_str);
        let stretch = L::stretch(&*self.app.parts.store, self.bucket, prefix, after).await.map_err(PortError::store)?;
        self.merge = Some(Merge::of(stretch.listed));
        self.from = stretch.from.max(prefix.to_owned());
        self.upto = stretch.upto.or_else(|| self.below.map(KeyPrefix::end));
        self.place = stretch.next.map_or(Place::End, Place::After);
        Ok(true)
    }

    async fn read_rows(&mut self) -> Result<(), PortError> {
        let catalog = &self.app.parts.catalog;
        let rows = catalog.list_keys(self.bucket, &self.from, self.upto.as_deref(), ROWS_PER_PAGE).await;
        let rows = rows.map_err(PortError::catalog)?;
        self.now = rows.now;
        self.rows += rows.value.len() as u64;
        if let Some(last) = rows.value.last() {
            self.from = just_after(last.key.clone());
        }
        if let Some(merge) = &mut self.merge {
            merge.push(rows.value);
        }
        Ok(())
    }
}
