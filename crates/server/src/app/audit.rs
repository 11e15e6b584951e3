//! The invariants I1, I2, I3, I8 and I9, and what each owner has, held against everything there is.
//!
//! It reads and changes nothing. What looks like a breach is looked at a second time, because the world moves under a
//! listing: what was published, deleted or committed meanwhile is none. What PROTOCOL allows to be under way (a file
//! that is being destroyed, hidden parts of a file that is just being opened, or younger than [`AuditTerms::grace`], an
//! empty upload that nobody has a URL for) is counted and is no breach.

use domain::key::FileKey;
use domain::limits::ORPHAN_AGE;
use domain::quota::Usage;
use domain::reconcile::{KeyedFile, ListedObject, ListedUpload, Pair};
use domain::{File, FileState, KeyPrefix, ObjectHead, ObjectKey, StateName, TimeSpan, Timestamp, Visibility};
use futures::future::try_join_all;

use super::walk::Walk;
use super::{App, PortError};
use crate::catalog::{CatalogError, OwnerUsage};
use crate::store::StoreError;

/// Hidden parts that belong to nobody any more go within this time: they are left alone for [`ORPHAN_AGE`], and
/// reconcile runs daily.
pub const HIDDEN_GRACE: TimeSpan = TimeSpan::from_hours(48);
/// Longest grace one can ask for: nothing that Landfall knows of is hidden for a year.
pub const LONGEST_GRACE: TimeSpan = TimeSpan::from_hours(24 * 366);
/// Objects that are asked for side by side. Each is one small request and two reads of a row; the store's client and the
/// catalog's readers are shared with whoever uploads meanwhile.
const ASKED_AT_ONCE: usize = 16;
/// Owners that are counted in one read: it goes through all their assets.
const OWNERS_PER_PAGE: u32 = 100;
/// Breaches that are told one by one; all are counted.
const MAX_TOLD: usize = 1_000;

const _: () = assert!(HIDDEN_GRACE.as_secs() >= 2 * ORPHAN_AGE.as_secs());

/// What an audit is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditTerms {
    /// Whose keys are audited; `None`: all.
    pub below: Option<KeyPrefix>,
    /// From this age on, hidden parts that belong to nobody are a breach; zero or more. At zero they are at any age.
    pub grace: TimeSpan,
}

impl Default for AuditTerms {
    fn default() -> Self {
        Self { below: None, grace: HIDDEN_GRACE }
    }
}

/// A rule of PROTOCOL that is audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// A CREATED file's object is as it was recorded.
    I1,
    /// A visible object has a row that may have one.
    I2,
    /// A key belongs to one file.
    I3,
    /// Hidden parts of what is not being uploaded go.
    I8,
    /// What is owed something has a time at which somebody does it.
    I9,
    /// What is kept of an owner is what its assets and files add up to.
    Usage,
    /// Rule 9: catalog and buckets belong together.
    Bucket,
}

impl Invariant {
    /// Its name in PROTOCOL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I1 => "I1",
            Self::I2 => "I2",
            Self::I3 => "I3",
            Self::I8 => "I8",
            Self::I9 => "I9",
            Self::Usage => "usage",
            Self::Bucket => "rule 9",
        }
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Of what.
    pub invariant: Invariant,
    /// In which bucket.
    pub bucket: Visibility,
    /// On which key; empty for a whole bucket.
    pub key: String,
    /// What is there, and what should be.
    pub what: String,
}

/// What an audit saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// Objects in both buckets.
    pub objects: u64,
    /// Open uploads in both buckets.
    pub uploads: u64,
    /// Rows in the catalog.
    pub rows: u64,
    /// Objects and uploads that are not of our grammar: somebody else's.
    pub unknown: u64,
    /// What is allowed to be there because it is on its way out.
    pub under_way: u64,
    /// How many breaches there are.
    pub breaches: u64,
    /// The first of them.
    pub told: Vec<Breach>,
}

impl AuditReport {
    fn breach(&mut self, invariant: Invariant, bucket: Visibility, key: &str, what: String) {
        self.breaches += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(Breach { invariant, bucket, key: key.to_owned(), what });
        }
    }
}

/// What an answer shows to be broken.
struct Broken {
    invariant: Invariant,
    key: String,
    what: String,
}

/// What a pair leaves open.
enum Question {
    /// Nothing: two rows own this key.
    Repeated(String),
    /// Whether a CREATED file's object is as recorded.
    Published(KeyedFile),
    /// Whether there is an object where none may be.
    Visible(ObjectKey),
    /// Whether nobody will ever take up a row that is owed something.
    Undue(KeyedFile),
}

