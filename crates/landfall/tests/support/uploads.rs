//! `landfall upload` as a real process.

use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;

use super::films::Film;
use super::process::{Process, landfall};

/// An upload by the command line. Running it again in the same home takes it up again.
pub(crate) struct Upload {
    home: PathBuf,
    arguments: Vec<String>,
    runs: u32,
}

/// One run of it.
pub(crate) struct Run(Process);

impl Upload {
    /// Uploads a film, with a thumbnail if there is one.
    pub(crate) fn new(home: &Path, server: &str, token: &str, film: &Film, thumbnail: Option<&Film>) -> Self {
        let text = |path: &Path| path.to_str().expect("a readable path").to_owned();
        let mut arguments =
            ["upload", "--server", server, "--token", token, "--json", "--title", "A film"].map(str::to_owned).to_vec();
        arguments.push(text(&film.path));
        if let Some(picture) = thumbnail {
            arguments.extend(["--thumbnail".to_owned(), text(&picture.path)]);
        }
        Self { home: home.to_owned(), arguments, runs: 0 }
    }

    /// Starts it.
    pub(crate) fn start(&mut self) -> Run {
        self.runs += 1;
        let mut command = landfall(&self.home);
        command.args(&self.arguments);
        Run(Process::start(&mut command, &self.home.join(format!("upload-{}.log", self.runs))))
    }
}

impl Run {
    /// Waits until it ends well, and gives the asset it published.
    pub(crate) async fn publishes(self) -> Value {
        self.reports().await["asset"].take()
    }

    /// Waits until it ends well, and gives all it reports.
    pub(crate) async fn reports(mut self) -> Value {
        let status = self.0.end().await;
        let wrote = self.0.wrote();
        assert!(status.success(), "{status}\n{wrote}\n{}", self.0.said());
        // One line of JSON for everything that happens; the last says how it ended.
        let last = wrote.lines().next_back().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {wrote}"))
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.ended().is_some()
    }

    /// Ctrl-C; gives the exit code and what it said.
    pub(crate) async fn interrupt(mut self) -> (Option<i32>, String) {
        self.0.signal(Signal::INT);
        let status = self.0.end().await;
        (status.code(), self.0.said())
    }

    /// `kill -9`.
    pub(crate) async fn kill(mut self) {
        self.0.kill().await;
    }
}
