//! Whether catalog and buckets belong together, and whether the clocks agree (PROTOCOL, rules 9 and 6).
//!
//! A catalog restored from a backup, an empty one, a wrong bucket and a wrong prefix all look alike to a job: rows
//! without objects, objects without rows. *Invariant*: nothing is opened, committed, ended by a job, destroyed or purged
//! unless the buckets carried this installation's markers, no later than its epoch, when last looked; and nothing is ended,
//! destroyed or purged while a clock is off by more than [`SKEW_STOPS`].

use std::sync::{Mutex, PoisonError};

use domain::key::FileKey;
use domain::limits::{SKEW_SHOWN, SKEW_STOPS};
use domain::marker::{BucketCheck, Trust, judge};
use domain::{Epoch, Installation, InstallationId, TimeSpan, Timestamp, Visibility};

use super::{App, PortError};
use crate::catalog::Written;
use crate::store::KEYS_PER_PAGE;
use crate::telemetry;

/// What was seen counts for this long, by the catalog's clock: a busy server then asks four small things of catalog
/// and store in this time. A round that destroys looks again at its start.
pub const OUTLOOK_KEPT: TimeSpan = TimeSpan::from_secs(10);
/// While somebody looks again, others go on for this long by what was seen last, rather than wait in line.
const OUTLOOK_LENT: TimeSpan = TimeSpan::from_secs(60);

/// Both buckets.
const BUCKETS: [Visibility; 2] = [Visibility::Private, Visibility::Public];

/// Why catalog and buckets do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The catalog is older than the bucket.
    #[error(
        "the {bucket} bucket's marker is at epoch {} and the catalog at {}: the catalog was restored from a backup",
        marker.0, catalog.0
    )]
    Rewound {
        /// Which bucket.
        bucket: Visibility,
        /// What it says.
        marker: Epoch,
        /// What the catalog says.
        catalog: Epoch,
    },
    /// The bucket had a marker and has none now.
    #[error(
        "the {bucket} bucket has no marker of this installation any more: it is another bucket or prefix, or was emptied"
    )]
    Vanished {
        /// Which bucket.
        bucket: Visibility,
    },
    /// The bucket is another installation's.
    #[error(
        "the {bucket} bucket belongs to installation {owner}: it is another bucket, or this catalog is new and empty"
    )]
    Foreign {
        /// Which bucket.
        bucket: Visibility,
        /// Whose it is.
        owner: InstallationId,
    },
    /// The catalog has no rows and the bucket, which nobody marked, has objects of ours.
    #[error("the {bucket} bucket holds objects and this catalog is empty")]
    Occupied {
        /// Which bucket.
        bucket: Visibility,
    },
}

impl Mismatch {
    /// With which bucket it is.
    pub const fn bucket(self) -> Visibility {
        match self {
            Self::Rewound { bucket, .. }
            | Self::Vanished { bucket }
            | Self::Foreign { bucket, .. }
            | Self::Occupied { bucket } => bucket,
        }
    }

    /// What to do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Rewound { .. } => {
                "if the backup is what you want, run `landfall accept-restore`; nothing is destroyed before that"
            }
            Self::Vanished { .. } => {
                "look at the buckets and the prefix under [store]; if they are right, run `landfall accept-restore \
                 --take-bucket`"
            }
            Self::Foreign { .. } => {
                "look at the buckets under [store] and at the catalog's file; only an empty catalog can take the bucket \
                 over, by `landfall accept-restore --take-bucket`"
            }
            Self::Occupied { .. } => {
                "restore the catalog from a backup, or name another bucket; to begin anew with this one, run `landfall \
                 accept-restore --take-bucket`"
            }
        }
    }
}

/// Which clock the catalog's was held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherClock {
    /// This host's.
    Host,
    /// The store's, by the `Date` of an answer.
    Store,
}

