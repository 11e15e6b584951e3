//! What follows from a part's arrival: an upload that nobody completes is finished (finish-single), and one whose size nobody
//! declared is weighed.
//!
//! Not a watch: whoever calls this has a reason to look, a job by its schedule or the store by a hint. The reason is not
//! believed. *Invariant*: nothing is frozen but what the store lists, and only of a file that is marked `auto`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::limits::STRAY_LOOK_AFTER;
use domain::{Event, File, FileId, FilePlan, FileState, Shard, Timestamp, Visibility, decide};

use super::commit::Begin;
use super::{App, PortError};
use crate::catalog::{Purpose, Stamped, Written};
use crate::store::list_parts;

/// Files that hints are looked into for, the newest grants: about 300 bytes each. Of one that is forgotten, as of all after
/// a restart, what is done without hints remains: the schedule of the job, and weighing before the next part is signed.
const REMEMBERED: usize = 4_096;

/// The keys whose parts somebody waits for, by which a hint is told from the many that nobody waits for, without asking the
/// catalog about each part of each upload.
#[derive(Default)]
pub(super) struct Awaited(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    files: HashMap<(Visibility, String), (Shard, FileId)>,
    oldest_first: VecDeque<(Visibility, String)>,
}

impl Awaited {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part URL of this file was granted.
    pub(super) fn remember(&self, file: &File) {
        let subject = (file.key.visibility(), file.key.path());
        let mut kept = self.lock();
        if kept.files.insert(subject.clone(), (file.shard(), file.id)).is_none() {
            kept.oldest_first.push_back(subject);
        }
        if kept.oldest_first.len() > REMEMBERED
            && let Some(oldest) = kept.oldest_first.pop_front()
        {
            kept.files.remove(&oldest);
        }
    }

    fn find(&self, visibility: Visibility, key: &str) -> Option<(Shard, FileId)> {
        self.lock().files.get(&(visibility, key.to_owned())).copied()
    }
}

/// What becomes of a look that found no more than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// It is written down, with the next look.
    IsWritten,
    /// Nothing: the store tells of each part, and a write for each would race its client.
    IsLeft,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It has not arrived or is not too much, or somebody else was faster: there is a next look, or nothing to look for.
    Waiting,
    /// It is frozen, and its commit was driven as far as it went.
    Taken,
    /// It can never be finished: too large, or its upload vanished.
    Rejected,
}

impl App {
    /// A look that the row itself asks for: at the part that is all there is, or at how much has arrived. Once after some
    /// time also for uploads on its key that no row knows, because its row is due for nothing else.
    pub async fn look_at_arrivals(&self, file: &File, now: Timestamp) -> Result<Arrival, PortError> {
        if file.looks.is_some_and(|looks| looks.is_first_after(STRAY_LOOK_AFTER, now)) {
            self.close_strays(file).await?;
        }
        if file.auto { self.look_for_part(file).await } else { self.weigh_arrivals(file, Within::IsWritten).await }
    }

    /// Looks whether the one part of a file that nobody completes has arrived, and goes on as `complete` would: freeze,
    /// commit, publish what is then whole.
    pub async fn look_for_part(&self, file: &File) -> Result<Arrival, PortError> {
        if file.state != FileState::Uploading || !file.auto {
            return Ok(Arrival::Waiting);
        }
        // In another bucket the upload would look vanished, and that ends a file.
        self.require_bucket().await?;
        let listed = list_parts(&*self.parts.store, &file.key, file.upload()).await.map_err(PortError::store)?;
        let found = self.parts.catalog.find_asset(file.shard(), file.asset, Purpose::Decide).await;
        let found = found.map_err(PortError::catalog)?;
        let Stamped { now, value: Some(asset) } = found else { return Ok(Arrival::Waiting) };
        let Some(listing) = listed else {
            self.end_vanished(&asset.owner, file, now).await?;
            return Ok(Arrival::Rejected);
        };
        let Ok(decision) = decide(file, &Event::Arrived(listing), now) else { return Ok(Arrival::Waiting) };
        if let Some(reason) = decision.next.state.reason() {
            return Ok(match self.reject(&asset.owner, file, decision, reason, now).await? {
                Written::Done => Arrival::Rejected,
                Written::Stale => Arrival::Waiting,
            });
        }
        let frozen = matches!(decision.next.state, FileState::Committing { .. });
        if self.advance(file, &decision, &[]).await? == Written::Stale || !frozen {
            return Ok(Arrival::Waiting);
        }
        self.commit_asset(&asset.owner, asset.id, Begin::WithComplete).await?;
        Ok(Arrival::Taken)
    }

