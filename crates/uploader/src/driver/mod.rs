//! Does what the session decides: calls, parts, checksums, journal.
//!
//! One task per upload: it asks the session, starts what it says, and waits for whatever ends first. Dropping the
//! future stops everything at once and loses nothing, because what counts is in the journal and at the server.
//! *Invariants*: the journal is durable before the asset is created, and holds its id before the first part is sent; a
//! local file that is written to while it is uploaded stops the upload.

mod effects;
mod error;
mod send;
mod teller;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::{ByteCount, MediaType, PartPlan, RoleName, TimeSpan, Timestamp};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use wire::{AnnounceRequest, AssetBody, CompleteRequest, CreateRequest, Roles};

pub use error::UploadError;
pub use send::complaint;

use crate::checksum;
use crate::client::{Client, ListQuery, Target, Transport};
use crate::clock::{SteadyClock, wall_clock};
use crate::entropy;
use crate::fingerprint::LocalFingerprint;
use crate::journal::{Entry, Found, Journal, Place};
use crate::progress::{Gauge, News, Observer};
use crate::session::{Action, Event, Opening, Outcome, Rules, Session};
use crate::source::Source;
use effects::Effects;
use teller::Teller;

/// Sleeping longer than this at a time gains nothing.
const LONGEST_SLEEP: TimeSpan = TimeSpan::from_hours(1);

/// Files to upload as one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRequest {
    /// The asset's title.
    pub title: String,
    /// Its description.
    pub description: Option<String>,
    /// A local file for each role.
    pub files: BTreeMap<RoleName, LocalFile>,
}

/// A local file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is, if somebody says so; otherwise its name tells.
    pub media_type: Option<MediaType>,
}

/// A file whose name tells what it is.
impl From<PathBuf> for LocalFile {
    fn from(path: PathBuf) -> Self {
        Self { path, media_type: None }
    }
}

/// A local file that was opened.
struct Opened {
    source: Arc<Source>,
    media_type: MediaType,
    /// What was said of it: `None` where its name tells.
    said: Option<MediaType>,
}

/// How the driver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What the session keeps to.
    pub rules: Rules,
    /// A part that has not moved a byte for this long is given up and tried again. Long enough for a slow line to empty
    /// the megabytes that the operating system buffers.
    pub stall: TimeSpan,
    /// What to do where the same local files are published already.
    pub published_before: PublishedBefore,
}

/// What to do with local files that were published before, unchanged since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishedBefore {
    /// Upload them again, as another asset.
    Upload,
    /// Say so: [`UploadError::AlreadyThere`].
    Tell,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rules: Rules::default(), stall: TimeSpan::from_mins(2), published_before: PublishedBefore::Upload }
    }
}

/// A published upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The asset as the server shows it.
    pub asset: Box<AssetBody>,
    /// Bytes that had arrived in an earlier run.
    pub already_bytes: u64,
}

