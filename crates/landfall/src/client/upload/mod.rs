//! `landfall upload`: files become assets, from wherever an earlier run was stopped.

mod display;
mod files;
mod folders;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::{CollectionName, MediaType, RoleName, TimeSpan};
use tokio::signal::unix::SignalKind;
use uploader::client::Client;
use uploader::driver::{self, PublishedBefore, Settings, UploadError, UploadRequest};
use uploader::journal::Journal;

use super::connection::Connection;
use super::failure;
use crate::arguments::Output;
use crate::console;
use crate::exit::{Exit, Failure};
use crate::signals::Signals;
use display::Display;

/// More connections than this never made an upload faster, and stores dislike it.
const MOST_PARALLEL: usize = 64;
/// How long an address may give no answer at all: time for a server that is just starting, and for four tries.
const FIRST_CONTACT: TimeSpan = TimeSpan::from_secs(3);

/// Arguments of `upload`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Videos or images; each becomes an asset of its own
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Take folders too, and upload the videos and images in them
    #[arg(long)]
    recursive: bool,
    /// Upload what is there already, as another asset
    #[arg(long)]
    again: bool,
    /// The video's thumbnail, published together with it
    #[arg(long, value_name = "IMAGE")]
    thumbnail: Option<PathBuf>,
    /// A short preview of the video, published together with it
    #[arg(long, value_name = "CLIP")]
    preview: Option<PathBuf>,
    /// The title [default: the file's name without its extension]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The media type of FILE, such as video/mp4, if its name does not tell
    #[arg(long = "type", value_name = "TYPE", value_parser = <MediaType as std::str::FromStr>::from_str)]
    media_type: Option<MediaType>,
    /// The collection [default: videos for videos, images for images]
    #[arg(long, value_name = "NAME", value_parser = CollectionName::parse)]
    collection: Option<CollectionName>,
    /// The role of FILE in its asset [default: video for videos, image for images]
    #[arg(long, value_name = "ROLE", value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Parts in flight at once
    #[arg(long, value_name = "N", default_value = "4", value_parser = parse_parallel)]
    parallel: NonZeroUsize,
    /// How many minutes nothing may work once the server has answered, such as after a lost network, before giving up;
    /// a server that has never answered is waited for only some seconds
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    patience: u32,
    #[command(flatten)]
    state: State,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: Output,
}

/// Where unfinished uploads are remembered.
#[derive(Debug, Args)]
struct State {
    /// Where unfinished uploads are remembered [default: ~/.local/state/landfall]
    #[arg(long = "state", value_name = "DIR", env = "LANDFALL_STATE")]
    folder: Option<PathBuf>,
    // The two variables of the XDG base directory specification; clap is the one that reads variables here.
    #[arg(long, hide = true, env = "XDG_STATE_HOME", hide_env = true)]
    xdg_state_home: Option<PathBuf>,
    #[arg(long, hide = true, env = "HOME", hide_env = true)]
    home: Option<PathBuf>,
}

impl State {
    fn journal(&self) -> Result<Journal, Failure> {
        let xdg = self.xdg_state_home.as_ref().filter(|path| path.is_absolute());
        let folder = self
            .folder
            .clone()
            .or_else(|| xdg.map(|path| path.join("landfall")))
            .or_else(|| self.home.as_ref().map(|path| path.join(".local/state/landfall")))
            .ok_or_else(|| Failure::new(Exit::Usage, "there is no home folder").hint("name a folder by --state"))?;
        Journal::open(folder.join("uploads")).map_err(|error| failure::of_upload(&error.into()))
    }
}

