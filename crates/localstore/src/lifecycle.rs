//! The lifecycle rules this store carries out: aborting multipart uploads that were never completed.
//!
//! Rules that would expire or move objects are refused when they are set rather than silently kept, so a configuration
//! that was accepted is one that happens.

use crate::disk::bucket::Bucket;
use crate::disk::uploads::Upload;
use crate::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Aborts uploads below a prefix that are older than a number of days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LifecycleRule {
    pub(crate) id: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) prefix: String,
    /// Whether the prefix stood in a `Filter` (the present form) or beside it (the old one); it is given back so.
    pub(crate) filtered: bool,
    /// Days after initiation, 1 or more.
    pub(crate) abort_after_days: u32,
}

impl LifecycleRule {
    fn applies(&self, upload: &Upload, now: Timestamp) -> bool {
        let age = now.duration_since(upload.record.initiated);
        self.enabled
            && upload.record.key.starts_with(&self.prefix)
            && age >= SignedDuration::from_hours(i64::from(self.abort_after_days) * 24)
    }
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Uploads aborted by a bucket's rule.
    pub aborted_uploads: usize,
    /// Answers of completed uploads that were kept long enough.
    pub forgotten_completions: usize,
}

/// How much a sweep takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only answers of completed uploads, which nobody can lose anything by.
    Completions,
    /// Uploads too.
    Everything,
}

/// Aborts what one bucket's rules say, as of `now`.
pub(crate) fn sweep(bucket: &Bucket, now: Timestamp, reach: Reach) -> Sweep {
    let record = bucket.record();
    let rules: &[LifecycleRule] = match reach {
        Reach::Completions => &[],
        Reach::Everything => &record.lifecycle,
    };
    let due: Vec<Arc<Upload>> = bucket.with_uploads(|uploads| {
        let open = uploads.open().values().flat_map(std::collections::BTreeMap::values);
        open.filter(|upload| rules.iter().any(|rule| rule.applies(upload, now))).cloned().collect()
    });
    let mut done = Sweep { aborted_uploads: 0, forgotten_completions: bucket.forget_completions(now) };
    if let Err(error) = bucket.settle_all() {
        tracing::warn!(bucket = %bucket.name, %error, "what is in doubt stays so");
    }
    for upload in due {
        match bucket.abort_upload(&upload) {
            Ok(()) => done.aborted_uploads += 1,
            Err(Refusal::NoSuchUpload | Refusal::NoSuchBucket) => {}
            Err(error) => tracing::warn!(bucket = %bucket.name, %error, "an old upload could not be aborted"),
        }
    }
    done
}
