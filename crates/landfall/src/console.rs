//! What people and scripts see: results on standard output, everything else on standard error.
//!
//! *Rule*: colours only on a terminal that wants them. A reader that went away (`landfall ... | head`) is no error.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::arguments::as_called;
use crate::exit::{Exit, Failure};

const RED: &str = "\x1b[1;31m";
const CYAN: &str = "\x1b[1;36m";
const PLAIN: &str = "\x1b[0m";

/// Writes a line of result.
pub(crate) fn out(line: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    told(stdout.write_all(line.as_bytes()).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush()))
}

/// Writes a result as JSON, on several lines.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    out(&text.map_err(|wrong| Failure::new(Exit::Failed, wrong.to_string()))?)
}

/// Writes a remark about a result to standard error.
pub(crate) fn note(line: &str) {
    // There is nobody left to tell if this fails.
    let _ = writeln!(anstream::stderr().lock(), "{}", as_called(line));
}

/// Writes what went wrong, and what to do about it. Whoever ended it knows that it is no error.
pub(crate) fn failure(failure: &Failure) {
    let mut stderr = anstream::stderr().lock();
    let message = as_called(&failure.message);
    let mut text = match failure.exit {
        Exit::Interrupted | Exit::Terminated => format!("{message}\n"),
        _ => format!("{RED}error:{PLAIN} {message}\n"),
    };
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("{CYAN}hint:{PLAIN} {}\n", as_called(hint)));
    }
    // There is nobody left to tell if this fails.
    let _ = stderr.write_all(text.as_bytes());
}

fn told(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, format!("cannot write the result: {error}")))
        }
        _ => Ok(()),
    }
}