/// How far two clocks are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the catalog's clock and {} are {} s apart", match against {
    OtherClock::Host => "this host's",
    OtherClock::Store => "the object store's",
}, span.as_secs())]
pub struct Skew {
    /// How far, never negative.
    pub span: TimeSpan,
    /// From what.
    pub against: OtherClock,
}

/// What a look around saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// When, by the catalog's clock.
    pub at: Timestamp,
    /// What the catalog knows about itself.
    pub installation: Installation,
    /// Why catalog and buckets do not belong together, if they do not.
    pub mismatch: Option<Mismatch>,
    /// The clock that is furthest from the catalog's.
    pub skew: Option<Skew>,
}

impl Outlook {
    /// The skew, if it is worth telling.
    pub fn shown_skew(&self) -> Option<Skew> {
        self.skew.filter(|skew| skew.span > SKEW_SHOWN)
    }

    pub(super) fn require_own_bucket(&self) -> Result<(), PortError> {
        self.mismatch.map_or(Ok(()), |mismatch| Err(PortError::Bucket(mismatch)))
    }

    fn require_calm(&self) -> Result<(), PortError> {
        self.require_own_bucket()?;
        match self.skew {
            Some(skew) if skew.span > SKEW_STOPS => Err(PortError::Skew(skew)),
            Some(_) | None => Ok(()),
        }
    }
}

/// What was seen last.
#[derive(Default)]
pub(super) struct Guard {
    last: Mutex<Option<Outlook>>,
    looking: tokio::sync::Mutex<()>,
}

impl Guard {
    fn last(&self, now: Timestamp, kept: TimeSpan) -> Option<Outlook> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|seen| seen.at <= now && now.duration_since(seen.at) < kept)
    }

    fn remember(&self, outlook: Outlook) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(outlook);
    }
}

impl App {
    /// What was seen around, no longer than [`OUTLOOK_KEPT`] ago.
    ///
    /// # Errors
    /// If catalog or store do not answer. A mismatch is no error here.
    pub async fn outlook(&self) -> Result<Outlook, PortError> {
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        if let Some(seen) = self.guard.last(now, OUTLOOK_KEPT) {
            return Ok(seen);
        }
        let Ok(_looking) = self.guard.looking.try_lock() else {
            return match self.guard.last(now, OUTLOOK_LENT) {
                Some(seen) => Ok(seen),
                None => self.look_around().await,
            };
        };
        self.look_around().await
    }

    /// Nothing may be opened or committed in a bucket that is not this catalog's.
    pub(super) async fn require_bucket(&self) -> Result<(), PortError> {
        self.outlook().await?.require_own_bucket()
    }

    /// The same with a look of its own.
    pub(super) async fn require_bucket_now(&self) -> Result<(), PortError> {
        self.look_around().await?.require_own_bucket()
    }

    /// Nothing may be ended, destroyed or purged if the bucket is not this catalog's or a clock is far off.
    pub(super) async fn require_calm(&self) -> Result<(), PortError> {
        self.outlook().await?.require_calm()
    }

    /// The same with a look of its own: for the start of a round that destroys.
    ///
    /// # Errors
    /// [`PortError::Bucket`] and [`PortError::Skew`] say what is wrong; no answer is no permission.
    pub async fn require_calm_now(&self) -> Result<(), PortError> {
        self.look_around().await?.require_calm()
    }

    /// Looks at the markers of both buckets and at the clocks. On a first start it marks the buckets.
    ///
    /// # Errors
    /// If catalog or store do not answer.
    pub async fn look_around(&self) -> Result<Outlook, PortError> {
        let before = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let (installation, checks) = self.compare_markers(before).await?;
        let mut mismatch = mismatch(checks);
        let new = checks.contains(&BucketCheck::Unmarked) || installation.marked_at.is_none();
        if mismatch.is_none() && new {
            mismatch = self.mark_buckets(&installation, checks, before).await?;
        }
        let skew = self.measure_skew(before).await?;
        let outlook = Outlook { at: before, installation, mismatch, skew };
        tell(&outlook);
        self.guard.remember(outlook);
        Ok(outlook)
    }

