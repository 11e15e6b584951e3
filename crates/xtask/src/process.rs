//! Starting other programs, always from the root of the repository.
//!
//! Children get no standard input: nothing xtask starts may wait for somebody to type. `run` is the
//! exception and builds its command itself.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{console, host};

/// A command in the root of the repository, without standard input.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(host::root()).stdin(Stdio::null());
    command
}

/// A cargo command. In CI it compiles without incremental data, which nobody would read again.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = command(host::cargo());
    command.args(arguments);
    if host::is_ci() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Runs a command, shows it, and gives its exit code; 1 when a signal ended it.
pub(crate) fn status(command: &mut Command) -> Result<u8> {
    console::note(&format!("$ {}", show(command)));
    let status = command.status().with_context(|| format!("cannot start `{}`", show(command)))?;
    let code = status.code().unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(1))
}

/// Runs a command and gives what it wrote to standard output.
///
/// # Errors
/// When it cannot be started, ends with another code than 0, or writes no UTF-8. The message holds
/// what it wrote to standard error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start `{}`", show(command)))?;
    if !output.status.success() {
        bail!("`{}` ended with {}: {}", show(command), output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` did not write UTF-8", show(command)))
}

/// Whether a command ends with code 0. What it writes is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The command as a person would type it.
fn show(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    std::iter::once(name)
        .chain(command.get_args().map(|argument| argument.to_string_lossy().into_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_the_childs_own_code() {
        assert_eq!(status(command("sh").args(["-c", "exit 100"])).unwrap(), 100);
        assert_eq!(status(command("sh").args(["-c", "exit 0"])).unwrap(), 0);
    }

    #[test]
    fn status_of_a_killed_child_is_not_success() {
        assert_eq!(status(command("sh").args(["-c", "kill -9 $$"])).unwrap(), 1);
    }

    #[test]
    fn output_failure_carries_the_childs_words() {
        let error = output(command("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
    }

    #[test]
    fn show_drops_the_folder_of_the_program() {
        let mut command = command("/usr/bin/env");
        command.args(["a", "b"]);
        assert_eq!(show(&command), "env a b");
    }
}