impl Question {
    fn of(pair: Pair<ListedObject, KeyedFile>, bucket: Visibility) -> Option<Self> {
        let visible = |key: &str| FileKey::parse(key).map(|key| Self::Visible(ObjectKey::new(bucket, key)));
        match pair {
            Pair::Listed(object) => visible(&object.key),
            Pair::Both(object, row) => match row.state {
                StateName::Created => {
                    let listed = row.object.as_ref().is_some_and(|recorded| {
                        // What a listing does not show, HEAD does.
                        recorded.checksum.is_none() && (recorded.size, &recorded.etag) == (object.size, &object.etag)
                    });
                    (!listed).then_some(Self::Published(row))
                }
                StateName::Reserved | StateName::Uploading | StateName::Closed => visible(&row.key),
                StateName::Committing | StateName::Verified | StateName::Deleting => None,
            },
            Pair::Known(row) => (row.state == StateName::Created).then_some(Self::Published(row)),
        }
    }
}

impl App {
    /// Audits both buckets, or what is below a prefix in both; and always whether they are this catalog's.
    ///
    /// # Errors
    /// If catalog or store do not answer.
    pub async fn audit(&self, terms: &AuditTerms) -> Result<AuditReport, PortError> {
        let outlook = self.look_around().await?;
        let mut report = AuditReport::default();
        if let Some(mismatch) = outlook.mismatch {
            report.breach(Invariant::Bucket, Visibility::Private, "", mismatch.to_string());
        }
        for bucket in [Visibility::Private, Visibility::Public] {
            self.audit_objects(bucket, outlook.at, terms, &mut report).await?;
            self.audit_uploads(bucket, outlook.at, terms, &mut report).await?;
        }
        if terms.below.is_none() {
            self.audit_usage(&mut report).await?;
        }
        Ok(report)
    }