    /// Holds the markers against the catalog. Another server may raise the epoch, or mark the buckets, between one reading
    /// and the next; so a mismatch counts only if the catalog has stayed as it was.
    async fn compare_markers(&self, now: Timestamp) -> Result<(Installation, [BucketCheck; 2]), PortError> {
        let mut installation = self.load_installation(now).await?;
        loop {
            let mut checks = [BucketCheck::Ours; 2];
            for (bucket, check) in BUCKETS.into_iter().zip(&mut checks) {
                let marker = self.parts.store.find_marker(bucket).await.map_err(PortError::store)?;
                *check = judge(&installation, marker.as_ref());
            }
            if mismatch(checks).is_none() {
                return Ok((installation, checks));
            }
            let again = self.load_installation(now).await?;
            if again == installation {
                return Ok((installation, checks));
            }
            installation = again;
        }
    }

    pub(super) async fn load_installation(&self, now: Timestamp) -> Result<Installation, PortError> {
        let mut bits = [0; 10];
        self.parts.entropy.fill(&mut bits);
        let fresh = InstallationId::new(now, &bits);
        Ok(self.parts.catalog.load_installation(fresh).await.map_err(PortError::catalog)?.value)
    }

    pub(super) async fn replace_installation(
        &self,
        from: &Installation,
        next: &Installation,
    ) -> Result<Written, PortError> {
        let catalog = &*self.parts.catalog;
        let written = async || Ok(catalog.load_installation(next.id).await?.value == *next);
        self.compare_and_set(|| catalog.replace_installation(from, next), written).await
    }

    /// A first start: the buckets are marked, then the catalog remembers that they were. A crash between is a first
    /// start again.
    async fn mark_buckets(
        &self,
        installation: &Installation,
        checks: [BucketCheck; 2],
        now: Timestamp,
    ) -> Result<Option<Mismatch>, PortError> {
        if self.is_catalog_empty().await? {
            for (bucket, check) in BUCKETS.into_iter().zip(checks) {
                if check == BucketCheck::Unmarked && self.is_occupied(bucket).await? {
                    return Ok(Some(Mismatch::Occupied { bucket }));
                }
            }
        }
        for (bucket, check) in BUCKETS.into_iter().zip(checks) {
            if check == BucketCheck::Unmarked {
                let marker = installation.marker();
                self.parts.store.write_marker(bucket, &marker).await.map_err(PortError::store)?;
                tracing::info!(%bucket, installation = %installation.id, "marked the bucket as this installation's");
            }
        }
        let next = Installation { marked_at: Some(now), ..installation.raised(now) };
        // Losing means that another server was as fast: the next look sees what it wrote.
        let (Written::Done | Written::Stale) = self.replace_installation(installation, &next).await?;
        Ok(None)
    }

    /// Whether the catalog has not a single file.
    pub(super) async fn is_catalog_empty(&self) -> Result<bool, PortError> {
        for bucket in BUCKETS {
            let page = self.parts.catalog.list_keys(bucket, "", None, 1).await.map_err(PortError::catalog)?;
            if !page.value.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the first page of a bucket shows anything that Landfall made.
    async fn is_occupied(&self, bucket: Visibility) -> Result<bool, PortError> {
        let store = &*self.parts.store;
        let objects = store.list_objects_page(bucket, "", None, KEYS_PER_PAGE).await.map_err(PortError::store)?;
        let uploads = store.list_open_uploads_page(bucket, "", None, KEYS_PER_PAGE).await.map_err(PortError::store)?;
        let objects = objects.objects.iter().map(|object| &object.key);
        let mut keys = objects.chain(uploads.uploads.iter().map(|upload| &upload.key));
        Ok(keys.any(|key| FileKey::parse(key).is_some()))
    }

    /// Reads from the catalog: its file is there and is one. The time alone would not tell.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn read_catalog(&self) -> Result<(), PortError> {
        self.is_catalog_empty().await.map(drop)
    }

    /// How far the store's clock is from this host's, where the store says its time.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn store_skew(&self) -> Result<Option<Skew>, PortError> {
        let told = self.parts.store.store_time().await.map_err(PortError::store)?;
        let span = |told| self.parts.clock.now().duration_since(told).abs();
        Ok(told.map(|told| Skew { span: span(told), against: OtherClock::Store }))
    }