/// Uploads files, one asset after the other. A file that fails does not keep the others, unless nobody answers.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let planned = files::plan(&arguments)?;
    let journal = arguments.state.journal()?;
    // What is too old to be resumed only takes room; if it cannot be removed, the upload does not suffer.
    let _ = journal.prune();
    let mut signals = Signals::take()?;
    let (count, mut tried, mut failures) = (planned.len(), 0, Vec::new());
    let mut settings = arguments.settings();
    for planned in &planned {
        let client = arguments.connection.client(&planned.collection)?;
        let display = Arc::new(Display::choose(arguments.output, &planned.name));
        let uploading = one(client, journal.clone(), settings, planned.request.clone(), display.clone());
        let ended = signals.or(uploading).await.map_err(|signal| {
            display.clear();
            stopped(signal)
        })?;
        tried += 1;
        if ended.as_ref().map_or_else(|failure| matches!(failure.exit, Exit::Refused), |()| true) {
            // Somebody is there: from now on a lost network is outlasted.
            settings.rules.first_contact = None;
        }
        let Err(failure) = ended else { continue };
        display.failed(&failure)?;
        if count > 1 {
            console::failure(&failure);
        }
        failures.push(failure);
        if failures.iter().any(|failure| matches!(failure.exit, Exit::Unreachable)) {
            break;
        }
    }
    let failed = failures.len();
    match failures.into_iter().next() {
        None => Ok(()),
        Some(failure) if count == 1 => Err(failure),
        Some(_) if tried < count => Err(Tally { count, tried, failed }.failure(Exit::Unreachable)),
        Some(_) => Err(Tally { count, tried, failed }.failure(Exit::Refused)),
    }
}

/// What became of several files.
struct Tally {
    count: usize,
    /// There or failed; the others were not begun.
    tried: usize,
    failed: usize,
}

impl Tally {
    fn failure(&self, exit: Exit) -> Failure {
        let Self { count, tried, failed } = self;
        let (published, untried) = (tried - failed, count - tried);
        let message = match untried {
            0 => format!("{failed} of {count} files failed, {published} are published"),
            _ => format!("{failed} of {count} files failed, {untried} were not tried, {published} are published"),
        };
        Failure::new(exit, message).hint("run the same command again: what is published is not sent again")
    }
}

/// Uploads one asset and prints where it is.
async fn one(
    client: Client,
    journal: Journal,
    settings: Settings,
    request: UploadRequest,
    display: Arc<Display>,
) -> Result<(), Failure> {
    let ended = driver::upload(&request, &client, &journal, &settings, &*display).await;
    display.clear();
    match ended {
        Ok(published) => display.published(&published),
        Err(UploadError::AlreadyThere { asset }) => display.already_there(&asset),
        Err(error) => Err(failure::of_upload(&error)),
    }
}

/// A signal ended it. Nothing is lost: the journal and the server know what has arrived.
fn stopped(signal: SignalKind) -> Failure {
    let exit = if signal == SignalKind::interrupt() { Exit::Interrupted } else { Exit::Terminated };
    Failure::new(exit, "stopped; what has arrived is kept").hint("run the same command again to resume")
}

impl Arguments {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.rules.parallel = self.parallel;
        settings.rules.patience = TimeSpan::from_mins(i64::from(self.patience));
        settings.rules.first_contact = Some(FIRST_CONTACT.min(settings.rules.patience));
        settings.published_before = if self.again { PublishedBefore::Upload } else { PublishedBefore::Tell };
        settings
    }
}

fn parse_parallel(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|number: &NonZeroUsize| number.get() <= MOST_PARALLEL);
    number.ok_or_else(|| format!("must be 1 to {MOST_PARALLEL}"))
}

#[cfg(test)]
mod tests {
    use super::{Exit, Tally};

    #[test]
    fn says_how_many_are_published_and_how_many_were_not_tried() {
        let said = |count, tried, failed| Tally { count, tried, failed }.failure(Exit::Unreachable).message;
        assert_eq!(said(5, 5, 2), "2 of 5 files failed, 3 are published");
        assert_eq!(said(5, 3, 1), "1 of 5 files failed, 2 were not tried, 2 are published");
        assert_eq!(said(5, 1, 1), "1 of 5 files failed, 4 were not tried, 0 are published");
    }
}
