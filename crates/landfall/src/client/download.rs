//! `landfall download`: a published file, saved here.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use domain::{ByteCount, RoleName};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use uploader::client::{ApiError, Disposition, read};
use uploader::clock::SteadyClock;

use super::asset::{Which, role_of};
use super::failure;
use super::pace::Pace;
use crate::arguments::Output;
use crate::console;
use crate::exit::{Exit, Failure, chain};

/// What is being written stands beside its place under its name and this.
const UNFINISHED: &str = "unfinished";

/// Arguments of `download`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Which of its files [default: its video or image]
    #[arg(long, value_name = "ROLE", value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Where to save it: a file that is not there yet, or a folder [default: under its own name in this folder]
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    #[command(flatten)]
    format: Output,
}

/// Saves a file. It has its name only when it is whole.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let (client, asset) = arguments.which.load().await?;
    let role = role_of(&asset, arguments.role.as_ref())?;
    let url = client.file_url(arguments.which.id, &role, Disposition::Attachment).await;
    let url = url.map_err(|error| failure::of_call(&error))?;
    let file = asset.files.get(role.as_str());
    let name = file.map_or(asset.id.as_str(), |file| &file.file_name);
    let place = place(arguments.output.as_deref(), name, &asset.id);
    if place.exists() {
        return Err(Failure::new(Exit::Usage, format!("{} is there already", place.display()))
            .hint("save it elsewhere by --output PATH"));
    }
    let mut unfinished = place.clone().into_os_string();
    unfinished.push(format!(".{UNFINISHED}"));
    let unfinished = PathBuf::from(unfinished);
    let size = file.and_then(|file| file.size);
    let saved = save(&url.url, size, &unfinished).await.and_then(|bytes| {
        fs::rename(&unfinished, &place).map_err(|error| unwritable(&place, &error))?;
        Ok(bytes)
    });
    if saved.is_err() {
        // Half a file is of no use; if it cannot be removed, the error that led here says more.
        let _ = fs::remove_file(&unfinished);
    }
    let bytes = saved?;
    if arguments.format.json {
        return console::json(&json!({"id": asset.id, "role": role, "path": place, "size": bytes}));
    }
    console::out(&format!("{}  {}", place.display(), ByteCount(bytes)))
}

/// Where a file goes. Its own name was given by whoever uploaded it: no folder in it counts.
fn place(wanted: Option<&Path>, name: &str, id: &str) -> PathBuf {
    let own: String = name.chars().filter(|c| !console::steers(*c)).collect();
    let own = Path::new(&own).file_name().map_or_else(|| PathBuf::from(id), PathBuf::from);
    match wanted {
        None => own,
        Some(folder) if folder.is_dir() => folder.join(own),
        Some(path) => path.to_owned(),
    }
}

/// Writes what is read, and says how many bytes that were.
async fn save(url: &str, size: Option<u64>, path: &Path) -> Result<u64, Failure> {
    let reading = read(url).await.map_err(|error| Failure::new(Exit::Failed, chain(&error)))?;
    let mut reading = reading.map_err(|error| of_store(&error))?;
    let total = size.or(reading.size());
    let mut file = File::create(path).map_err(|error| unwritable(path, &error))?;
    let (clock, pace, bar) = (SteadyClock::start(), Pace::default(), bar(total));
    let begun = clock.now();
    let mut bytes = 0;
    while let Some(piece) = reading.next().await.map_err(|error| of_store(&error))? {
        file.write_all(&piece).map_err(|error| unwritable(path, &error))?;
        bytes += piece.len() as u64;
        bar.set_position(bytes);
        if let Some(total) = total {
            bar.set_message(pace.line(clock.now().duration_since(begun), bytes, total));
        }
    }
    bar.finish_and_clear();
    if total.is_some_and(|total| total != bytes) {
        return Err(Failure::new(Exit::Failed, format!("the file ended after {}", ByteCount(bytes)))
            .hint("run the same command again"));
    }
    file.sync_all().map_err(|error| unwritable(path, &error))?;
    Ok(bytes)
}

fn bar(total: Option<u64>) -> ProgressBar {
    match total.filter(|_| io::stderr().is_terminal()) {
        Some(total) => {
            let style = ProgressStyle::with_template("[{wide_bar}] {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style.progress_chars("=> "))
        }
        None => ProgressBar::hidden(),
    }
}

fn of_store(error: &ApiError) -> Failure {
    let exit = if matches!(error, ApiError::Unreachable { .. }) { Exit::Unreachable } else { Exit::Refused };
    Failure::new(exit, format!("the store did not send the file: {}", chain(error))).hint("run the same command again")
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{} cannot be written: {error}", path.display()))
        .hint("save it elsewhere by --output PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        assert_eq!(place(None, "film.mp4", "ast_1"), Path::new("film.mp4"));
        assert_eq!(place(None, "../../etc/film.mp4", "ast_1"), Path::new("film.mp4"));
        assert_eq!(place(None, "..", "ast_1"), Path::new("ast_1"));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(place(Some(folder.path()), "a/b.mp4", "ast_1"), folder.path().join("b.mp4"));
        assert_eq!(place(Some(Path::new("other.mp4")), "b.mp4", "ast_1"), Path::new("other.mp4"));
    }
}