/// Uploads files as one asset, from wherever an earlier run was stopped, until it is published.
pub async fn upload(
    request: &UploadRequest,
    client: &Client,
    journal: &Journal,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Published, UploadError> {
    let opened = open(&request.files).await?;
    let named = opened.iter().map(|(role, file)| (role, &*file.source, file.said));
    let fingerprint = LocalFingerprint::of(client.collection(), named);
    let place = journal.take(client.server(), &fingerprint)?;
    let fresh = || -> Entry {
        let create = create_request(request, &opened, &fingerprint);
        let collection = client.collection().as_str();
        Entry::new(client.server(), collection, entropy::idempotency_key(), create, wall_clock())
    };
    let remembered = match place.found() {
        Found::Unfinished(entry) => Some(Entry::clone(entry)),
        Found::SetAside(path) => {
            observer.note(&News::JournalSetAside { path: path.clone() });
            None
        }
        Found::Nothing => None,
    };
    let sources = opened.iter().map(|(role, file)| (role.clone(), Arc::clone(&file.source))).collect();
    let upload = Upload { request, client, place: &place, settings, observer, sources: &sources };
    if let Some(entry) = remembered {
        observer.note(&News::Resuming { asset_id: entry.asset_id.map(|id| id.to_string()) });
        match upload.run(entry).await {
            Err(UploadError::Gone(_)) => observer.note(&News::StartingAfresh),
            ended => return ended,
        }
    }
    if settings.published_before == PublishedBefore::Tell
        && let Some(asset) = find_published(client, &fingerprint).await
    {
        return Err(UploadError::AlreadyThere { asset });
    }
    upload.run(fresh()).await
}

/// The asset that these files have become before. If the server cannot be asked, the upload meets the same trouble and
/// knows how to tell it.
async fn find_published(client: &Client, fingerprint: &LocalFingerprint) -> Option<Box<AssetBody>> {
    let query = ListQuery {
        status: Some("CREATED".to_owned()),
        fingerprint: Some(fingerprint.to_string()),
        limit: Some(1),
        ..ListQuery::default()
    };
    let page = client.list(&query).await.ok()?;
    page.data.into_iter().next().map(Box::new)
}

/// Opens the local files and checks what needs no server.
async fn open(files: &BTreeMap<RoleName, LocalFile>) -> Result<BTreeMap<RoleName, Opened>, UploadError> {
    if files.is_empty() {
        return Err(UploadError::NoFile);
    }
    let mut opened = BTreeMap::new();
    for (role, file) in files {
        let asked = file.clone();
        let answered = tokio::task::spawn_blocking(move || open_one(&asked)).await;
        let died = |died| UploadError::Open { path: file.path.clone(), source: io::Error::other(died) };
        opened.insert(role.clone(), answered.map_err(died)??);
    }
    Ok(opened)
}

/// Opens one. Blocks.
fn open_one(LocalFile { path, media_type }: &LocalFile) -> Result<Opened, UploadError> {
    let source = Source::open(path).map_err(|source| UploadError::Open { path: path.clone(), source })?;
    PartPlan::for_size(ByteCount(source.size())).map_err(|reason| UploadError::Size { path: path.clone(), reason })?;
    let said = *media_type;
    let media_type = said.or_else(|| MediaType::from_file_name(&source.file_name()));
    let media_type = media_type.ok_or_else(|| UploadError::Type { path: path.clone() })?;
    Ok(Opened { source: Arc::new(source), media_type, said })
}

fn create_request(
    request: &UploadRequest,
    files: &BTreeMap<RoleName, Opened>,
    fingerprint: &LocalFingerprint,
) -> CreateRequest {
    let announce = |Opened { source, media_type, .. }: &Opened| AnnounceRequest {
        file_name: source.file_name(),
        size: Some(source.size()),
        content_type: media_type.name().to_owned(),
        checksum: Some(checksum::announcement()),
    };
    CreateRequest {
        title: request.title.clone(),
        description: request.description.clone(),
        metadata: None,
        files: Roles(files.iter().map(|(role, file)| (role.to_string(), announce(file))).collect()),
        fingerprint: Some(fingerprint.to_string()),
    }
}

/// An upload that may need a second run with a new asset.
struct Upload<'a> {
    request: &'a UploadRequest,
    client: &'a Client,
    place: &'a Place,
    settings: &'a Settings,
    observer: &'a dyn Observer,
    sources: &'a BTreeMap<RoleName, Arc<Source>>,
}

/// Tells the checksums' threads to stop when the upload ends, however it ends.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether the asset may be published. Deleting would then take away what is there for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Completion {
    /// No run has asked the server to commit all that it has.
    NotAsked,
    /// An earlier run may have asked.
    Unknown,
    /// This run has asked. The answer may have been lost.
    Asked,
}

impl Completion {
    fn of(opening: Opening) -> Self {
        match opening {
            Opening::Create => Self::NotAsked,
            Opening::Resume => Self::Unknown,
        }
    }

    /// Learns from what is done next. A part that is missing shows that no earlier run can have been published.
    fn note(&mut self, action: &Action, session: &Session) {
        match self {
            _ if matches!(action, Action::Complete(_)) => *self = Self::Asked,
            Self::Unknown if session.is_listed() && session.arrived_bytes() < session.total_bytes() => {
                *self = Self::NotAsked;
            }
            Self::NotAsked | Self::Unknown | Self::Asked => {}
        }
    }
}

/// What one action or checksum came to. An error ends the upload: it is about the local side.
type Answer = Result<Event, UploadError>;

