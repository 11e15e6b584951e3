//! What is done to the store while its disk fails, and what must be true afterwards.

use crate::multipart::listed;
use crate::support::{Store, pattern};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{BucketVersioningStatus, Tag, Tagging, VersioningConfiguration};

pub(crate) const PLAIN: &str = "private";
pub(crate) const VERSIONED: &str = "versioned";

/// One change of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Put,
    Overwrite,
    OverwriteVersioned,
    Copy,
    CopyOver,
    Part,
    ReplacePart,
    CopyPart,
    CreateUpload,
    Complete,
    CompleteOver,
    CompleteVersioned,
    /// Overwrites an object that an upload made.
    OverwriteCompleted,
    Abort,
    Delete,
    DeleteCompleted,
    DeleteVersioned,
    DeleteVersion,
    Tag,
}

/// What an act is done to.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) key: String,
    /// What the key holds before.
    old: Option<Vec<u8>>,
    /// What it holds afterwards, if the act is about that.
    new: Option<Vec<u8>>,
    upload: String,
    parts: Vec<(i32, String)>,
    version: Option<String>,
}

impl Subject {
    /// Its upload's id.
    pub(crate) fn upload(&self) -> &str {
        &self.upload
    }
}

pub(crate) type Outcome = Result<(), (u16, String)>;

fn outcome<T, E: ProvideErrorMetadata + std::fmt::Debug>(result: Result<T, SdkError<E>>) -> Result<T, (u16, String)> {
    result.map_err(|error| match error {
        SdkError::ServiceError(error) => {
            (error.raw().status().as_u16(), error.err().code().unwrap_or_default().to_owned())
        }
        other => panic!("no answer of the store: {other:?}"),
    })
}

impl Act {
    pub(crate) const ALL: [Self; 19] = [
        Self::Put,
        Self::Overwrite,
        Self::OverwriteVersioned,
        Self::Copy,
        Self::CopyOver,
        Self::Part,
        Self::ReplacePart,
        Self::CopyPart,
        Self::CreateUpload,
        Self::Complete,
        Self::CompleteOver,
        Self::CompleteVersioned,
        Self::OverwriteCompleted,
        Self::Abort,
        Self::Delete,
        Self::DeleteCompleted,
        Self::DeleteVersioned,
        Self::DeleteVersion,
        Self::Tag,
    ];