    /// What is kept of each owner is what a count gives: both are read at the same moment.
    async fn audit_usage(&self, report: &mut AuditReport) -> Result<(), PortError> {
        let mut after = None;
        loop {
            let page = self.parts.catalog.recount_usage(after.as_ref(), OWNERS_PER_PAGE).await;
            let page = page.map_err(PortError::catalog)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.owner.clone());
            for OwnerUsage { owner, kept, counted } in page.into_iter().filter(|usage| usage.kept != usage.counted) {
                let tell = |usage: Usage| {
                    let Usage { open_uploads, reserved_bytes, stored_bytes } = usage;
                    let (reserved, stored) = (reserved_bytes.get(), stored_bytes.get());
                    format!("{open_uploads} open uploads, {reserved} bytes reserved, {stored} bytes stored")
                };
                let key = format!("{}/", owner.key_segment(self.parts.settings.owner_naming));
                let what = format!("its owner is counted with {}; it is {}", tell(kept), tell(counted));
                report.breach(Invariant::Usage, Visibility::Private, &key, what);
            }
        }
    }

    /// What the rows and the listing leave open is asked for side by side, and told in the order of the keys. Whatever was
    /// asked is answered before the walk goes on: an answer that nobody waits for would hold a connection that it needs.
    async fn audit_objects(
        &self,
        bucket: Visibility,
        now: Timestamp,
        terms: &AuditTerms,
        report: &mut AuditReport,
    ) -> Result<(), PortError> {
        let mut walk: Walk<'_, ListedObject> = Walk::new(self, bucket, terms.below.as_ref(), now);
        let mut open = Vec::new();
        let mut last = String::new();
        while let Some(pair) = walk.next().await? {
            let (Pair::Listed(ListedObject { key, .. })
            | Pair::Both(ListedObject { key, .. }, _)
            | Pair::Known(KeyedFile { key, .. })) = &pair;
            let repeated = *key <= last && !last.is_empty();
            last.clone_from(key);
            report.objects += u64::from(!matches!(pair, Pair::Known(_)));
            match &pair {
                Pair::Listed(object) if FileKey::parse(&object.key).is_none() => report.unknown += 1,
                Pair::Both(_, row) if row.state == StateName::Deleting => report.under_way += 1,
                Pair::Listed(_) | Pair::Both(..) | Pair::Known(_) => {}
            }
            let twice = repeated.then(|| Question::Repeated(last.clone()));
            let undue = match &pair {
                Pair::Both(_, row) | Pair::Known(row) if !row.keeps_its_due_time() => {
                    Some(Question::Undue(row.clone()))
                }
                Pair::Listed(_) | Pair::Both(..) | Pair::Known(_) => None,
            };
            for question in twice.into_iter().chain(undue).chain(Question::of(pair, bucket)) {
                open.push(question);
                if open.len() == ASKED_AT_ONCE {
                    self.ask_all(&mut open, bucket, report).await?;
                }
            }
        }
        self.ask_all(&mut open, bucket, report).await?;
        report.rows += walk.rows;
        Ok(())
    }

    async fn ask_all(
        &self,
        open: &mut Vec<Question>,
        bucket: Visibility,
        report: &mut AuditReport,
    ) -> Result<(), PortError> {
        for broken in
            try_join_all(open.drain(..).map(|question| self.ask(question, bucket))).await?.into_iter().flatten()
        {
            report.breach(broken.invariant, bucket, &broken.key, broken.what);
        }
        Ok(())
    }

    async fn ask(&self, question: Question, bucket: Visibility) -> Result<Option<Broken>, PortError> {
        match question {
            Question::Repeated(key) => {
                Ok(Some(Broken { invariant: Invariant::I3, key, what: "two rows own this key".to_owned() }))
            }
            Question::Published(row) => self.audit_published(&row).await,
            Question::Visible(key) => self.audit_visible(&key).await,
            Question::Undue(row) => self.audit_undue(row, bucket).await,
        }
    }

    /// I1: the row is read, HEAD is asked, and the row is read again.
    async fn audit_published(&self, row: &KeyedFile) -> Result<Option<Broken>, PortError> {
        let find = async || self.parts.catalog.find_file(row.shard(), row.id).await;
        let before = match find().await {
            Ok(found) => found.value,
            Err(CatalogError::Unreadable { what, .. }) => {
                let what = format!("its row cannot be read: {what}");
                return Ok(Some(Broken { invariant: Invariant::I1, key: row.key.clone(), what }));
            }
            Err(
                error @ (CatalogError::Unavailable(_)
                | CatalogError::Unknown(_)
                | CatalogError::Conflict(_)
                | CatalogError::ReadOnly(_)),
            ) => return Err(PortError::catalog(error)),
        };
        let Some(before) = before else { return Ok(None) };
        let FileState::Created { object: recorded, lost_since } = &before.state else { return Ok(None) };
        let Ok(head) = self.head_damaged(&before.key).await? else {
            let what = "the store cannot read its object, though it answers otherwise: it is damaged".to_owned();
            return Ok(Some(Broken { invariant: Invariant::I1, key: row.key.clone(), what }));
        };
        let what = match &head {
            None => match lost_since {
                Some(since) => format!("its object is missing, and was marked lost at {since}"),
                None => "its object is missing".to_owned(),
            },
            Some(head) if head.size != recorded.size => {
                format!("its object has {} bytes, recorded are {}", head.size.get(), recorded.size.get())
            }
            Some(head) if head.etag != recorded.etag => {
                format!("its object has ETag {}, recorded is {}", head.etag.as_str(), recorded.etag.as_str())
            }
            Some(head) if recorded.checksum.is_some() && head.checksum != recorded.checksum => {
                "its object has another checksum than is recorded".to_owned()
            }
            Some(_) => return Ok(None),
        };
        let same = find().await.map_err(PortError::catalog)?.value.as_ref() == Some(&before);
        Ok(same.then(|| Broken { invariant: Invariant::I1, key: row.key.clone(), what }))
    }

    /// HEAD of an object that may be damaged: the embedded store then says 500, as it does for a moment when its disk has a
    /// hiccup. It counts as damaged if the store refuses a second time, and shows its markers in between.
    async fn head_damaged(&self, key: &ObjectKey) -> Result<Result<Option<ObjectHead>, StoreError>, PortError> {
        if let Ok(head) = self.parts.store.head(key).await {
            return Ok(Ok(head));
        }
        self.look_around().await?;
        Ok(self.parts.store.head(key).await)
    }

    /// I9: the row is read once more.
    async fn audit_undue(&self, row: KeyedFile, bucket: Visibility) -> Result<Option<Broken>, PortError> {
        let again =
            self.parts.catalog.list_keys(bucket, &row.key, Some(&row.key), 1).await.map_err(PortError::catalog)?;
        let Some(row) = again.value.into_iter().find(|now| now.id == row.id && !now.keeps_its_due_time()) else {
            return Ok(None);
        };
        let what = format!("a row in {} has no time at which anybody will take it up", row.state);
        Ok(Some(Broken { invariant: Invariant::I9, key: row.key, what }))
    }

    /// I2: HEAD is asked, and then the row once more.
    async fn audit_visible(&self, key: &ObjectKey) -> Result<Option<Broken>, PortError> {
        if self.parts.store.head(key).await.map_err(PortError::store)?.is_none() {
            return Ok(None);
        }
        let (bucket, path) = (key.visibility(), key.path());
        let rows = self.parts.catalog.list_keys(bucket, &path, Some(&path), 1).await.map_err(PortError::catalog)?;
        let what = match rows.value.first().map(|row| row.state) {
            None => "an object is visible and no row owns it".to_owned(),
            Some(state @ (StateName::Reserved | StateName::Uploading | StateName::Closed)) => {
                format!("an object is visible under a row in {state}")
            }
            Some(StateName::Committing | StateName::Verified | StateName::Created | StateName::Deleting) => {
                return Ok(None);
            }
        };
        Ok(Some(Broken { invariant: Invariant::I2, key: path, what }))
    }

    /// I8.
    async fn audit_uploads(
        &self,
        bucket: Visibility,
        now: Timestamp,
        terms: &AuditTerms,
        report: &mut AuditReport,
    ) -> Result<(), PortError> {
        let mut walk: Walk<'_, ListedUpload> = Walk::new(self, bucket, terms.below.as_ref(), now);
        while let Some(pair) = walk.next().await? {
            let (upload, row) = match pair {
                Pair::Listed(upload) => (upload, None),
                Pair::Both(upload, row) => (upload, Some(row)),
                Pair::Known(_) => continue,
            };
            report.uploads += 1;
            if FileKey::parse(&upload.key).is_none() {
                report.unknown += 1;
                continue;
            }
            let own = row.as_ref().is_some_and(|row| row.upload_id.as_ref() == Some(&upload.id));
            let state = row.as_ref().map(|row| row.state);
            if own && matches!(state, Some(StateName::Uploading | StateName::Committing)) {
                continue;
            }
            // Whoever opens a RESERVED file's upload writes its id down only then; what is DELETING is being aborted.
            let going = matches!(state, Some(StateName::Reserved | StateName::Deleting));
            // Where the store's clock is ahead, what was just opened is not younger than nothing.
            let age = walk.now().duration_since(upload.initiated).max(TimeSpan::ZERO);
            if going || age < terms.grace {
                report.under_way += 1;
                continue;
            }
            if !self.is_hidden(&upload, bucket, row.as_ref()).await? {
                continue;
            }
            // A second upload on a live row is what a crash between the store's answer and the row's write left behind:
            // URLs are signed only for the one that the row knows, so nobody can bring anything to this one.
            let live = state.is_some_and(|state| state != StateName::Closed);
            if live && !own && self.is_empty(&upload, bucket).await? {
                report.under_way += 1;
                continue;
            }
            let whose = state.map_or_else(|| "no row owns its key".to_owned(), |state| format!("its row is {state}"));
            let what = format!("an upload of {} is still open, and {whose}", upload.initiated);
            report.breach(Invariant::I8, bucket, &upload.key, what);
        }
        Ok(())
    }

    /// Whether an upload has no part.
    async fn is_empty(&self, upload: &ListedUpload, bucket: Visibility) -> Result<bool, PortError> {
        let Some(key) = FileKey::parse(&upload.key) else { return Ok(false) };
        let key = ObjectKey::new(bucket, key);
        let page = self.parts.store.list_parts_page(&key, &upload.id, None, 1).await.map_err(PortError::store)?;
        Ok(page.is_none_or(|page| page.parts.is_empty()))
    }

    /// Whether an upload is still open and its row still as it was.
    async fn is_hidden(
        &self,
        upload: &ListedUpload,
        bucket: Visibility,
        row: Option<&KeyedFile>,
    ) -> Result<bool, PortError> {
        let Some(key) = FileKey::parse(&upload.key) else { return Ok(false) };
        let open = self.parts.store.list_uploads(&ObjectKey::new(bucket, key)).await.map_err(PortError::store)?;
        if !open.contains(&upload.id) {
            return Ok(false);
        }
        let Some(row) = row else { return Ok(true) };
        let file: Option<File> =
            self.parts.catalog.find_file(row.shard(), row.id).await.map_err(PortError::catalog)?.value;
        Ok(file.is_some_and(|file| file.state.name() == row.state))
    }
}
