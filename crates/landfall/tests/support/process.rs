//! Processes of the real binary: started with a log file, watched, signalled, and never left behind.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::clock::{A_LEASE, soon};

/// The binary under test.
pub(crate) const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");

/// How many lines of a log are shown when a test fails.
const SHOWN_LINES: usize = 40;

/// A running process. Dropping it kills it; in a failing test its log's end is shown.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

/// What a finished command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `landfall` with nothing of the caller's environment that could change what it does.
pub(crate) fn landfall(home: &Path) -> Command {
    let mut command = Command::new(LANDFALL);
    isolate(&mut command, home);
    command
}

/// Gives a command a home of its own.
#[expect(clippy::disallowed_methods, reason = "programs are found as the caller finds them; the rest is not passed on")]
pub(crate) fn isolate(command: &mut Command, home: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    command.env_clear().env("PATH", path).env("HOME", home).current_dir(home).stdin(Stdio::null()).kill_on_drop(true);
}

/// Runs a command to its end.
pub(crate) async fn run(command: &mut Command) -> Said {
    // Some remove hundreds of things, with a write to the disk for each.
    let output = tokio::time::timeout(A_LEASE, command.output()).await.expect("a command ends within two minutes");
    let output = output.expect("the command starts");
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Said {
    /// What it wrote, having ended well.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// The JSON it wrote, having ended well.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        let text = self.well();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Process {
    /// Starts a command; what it says goes to the end of `log`, and its standard output to a file beside that.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let open = |path| std::fs::File::options().create(true).append(true).open(path).expect("a log");
        let (out, err) = (open(log.with_extension("out")), open(log.to_owned()));
        let child = command.stdout(out).stderr(err).spawn().expect("the process starts");
        Self { child, log: log.to_owned() }
    }

    /// Its id, while it runs.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("it takes signals");
    }

    /// Whether it is stopped, as by SIGSTOP: all of it, so that nothing goes on any more.
    pub(crate) fn is_stopped(&self) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).expect("a Linux machine");
        tasks.flatten().all(|task| {
            // The state follows the name, which may hold anything (proc_pid_stat(5)). A thread that has ended is gone.
            let stat = std::fs::read_to_string(task.path().join("stat"));
            stat.map_or(true, |stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')))
        })
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// Waits until it ends by itself.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        soon("the process ends", self.child.wait()).await.expect("a child can be waited for")
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end().await;
    }

    /// What it has written to standard error so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it has written to standard output so far.
    pub(crate) fn wrote(&self) -> String {
        std::fs::read_to_string(self.log.with_extension("out")).unwrap_or_default()
    }

    /// The most memory it ever had resident, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a Linux machine");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches("kB").trim().parse().expect("a number of KiB")
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "a failing test shows what its server said")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.wrote() + &self.said();
            let lines: Vec<&str> = said.lines().collect();
            let from = lines.len().saturating_sub(SHOWN_LINES);
            eprintln!("--- {} ends with:\n{}\n---", self.log.display(), lines[from..].join("\n"));
        }
    }
}
