//! A store that a process of its own keeps: the side of the one who needs it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{Engine, keeper};
use crate::{console, host, process};

/// A store that starts, runs, or has ended; it ends when this is dropped, and also when this process is killed.
pub(crate) struct Kept {
    engine: Engine,
    keeper: Child,
    told: BufReader<ChildStdout>,
}

impl Kept {
    /// Begins to start a store, and returns at once.
    ///
    /// # Errors
    /// When no process can be started.
    pub(crate) fn begin(engine: Engine) -> Result<Self> {
        let mut command = process::command(host::program()?);
        // A group of its own: Ctrl-C in a terminal ends this process and leaves the keeper to clean up.
        command.args([keeper::VERB, engine.name()]).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = command.spawn().context("cannot start the process that keeps the store")?;
        let told = keeper.stdout.take().context("the keeper has no output")?;
        Ok(Self { engine, keeper, told: BufReader::new(told) })
    }

    /// Waits until the store runs, and gives its variables for the tests.
    ///
    /// # Errors
    /// When it did not start; the keeper has printed why.
    pub(crate) fn wait(&mut self) -> Result<Vec<(String, String)>> {
        let mut variables = Vec::new();
        loop {
            let mut line = String::new();
            self.told.read_line(&mut line).context("the keeper speaks no UTF-8")?;
            match line.trim_end() {
                keeper::READY => return Ok(variables),
                "" => bail!("{} did not start, see above", self.engine.name()),
                told => {
                    let (name, value) = told.split_once('=').context("the keeper said something odd")?;
                    variables.push((name.to_owned(), value.to_owned()));
                }
            }
        }
    }

    /// Waits until the keeper ends, which it does not by itself. Gives its exit code.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub(crate) fn stay(mut self) -> Result<u8> {
        // Not `Child::wait`: that closes the pipe, which is the order to stop.
        let mut line = String::new();
        self.told.read_line(&mut line).context("the keeper speaks no UTF-8")?;
        bail!("the store has ended")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // A closed pipe is the order to stop; it is what also happens if this process is killed.
        drop(self.keeper.stdin.take());
        match self.keeper.wait() {
            Ok(status) if status.success() => {}
            Ok(status) => console::note(&format!("the keeper of {} ended with {status}", self.engine.name())),
            Err(error) => console::note(&format!("the keeper of {} is lost: {error}", self.engine.name())),
        }
    }
}