    /// Sums what has arrived of a file whose size nobody declared. One that is over its limit is rejected, and what it has
    /// brought goes at once, not with the next request of its client.
    async fn weigh_arrivals(&self, file: &File, within: Within) -> Result<Arrival, PortError> {
        if file.state != FileState::Uploading || !matches!(file.plan, FilePlan::Undeclared(_)) {
            return Ok(Arrival::Waiting);
        }
        // What lies in another bucket is nobody's reason to end a file.
        self.require_bucket().await?;
        let listed = list_parts(&*self.parts.store, &file.key, file.upload()).await.map_err(PortError::store)?;
        let found = self.parts.catalog.find_asset(file.shard(), file.asset, Purpose::Decide).await;
        let found = found.map_err(PortError::catalog)?;
        let Stamped { now, value: Some(asset) } = found else { return Ok(Arrival::Waiting) };
        // An upload that vanished has no parts; `complete` finds out what became of it.
        let event = Event::Weighed(listed.unwrap_or_default());
        let Ok(decision) = decide(file, &event, now) else { return Ok(Arrival::Waiting) };
        let Some(reason) = decision.next.state.reason() else {
            if within == Within::IsWritten {
                // Losing means that its client was granted more, or says that it is done.
                let (Written::Done | Written::Stale) = self.advance(file, &decision, &[]).await?;
            }
            return Ok(Arrival::Waiting);
        };
        Ok(match self.reject(&asset.owner, file, decision, reason, now).await? {
            Written::Done => Arrival::Rejected,
            Written::Stale => Arrival::Waiting,
        })
    }

    /// The store says that something arrived under a key. It may be wrong, late, or about something else: the row says
    /// whether it is waited for, and the store itself is asked.
    pub async fn hear_of_arrival(&self, visibility: Visibility, key: &str) -> Result<Arrival, PortError> {
        let Some((shard, id)) = self.awaited.find(visibility, key) else { return Ok(Arrival::Waiting) };
        let found = self.parts.catalog.find_file(shard, id).await.map_err(PortError::catalog)?;
        match found.value {
            Some(file) if file.auto => self.look_for_part(&file).await,
            Some(file) => self.weigh_arrivals(&file, Within::IsLeft).await,
            None => Ok(Arrival::Waiting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::conformance::samples;

    #[test]
    fn the_oldest_grants_are_forgotten() {
        let awaited = Awaited::default();
        let asset = samples::bare_asset(samples::owner("42"), samples::START);
        let file = |_| samples::file(&asset, "video", domain::ByteCount(1), samples::START);
        let files: Vec<File> = (0..REMEMBERED + 2).map(file).collect();
        files.iter().chain(&files[1..2]).for_each(|file| awaited.remember(file));
        let found = |file: &File| awaited.find(file.key.visibility(), &file.key.path());
        assert_eq!((found(&files[0]), found(&files[1])), (None, Some((files[1].shard(), files[1].id))));
        assert_eq!(
            files[3..].iter().map(found).collect::<Vec<_>>(),
            files[3..].iter().map(|file| Some((file.shard(), file.id))).collect::<Vec<_>>()
        );
        assert_eq!(awaited.lock().files.len(), REMEMBERED);
        assert_eq!(awaited.find(Visibility::Public, &files[3].key.path()), None);
    }
}
