//! Performs one action and tells what came of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use domain::{AssetId, RoleName};
use futures::FutureExt;
use futures::future::BoxFuture;
use wire::{CompleteFileRequest, CompleteRequest, Roles};

use super::{Answer, UploadError, send};
use crate::checksum::{self, SumError};
use crate::client::{Client, Transport};
use crate::journal::Entry;
use crate::progress::Gauge;
use crate::session::{Action, Event};
use crate::source::Source;

/// What actions need.
pub(super) struct Effects<'a> {
    pub(super) client: &'a Client,
    pub(super) store: Transport,
    pub(super) sources: &'a BTreeMap<RoleName, Arc<Source>>,
    pub(super) gauge: Arc<Gauge>,
    pub(super) stall: Duration,
    /// Said at `complete` besides the checksums.
    pub(super) changes: CompleteRequest,
}

impl Effects<'_> {
    /// Starts an action. `Wait` and `Finish` are not for here, and the session names no asset before it is open.
    pub(super) fn perform(&self, action: Action, entry: &Entry) -> BoxFuture<'_, Answer> {
        let id = || entry.asset_id.expect("the asset is open");
        match action {
            Action::Create => self.create(entry.clone()).boxed(),
            Action::Show => self.show(id()).boxed(),
            Action::Poll => self.poll(id()).boxed(),
            Action::Complete(checksums) => self.complete(id(), checksums).boxed(),
            Action::ListParts(role) => {
                let id = id();
                async move { Ok(Event::Listed(role.clone(), self.client.parts(id, &role).await)) }.boxed()
            }
            Action::SignParts(role, numbers) => {
                let id = id();
                let numbers: Vec<u16> = numbers.iter().map(|number| number.get()).collect();
                async move { Ok(Event::Signed(role.clone(), self.client.part_urls(id, &role, &numbers).await)) }.boxed()
            }
            Action::SendPart(ticket) => {
                let source = Arc::clone(&self.sources[&ticket.role]);
                let store = self.store.towards(&ticket.url);
                send::part(store, source, ticket, &self.gauge, self.stall).boxed()
            }
            Action::Wait(_) | Action::Finish(_) => unreachable!("the driver's loop handles these itself"),
        }
    }

    async fn create(&self, entry: Entry) -> Answer {
        Ok(Event::Opened(self.client.create(&entry.idempotency_key, &entry.request).await.map(Box::new)))
    }

    async fn show(&self, id: AssetId) -> Answer {
        Ok(Event::Opened(self.client.show(id).await.map(Box::new)))
    }

    async fn poll(&self, id: AssetId) -> Answer {
        Ok(Event::Polled(self.client.show(id).await.map(Box::new)))
    }

    async fn complete(&self, id: AssetId, checksums: BTreeMap<RoleName, String>) -> Answer {
        // The checksums say what is to be published, so the local files do not matter any more: an answer may have been
        // lost, and the asset be published already.
        let file = |value: &String| CompleteFileRequest { checksum: Some(checksum::value(value)), parts: None };
        let files = checksums.iter().map(|(role, value)| (role.to_string(), file(value))).collect();
        let request = CompleteRequest { files: Roles(files), ..self.changes.clone() };
        Ok(Event::Completed(self.client.complete(id, &request).await.map(Box::new)))
    }
}

/// Sums up a file on a thread of its own.
pub(super) async fn sum(role: RoleName, source: Arc<Source>, stop: Arc<AtomicBool>) -> Answer {
    let value = aside(&source, move |source| {
        let value = checksum::sum(source, &stop).map_err(|error| match error {
            SumError::Read(error) => unreadable(source, error),
            SumError::Stopped => unreadable(source, io::ErrorKind::Interrupted.into()),
        })?;
        unchanged(source).map(|()| value)
    });
    Ok(Event::Summed(role, value.await?))
}

/// Asks a local file on a thread that may wait: its mount may not answer.
pub(super) async fn aside<T: Send + 'static>(
    source: &Arc<Source>,
    ask: impl FnOnce(&Source) -> Result<T, UploadError> + Send + 'static,
) -> Result<T, UploadError> {
    let asked = Arc::clone(source);
    let answered = tokio::task::spawn_blocking(move || ask(&asked)).await;
    answered.unwrap_or_else(|died| {
        Err(UploadError::Read { path: source.path().to_owned(), source: io::Error::other(died) })
    })
}

/// An error unless the file still is as it was when it was opened.
pub(super) fn unchanged(source: &Source) -> Result<(), UploadError> {
    match source.has_changed() {
        Ok(false) => Ok(()),
        Ok(true) => Err(UploadError::Changed { path: source.path().to_owned() }),
        Err(error) => Err(UploadError::Read { path: source.path().to_owned(), source: error }),
    }
}

/// A file that ended early was written to; anything else is the disk.
pub(super) fn unreadable(source: &Source, error: io::Error) -> UploadError {
    let path = source.path().to_owned();
    if error.kind() == io::ErrorKind::UnexpectedEof || source.has_changed().unwrap_or(false) {
        return UploadError::Changed { path };
    }
    UploadError::Read { path, source: error }
}
