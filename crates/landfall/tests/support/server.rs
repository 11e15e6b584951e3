//! `landfall serve` and `landfall store serve` as real processes, each in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::api::Api;
use super::buckets::Buckets;
use super::clock::{SOON, until};
use super::process::{LANDFALL, Process, Said, isolate, landfall, run};

/// A folder for one test, on the disk the build uses: large files fit there.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("e2e-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// Debian's `faketime`, as the linker finds it on each architecture.
const FAKETIME: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// How a server is started.
#[derive(Default, Clone)]
pub(crate) struct Setup {
    config: String,
    /// A shell line that runs before the server takes the shell's place.
    before: Option<String>,
    /// A command that the server is started through.
    through: Vec<String>,
    variables: Vec<(String, String)>,
}

/// A running `landfall serve`, or one that was stopped and can be started again at the same addresses.
pub(crate) struct Server {
    folder: TempDir,
    setup: Setup,
    /// How far in the future it and its commands are, in `faketime`'s words.
    clock: Option<String>,
    process: Option<Process>,
    listen: [String; 2],
    /// Where the API is, without a slash at the end.
    pub(crate) url: String,
}

impl Setup {
    /// A server of a store in another process, of which `landfall store show --json` would say this.
    pub(crate) fn using(shown: &Value) -> Self {
        let endpoint = shown["endpoint"].as_str().expect("a text");
        Self::reaching(shown, endpoint, endpoint)
    }

    fn reaching(shown: &Value, endpoint: &str, public_endpoint: &str) -> Self {
        let text = |name: &str| shown[name].as_str().expect("a text").to_owned();
        Self::default().config(&format!(
            "[store]\nkind = \"s3\"\nendpoint = \"{endpoint}\"\npublic_endpoint = \"{public_endpoint}\"\n\
             region = \"{}\"\nprivate_bucket = \"{}\"\npublic_bucket = \"{}\"\naccess_key_id = \"{}\"\n\
             secret_access_key = \"{}\"",
            text("region"),
            text("private_bucket"),
            text("public_bucket"),
            text("access_key_id"),
            text("secret_access_key"),
        ))
    }

