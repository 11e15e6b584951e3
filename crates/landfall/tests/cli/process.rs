//! Starts the binary in an environment of its own, and makes sure it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What a command that ran to its end said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary with nothing of this machine's environment: no variables, and a home that is the scratch folder.
pub(crate) fn landfall(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.env_clear().env("HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(home: &Path, arguments: &[&str]) -> Said {
    finish(landfall(home).args(arguments))
}

/// Runs a prepared command to its end.
pub(crate) fn finish(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a command that must succeed, and reads what it printed as JSON.
pub(crate) fn json(home: &Path, arguments: &[&str]) -> Value {
    let said = run(home, arguments);
    assert_eq!(said.code, 0, "{arguments:?}: {said:?}");
    serde_json::from_str(&said.out).unwrap()
}

/// A process that runs until it is told to stop. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    log: Arc<Log>,
    /// What it printed when it was ready.
    pub(crate) greeting: Value,
}

/// What a process has logged so far. It is read all the time: a full pipe would stop the process.
#[derive(Default)]
struct Log {
    text: Mutex<LogText>,
    grown: Condvar,
}

#[derive(Default)]
struct LogText {
    text: String,
    ended: bool,
}

impl Log {
    fn follow(self: Arc<Self>, mut from: BufReader<ChildStderr>) {
        let mut line = String::new();
        while from.read_line(&mut line).unwrap() > 0 {
            self.text.lock().unwrap().text.push_str(&line);
            self.grown.notify_all();
            line.clear();
        }
        self.text.lock().unwrap().ended = true;
        self.grown.notify_all();
    }

    fn wait_for(&self, words: &str) {
        let log = self.text.lock().unwrap();
        let log = self.grown.wait_while(log, |log| !log.ended && !log.text.contains(words)).unwrap();
        assert!(log.text.contains(words), "it ended without saying {words:?}: {}", log.text);
    }
}

impl Running {
    /// Starts `serve` on free ports, with its folder `data` in the home, and waits until it is ready.
    pub(crate) fn serve(home: &Path, more: &[&str]) -> Self {
        let mut command = landfall(home);
        command.args(["serve", "--json", "--data", "data", "--listen", "127.0.0.1:0"]);
        Self::start(command.args(["--store-listen", "127.0.0.1:0"]).args(more))
    }

    /// Starts a command that prints one JSON document when it is ready, and waits for it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Log::default());
        let follower = Arc::clone(&log);
        thread::spawn(move || follower.follow(err));
        let mut running = Self { child, out, log, greeting: Value::Null };
        running.greeting = running.read_greeting();
        running
    }

    /// The document ends with a brace at the beginning of a line.
    fn read_greeting(&mut self) -> Value {
        let mut text = String::new();
        while !text.ends_with("\n}\n") {
            if self.out.read_line(&mut text).unwrap() == 0 {
                self.log.wait_for("it ended before it was ready");
            }
        }
        serde_json::from_str(&text).unwrap()
    }

    /// The API's base URL.
    pub(crate) fn api(&self) -> String {
        self.greeting["addresses"]["api"].as_str().unwrap().to_owned()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it has logged these words.
    pub(crate) fn wait_for_log(&self, words: &str) {
        self.log.wait_for(words);
    }

    /// Waits for its end, and gives back what it logged.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        let log = self.log.text.lock().unwrap();
        let mut log = self.log.grown.wait_while(log, |log| !log.ended).unwrap();
        (status, std::mem::take(&mut log.text))
    }

    /// Ends it in order, which must succeed, and gives back what it logged.
    pub(crate) fn stop(self) -> String {
        self.signal(Signal::TERM);
        let (status, err) = self.wait();
        assert!(status.success(), "{status}: {err}");
        err
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; there is nothing to do about a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
