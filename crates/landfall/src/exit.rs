//! How a command ends: an exit code that scripts can rely on, one line of what happened, and a hint.
//!
//! *Invariant*: every failure of every command is a [`Failure`]; the codes are documented in `--help`.

use std::process::ExitCode;

use server::boot::{BootError, FolderError, Trouble};
use server::config::ConfigError;

/// What stands below every help text.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  failed
  2  the command line is wrong
  3  the configuration is wrong
  4  the data folder cannot be used, or another process uses it
  5  an address cannot be listened on
  6  the server cannot be reached
  7  the server refused, or rejected a file; some of several files failed
  8  there is no such asset (any more)
  9  the store does not do what Landfall needs
  128 + N  ended by signal N (130: Ctrl-C)";

/// Why a command failed, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Anything that has no code of its own.
    Failed = 1,
    /// Arguments that do not fit together.
    Usage = 2,
    /// A setting.
    Configuration = 3,
    /// The data folder.
    DataFolder = 4,
    /// An address to listen on.
    Address = 5,
    /// No answer.
    Unreachable = 6,
    /// An answer that says no.
    Refused = 7,
    /// No such asset, or not any more.
    NotFound = 8,
    /// Doctor found something that fails, or a setting was refused.
    Unfit = 9,
    /// Ctrl-C.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

/// A command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The code.
    pub(crate) exit: Exit,
    /// What happened, in one line.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// The same with a hint.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The code for the operating system.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }
}

/// The code of a process that a signal ends, as shells count.
pub(crate) const fn signalled(signal: i32) -> i32 {
    128 + signal
}

/// An error with everything that led to it, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text.replace('\n', " ")
}

impl From<BootError> for Failure {
    fn from(error: BootError) -> Self {
        let exit = match error.trouble() {
            Trouble::Settings => Exit::Configuration,
            Trouble::Folder => Exit::DataFolder,
            Trouble::Address => Exit::Address,
        };
        Self::new(exit, chain(&error)).hint(error.hint())
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        BootError::from(error).into()
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Configuration, chain(&error)).hint(error.hint())
    }
}
