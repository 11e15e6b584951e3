//! One server process, its output in a file, and a free port for it.
//!
//! *Invariant*: it is stopped by its own process id when it is dropped. Its data is thrown away with it, so it is killed
//! rather than asked.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::host::Stopwatch;
use crate::process;

/// How long anything here may take to become ready, in seconds. A warm machine needs two; CI builds at the same time.
const PATIENCE_SECONDS: f64 = 120.0;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// How much of the output of a daemon that died is shown, in lines.
const SHOWN_LINES: usize = 20;

/// A running server.
pub(super) struct Daemon {
    name: &'static str,
    child: Child,
    output: PathBuf,
}

impl Daemon {
    /// Starts a command that stays in the foreground. It writes to `name.out` in the folder.
    pub(super) fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self> {
        let output = folder.join(format!("{name}.out"));
        let file = File::create(&output).context("cannot write to the store's folder")?;
        let child = command.stdout(file.try_clone()?).stderr(file).spawn();
        Ok(Self { name, child: child.with_context(|| format!("cannot start {name}"))?, output })
    }

    /// Fails, with its last words, if it has ended by itself.
    pub(super) fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let text = fs::read_to_string(&self.output).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n  ");
        bail!("{} ended by itself with {status}; its last words:\n  {last}", self.name)
    }

    /// Waits until `is_ready`, and not longer than it lives.
    pub(super) fn wait_until(&mut self, is_ready: impl Fn() -> bool) -> Result<()> {
        let watch = Stopwatch::start();
        while !is_ready() {
            self.check()?;
            if watch.seconds() > PATIENCE_SECONDS {
                bail!("{} is not ready after {PATIENCE_SECONDS} s", self.name);
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already; both then say so, and nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports that nobody listens on, all different.
pub(super) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // All are held until all are known.
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// Whether an HTTP server on this port answers anything but that it is not ready.
pub(super) fn answers_http(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    ask().is_ok_and(|line| line.starts_with("HTTP/1.1 ") && !line.ends_with("503"))
}

/// A command that is ended when it takes longer than [`PATIENCE_SECONDS`].
pub(super) fn bounded(program: &str) -> Command {
    let mut command = process::command("timeout");
    command.args(["--kill-after=5", &PATIENCE_SECONDS.to_string(), program]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_dies_is_reported_with_its_words() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = process::command("sh");
        let mut daemon = Daemon::start("talker", command.args(["-c", "echo why; exit 3"]), folder.path()).unwrap();
        let error = daemon.wait_until(|| false).unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
    }

    #[test]
    fn a_dropped_daemon_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon::start("sleeper", process::command("sleep").arg("600"), folder.path()).unwrap();
        let id = daemon.child.id();
        drop(daemon);
        assert!(!Path::new(&format!("/proc/{id}/exe")).exists());
    }

    #[test]
    fn ports_are_free_and_different() {
        let [one, other] = free_ports::<2>().unwrap();
        assert_ne!(one, other);
        assert!(!answers_http(one));
    }
}