    /// Lines of the configuration file.
    pub(crate) fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self.config.push('\n');
        self
    }

    /// Runs a shell line first, in the process that becomes the server.
    pub(crate) fn before(mut self, shell: &str) -> Self {
        self.before = Some(shell.to_owned());
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it through another command, such as `unshare`.
    pub(crate) fn through(mut self, command: &[&str]) -> Self {
        self.through = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Starts the server and waits until it is ready.
    pub(crate) async fn start(self) -> Server {
        let folder = folder();
        std::fs::write(folder.path().join("landfall.toml"), &self.config).expect("a configuration");
        let listen = ["127.0.0.1:0".to_owned(), "127.0.0.1:0".to_owned()];
        let mut server = Server { folder, setup: self, clock: None, process: None, listen, url: String::new() };
        server.start().await;
        server
    }

    fn command(&self, folder: &Path, listen: &[String; 2]) -> Command {
        let line = format!("{}\nexec \"$@\"", self.before.as_deref().unwrap_or(":"));
        let mut words = self.through.clone();
        words.extend(["sh", "-c", &line, "sh", LANDFALL, "serve", "--config"].map(str::to_owned));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(folder.join("landfall.toml")).arg("--data").arg(folder.join("data"));
        command.args(["--listen", &listen[0], "--store-listen", &listen[1]]);
        isolate(&mut command, folder);
        // Nobody balances tests: unless one asks for it, no server goes on after it was told to stop.
        command.env("LANDFALL_SERVER__DRAIN", "0s");
        command.envs(self.variables.iter().cloned());
        command
    }
}

impl Server {
    /// A server with nothing but defaults.
    pub(crate) async fn new() -> Self {
        Setup::default().start().await
    }

    /// Starts it where it was before, and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        self.begin().await;
        let (url, http) = (format!("{}/readyz", self.url), reqwest::Client::new());
        until("the server is ready", SOON, async || http.get(&url).send().await.ok()?.error_for_status().ok()).await;
    }

    /// Starts it where it was before, and waits until it answers, ready or not.
    pub(crate) async fn begin(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let _ = std::fs::remove_file(self.data().join("run.json"));
        let mut command = self.setup.command(self.folder.path(), &self.listen);
        self.shift(&mut command);
        let mut process = Process::start(&mut command, &self.folder.path().join("server.log"));
        let addresses = addresses(&mut process, &self.data().join("run.json")).await;
        self.process = Some(process);
        self.url = addresses["api"].as_str().expect("an address").to_owned();
        for (known, name) in self.listen.iter_mut().zip(["api", "store"]) {
            if let Some(url) = addresses[name].as_str() {
                *known = url.trim_start_matches("http://").to_owned();
            }
        }
    }

    /// `kill -9`, and nobody there any more.
    pub(crate) async fn kill(&mut self) {
        self.process.take().expect("it runs").kill().await;
    }

    /// `kill -9`, and a new start on the same addresses.
    pub(crate) async fn crash(&mut self) {
        self.kill().await;
        self.start().await;
    }

    /// SIGTERM, and how it ended.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("it runs");
        process.signal(Signal::TERM);
        process.end().await
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.as_mut().expect("it was started").ended().is_some()
    }

    /// The process.
    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs")
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        self.process.take().expect("it runs").end().await
    }

    /// The folder of the test.
    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the embedded store listens.
    pub(crate) fn store_address(&self) -> &str {
        &self.listen[1]
    }

    /// A subcommand that works on the data folder, through the server or without it.
    pub(crate) async fn command(&self, words: &[&str]) -> Said {
        let mut command = landfall(self.home());
        command.args(words).arg("--data").arg(self.data());
        self.shift(&mut command);
        run(&mut command).await
    }

    /// From its next start on it and its commands believe to be so many hours later; 0: no more.
    pub(crate) fn live_later(&mut self, hours: u32) {
        self.clock = (hours > 0).then(|| format!("+{hours}h"));
    }

    /// The wall clock is another; durations are as they are.
    fn shift(&self, command: &mut Command) {
        if let Some(clock) = &self.clock {
            command.env("LD_PRELOAD", FAKETIME).env("FAKETIME", clock).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
    }

    /// A token for an owner, minted by the binary.
    pub(crate) async fn token(&self, owner: &str) -> String {
        self.command(&["token", "--owner", owner]).await.well().trim().to_owned()
    }

    /// The API as one owner uses it.
    pub(crate) async fn api(&self, owner: &str) -> Api {
        Api::new(&self.url, &self.token(owner).await)
    }

    /// A look into the embedded store.
    pub(crate) async fn buckets(&self) -> Buckets {
        let words = ["store", "show", "--json"];
        Buckets::of(&self.command(&words).await.json())
    }

    /// Runs expire and destroy as of that many hours from now.
    pub(crate) async fn reap_in_hours(&self, hours: i64) -> Said {
        let at = super::clock::now() + jiff::SignedDuration::from_hours(hours);
        self.command(&["reap", "--now", &at.to_string()]).await
    }
}

/// `landfall store serve`: a store in a process of its own.
pub(crate) struct StoreServer {
    _process: Process,
    _folder: TempDir,
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    /// What `landfall store show --json` says of it.
    pub(crate) shown: Value,
}

impl StoreServer {
    /// Starts a store on a free port.
    pub(crate) async fn new() -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        let mut command = landfall(folder.path());
        command.args(["store", "serve", "--store-listen", "127.0.0.1:0", "--data"]).arg(&data);
        let mut process = Process::start(&mut command, &folder.path().join("store.log"));
        let addresses = addresses(&mut process, &data.join("store-run.json")).await;
        let url = addresses["store"].as_str().expect("an address").to_owned();
        let mut show = landfall(folder.path());
        show.args(["store", "show", "--json", "--data"]).arg(&data);
        let shown = run(&mut show).await.json();
        Self { _process: process, _folder: folder, url, shown }
    }

    /// A look into it.
    pub(crate) fn buckets(&self) -> Buckets {
        Buckets::of(&self.shown)
    }

    /// The configuration of a server that reaches this store at `endpoint`, while its clients reach it directly.
    pub(crate) fn setup(&self, endpoint: &str) -> Setup {
        Setup::reaching(&self.shown, endpoint, &self.url)
    }
}

/// The addresses a process says it listens on.
async fn addresses(process: &mut Process, run_file: &Path) -> Value {
    until("the process says where it listens", SOON, async || {
        if let Some(status) = process.ended() {
            panic!("it ended with {status} instead of starting:\n{}", process.said());
        }
        let text = std::fs::read_to_string(run_file).ok()?;
        let run: Value = serde_json::from_str(&text).ok()?;
        (run["pid"] == process.pid()).then(|| run["addresses"].clone())
    })
    .await
}