impl Upload<'_> {
    async fn run(&self, mut entry: Entry) -> Result<Published, UploadError> {
        self.place.write(&entry)?;
        let opening = if entry.asset_id.is_some() { Opening::Resume } else { Opening::Create };
        let sizes = self.sources.iter().map(|(role, source)| (role.clone(), source.size())).collect();
        let mut session = Session::new(sizes, opening, self.settings.rules);
        let gauge = Arc::new(Gauge::default());
        let effects = Effects {
            client: self.client,
            store: Transport::new(Target::Store).map_err(UploadError::Transport)?,
            sources: self.sources,
            gauge: Arc::clone(&gauge),
            stall: self.settings.stall.try_into().unwrap_or_default(),
            changes: self.changes_since(&entry),
        };
        let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
        let mut pending: FuturesUnordered<BoxFuture<'_, Answer>> = FuturesUnordered::new();
        for (role, source) in self.sources {
            pending.push(Box::pin(effects::sum(role.clone(), Arc::clone(source), Arc::clone(&stop.0))));
        }
        let clock = SteadyClock::start();
        let mut teller = Teller::new(self.observer, &gauge, clock);
        let mut completion = Completion::of(opening);
        loop {
            let action = session.next_action(clock.now());
            teller.tell_action(&action);
            completion.note(&action, &session);
            let until = match action {
                Action::Wait(until) => until,
                Action::Finish(outcome) => return self.ended(*outcome, &entry, teller.already_bytes()),
                action => {
                    pending.push(effects.perform(action, &entry));
                    continue;
                }
            };
            let answer = tokio::select! {
                Some(answer) = pending.next() => answer,
                () = tokio::time::sleep(span_until(until, &clock)) => continue,
                () = teller.moved(&session) => continue,
            };
            match answer {
                Ok(event) => session.on_event(event, clock.now(), entropy::jitter()),
                Err(error) => return Err(self.stopped(error, &entry, completion).await),
            }
            if entry.asset_id.is_none() && session.asset_id().is_some() {
                entry.asset_id = session.asset_id();
                self.place.write(&entry)?;
            }
            teller.tell_state(&session);
        }
    }

    /// What the person wants otherwise than when the upload was begun; told at `complete`.
    fn changes_since(&self, entry: &Entry) -> CompleteRequest {
        let Self { request, .. } = self;
        let title = (request.title != entry.request.title).then(|| request.title.clone());
        let description = request.description.clone().filter(|_| request.description != entry.request.description);
        CompleteRequest { title, description, ..CompleteRequest::default() }
    }

    /// Draws the conclusion for the journal: an upload that can be resumed stays in it.
    fn ended(&self, outcome: Outcome, entry: &Entry, already_bytes: u64) -> Result<Published, UploadError> {
        let (asset_id, collection) = (entry.asset_id, self.client.collection().clone());
        let error = match outcome {
            Outcome::Published(asset) => {
                self.place.forget()?;
                return Ok(Published { asset, already_bytes });
            }
            Outcome::Rejected { role, reason, detail } => {
                UploadError::Rejected { asset_id, collection, role, reason, detail }
            }
            Outcome::Gone(error) => UploadError::Gone(error),
            Outcome::Unknown(error) => {
                UploadError::Unknown { asset_id, remembered: self.place.entry_path(), reason: error }
            }
            Outcome::Refused(error) => UploadError::Refused(error),
            Outcome::Contradiction { detail } => UploadError::Contradiction { detail },
            Outcome::PartRefused { role, number, detail } => UploadError::PartRefused { role, number, detail },
            Outcome::BeyondRepair { detail } => UploadError::BeyondRepair { detail },
            Outcome::OutOfPatience { detail } => UploadError::OutOfPatience { detail },
            Outcome::StillCommitting => UploadError::StillCommitting { asset_id, collection },
        };
        if !error.can_resume(asset_id) {
            self.place.forget()?;
        }
        Err(error)
    }

    /// The local side ended it. Parts of a changed file are of no use to anybody, so the upload is cancelled unless it
    /// may be published by now; should that fail, it expires by itself.
    async fn stopped(&self, error: UploadError, entry: &Entry, completion: Completion) -> UploadError {
        if let UploadError::Changed { .. } = &error {
            if let (Completion::NotAsked, Some(id)) = (completion, entry.asset_id) {
                let _ = self.client.delete(id).await;
            }
            if let Err(refused) = self.place.forget() {
                return refused.into();
            }
        }
        error
    }
}

/// How long to sleep: until the time, or an hour at a time.
fn span_until(until: Option<Timestamp>, clock: &SteadyClock) -> std::time::Duration {
    let span = until.map_or(LONGEST_SLEEP, |until| until.duration_since(clock.now()).min(LONGEST_SLEEP));
    span.try_into().unwrap_or_default()
}