    /// How far the other clocks are outside of the time in which they were asked.
    async fn measure_skew(&self, before: Timestamp) -> Result<Option<Skew>, PortError> {
        let store = self.parts.store.store_time().await.map_err(PortError::store)?;
        let host = self.parts.clock.now();
        let after = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let skew = |from: Timestamp, to: Timestamp, against| {
            let span = before.duration_since(to).max(from.duration_since(after)).max(TimeSpan::ZERO);
            Skew { span, against }
        };
        // The store tells whole seconds.
        let store = store.map(|told| skew(told, told + TimeSpan::from_secs(1), OtherClock::Store));
        let host = skew(host, host, OtherClock::Host);
        Ok([Some(host), store].into_iter().flatten().max_by_key(|skew| skew.span))
    }

    /// Raises the epoch (PROTOCOL, rule 9): in the catalog first, then in the markers. Gives the new one.
    ///
    /// # Errors
    /// [`PortError::Bucket`] if catalog and buckets do not belong together: then nothing is written.
    pub async fn raise_epoch(&self) -> Result<Epoch, PortError> {
        self.look_around().await?.require_own_bucket()?;
        let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
        let installation = self.load_installation(now).await?;
        let next = installation.raised(now);
        if let Trust::None { leap, wait } = next.trust(now) {
            tracing::warn!(
                "the epoch is {} s old: no server ran, or the clock was set; nothing is expired for {} s",
                leap.as_secs(),
                wait.as_secs()
            );
        }
        match self.replace_installation(&installation, &next).await? {
            Written::Done => self.write_markers(&next).await?,
            // Another server raises it at the same moment.
            Written::Stale => {}
        }
        Ok(next.epoch)
    }

    /// Writes what the catalog says into both buckets.
    pub(super) async fn write_markers(&self, installation: &Installation) -> Result<(), PortError> {
        for bucket in BUCKETS {
            self.parts.store.write_marker(bucket, &installation.marker()).await.map_err(PortError::store)?;
        }
        Ok(())
    }
}

fn mismatch(checks: [BucketCheck; 2]) -> Option<Mismatch> {
    BUCKETS.into_iter().zip(checks).find_map(|(bucket, check)| of(bucket, check))
}

const fn of(bucket: Visibility, check: BucketCheck) -> Option<Mismatch> {
    match check {
        BucketCheck::Ours | BucketCheck::Unmarked => None,
        BucketCheck::Rewound { marker, catalog } => Some(Mismatch::Rewound { bucket, marker, catalog }),
        BucketCheck::Vanished => Some(Mismatch::Vanished { bucket }),
        BucketCheck::Foreign { marker } => Some(Mismatch::Foreign { bucket, owner: marker }),
    }
}

/// A mismatch and a skew are told at every look: loud, and at most every few seconds.
fn tell(outlook: &Outlook) {
    telemetry::bucket_mismatches(usize::from(outlook.mismatch.is_some()));
    if let Some(mismatch) = outlook.mismatch {
        tracing::error!(hint = mismatch.hint(), "{mismatch}; jobs that end or destroy anything have stopped");
    }
    telemetry::clock_skew(outlook.skew.map_or(TimeSpan::ZERO, |skew| skew.span));
    if let Some(skew) = outlook.shown_skew() {
        tracing::warn!("{skew}; set the clocks right: over 5 min nothing is expired, destroyed or purged");
    }
}
