//! scrub: published objects are read whole and held against what was recorded, for damage that no listing and no HEAD shows.
//!
//! It changes nothing in the store: what is damaged is told, and kept in memory until a later look finds it well or gone.
//! Two ways: all of a bucket in the order of its keys, page by page, from wherever the last page ended; and a sample of a
//! day. *Invariant*: it reads no faster than [`Pace`] allows, and one file costs a piece of memory, not its size.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use domain::{
    Asset, AssetId, ByteCount, ETag, File, FileId, FileState, KeyPrefix, Shard, StateName, TimeSpan, Timestamp,
    Visibility,
};

use super::integrity::{Integrity, Reading};
use super::{App, PortError};
use crate::catalog::{StatusName, Survey};
use crate::telemetry;

/// Read at a time: large enough that a request costs nothing beside it.
const PIECE: ByteCount = ByteCount::mib(4);
/// Rows read at a time.
const ROWS_PER_PAGE: u32 = 200;
/// Assets read at a time for a sample, and looked at for them.
const ASSETS_PER_PAGE: u32 = 50;
/// Assets of a daily sample, at most.
const SAMPLED_ASSETS: usize = 200;
/// Damaged files that are remembered; all are logged.
const MAX_REMEMBERED: usize = 1_000;

/// How fast is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(ByteCount);

impl Pace {
    /// 16 MiB a second: a tenth of a disk, a few per cent of a core.
    pub const GENTLE: Self = Self(ByteCount::mib(16));

    /// So much a second; at least one byte.
    pub fn per_second(bytes: ByteCount) -> Self {
        Self(bytes.max(ByteCount(1)))
    }

    /// How long so much may take at the least.
    fn time_for(self, bytes: u64) -> TimeSpan {
        let micros = u128::from(bytes) * 1_000_000 / u128::from(self.0.get());
        TimeSpan::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// Where a scrub goes on: after this key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScrubCursor {
    /// In this bucket; the private one comes first.
    pub bucket: Visibility,
    /// After this key; from the first on, if it is empty.
    pub key: String,
}

/// Why a text is no place to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a place that an earlier run named, such as `private:42/videos/...`")]
pub struct InvalidCursor;

impl ScrubCursor {
    const START: Self = Self { bucket: Visibility::Private, key: String::new() };

    /// Reads what [`fmt::Display`] wrote.
    ///
    /// # Errors
    /// [`InvalidCursor`].
    pub fn parse(text: &str) -> Result<Self, InvalidCursor> {
        let (bucket, key) = text.split_once(':').ok_or(InvalidCursor)?;
        let both = [Visibility::Private, Visibility::Public];
        let bucket = both.into_iter().find(|known| known.to_string() == bucket).ok_or(InvalidCursor)?;
        Ok(Self { bucket, key: key.to_owned() })
    }
}

impl fmt::Display for ScrubCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bucket, self.key)
    }
}

/// What a scrub is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrubTerms {
    /// Whose keys are read; `None`: all.
    pub below: Option<KeyPrefix>,
    /// Where to go on; `None`: at the beginning.
    pub after: Option<ScrubCursor>,
    /// No further file is begun once so much was read.
    pub most: ByteCount,
    /// How fast.
    pub pace: Pace,
}

/// A published file whose object is not what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// In which bucket.
    pub bucket: Visibility,
    /// On which key.
    pub key: String,
    /// What was seen.
    pub what: String,
}

/// What a scrub saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScrubReport {
    /// Published files that were read.
    pub files: u64,
    /// How much that was.
    pub bytes: u64,
    /// Files among them of which nothing was recorded that their bytes could be held against.
    pub unproven: u64,
    /// Those that are not as recorded.
    pub damaged: Vec<Damage>,
    /// Where to go on; `None`: that was all.
    pub next: Option<ScrubCursor>,
}

/// Files that were found damaged, until they are found otherwise.
#[derive(Default)]
pub(super) struct Damages(Mutex<BTreeMap<FileId, Damage>>);

