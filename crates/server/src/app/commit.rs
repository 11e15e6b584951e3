//! T5 and T6: put the parts together, then let HEAD decide what happened.
//!
//! The same code runs for the request that says "complete", for a second request that says it again, and for the job
//! that finds a COMMITTING row after a crash. Two of them at once are harmless: the store serialises Complete, and
//! the catalog's compare-and-set lets one verdict in.

use domain::inspection::INSPECTED_BYTES;
use domain::verification::{judge, judge_head};
use domain::{
    ByteCount, CompleteAnswer, ETag, Effect, Event, Evidence, File, FileState, OwnerId, Reason, Timestamp, decide,
};

use super::step::rejection;
use super::{App, PortError};
use crate::catalog::{Stamped, Written};
use crate::store::list_parts;

/// Steps of one attempt: Complete, at most five relists, an Abort and the looks between them need fewer.
const MAX_STEPS: u32 = 24;

/// Where an attempt to commit a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// The object is there and right.
    Verified,
    /// The file was rejected and is being destroyed.
    Rejected(Reason),
    /// The store has not said anything that decides it; come back.
    Undecided,
}

/// What an attempt does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Complete: the parts were frozen a moment ago, so there is nothing to look at yet.
    WithComplete,
    /// HEAD: somebody may have completed it before.
    WithHead,
}

/// What is remembered from one step to the next.
struct Attempt {
    file: File,
    answer: CompleteAnswer,
    committed: Option<ETag>,
    aborted: Option<Reason>,
}

impl App {
    /// Drives a COMMITTING file towards its verdict. `owner` is told if the file is rejected.
    pub async fn commit_file(&self, owner: &OwnerId, file: File, begin: Begin) -> Result<Commit, PortError> {
        self.require_bucket().await?;
        let mut attempt = Attempt { file, answer: CompleteAnswer::NotCalled, committed: None, aborted: None };
        match begin {
            Begin::WithComplete => self.complete_upload(&mut attempt).await,
            Begin::WithHead => {}
        }
        for _ in 0..MAX_STEPS {
            if let Some(end) = verdict(&attempt.file.state) {
                return Ok(end);
            }
            let evidence = self.gather(&attempt).await?;
            let now = self.parts.catalog.now().await.map_err(PortError::catalog)?;
            let Ok(decision) = decide(&attempt.file, &Event::Arbitrated(evidence), now) else {
                return Ok(Commit::Undecided);
            };
            let events: Vec<_> = decision
                .next
                .state
                .reason()
                .map(|reason| rejection(attempt.file.asset, owner, &attempt.file, reason, now))
                .into_iter()
                .collect();
            if self.advance(&attempt.file, &decision, &events).await? == Written::Stale {
                if !self.catch_up(&mut attempt).await? {
                    return Ok(Commit::Undecided);
                }
                continue;
            }
            attempt.file = decision.next;
            match decision.effect {
                Some(Effect::Complete) => self.complete_upload(&mut attempt).await,
                Some(Effect::Relist) => self.relist(&mut attempt, now).await?,
                Some(Effect::AbortThenHead(reason)) => {
                    let upload = attempt.file.upload();
                    self.parts.store.abort(&attempt.file.key, upload).await.map_err(PortError::store)?;
                    attempt.aborted = Some(reason);
                }
                // Rejected: what failed is removed in the same call, so that no bad object lies around.
                Some(Effect::Destroy) => {
                    if let Err(error) = self.destroy_file(&attempt.file).await {
                        tracing::warn!(file = %attempt.file.id, error = &error as &dyn std::error::Error,
                            "rejected but not destroyed yet; the destroy lane will");
                    }
                }
                Some(Effect::LookAgain) => return Ok(Commit::Undecided),
                Some(
                    Effect::Sign { .. }
                    | Effect::Weigh
                    | Effect::LookForPart
                    | Effect::CloseStrays
                    | Effect::TryPublish
                    | Effect::Recheck
                    | Effect::Purge,
                )
                | None => {}
            }
        }
        Ok(Commit::Undecided)
    }

    /// Loads the file again after a lost race. False if its row is gone.
    async fn catch_up(&self, attempt: &mut Attempt) -> Result<bool, PortError> {
        let Stamped { value: Some(file), .. } = self.reload(&attempt.file).await? else { return Ok(false) };
        attempt.file = file;
        Ok(true)
    }

    /// HEAD, and the first bytes if the rest is right.
    async fn gather(&self, attempt: &Attempt) -> Result<Evidence, PortError> {
        let Attempt { file, answer, committed, aborted } = attempt;
        let store = &*self.parts.store;
        let Some(head) = store.head(&file.key).await.map_err(PortError::store)? else {
            return Ok(match aborted {
                Some(reason) => Evidence::AbsentAfterAbort(*reason),
                None => Evidence::Absent(*answer),
            });
        };
        if let Err(reason) = judge_head(file, &head, committed.as_ref()) {
            return Ok(Evidence::Wrong(reason));
        }
        let limit = ByteCount(INSPECTED_BYTES);
        let first = store.read(&file.key, &head.etag, 0, limit).await.map_err(PortError::store)?;
        // Gone between HEAD and GET: somebody ended the file. The next look says so.
        let Some(first) = first else { return Ok(Evidence::Absent(CompleteAnswer::Unknown)) };
        Ok(match judge(file, &head, committed.as_ref(), &first) {
            Ok(object) => Evidence::Right(object),
            Err(reason) => Evidence::Wrong(reason),
        })
    }

    async fn complete_upload(&self, attempt: &mut Attempt) {
        let file = &attempt.file;
        let FileState::Committing { parts, .. } = &file.state else { return };
        let completion = self.parts.store.complete(&file.key, file.upload(), parts, file.checksum.as_ref()).await;
        attempt.answer = completion.answer;
        attempt.committed = completion.etag;
    }

    /// The store refused a part: list again, and if that still passes, try with the new list.
    async fn relist(&self, attempt: &mut Attempt, now: Timestamp) -> Result<(), PortError> {
        let store = &*self.parts.store;
        let file = &attempt.file;
        let listing = list_parts(store, &file.key, file.upload()).await.map_err(PortError::store)?;
        let Some(listing) = listing else {
            attempt.answer = CompleteAnswer::NoSuchUpload;
            return Ok(());
        };
        attempt.answer = CompleteAnswer::NotCalled;
        let Ok(decision) = decide(file, &Event::Relisted(listing), now) else { return Ok(()) };
        if let Some(Effect::AbortThenHead(reason)) = decision.effect {
            store.abort(&file.key, file.upload()).await.map_err(PortError::store)?;
            attempt.aborted = Some(reason);
        }
        if self.advance(file, &decision, &[]).await? == Written::Done {
            attempt.file = decision.next;
        } else {
            self.catch_up(attempt).await?;
        }
        Ok(())
    }
}

fn verdict(state: &FileState) -> Option<Commit> {
    match state {
        FileState::Reserved | FileState::Uploading => Some(Commit::Undecided),
        FileState::Committing { .. } => None,
        FileState::Verified { .. } | FileState::Created { .. } => Some(Commit::Verified),
        FileState::Deleting { reason } | FileState::Closed { reason, .. } => Some(Commit::Rejected(*reason)),
    }
}