    pub(crate) const fn bucket(self) -> &'static str {
        match self {
            Self::OverwriteVersioned | Self::CompleteVersioned | Self::DeleteVersioned | Self::DeleteVersion => {
                VERSIONED
            }
            _ => PLAIN,
        }
    }

    const fn is_upload(self) -> bool {
        matches!(self, Self::Part | Self::ReplacePart | Self::CopyPart | Self::CreateUpload | Self::Abort)
    }

    const fn completes(self) -> bool {
        matches!(self, Self::Complete | Self::CompleteOver | Self::CompleteVersioned)
    }

    /// Brings the store to where the act begins.
    pub(crate) async fn prepare(self, store: &Store, key: String) -> Subject {
        let (old, new) = (pattern(900, 1), pattern(1_300, 2));
        let mut subject =
            Subject { key, old: None, new: Some(new.clone()), upload: String::new(), parts: Vec::new(), version: None };
        match self {
            Self::Put | Self::Complete | Self::CreateUpload | Self::Copy | Self::Part | Self::CopyPart => {}
            Self::ReplacePart | Self::Abort => {}
            Self::OverwriteCompleted | Self::DeleteCompleted => {
                let id = self.open(store, &subject.key).await;
                let tag = self.send(store, &subject.key, &id, 1, old.clone()).await.expect("a part");
                self.complete(store, &subject.key, &id, &[(1, tag)]).await.expect("a completion");
                subject.old = Some(old.clone());
            }
            Self::Overwrite | Self::CopyOver | Self::CompleteOver | Self::Delete | Self::Tag => {
                subject.version = self.put(store, &subject.key, old.clone()).await.expect("a put");
                subject.old = Some(old.clone());
            }
            Self::OverwriteVersioned | Self::CompleteVersioned | Self::DeleteVersioned | Self::DeleteVersion => {
                self.put(store, &subject.key, old.clone()).await.expect("a put");
                if self == Self::DeleteVersion {
                    subject.version = self.put(store, &subject.key, new.clone()).await.expect("a put");
                }
                subject.old = Some(old.clone());
            }
        }
        if self.is_upload() || self.completes() {
            subject.upload = self.open(store, &subject.key).await;
        }
        if self.completes() || matches!(self, Self::ReplacePart | Self::Abort) {
            // Part 2 is never asked for.
            for (number, bytes) in [(1, new.clone()), (2, old.clone())] {
                let bytes = if self == Self::ReplacePart && number == 1 { old.clone() } else { bytes };
                let tag = self.send(store, &subject.key, &subject.upload, number, bytes).await.expect("a part");
                subject.parts.push((number, tag));
            }
        }
        if matches!(self, Self::Copy | Self::CopyOver | Self::CopyPart) {
            self.put(store, "source", new).await.expect("a source");
        }
        match self {
            Self::Delete | Self::DeleteCompleted | Self::DeleteVersioned => subject.new = None,
            Self::DeleteVersion => (subject.old, subject.new) = (Some(pattern(1_300, 2)), subject.old),
            Self::Tag => subject.new.clone_from(&subject.old),
            _ => {}
        }
        subject
    }

    async fn put(self, store: &Store, key: &str, bytes: Vec<u8>) -> Result<Option<String>, (u16, String)> {
        let put = store.client.put_object().bucket(self.bucket()).key(key).body(bytes.into()).send().await;
        outcome(put).map(|put| put.version_id)
    }

    async fn open(self, store: &Store, key: &str) -> String {
        let opened = store.client.create_multipart_upload().bucket(self.bucket()).key(key).send().await;
        opened.expect("an upload").upload_id.expect("an id")
    }

    async fn send(
        self,
        store: &Store,
        key: &str,
        upload: &str,
        number: i32,
        bytes: Vec<u8>,
    ) -> Result<String, (u16, String)> {
        let part = store.client.upload_part().bucket(self.bucket()).key(key).upload_id(upload).part_number(number);
        outcome(part.body(bytes.into()).send().await).map(|part| part.e_tag.expect("a tag"))
    }

    async fn complete(self, store: &Store, key: &str, upload: &str, parts: &[(i32, String)]) -> Outcome {
        let parts: Vec<(i32, &str)> = parts.iter().map(|(number, tag)| (*number, tag.as_str())).collect();
        let call = store.client.complete_multipart_upload().bucket(self.bucket()).key(key).upload_id(upload);
        outcome(call.multipart_upload(listed(&parts)).send().await).map(drop)
    }

    /// Does it.
    pub(crate) async fn perform(self, store: &Store, subject: &Subject) -> Outcome {
        let (client, bucket, key) = (&store.client, self.bucket(), subject.key.as_str());
        let new = || pattern(1_300, 2);
        match self {
            Self::Put | Self::Overwrite | Self::OverwriteVersioned | Self::OverwriteCompleted => {
                self.put(store, key, new()).await.map(drop)
            }
            Self::Copy | Self::CopyOver => {
                let copy = client.copy_object().bucket(bucket).key(key).copy_source(format!("{bucket}/source"));
                outcome(copy.send().await).map(drop)
            }
            Self::Part | Self::ReplacePart => self.send(store, key, &subject.upload, 1, new()).await.map(drop),
            Self::CopyPart => {
                let copy = client.upload_part_copy().bucket(bucket).key(key).upload_id(&subject.upload).part_number(1);
                outcome(copy.copy_source(format!("{bucket}/source")).send().await).map(drop)
            }
            Self::CreateUpload => {
                outcome(client.create_multipart_upload().bucket(bucket).key(key).send().await).map(drop)
            }
            Self::Complete | Self::CompleteOver | Self::CompleteVersioned => {
                self.complete(store, key, &subject.upload, &subject.parts[..1]).await
            }
            Self::Abort => {
                let abort = client.abort_multipart_upload().bucket(bucket).key(key).upload_id(&subject.upload);
                outcome(abort.send().await).map(drop)
            }
            Self::Delete | Self::DeleteCompleted | Self::DeleteVersioned => {
                outcome(client.delete_object().bucket(bucket).key(key).send().await).map(drop)
            }
            Self::DeleteVersion => {
                let delete = client.delete_object().bucket(bucket).key(key).set_version_id(subject.version.clone());
                outcome(delete.send().await).map(drop)
            }
            Self::Tag => {
                let tag = Tag::builder().key("a").value("b").build().expect("a tag");
                let tags = Tagging::builder().tag_set(tag).build().expect("tags");
                outcome(client.put_object_tagging().bucket(bucket).key(key).tagging(tags).send().await).map(drop)
            }
        }
    }

    /// What the key holds; the disk is well, so the store has to know.
    async fn read(self, store: &Store, key: &str, version: Option<String>) -> Option<Vec<u8>> {
        let get = store.client.get_object().bucket(self.bucket()).key(key).set_version_id(version);
        match outcome(get.send().await) {
            Ok(got) => Some(got.body.collect().await.expect("a whole body").to_vec()),
            Err((404, _)) => None,
            Err(other) => panic!("{self:?} {key}: {other:?}"),
        }
    }

    /// Parts of the upload as `(number, tag)`; `None` when it is over.
    async fn parts(self, store: &Store, subject: &Subject) -> Option<Vec<(i32, String)>> {
        let list = store.client.list_parts().bucket(self.bucket()).key(&subject.key).upload_id(&subject.upload);
        match outcome(list.send().await) {
            Ok(found) => {
                let pair = |part: &aws_sdk_s3::types::Part| Some((part.part_number?, part.e_tag.clone()?));
                Some(found.parts().iter().filter_map(pair).collect())
            }
            Err((404, code)) if code == "NoSuchUpload" => None,
            Err(other) => panic!("{self:?} {}: {other:?}", subject.key),
        }
    }

    /// After the fault: what was acknowledged is there, what was not is there whole or not at all, and asking again
    /// comes to the right end. Whoever is late destroys nothing.
    pub(crate) async fn check(self, store: &Store, subject: &Subject, acknowledged: bool, case: &str) {
        if self.is_upload() {
            self.check_upload(store, subject, acknowledged, case).await;
        } else {
            self.check_object(store, subject, acknowledged, case).await;
        }
    }

    async fn check_object(self, store: &Store, subject: &Subject, acknowledged: bool, case: &str) {
        let found = self.read(store, &subject.key, None).await;
        if acknowledged {
            assert!(found == subject.new, "{case}: acknowledged, and not there");
        } else {
            assert!(found == subject.new || found == subject.old, "{case}: neither the old nor the new");
            if self.completes() && found != subject.new {
                assert_eq!(self.parts(store, subject).await.as_ref(), Some(&subject.parts), "{case}: parts are lost");
            }
            assert_eq!(self.perform(store, subject).await, Ok(()), "{case}: asking again");
            assert!(self.read(store, &subject.key, None).await == subject.new, "{case}: after asking again");
        }
        if self.completes() {
            assert_eq!(self.parts(store, subject).await, None, "{case}: open, and published");
            let late = self.send(store, &subject.key, &subject.upload, 1, pattern(700, 9)).await;
            assert_eq!(late, Err((404, "NoSuchUpload".to_owned())), "{case}: a late part");
            assert_eq!(self.perform(store, subject).await, Ok(()), "{case}: a repeated Complete");
            let abort = store.client.abort_multipart_upload().bucket(self.bucket()).key(&subject.key);
            outcome(abort.upload_id(&subject.upload).send().await).expect("a late Abort does nothing");
            assert!(self.read(store, &subject.key, None).await == subject.new, "{case}: a late call destroyed it");
        }
        if self.bucket() == VERSIONED {
            let list = store.client.list_object_versions().bucket(VERSIONED).prefix(&subject.key).send().await;
            for version in list.expect("versions").versions() {
                let id = version.version_id().map(str::to_owned);
                let bytes = self.read(store, &subject.key, id).await.expect("a version that is listed");
                assert!([900, 1_300].contains(&bytes.len()), "{case}: half a version");
            }
        }
        if self == Self::Tag {
            let tags = store.client.get_object_tagging().bucket(PLAIN).key(&subject.key).send().await.expect("tags");
            assert_eq!(tags.tag_set().len(), 1, "{case}");
        }
    }

    async fn check_upload(self, store: &Store, subject: &Subject, acknowledged: bool, case: &str) {
        let found = self.parts(store, subject).await;
        if self == Self::Abort {
            assert!(!acknowledged || found.is_none(), "{case}: aborted, and there");
            // Not acknowledged, it may go on as if nobody had asked.
            if found.is_some() {
                assert_eq!(found.as_ref(), Some(&subject.parts), "{case}: parts are lost");
            } else {
                return;
            }
        } else if self != Self::CreateUpload {
            if !acknowledged {
                assert_eq!(self.perform(store, subject).await, Ok(()), "{case}: asking again");
            }
            let tag = &self.parts(store, subject).await.expect("it is open")[0].1;
            let old = subject.parts.first().map(|(_, tag)| tag);
            assert!(old != Some(tag), "{case}: the part that came last counts");
        } else {
            assert_eq!(self.perform(store, subject).await, Ok(()), "{case}: asking again");
            let open = store.client.list_multipart_uploads().bucket(PLAIN).prefix(&subject.key).send().await;
            for upload in open.expect("a list").uploads() {
                let abort = store.client.abort_multipart_upload().bucket(PLAIN).key(&subject.key);
                let abort = abort.set_upload_id(upload.upload_id.clone()).send().await;
                outcome(abort).expect("what is listed can be aborted");
            }
            return;
        }
        let parts = self.parts(store, subject).await.expect("it is open");
        self.complete(store, &subject.key, &subject.upload, &parts[..1]).await.expect("a completion");
        let bytes = self.read(store, &subject.key, None).await;
        assert!(bytes == Some(pattern(1_300, 2)), "{case}: not the bytes that were sent");
    }
}

/// Makes the bucket that keeps versions.
pub(crate) async fn version(store: &Store) {
    store.server.ensure_bucket(VERSIONED, &[]).await.expect("a bucket");
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = store.client.put_bucket_versioning().bucket(VERSIONED).versioning_configuration(enabled);
    put.send().await.expect("versioning");
}