impl Damages {
    fn files(&self) -> Vec<(Shard, FileId)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(file, damage)| (Shard::of_key(&damage.key), *file)).collect()
    }

    fn note(&self, file: FileId, damage: Option<Damage>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match damage {
            Some(damage) if known.len() < MAX_REMEMBERED || known.contains_key(&file) => {
                known.insert(file, damage);
            }
            Some(_) => {}
            None => drop(known.remove(&file)),
        }
        telemetry::damaged_files(known.len());
    }
}

impl App {
    /// Files that were found damaged since this process began, and were not found well or gone since.
    pub fn damaged_files(&self) -> Vec<Damage> {
        self.damages.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Reads what is published, in the order of buckets and keys.
    ///
    /// # Errors
    /// If the catalog or the whole store does not answer; a single object that cannot be read is a finding.
    pub async fn scrub(&self, terms: &ScrubTerms) -> Result<ScrubReport, PortError> {
        self.look_around().await?.require_own_bucket()?;
        let mut report = ScrubReport::default();
        let mut place = terms.after.clone().unwrap_or(ScrubCursor::START);
        loop {
            let below = terms.below.as_ref();
            let from = below.map_or("", KeyPrefix::as_str).max(&place.key).to_owned();
            let upto = below.map(KeyPrefix::end);
            let rows = self.parts.catalog.list_keys(place.bucket, &from, upto.as_deref(), ROWS_PER_PAGE).await;
            let rows = rows.map_err(PortError::catalog)?.value;
            let later: Vec<_> = rows.iter().filter(|row| row.key > place.key).collect();
            for row in &later {
                if report.bytes >= terms.most.get() {
                    report.next = Some(place);
                    return Ok(report);
                }
                if row.state == StateName::Created {
                    self.scrub_file(row.shard(), row.id, terms.pace, &mut report).await?;
                } else {
                    self.damages.note(row.id, None);
                }
                place.key.clone_from(&row.key);
            }
            if later.is_empty() {
                match place.bucket {
                    Visibility::Private => place = ScrubCursor { bucket: Visibility::Public, key: String::new() },
                    Visibility::Public => return Ok(report),
                }
            }
        }
    }

    /// Reads a sample of as much as the settings say, the file it ends in to its end: from a moment in the life of the installation that chance names, towards older assets, and on from
    /// the newest where those end.
    ///
    /// # Errors
    /// As [`App::scrub`].
    pub async fn scrub_sample(&self, pace: Pace) -> Result<ScrubReport, PortError> {
        let most = self.parts.settings.scrub;
        if most == ByteCount::ZERO {
            return Ok(ScrubReport::default());
        }
        let outlook = self.look_around().await?;
        outlook.require_own_bucket()?;
        let since = outlook.installation.marked_at.unwrap_or(outlook.at);
        let start = self.asset_of_chance(since, outlook.at);
        // What was damaged is perhaps back, replaced or deleted.
        for (shard, file) in self.damages.files() {
            self.scrub_file(shard, file, pace, &mut ScrubReport::default()).await?;
        }
        let mut report = ScrubReport::default();
        let mut sampled = 0;
        for (first, last) in [(Some(start), None), (None, Some(start))] {
            let mut before = first;
            loop {
                let survey = Survey {
                    status: Some(StatusName::Created),
                    owner: None,
                    contains: None,
                    before,
                    limit: ASSETS_PER_PAGE,
                    look_at: ASSETS_PER_PAGE * 10,
                };
                let page = self.parts.catalog.survey_assets(&survey).await.map_err(PortError::catalog)?.value;
                for asset in page.assets.iter().filter(|asset| last.is_none_or(|last| asset.id >= last)) {
                    if sampled == SAMPLED_ASSETS || report.bytes >= most.get() {
                        return Ok(report);
                    }
                    sampled += 1;
                    for file in published(asset) {
                        self.scrub_file(asset.shard(), file, pace, &mut report).await?;
                    }
                }
                before = page.next.filter(|next| last.is_none_or(|last| *next > last));
                if before.is_none() {
                    break;
                }
            }
        }
        Ok(report)
    }

    /// The id that an asset made at some moment between two would have.
    fn asset_of_chance(&self, since: Timestamp, until: Timestamp) -> AssetId {
        let mut bits = [0; 8];
        self.parts.entropy.fill(&mut bits);
        let span = u64::try_from(until.duration_since(since).as_millis()).unwrap_or(0).max(1);
        let after = i64::try_from(u64::from_be_bytes(bits) % span).unwrap_or(0);
        AssetId::new(since + TimeSpan::from_millis(after), &[0; 10])
    }

    /// Reads one file's object. The row is read before and after, because the world moves under a long reading.
    async fn scrub_file(
        &self,
        shard: Shard,
        id: FileId,
        pace: Pace,
        report: &mut ScrubReport,
    ) -> Result<(), PortError> {
        let find = async || self.parts.catalog.find_file(shard, id).await.map_err(PortError::catalog);
        let before = find().await?.value;
        let Some((before, FileState::Created { object: recorded, .. })) =
            before.as_ref().map(|file| (file, &file.state))
        else {
            self.damages.note(id, None);
            return Ok(());
        };
        let mut reading = Reading::of(recorded, &before.plan, self.parts.settings.etag_form);
        let read = self.read_all(before, &recorded.etag, pace, &mut reading).await;
        report.files += 1;
        report.bytes += reading.length();
        let what = match read {
            Ok(true) => match reading.end() {
                Integrity::Sound => None,
                Integrity::Unproven => {
                    report.unproven += 1;
                    None
                }
                Integrity::Damaged(what) => Some(what),
            },
            Ok(false) => Some("its object is missing, or another one lies there".to_owned()),
            Err(error) => {
                // One that cannot be read in a store that is well is damaged; a store that is not says nothing about it.
                self.parts.store.probe().await.map_err(PortError::store)?;
                tracing::warn!(key = %before.key.path(), error = &error as &dyn std::error::Error, "cannot be read");
                Some("its object cannot be read; see the log".to_owned())
            }
        };
        let same = find().await?.value.is_some_and(|after| after == *before);
        let damage = what.filter(|_| same).map(|what| {
            tracing::error!(file = %before.id, asset = %before.asset, key = %before.key.path(), what,
                "the object of a published file is damaged; bring it back from a backup or replace the file: nothing is \
                 deleted");
            Damage { bucket: before.key.visibility(), key: before.key.path(), what }
        });
        self.damages.note(before.id, damage.clone());
        report.damaged.extend(damage);
        Ok(())
    }

    /// Reads an object to its end. False: it is gone or another.
    async fn read_all(
        &self,
        file: &File,
        etag: &ETag,
        pace: Pace,
        reading: &mut Reading<'_>,
    ) -> Result<bool, crate::store::StoreError> {
        loop {
            let began = self.parts.clock.monotonic();
            let from = reading.length();
            let Some(piece) = self.parts.store.read(&file.key, etag, from, PIECE).await? else { return Ok(false) };
            reading.take(&piece);
            if (piece.len() as u64) < PIECE.get() {
                return Ok(true);
            }
            let took = self.parts.clock.monotonic() - began;
            self.background.pause(pace.time_for(piece.len() as u64) - took).await;
        }
    }
}

/// The files that viewers of an asset are given.
fn published(asset: &Asset) -> impl Iterator<Item = FileId> {
    asset.places.values().filter_map(|place| place.published.as_ref()).map(|file| file.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_were_written() {
        for text in ["private:", "private:42/videos/a", "public:~x/y:z"] {
            assert_eq!(ScrubCursor::parse(text).map(|cursor| cursor.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "private", "42/videos/", "secret:42/"] {
            assert_eq!(ScrubCursor::parse(text), Err(InvalidCursor), "{text}");
        }
    }

    #[test]
    fn a_pace_is_kept_by_waiting() {
        assert_eq!(Pace::per_second(ByteCount::mib(16)).time_for(4 << 20), TimeSpan::from_millis(250));
        assert_eq!(Pace::per_second(ByteCount(0)).time_for(3), TimeSpan::from_secs(3));
    }
}
